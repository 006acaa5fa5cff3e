"""Machines that say nothing themselves and are only heard: in bridge tables, behind a port, and in ARP tables."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from discovery.sources.snmp.values import mac, mac_of_index

Columns = Mapping[str, Mapping[str, Any]]
MOST_ADDRESSES = 8
"""addresses of one card; beyond, it answers for others (proxy ARP) and they are none of its own"""


class Machine(NamedTuple):
    """A card and what it was heard with; `port` where it is the only one behind it."""

    card: str
    port: str | None
    addresses: tuple[str, ...]


def machines(columns: Columns, ports: Mapping[str, str], *, linked: Collection[str]) -> list[Machine]:
    """Each card in the ARP and bridge tables but the device's own. `linked`: ports whose neighbour named itself."""
    own = own_cards(columns)
    addresses: dict[str, set[str]] = {}
    for index, value in columns.get("arp", {}).items():
        found = mac(value)
        if found is not None and index.count(".") == 4:
            addresses.setdefault(found, set()).add(index.partition(".")[2])
    behind = _behind(columns, ports, own)
    alone = {card: port for port, (card, *more) in behind.items() if not more and port not in linked}
    cards = {*addresses, *(card for found in behind.values() for card in found)} - own
    return [
        Machine(card, alone.get(card), tuple(sorted(addresses.get(card, ()))))
        for card in sorted(cards)
        if len(addresses.get(card, ())) <= MOST_ADDRESSES
    ]


def own_cards(columns: Columns) -> frozenset[str]:
    """The MAC addresses of the device's own interfaces."""
    return frozenset(found for value in columns.get("if_mac", {}).values() if (found := mac(value)))


def _behind(columns: Columns, ports: Mapping[str, str], own: Collection[str]) -> dict[str, list[str]]:
    """port → the cards heard behind it"""
    heard: dict[str, set[str]] = {}
    for table, before in (("fdb", 0), ("fdb_vlan", 1)):
        for index, bridge_port in columns.get(table, {}).items():
            card = mac_of_index(index.split(".")[before:])
            port = ports.get(str(columns.get("bridge_if", {}).get(str(bridge_port))))
            if card is not None and port is not None and card not in own:
                heard.setdefault(port, set()).add(card)
    return {port: sorted(cards) for port, cards in heard.items()}
