"""Networks that are known to exist and lie outside every scope that was read: where nobody ever looked."""

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.encoding import from_json
from graph.survey import SurveyedCI, UnresolvedEnd

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Space = tuple[str, int]
"""realm and IP version"""

BUCKET: Mapping[int, int] = {4: 24, 6: 64}
"""prefix of the network that an address is counted in where no smaller or larger one is known"""
EXAMPLES = 3

INTERFACES, ADDRESSES, ROUTES, NEIGHBOURS, CONNECTIONS, NETWORKS = (
    "interfaces", "addresses", "routes", "neighbours", "connections", "networks",
)  # fmt: skip
"""in what a network was seen"""

_TELLING = ("prefix", "network", "subnet", "cidr", "route", "address")
"""attributes whose name holds one of these may name networks"""


@dataclass(slots=True)
class UnreadNetwork:
    """A network with addresses that no scope that was read holds."""

    realm: str
    network: Network
    read: float
    """share of its addresses that scopes which were read hold"""
    seen_in: dict[str, int] = field(default_factory=dict)
    """how often, by what it was seen in"""
    examples: list[str] = field(default_factory=list)
    """names of the first CIs that show it"""

    def saw(self, what: str, name: str) -> None:
        """One more sign of it."""
        self.seen_in[what] = self.seen_in.get(what, 0) + 1
        if len(self.examples) < EXAMPLES and name not in self.examples:
            self.examples.append(name)


class Read:
    """The addresses that scopes which were read hold, realm by realm."""

    def __init__(self, scopes: Iterable[tuple[str, str]]) -> None:
        """`scopes`: (realm, scope); those that are no networks hold no addresses."""
        spaces: dict[Space, list[Network]] = {}
        for realm, scope in scopes:
            network = network_of(scope)
            if network is not None:
                spaces.setdefault((realm, network.version), []).append(network)
        self._begins: dict[Space, list[int]] = {}
        self._ends: dict[Space, list[int]] = {}
        for space, networks in spaces.items():
            ranges = _joined(networks)
            self._begins[space] = [begin for begin, _ in ranges]
            self._ends[space] = [end for _, end in ranges]

    def holds(self, realm: str, address: Address) -> bool:
        """Whether the address lies in a scope that was read. O(log scopes)."""
        space, number = (realm, address.version), int(address)
        at = bisect_right(self._begins.get(space, ()), number) - 1
        return at >= 0 and number <= self._ends[space][at]

    def share(self, realm: str, network: Network) -> float:
        """The share of the network's addresses that was read, 0 to 1."""
        first, last = int(network.network_address), int(network.broadcast_address)
        space = (realm, network.version)
        held = sum(
            max(0, min(last, end) - max(first, begin) + 1)
            for begin, end in zip(self._begins.get(space, ()), self._ends.get(space, ()), strict=True)
        )
        return held / (last - first + 1)


def _joined(networks: Iterable[Network]) -> list[tuple[int, int]]:
    """Ranges of addresses, sorted, none touching another."""
    found: list[tuple[int, int]] = []
    for first, last in sorted((int(n.network_address), int(n.broadcast_address)) for n in networks):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


class Known:
    """What is seen of networks, gathered CI by CI. Memory: O(networks outside what was read + addresses there)."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._networks: dict[tuple[str, Network], UnreadNetwork] = {}
        self._addresses: list[tuple[str, Address, str, str]] = []

    def take(self, ci: SurveyedCI) -> None:
        """Addresses and networks that a CI shows."""
        hop = ci.ci_class == "interface" and '"hop"' in ci.facts
        what = ROUTES if hop else INTERFACES if ci.ci_class == "interface" else ADDRESSES
        if '"ip"' in ci.identifiers:
            for kind, value, realm, _ in from_json(ci.identifiers):
                if kind == "ip":
                    self._address(realm, value, what, ci.name, ours=not hop)
        if "/" in ci.facts and any(word in ci.facts for word in _TELLING):
            for attribute, fact in from_json(ci.facts).items():
                if any(word in attribute for word in _TELLING):
                    self._networks_in(ci, attribute, fact[0])

    def take_end(self, end: UnresolvedEnd, *, link: bool) -> None:
        """An address that something names and nothing known bears; `link`: as a neighbour."""
        head, _, value = end.reference.partition(":")
        if head.partition("@")[0].rpartition(".")[2] == "ip":
            self._address(end.realm, value, NEIGHBOURS if link else CONNECTIONS, end.name, ours=False)

    def _address(self, realm: str, text: str, what: str, name: str, *, ours: bool) -> None:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return
        # What somebody out there answers with is not ours to read; what our own things bear is.
        outside = address.is_global and not ours
        if not outside and not _is_nowhere(address) and not self._read.holds(realm, address):
            self._addresses.append((realm, address, what, name))

    def _networks_in(self, ci: SurveyedCI, attribute: str, value: Any) -> None:
        for text in value if isinstance(value, list) else [value]:
            network = network_of(text) if isinstance(text, str) and "/" in text else None
            if network is None or not network.prefixlen or _is_nowhere(network.network_address):
                continue
            declared = NETWORKS if ci.ci_class == "network" else INTERFACES if ci.ci_class == "interface" else ADDRESSES
            for realm in ci.realms:
                share = self._read.share(realm, network)
                if share < 1 and network.num_addresses > 1:
                    found = self._networks.setdefault((realm, network), UnreadNetwork(realm, network, share))
                    found.saw(ROUTES if "route" in attribute else declared, ci.name)

    def unread(self) -> list[UnreadNetwork]:
        """Networks with what was never read of them, those seen most often first.

        An address counts in the smallest known network around it, else in its /24 or /64.
        """
        lengths: dict[Space, set[int]] = {}
        for realm, network in self._networks:
            lengths.setdefault((realm, network.version), set()).add(network.prefixlen)
        ordered = {space: sorted(found, reverse=True) for space, found in lengths.items()}
        around: dict[tuple[str, int, int, int], UnreadNetwork] = {
            (realm, *_beginning(network.network_address, network.prefixlen)): found
            for (realm, network), found in self._networks.items()
        }
        for realm, address, what, name in self._addresses:
            bucket = BUCKET[address.version]
            places = [(realm, *_beginning(address, n)) for n in (*ordered.get((realm, address.version), ()), bucket)]
            found = next((around[place] for place in places if place in around), None)
            if found is None:
                network = ipaddress.ip_network((address, bucket), strict=False)
                found = around[places[-1]] = UnreadNetwork(realm, network, self._read.share(realm, network))
            found.saw(what, name)
        return sorted(
            around.values(),
            key=lambda one: (-sum(one.seen_in.values()), one.realm, one.network.version, one.network.network_address),
        )


def _beginning(address: Address, length: int) -> tuple[int, int, int]:
    """What all addresses of one network of this length have in common: version, length and leading bits."""
    return (address.version, length, int(address) >> (address.max_prefixlen - length))


def network_of(text: str) -> Network | None:
    """The network that a scope or a value names, None where it names none."""
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def _is_nowhere(address: Address) -> bool:
    return address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified
