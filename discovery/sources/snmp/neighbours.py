"""Who is at the other end of a device's ports and says so itself, by LLDP or CDP."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from discovery.identifiers_stated import name_as_host
from discovery.sources.snmp.values import address, indexed_address, mac, text

Columns = Mapping[str, Mapping[str, Any]]
Identifiers = tuple[tuple[str, object], ...]
BY_MAC, BY_ADDRESS = 4, 5
"""LLDP's subtypes of chassis ids"""
PORT_BY_MAC, PORT_BY_NAME = 3, 5
"""LLDP's subtypes of port ids; by its name is by its ifName"""
LONGEST_NAME = 64
"""characters of a description that may still be the name of an interface"""
BRIDGE, ACCESS_POINT, TELEPHONE, STATION = 0x20, 0x10, 0x04, 0x01
"""what a neighbour says that it does: the first byte of LLDP's capabilities"""
_WITH_SERIAL = re.compile(r"(.+)\(([A-Z]{3}[0-9A-Z]{8})\)")
_WITH_MAC = re.compile(r"(?:SEP|ATA|AP)([0-9A-Fa-f]{12})")


@dataclass(frozen=True, slots=True)
class Link:
    """A neighbour at a port of ours; `far` names its port where that is the name its own agent would give."""

    port: str
    key: str
    ci_class: str
    name: str
    identifiers: Identifiers
    far: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


def links(columns: Columns, ports: Mapping[str, str]) -> list[Link]:
    """What LLDP says, and what CDP says at ports where LLDP says nothing.

    Two of one name at one port are one neighbour, heard in two ways.
    """
    found: dict[tuple[str, str], Link] = {}
    for link in _by_lldp(columns, ports):
        _add(found, link)
    told = {port for port, _ in found}
    for link in _by_cdp(columns, ports):
        if link.port not in told:
            _add(found, link)
    return list(found.values())


def _add(found: dict[tuple[str, str], Link], link: Link) -> None:
    place = (link.port, link.name.casefold() or link.key)
    first = found.get(place)
    if first is None:
        found[place] = link
        return
    both = tuple(dict.fromkeys((*first.identifiers, *link.identifiers)))
    found[place] = Link(
        first.port, first.key, first.ci_class if first.ci_class != "device" else link.ci_class, first.name, both,
        first.far or link.far, {**link.facts, **first.facts},
    )  # fmt: skip


def _by_lldp(columns: Columns, ports: Mapping[str, str]) -> Iterator[Link]:
    addresses = _management(columns)
    for index, chassis in columns.get("lldp_chassis", {}).items():

        def cell(name: str, at: str = index) -> Any:
            return columns.get(name, {}).get(at)

        port = _local_port(columns, ports, index)
        subtype = cell("lldp_chassis_subtype")
        card = mac(chassis) if subtype == BY_MAC else None
        ip = address(chassis[1:]) if subtype == BY_ADDRESS and isinstance(chassis, bytes) else None
        worded = "" if card or ip else text(chassis)
        name, serial = _parted(text(cell("lldp_name")) or worded)
        key = card or ip or worded or name
        if port is None or not key:
            continue
        far = _far_port(cell("lldp_far_subtype"), text(cell("lldp_far_port")), text(cell("lldp_far_descr")))
        far_card = mac(cell("lldp_far_port")) if cell("lldp_far_subtype") == PORT_BY_MAC else None
        described = text(cell("lldp_descr"))
        stated = [
            ("chassis_id", card or worded), ("mac", card), ("mac", far_card), ("serial", serial), ("ip", ip),
            *(("ip", one) for one in addresses.get(index, ())), *names(name),
        ]  # fmt: skip
        does = _kind(cell("lldp_does"), described)
        # Beside what its own agent may say of itself, never in its place.
        facts = {"lldp_description": described[:4_000]}
        yield Link(port, f"lldp/{key}"[:500], does, name, tuple(stated), far[:200], facts)


def _by_cdp(columns: Columns, ports: Mapping[str, str]) -> Iterator[Link]:
    for index, device in columns.get("cdp_device", {}).items():
        port = ports.get(index.split(".")[0])
        name, serial = _parted(text(device))
        if port is None or not name:
            continue
        ip = address(columns.get("cdp_address", {}).get(index))
        card = _WITH_MAC.fullmatch(name)
        # Many are called Switch: their address tells them apart.
        key = f"cdp/{name}@{ip}" if ip else f"cdp/{name}"
        stated = (("serial", serial), ("ip", ip), ("mac", card[1] if card else None), *names(name))
        model = text(columns.get("cdp_platform", {}).get(index))
        yield Link(port, key[:500], "device", name, stated, facts={"cdp_platform": model[:200]})


def names(name: str) -> list[tuple[str, object]]:
    """A device's name as an identifier, where it can be the name of a host."""
    host = name_as_host(name)
    return [("fqdn" if "." in host else "hostname", host)] if host else []


def _parted(name: str) -> tuple[str, str | None]:
    """Some write the serial number behind the name: core-1(FOX12345678)."""
    found = _WITH_SERIAL.fullmatch(name)
    return (found[1].strip(), found[2]) if found else (name, None)


def _kind(does: Any, described: str) -> str:
    """The class of a neighbour; hosts with a virtual switch inside say that they bridge, and telephones do."""
    bits = does[0] if isinstance(does, bytes) and does else 0
    if bits & ACCESS_POINT:
        return "access_point"
    if bits & BRIDGE and not bits & (TELEPHONE | STATION) and "linux" not in described.casefold():
        return "switch"
    return "device"


def _far_port(subtype: Any, stated: str, described: str) -> str:
    """The name of the neighbour's port: as it says it, or, as hosts do, beside the port's MAC."""
    if subtype == PORT_BY_NAME:
        return stated
    return described if subtype == PORT_BY_MAC and " " not in described and len(described) <= LONGEST_NAME else ""


def _management(columns: Columns) -> dict[str, list[str]]:
    """LLDP's remote row → the addresses at which the neighbour is managed."""
    found: dict[str, list[str]] = {}
    for index in columns.get("lldp_address", {}):
        parts = index.split(".")
        ip = indexed_address(parts[3:])
        if ip is not None:
            found.setdefault(".".join(parts[:3]), []).append(ip)
    return found


def _local_port(columns: Columns, ports: Mapping[str, str], index: str) -> str | None:
    """The local port of a remote row (time mark, port number, row): by its name, its MAC, or its number."""
    parts = index.split(".")
    if len(parts) != 3:
        return None
    number = parts[1]
    stated = columns.get("lldp_port_id", {}).get(number)
    called = {text(stated), text(columns.get("lldp_port_descr", {}).get(number))} - {""}
    for at, port in ports.items():
        if called & {port, text(columns.get("if_descr", {}).get(at))}:
            return port
    card = mac(stated)
    same = [port for at, port in ports.items() if card and mac(columns.get("if_mac", {}).get(at)) == card]
    return same[0] if len(same) == 1 else ports.get(number)
