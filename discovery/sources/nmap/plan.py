"""plan: what a scan would send, worked out without sending anything."""

from dataclasses import dataclass

from discovery.sources.nmap.settings import NmapSettings, is_root
from discovery.sources.nmap.targets import targets_of, tiles


@dataclass(frozen=True, slots=True)
class Plan:
    """Upper bounds: a host that does not answer is asked fewer questions."""

    networks: tuple[str, ...]
    excluded: tuple[str, ...]
    hosts: int
    tiles: int
    profile: str
    sends: str
    ports: int
    packets: int
    packets_per_second: int
    minutes: float
    cannot_see: tuple[str, ...]


def plan(settings: NmapSettings) -> Plan:
    """Raises SourceMisconfigured where the scan itself would."""
    targets = targets_of(settings.targets, settings.exclude, settings.allow, large=settings.large)
    profile = settings.chosen()
    hosts = targets.addresses()
    # Two packets to see whether a host is there, then every port with its retries.
    packets = hosts * (2 + len(profile.ports) * profile.probes_per_port)
    return Plan(
        networks=tuple(map(str, targets.networks)),
        excluded=tuple(map(str, targets.exclude)),
        hosts=hosts,
        tiles=sum(len(tiles(network, targets.exclude)) for network in targets.networks),
        profile=profile.name,
        sends=profile.description,
        ports=len(profile.ports),
        packets=packets,
        packets_per_second=profile.network_rate,
        minutes=round(max(packets / profile.network_rate, len(profile.ports) / profile.host_rate) / 60, 1),
        cannot_see=cannot_see(settings),
    )


def cannot_see(settings: NmapSettings) -> tuple[str, ...]:
    """What this scan will not find out, so that its silence is not taken for an answer."""
    unseen = []
    profile = settings.chosen()
    if not is_root():
        unseen.append("hardware addresses: they are shown to root, and on the own network only")
        if profile.needs_root:
            unseen.append(f"profile {profile.name} needs root; it will be refused")
    if "-O" not in profile.options:
        unseen.append("operating systems: this profile does not guess them")
    if "-sV" not in profile.options:
        unseen.append("what answers on open ports: this profile does not ask")
    unseen.append("UDP services")
    return tuple(unseen)
