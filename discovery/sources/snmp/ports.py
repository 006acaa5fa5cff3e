"""A device's interfaces: their names, what is said of each, and the addresses on them."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from discovery.sources.snmp.values import indexed_address, mac, text

Columns = Mapping[str, Mapping[str, Any]]
IF_COLUMNS = ("if_descr", "if_type", "if_mac", "if_admin", "if_oper", "if_name")
UP = UNICAST = 1
MOST_TEXT = 4_000
TYPES = {
    6: "ethernet", 23: "ppp", 24: "loopback", 53: "virtual", 62: "ethernet", 71: "wireless", 117: "ethernet",
    131: "tunnel", 135: "vlan", 136: "vlan", 161: "aggregate", 209: "bridge",
}  # fmt: skip
"""ifType → a word; the others are told by their number"""


def interfaces(columns: Columns) -> dict[str, str]:
    """ifIndex → a name that no other interface of the device has: ifName, else ifDescr, else the number."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for index in sorted({index for name in IF_COLUMNS for index in columns.get(name, {})}, key=_number):
        name = (text(columns.get("if_name", {}).get(index)) or text(columns.get("if_descr", {}).get(index)))[:200]
        if not name or name in taken:
            name = f"{name} #{index}".strip()
        taken.add(name)
        found[index] = name
    return found


def port_facts(columns: Columns, index: str) -> dict[str, Any]:
    """What is said of an interface; `addresses` in CIDR notation where the mask is known."""

    def cell(name: str) -> Any:
        return columns.get(name, {}).get(index)

    speed, fast = cell("if_speed"), cell("if_high_speed")
    mbps = fast if isinstance(fast, int) and fast else speed // 1_000_000 if isinstance(speed, int) and speed else None
    states = {"enabled": cell("if_admin"), "up": cell("if_oper")}
    kind = cell("if_type")
    return {
        "speed_mbps": mbps, "mac": mac(cell("if_mac")), "alias": text(cell("if_alias")),
        "type": None if kind is None else TYPES.get(kind, str(kind)), "description": text(cell("if_descr"))[:MOST_TEXT],
        "addresses": _on(columns, index),
        **{name: state == UP for name, state in states.items() if state is not None},
    }  # fmt: skip


def own_addresses(columns: Columns) -> list[str]:
    """Every address of the device, as its agent lists them."""
    old = [index for index in columns.get("ip_if", {}) if index.count(".") == 3]
    return list(dict.fromkeys((*old, *(ip for ip, _ in _listed(columns)))))


def _on(columns: Columns, index: str) -> list[str]:
    found = []
    for ip, at in columns.get("ip_if", {}).items():
        if str(at) == index and ip.count(".") == 3:
            mask = columns.get("ip_mask", {}).get(ip)
            found.append(_with_mask(ip, mask if isinstance(mask, str) else ""))
    known = {one.partition("/")[0] for one in found}
    return sorted({*found, *(ip for ip, at in _listed(columns) if str(at) == index and ip not in known)})


def _listed(columns: Columns) -> list[tuple[str, Any]]:
    """(address, ifIndex) of the newer table, which lists broadcast addresses too."""
    kinds = columns.get("ip_kind", {})
    rows = [(row, at) for row, at in columns.get("ip_any", {}).items() if kinds.get(row, UNICAST) == UNICAST]
    return [(ip, at) for row, at in rows if (ip := indexed_address(row.split(".")))]


def _with_mask(ip: str, mask: str) -> str:
    try:
        return ipaddress.ip_interface(f"{ip}/{mask}").with_prefixlen if mask.strip("0.") else ip
    except ValueError:
        return ip


def _number(index: str) -> tuple[int, ...]:
    return tuple(int(part) for part in index.split("."))
