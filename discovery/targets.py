"""What may be asked over the network: targets as validated networks, an allow-list, and exclusions above everything."""

import ipaddress
import re
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import psutil

from discovery.errors import SourceMisconfigured

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LARGE = 4096
"""addresses in one run above which somebody has to say that it is meant: a /20"""
TILE = {4: 26, 6: 122}
"""prefix of the pieces that are scanned, and finished, one by one: 64 addresses"""

PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "::1/128", "fc00::/7")
)
"""RFC 1918, RFC 4193 and loopback; `is_private` of the standard library means more than these"""

_HOSTNAME = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\Z", re.I
)


@dataclass(frozen=True, slots=True)
class Targets:
    """Networks to scan, each a scope of its own, and what must not be touched in them."""

    networks: tuple[Network, ...]
    exclude: tuple[Network, ...]
    names: tuple[tuple[str, str], ...] = ()
    """address → the host name that somebody asked for"""

    def addresses(self) -> int:
        """How many addresses will be asked, exclusions taken off."""
        return sum(part.num_addresses for network in self.networks for part in without(network, self.exclude))

    def hold(self, address: str) -> bool:
        """Whether a single address is among the networks, excluded or not; False for what is no address."""
        return _among(address, self.networks)

    def permit(self, address: str) -> bool:
        """Whether a single address is none of those that are excluded."""
        return not _among(address, self.exclude)


def targets_of(targets: Sequence[str], exclude: Sequence[str], allow: Sequence[str], *, large: bool) -> Targets:
    """Raises SourceMisconfigured for anything that is no network, lies outside the allow-list, or is too much."""
    asked = {text: _network(text) for text in _split(targets)}
    networks = _apart([network for found in asked.values() for network in found])
    if not networks:
        raise SourceMisconfigured("no targets: name networks or addresses, such as 192.168.1.0/24")
    allowed = _joined(network for text in _split(allow) for network in _network(text)) or own_networks()
    for network in networks:
        if not any(_inside(network, permitted) for permitted in allowed):
            shown = ", ".join(map(str, allowed)) or "nothing"
            raise SourceMisconfigured(
                f"{network} is outside what may be scanned ({shown}): list it with allow={network} if it is yours"
            )
    found = Targets(
        networks,
        _joined(network for text in _split(exclude) for network in _network(text)),
        tuple((str(one[0]), text) for text, found in asked.items() if not _is_numeric(text) for one in found),
    )
    if found.addresses() > LARGE and not large:
        raise SourceMisconfigured(
            f"{found.addresses()} addresses are more than a /20 in one run: say large=true if that is meant"
        )
    return found


def scopes_asked(targets: Sequence[str], exclude: Sequence[str]) -> tuple[str, ...]:
    """What would be asked, in short and without a look-up: networks less what is excluded; names as they are."""
    out = [network for text in _split(exclude) if _is_numeric(text) for network in _network(text)]
    found: list[str] = []
    for text in _split(targets):
        found += map(str, without(_network(text)[0], out)) if _is_numeric(text) else [text.casefold()]
    return tuple(found)


def _apart(networks: Sequence[Network]) -> tuple[Network, ...]:
    """Without those that lie inside another one: nothing is asked twice."""
    distinct = list(dict.fromkeys(networks))
    return tuple(one for one in distinct if not any(one != other and _inside(one, other) for other in distinct))


def _joined(networks: Iterable[Network]) -> tuple[Network, ...]:
    """Neighbours made one network, so that a target may lie across them."""
    every = list(networks)
    fours = [network for network in every if isinstance(network, ipaddress.IPv4Network)]
    sixes = [network for network in every if isinstance(network, ipaddress.IPv6Network)]
    return (*ipaddress.collapse_addresses(fours), *ipaddress.collapse_addresses(sixes))


def own_networks() -> tuple[Network, ...]:
    """The private ranges on this machine's own interfaces."""
    found: list[Network] = []
    for card in psutil.net_if_addrs().values():
        for address in card:
            if address.family not in (socket.AF_INET, socket.AF_INET6) or not address.netmask:
                continue
            ip = address.address.split("%")[0]
            mask = address.netmask if address.family == socket.AF_INET else _prefix_of(address.netmask)
            found += _private_part(ipaddress.ip_network(f"{ip}/{mask}", strict=False))
    return _joined(found)


def _private_part(network: Network) -> list[Network]:
    """An interface may be given a mask wider than the private range it lies in."""
    return [
        network if _inside(network, private) else private for private in PRIVATE if network_overlaps(network, private)
    ]


def _prefix_of(mask: str) -> int:
    return bin(int(ipaddress.IPv6Address(mask))).count("1") if ":" in mask else int(mask)


def _split(texts: Iterable[str]) -> list[str]:
    return [part.strip() for text in texts for part in re.split(r"[,\n]", text) if part.strip()]


def _is_numeric(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _network(text: str) -> tuple[Network, ...]:
    """One target. Only what parses as a network, an address or a host name gets through; options never do."""
    if _is_numeric(text):
        return (ipaddress.ip_network(text, strict=False),)
    if not _HOSTNAME.match(text) or text.replace(".", "").isdigit():
        raise SourceMisconfigured(f"{text!r} is no target: a network, an address or a host name is wanted")
    try:
        found = socket.getaddrinfo(text, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SourceMisconfigured(f"{text} does not resolve: {error}") from None
    return tuple(dict.fromkeys(ipaddress.ip_network(str(row[4][0]).split("%")[0]) for row in found))


def _among(address: str, networks: Iterable[Network]) -> bool:
    return is_address(address) and any(_inside(ipaddress.ip_network(address), network) for network in networks)


def is_address(text: str) -> bool:
    """Whether it is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def network_overlaps(network: Network, other: Network) -> bool:
    """Whether an address is in both."""
    return network.version == other.version and network.overlaps(other)


def _inside(network: Network, other: Network) -> bool:
    return network.version == other.version and network.subnet_of(other)  # type: ignore[arg-type]


def tiles(network: Network, exclude: Sequence[Network]) -> list[tuple[Network, ...]]:
    """A network in pieces that are finished one by one: each at most 64 addresses, exclusions taken out."""
    if network.num_addresses > 1 << 24:
        raise SourceMisconfigured(f"{network} holds more addresses than can ever be asked one by one")
    width = TILE[network.version]
    pieces = [network] if network.prefixlen >= width else network.subnets(new_prefix=width)
    found = []
    for piece in pieces:
        left = without(piece, exclude)
        if left:
            found.append(tuple(sorted(left)))
    return found


def without(network: Network, exclude: Sequence[Network]) -> list[Network]:
    """What is left of a network when everything excluded is taken out."""
    left = [network]
    for out in exclude:
        left = [part for whole in left for part in _without(whole, out)]
    return left


def _without(network: Network, out: Network) -> list[Network]:
    if not network_overlaps(network, out):
        return [network]
    if _inside(network, out):
        return []
    return list(network.address_exclude(out))  # type: ignore[arg-type]
