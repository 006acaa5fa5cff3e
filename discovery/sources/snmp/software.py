"""Which system a device runs, read from its description, because few agents say it in a place of its own."""

import re

_SYSTEMS = (
    "Cisco IOS XE", "Cisco IOS XR", "Cisco NX-OS", "Cisco IOS", "Cisco Adaptive Security Appliance",
    "Arista Networks EOS", "ArubaOS-CX", "ArubaOS", "JUNOS", "RouterOS", "FortiOS", "PAN-OS", "Comware",
    "ExtremeXOS", "VMware ESXi",
)  # fmt: skip
"""names of systems as they stand in descriptions, the longer of two that begin alike first"""
_VERSION = re.compile(
    r"(?i)\b(?:version|revision|release|kernel junos|exos|routeros)[ :]\s*v?([a-z]{0,2}\.?\d[\w.()\-/]*)"
)
_LINUX = re.compile(r"Linux \S+ (\d\S*)")
_WINDOWS = re.compile(r"Windows(?: \w+)* Version (\S+)")
MOST = 100


def version(described: str) -> str | None:
    """The first thing in a description that is called a version, a revision or a release."""
    linux = _LINUX.match(described)
    if linux:
        return linux[1][:MOST]
    found = _WINDOWS.search(described) or _VERSION.search(described)
    return found[1].rstrip(".,)(" if "(" not in found[1] else ".,")[:MOST] if found else None


def system(described: str, stated: str | None) -> str | None:
    """Name and version of the operating system, None where the description names none that is known.

    `stated`: a version that the agent gave in a place of its own.
    """
    number = stated or version(described)
    if _LINUX.match(described):
        name = "Linux"
    elif _WINDOWS.search(described):
        name = "Windows"
    else:
        known = described.casefold()
        name = next((name for name in _SYSTEMS if name.casefold() in known), "")
    return f"{name} {number}".strip() if name else None
