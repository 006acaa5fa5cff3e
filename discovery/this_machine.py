"""Who this machine is: what sources that look at the machine they run on say about it, all in the same words."""

import hashlib
import hmac
import platform
import socket
from dataclasses import dataclass
from pathlib import Path

import psutil

MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
DMI = Path("/sys/class/dmi/id")
CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"), Path("/run/systemd/container"))
SOFTWARE_INTERFACES = ("docker", "br-", "virbr", "veth", "cni", "flannel", "cali", "kube", "lxc", "lxdbr", "podman")
"""beginnings of the names of interfaces that software makes: their addresses are alike on every machine"""
_PURPOSE = b"cmdb: the id of this machine as its agent gives it"


@dataclass(frozen=True, slots=True)
class ThisMachine:
    """As far as this user may read it; None where the machine does not say or must not be asked."""

    hostname: str
    fqdn: str | None
    agent_id: str | None
    """derived from the machine id, which itself is confidential (machine-id(5))"""
    serial: str | None
    uuid: str | None
    vendor: str | None
    model: str | None
    os: str
    cpu_count: int | None
    memory_bytes: int
    addresses: tuple[str, ...]
    macs: tuple[str, ...]
    container: bool
    """in a container the firmware is that of the machine below, and identifies that one"""


def this_machine() -> ThisMachine:
    """Read now. Looking up the full name may take as long as the resolver's timeout."""
    addresses, macs = _cards()
    container = any(mark.exists() for mark in CONTAINER_MARKS)
    hostname = socket.gethostname()
    return ThisMachine(
        hostname=hostname,
        fqdn=_full_name(hostname),
        agent_id=_agent_id(),
        serial=None if container else _firmware("product_serial"),
        uuid=None if container else _firmware("product_uuid"),
        vendor=None if container else _firmware("sys_vendor"),
        model=None if container else _firmware("product_name"),
        os=f"{platform.system()} {platform.release()}".strip(),
        cpu_count=psutil.cpu_count(),
        memory_bytes=psutil.virtual_memory().total,
        addresses=addresses,
        macs=macs,
        container=container,
    )


def _cards() -> tuple[tuple[str, ...], tuple[str, ...]]:
    addresses: set[str] = set()
    macs: set[str] = set()
    for name, card in psutil.net_if_addrs().items():
        if name.startswith(SOFTWARE_INTERFACES):
            continue
        for found in card:
            if found.family in (socket.AF_INET, socket.AF_INET6):
                addresses.add(found.address.split("%")[0])
            elif found.family == psutil.AF_LINK and len(found.address) == len("00:00:00:00:00:00"):
                macs.add(found.address)
    return tuple(sorted(addresses)), tuple(sorted(macs))


def _full_name(hostname: str) -> str | None:
    """None where the resolver knows nothing better than a label or the name of an address."""
    name = socket.getfqdn(hostname)
    if "." not in name or name.startswith("localhost") or name.endswith((".arpa", ".localdomain")):
        return None
    return name


def _agent_id() -> str | None:
    for path in MACHINE_IDS:
        try:
            stated = path.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            continue
        if len(stated) == 32 and set(stated) <= set("0123456789abcdef") and len(set(stated)) > 1:
            return hmac.new(stated.encode(), _PURPOSE, hashlib.sha256).hexdigest()[:32]
    return None


def _firmware(name: str) -> str | None:
    try:
        return (DMI / name).read_text(errors="replace").strip() or None
    except OSError:
        return None
