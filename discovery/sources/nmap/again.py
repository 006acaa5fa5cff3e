"""How single hosts and ports that a scan once found are looked at again."""

import ipaddress
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from discovery.errors import SourceMisconfigured
from discovery.source import Again, Fetched, Known, Raw, Reading, ScopeEnd
from discovery.sources.nmap.fetch import Place, scan_tile
from discovery.sources.nmap.profiles import FRAGILE, PROFILES, Profile
from discovery.sources.nmap.runner import binary
from discovery.sources.nmap.settings import NmapSettings, is_root
from discovery.targets import Network, is_address, targets_of

AT_ONCE = 64
"""hosts that one nmap is asked about"""
SAVED = "it was read from a saved file, which tells what was"


def place_of(known: Known) -> str | None:
    """The address behind a record of a host or a TCP port; None for hops, software and certificates.

    A machine's own loopback belongs to that machine alone.
    """
    first, *rest = known.record.split("/")
    if not is_address(first):
        if first != socket.gethostname() or not rest or not _is_loopback(rest[0]):
            return None
        first, *rest = rest
    if not rest:
        return first
    port = _port(known.record)
    return first if port is not None and port not in FRAGILE else None


def fetch_again(settings: NmapSettings, wanted: Mapping[str, Sequence[Known]], reading: Reading) -> Iterator[Fetched]:
    """The hosts at these addresses, where they are targets, asked for nothing but the ports that the records name."""
    if settings.xml is not None:
        yield from (ScopeEnd(address, complete=False, reason=SAVED) for address in wanted)
        return
    profile = settings.chosen()
    if profile.needs_root and not is_root():
        raise SourceMisconfigured(f"profile {profile.name} needs root: run as root, or choose another profile")
    binary()
    allowed: dict[int, list[tuple[str, Network]]] = {}
    # What is asked for by nobody's targets is asked for by its records alone.
    targets = settings.targets and targets_of(settings.targets, (), settings.allow, large=settings.large)
    for address in wanted:
        if targets and not targets.hold(address):
            continue
        try:
            network = targets_of((address,), settings.exclude, settings.allow, large=False)
        except SourceMisconfigured as refused:
            yield ScopeEnd(address, complete=False, reason=str(refused))
            continue
        if not network.addresses():
            yield ScopeEnd(address, complete=False, reason="it is excluded")
            continue
        allowed.setdefault(network.networks[0].version, []).append((address, network.networks[0]))
    for several in allowed.values():
        for begin in range(0, len(several), AT_ONCE):
            tile = dict(several[begin : begin + AT_ONCE])
            yield from _look(
                _narrowed(profile, [one.record for address in tile for one in wanted[address]]), tile, reading
            )


def _look(profile: Profile, tile: Mapping[str, Network], reading: Reading) -> Iterator[Fetched]:
    failures: list[str] = []
    timed_out: set[str] = set()
    if reading.stopped():
        failures.append("stopped")
    else:
        for found in scan_tile(profile, tuple(tile.values()), Place("", 0, len(tile), {}), reading, failures):
            if isinstance(found, Raw):
                if found.payload["timed_out"]:
                    timed_out.add(found.payload["address"])
                yield Raw(found.payload["address"], found.payload)
    for address in tile:
        why = "nmap gave up on it" if address in timed_out else "; ".join(dict.fromkeys(failures)) or None
        yield ScopeEnd(address, complete=why is None, reason=why)


def _narrowed(profile: Profile, records: Sequence[str]) -> Profile:
    """The profile with the ports of these records; where they name none, only whether the hosts are there."""
    ports = sorted({port for record in records if (port := _port(record)) is not None})
    return replace(profile, ports=tuple(ports)) if ports else PROFILES["ping"]


def _port(record: str) -> int | None:
    head, _, port = record.rpartition("/tcp/")
    return int(port) if head and port.isascii() and port.isdigit() and 0 < int(port) < 65_536 else None


def _is_loopback(text: str) -> bool:
    return is_address(text) and ipaddress.ip_address(text).is_loopback


PASSING = frozenset({"scan", "reason"})
AGAIN = Again(place_of, fetch_again, alone=True, may_be_set=("allow", "exclude", "profile"), passing=PASSING)
