"""plan: what a scan would send, worked out without sending anything."""

from dataclasses import dataclass

from discovery.sources.nmap.profiles import Profile
from discovery.sources.nmap.settings import NmapSettings, is_root
from discovery.targets import Network, targets_of, tiles


@dataclass(frozen=True, slots=True)
class Plan:
    """Upper bounds: an address where nothing answers is asked a few times and then left alone."""

    networks: tuple[str, ...]
    excluded: tuple[str, ...]
    hosts: int
    tiles: int
    profile: str
    sends: str
    ports: int
    packets: int
    packets_per_second: int
    packets_per_second_and_host: int
    minutes: float
    cannot_see: tuple[str, ...]


def plan(settings: NmapSettings) -> Plan:
    """Raises SourceMisconfigured where the scan itself would. Names among the targets are looked up; that is all."""
    targets = targets_of(settings.targets, settings.exclude, settings.allow, large=settings.large)
    profile = settings.chosen()
    hosts = targets.addresses()
    pieces = [tile for network in targets.networks for tile in tiles(network, targets.exclude)]
    return Plan(
        networks=tuple(map(str, targets.networks)),
        excluded=tuple(map(str, targets.exclude)),
        hosts=hosts,
        tiles=len(pieces),
        profile=profile.name,
        sends=profile.description,
        ports=len(profile.ports),
        packets=profile.packets(hosts),
        packets_per_second=profile.network_rate,
        packets_per_second_and_host=profile.host_rate,
        minutes=round(sum(profile.seconds(_addresses(tile)) for tile in pieces) / 60, 1),
        cannot_see=cannot_see(profile, root=is_root()),
    )


def _addresses(tile: tuple[Network, ...]) -> int:
    return sum(network.num_addresses for network in tile)


def cannot_see(profile: Profile, *, root: bool) -> tuple[str, ...]:
    """What this scan will not find out, so that its silence is not taken for an answer."""
    unseen = []
    if not root:
        unseen.append("hardware addresses: they are shown to root, and on the own network only")
        unseen.append(
            "hosts that answer neither port 80 nor 443: only root can ask in other ways whether a host is there"
        )
        if profile.needs_root:
            unseen.append(f"profile {profile.name} needs root; it will be refused")
    if not profile.ports:
        unseen.append("ports: this profile asks none")
    else:
        unseen.append(f"TCP ports other than the {len(profile.ports)} of this profile")
    if "-O" not in profile.options:
        unseen.append("operating systems: this profile does not guess them")
    if "-sV" not in profile.options:
        unseen.append("what answers on open ports: this profile does not ask")
    unseen.append("UDP services")
    return tuple(unseen)
