"""How networks are read: tile by tile, host by host, keeping what is finished whatever happens next."""

import ipaddress
import os
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from discovery.errors import SourceMisconfigured
from discovery.source import Fetched, Progress, Raw, Reading, ScopeEnd
from discovery.sources.nmap.crowds import note_crowds
from discovery.sources.nmap.plan import cannot_see
from discovery.sources.nmap.profiles import HOSTS_AT_ONCE, Profile
from discovery.sources.nmap.runner import Ended, binary, complaints, run_nmap
from discovery.sources.nmap.settings import NmapSettings, is_root
from discovery.sources.nmap.stream import Hostile, Outcome, Step, read_hosts
from discovery.targets import Network, network_overlaps, targets_of, tiles
from discovery.this_machine import this_machine

READ_AT_ONCE = 65_536
WINDOW = 64
"""hosts of a saved file that are looked at together, as the addresses of a tile are"""
SLACK = 2.0
"""a tile may take this many times what it takes when every host is there, and a minute"""
MINUTE = 60.0


def fetch(settings: NmapSettings, reading: Reading) -> Iterator[Fetched]:
    """Hosts that answered. One scope for each target network; it is complete when every tile of it is."""
    if settings.xml is not None:
        yield from _saved(settings.xml, reading)
        return
    targets = targets_of(settings.targets, settings.exclude, settings.allow, large=settings.large)
    profile = settings.chosen()
    binary()
    if profile.needs_root and not is_root():
        raise SourceMisconfigured(f"profile {profile.name} needs root: run as root, or choose another profile")
    names = dict(targets.names)
    total = targets.addresses()
    done = 0
    yield Progress(0, total, "addresses", "not looked for: " + "; ".join(cannot_see(profile, root=is_root())))
    for network in targets.networks:
        failures: list[str] = []
        for tile in tiles(network, targets.exclude):
            if reading.stopped():
                failures.append("stopped")
                break
            yield from scan_tile(profile, tile, Place(str(network), done, total, names), reading, failures)
            done += _addresses(tile)
            yield Progress(done, total, "addresses")
        yield ScopeEnd(
            str(network),
            complete=not failures,
            reason="; ".join(dict.fromkeys(failures)) or None,
            left_out=tuple(str(out) for out in targets.exclude if network_overlaps(network, out)),
        )


class Place:
    """Where in the whole a tile stands."""

    def __init__(self, scope: str, done: int, total: int, names: dict[str, str]) -> None:
        self.scope, self.done, self.total, self.names = scope, done, total, names


def scan_tile(
    profile: Profile, tile: tuple[Network, ...], place: Place, reading: Reading, failures: list[str]
) -> Iterator[Fetched]:
    """The hosts of one tile, given when it is finished or ended: only beside its neighbours can a host be judged."""
    asked = _addresses(tile)
    ended, outcome = Ended(), Outcome()
    chunks = run_nmap(
        profile, tile, deadline=MINUTE + SLACK * profile.seconds(asked), stopped=reading.stopped, ended=ended
    )
    hosts: list[dict[str, Any]] = []
    interrupted: KeyboardInterrupt | None = None
    share = 0.0
    try:
        for found in read_hosts(chunks, outcome):
            if isinstance(found, Step):
                share = max(share, _share(found, len(hosts), asked))
                yield Progress(place.done + asked * share, place.total, "addresses")
            elif found["state"] == "up":
                hosts.append(found)
    except Hostile as wrong:
        failures.append(str(wrong))
    except KeyboardInterrupt as stop:
        interrupted = stop
    finally:
        chunks.close()  # type: ignore[attr-defined]
    failures += _failures(ended, outcome, hosts, asked)
    note_crowds(hosts, asked)
    own = asdict(this_machine()) if any(_is_loopback(host) for host in hosts) else None
    for host in hosts:
        if host["address"] in place.names:
            host["asked_as"] = place.names[host["address"]]
        if own is not None and _is_loopback(host):
            host["self"] = own
        yield Raw(place.scope, host)
    if interrupted is not None:
        raise interrupted


def _is_loopback(host: dict[str, Any]) -> bool:
    return ipaddress.ip_address(host["address"]).is_loopback


def _share(step: Step, seen: int, asked: int) -> float:
    """How much of a tile is done, guessed from hosts that are finished and from how far their successors are."""
    if "Scan" not in step.task or "Ping" in step.task:
        return 0.0
    return min((seen + min(HOSTS_AT_ONCE, asked) * step.percent / 100) / asked, 0.95)


def _failures(ended: Ended, outcome: Outcome, hosts: list[dict[str, Any]], asked: int) -> list[str]:
    """Why a tile was not read to its end; empty where it was."""
    if ended.reason is not None:
        return [ended.reason]
    found = [*outcome.errors, *complaints(ended.said)]
    if not outcome.finished and not outcome.errors:
        found.append("nmap did not say that it finished")
    if outcome.asked is not None and outcome.asked < asked:
        found.append(f"nmap asked {outcome.asked} addresses of {asked}")
    return found + _gave_up(hosts)


def _gave_up(hosts: list[dict[str, Any]]) -> list[str]:
    slow = [host["address"] for host in hosts if host["timed_out"]]
    return [f"nmap gave up on {len(slow)} slow hosts, such as {slow[0]}"] if slow else []


def _addresses(tile: tuple[Network, ...]) -> int:
    return sum(network.num_addresses for network in tile)


def _saved(path: str, reading: Reading) -> Iterator[Fetched]:
    """Hosts of a saved -oX file; its scope is the file. Whatever is wrong with it, what was read before stands."""
    try:
        file = open(path, "rb")  # noqa: SIM115 closed below, so that only opening is judged here
    except OSError as wrong:
        raise SourceMisconfigured(f"{path}: {wrong.strerror or wrong}") from wrong
    scope = os.path.basename(path)
    outcome = Outcome()
    failures: list[str] = []
    window: list[dict[str, Any]] = []
    with file:
        size = os.fstat(file.fileno()).st_size or None
        done = 0

        def chunks() -> Iterator[bytes]:
            nonlocal done
            while chunk := file.read(READ_AT_ONCE):
                done += len(chunk)
                yield chunk

        try:
            for found in read_hosts(chunks(), outcome):
                if reading.stopped():
                    failures.append("stopped")
                    break
                if isinstance(found, dict) and found["state"] == "up":
                    window.append(found)
                if len(window) == WINDOW:
                    failures += _gave_up(window)
                    yield from _judged(window, scope)
                    yield Progress(done, size, "bytes")
                    window = []
        except Hostile as wrong:
            failures.append(str(wrong))
        except OSError as broken:
            failures.append(f"reading broke off: {broken.strerror or broken}")
    failures += _gave_up(window)
    yield from _judged(window, scope)
    yield Progress(done, size, "bytes")
    if not failures and not outcome.finished and not outcome.errors:
        failures.append("nmap did not say that it finished")
    failures += outcome.errors
    yield ScopeEnd(scope, complete=not failures, reason="; ".join(dict.fromkeys(failures)) or None)


def _judged(window: list[dict[str, Any]], scope: str) -> Iterator[Raw]:
    # How many addresses were asked is not known here: a window says nothing of a network without gaps.
    note_crowds(window, asked=0)
    for host in window:
        yield Raw(scope, host)
