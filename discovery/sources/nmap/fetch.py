"""How networks are read: tile by tile, host by host, keeping what is finished whatever happens next."""

from collections.abc import Iterator

from discovery.errors import SourceMisconfigured
from discovery.source import Fetched, Progress, Raw, Reading, ScopeEnd
from discovery.sources.nmap.plan import cannot_see
from discovery.sources.nmap.profiles import Profile
from discovery.sources.nmap.runner import Ended, binary, run_nmap
from discovery.sources.nmap.settings import NmapSettings, is_root
from discovery.sources.nmap.stream import Hostile, Outcome, read_hosts
from discovery.sources.nmap.targets import Network, targets_of, tiles

READ_AT_ONCE = 65_536
SLACK = 3.0
"""a tile may take this many times what its packets need at the slowest rate, and a minute"""


def fetch(settings: NmapSettings, reading: Reading) -> Iterator[Fetched]:
    """Hosts that answered. One scope for each target network; it is complete when every tile of it is."""
    if settings.xml is not None:
        yield from _saved(settings.xml)
        return
    targets = targets_of(settings.targets, settings.exclude, settings.allow, large=settings.large)
    profile = settings.chosen()
    binary()
    if profile.needs_root and not is_root():
        raise SourceMisconfigured(f"profile {profile.name} needs root: run as root, or choose another profile")
    total = targets.addresses()
    done = 0
    yield Progress(0, total, "addresses", "not looked for: " + "; ".join(cannot_see(settings)))
    for network in targets.networks:
        failures: list[str] = []
        for tile in tiles(network, targets.exclude):
            if reading.stopped():
                failures.append("stopped")
                break
            yield from _scan(profile, tile, str(network), reading, failures)
            done += sum(part.num_addresses for part in tile)
            yield Progress(done, total, "addresses")
        yield ScopeEnd(str(network), complete=not failures, reason="; ".join(dict.fromkeys(failures)) or None)


def _scan(
    profile: Profile, tile: tuple[Network, ...], scope: str, reading: Reading, failures: list[str]
) -> Iterator[Fetched]:
    ended, outcome = Ended(), Outcome()
    asked = sum(network.num_addresses for network in tile)
    packets = asked * (2 + len(profile.ports) * profile.probes_per_port)
    deadline = 60 + SLACK * max(packets / profile.network_rate, packets / asked / profile.host_rate * max(1, asked / 8))
    chunks = run_nmap(profile, tile, deadline=deadline, stopped=reading.stopped, ended=ended)
    try:
        for host in read_hosts(chunks, outcome):
            if host["state"] == "up":
                yield Raw(scope, host)
    except Hostile as wrong:
        failures.append(str(wrong))
    finally:
        chunks.close()  # type: ignore[attr-defined]
    if ended.reason is not None:
        failures.append(ended.reason)
    elif not outcome.finished or outcome.errors:
        failures.append("; ".join(outcome.errors) or "nmap did not say that it finished")
    elif outcome.asked is not None and outcome.asked < asked:
        failures.append(f"nmap asked {outcome.asked} addresses of {asked}")


def _saved(path: str) -> Iterator[Fetched]:
    """Hosts of a saved -oX file; its scope is the file."""
    outcome = Outcome()
    scope = path.rsplit("/", 1)[-1]
    try:
        with open(path, "rb") as file:
            for host in read_hosts(iter(lambda: file.read(READ_AT_ONCE), b""), outcome):
                if host["address"] is not None and host["state"] == "up":
                    yield Raw(scope, host)
    except OSError as wrong:
        raise SourceMisconfigured(f"{path}: {wrong.strerror or wrong}") from wrong
    except Hostile as wrong:
        yield ScopeEnd(scope, complete=False, reason=str(wrong))
        return
    yield Progress(outcome.hosts, outcome.hosts, "hosts")
    reason = "; ".join(outcome.errors) or (None if outcome.finished else "nmap did not say that it finished")
    yield ScopeEnd(scope, complete=outcome.finished and not outcome.errors, reason=reason)
