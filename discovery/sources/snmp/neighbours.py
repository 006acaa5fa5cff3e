"""Who is at the other end of a device's ports: told by LLDP and CDP, heard in ARP and bridge tables."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from discovery.identifiers_stated import name_as_host
from discovery.sources.snmp.values import address, belongs_to_hardware, mac, mac_of_index, text

Columns = Mapping[str, Mapping[str, Any]]
BY_MAC, BY_ADDRESS = 4, 5
"""LLDP's subtypes of chassis ids"""
MOST_ADDRESSES = 8
"""addresses of one MAC; beyond, it answers for others (proxy ARP) and they are none of its own"""


class Link(NamedTuple):
    """A neighbour that named itself at a port of ours."""

    port: str
    key: str
    name: str
    identifiers: tuple[tuple[str, object], ...]


class Machine(NamedTuple):
    """A machine that was only heard; `port` where it is the only one behind it."""

    key: str
    port: str | None
    identifiers: tuple[tuple[str, object], ...]


def links(columns: Columns, ports: Mapping[str, str]) -> Iterator[Link]:
    """What LLDP says, and what CDP says at ports where LLDP says nothing."""
    told: set[str] = set()
    for index, chassis in columns.get("lldp_chassis", {}).items():
        port = _lldp_port(columns, ports, index)
        subtype = columns.get("lldp_chassis_subtype", {}).get(index)
        name = text(columns.get("lldp_name", {}).get(index))
        chassis_mac = mac(chassis) if subtype == BY_MAC else None
        ip = address(chassis[1:]) if subtype == BY_ADDRESS and isinstance(chassis, bytes) else None
        key = chassis_mac or ip or name or text(chassis)
        if port is None or not key:
            continue
        told.add(port)
        yield Link(port, f"lldp/{key}"[:500], name, (("chassis_id", chassis_mac), ("ip", ip), *_names(name)))
    for index, device in columns.get("cdp_device", {}).items():
        port = ports.get(index.split(".")[0])
        # Some write the serial number behind the name: core-1(FOX1234).
        name = text(device).split("(")[0].strip()
        if port is None or port in told or not name:
            continue
        ip = address(columns.get("cdp_address", {}).get(index))
        yield Link(port, f"cdp/{name}"[:500], name, (("ip", ip), *_names(name)))


def machines(
    columns: Columns, ports: Mapping[str, str], *, linked: Collection[str], own: Collection[str]
) -> Iterator[Machine]:
    """Each card in the ARP and bridge tables, the device's own and made-up ones apart."""
    addresses: dict[str, list[str]] = {}
    for index, value in columns.get("arp", {}).items():
        found = mac(value)
        if found is not None:
            addresses.setdefault(found, []).append(".".join(index.split(".")[1:]))
    behind = _behind(columns, ports)
    alone = {cards[0]: port for port, cards in behind.items() if len(cards) == 1 and port not in linked}
    for card in sorted({*addresses, *(one for cards in behind.values() for one in cards)}):
        borne = addresses.get(card, [])
        if card in own or not belongs_to_hardware(card) or len(borne) > MOST_ADDRESSES:
            continue
        yield Machine(f"mac/{card}", alone.get(card), (("mac", card), *(("ip", ip) for ip in sorted(borne))))


def _behind(columns: Columns, ports: Mapping[str, str]) -> dict[str, list[str]]:
    """port → the cards heard behind it"""
    heard: dict[str, set[str]] = {}
    for table, before in (("fdb", 0), ("fdb_vlan", 1)):
        for index, bridge_port in columns.get(table, {}).items():
            card = mac_of_index(index.split(".")[before:])
            port = ports.get(str(columns.get("bridge_if", {}).get(str(bridge_port))))
            if card is not None and port is not None:
                heard.setdefault(port, set()).add(card)
    return {port: sorted(cards) for port, cards in heard.items()}


def _lldp_port(columns: Columns, ports: Mapping[str, str], index: str) -> str | None:
    """The local port of a remote row (time mark, port number, row): by its name, its MAC, or its number."""
    parts = index.split(".")
    if len(parts) != 3:
        return None
    number = parts[1]
    stated = columns.get("lldp_port_id", {}).get(number)
    names = {text(stated), text(columns.get("lldp_port_descr", {}).get(number))} - {""}
    for at, port in ports.items():
        described = text(columns.get("if_descr", {}).get(at))
        if names & {port, described}:
            return port
    card = mac(stated)
    same = [port for at, port in ports.items() if card and mac(columns.get("if_mac", {}).get(at)) == card]
    return same[0] if len(same) == 1 else ports.get(number)


def _names(name: str) -> list[tuple[str, object]]:
    host = name_as_host(name)
    return [("fqdn" if "." in host else "hostname", host)] if host else []
