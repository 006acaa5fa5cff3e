"""What a host's connection table says: applications, what they run on, and with what they talk."""

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cmdb.observation import Claim, Observation, observation
from discovery.source import Hearing
from discovery.sources.connections.edges import Edge, Listening
from discovery.sources.connections.requirement import is_data_service, is_proved
from discovery.sources.connections.tally import Tally, from_json
from discovery.sources.connections.watching import only_looks_after

VIRTUAL_MODELS = (
    *("kvm", "virtual machine", "vmware", "virtualbox", "standard pc", "hvm domu", "bochs", "openstack", "droplet"),
    *("google compute engine", "rhev hypervisor", "apache cloudstack", "bhyve"),
)
"""beginnings of the model that firmware made by a hypervisor states"""
VIRTUAL_VENDORS = ("qemu", "xen", "parallels", "nutanix")
OBSERVED_STRENGTH = 0.5
"""P(here suffers | the far end is down) where all that is known is that they were seen talking"""
MOST_CALLERS = 500
"""callers of one program that are kept: beyond, it serves the public and no list of addresses explains it"""
STEP = 0.05
"""to which a confidence is rounded: a relation that moves with every look would fill its history with nothing"""


@dataclass(frozen=True, slots=True)
class _Host:
    """The record, read."""

    record: str
    here: Listening
    tally: Tally
    began: int
    data_ports: frozenset[int]

    def programs(self) -> list[str]:
        """Those that listen, or were seen talking in this reading."""
        talked = {edge.program for edge, seen in self.tally.edges.items() if seen.last >= self.began}
        return sorted({name for name in talked if name}.union(*self.here.at.values()))

    def called(self, edge: Edge) -> str | None:
        """The program of this host that an edge leads to."""
        return self.here.called(edge.far, edge.port) if edge.outgoing and self.here.is_here(edge.far) else None


def observe(raw: dict[str, Any], hearing: Hearing) -> Iterable[Observation]:
    """The host, an application for each program that listens or talks, an endpoint for each port listened on."""
    about, record = raw["host"], raw["record"]
    me = f"record:connections:{record}"
    at = {(address, port): frozenset(programs) for address, port, programs in raw["listening"]}
    host = _Host(
        record, Listening(at, frozenset(about["addresses"])), from_json(raw["tally"]), raw["began"],
        frozenset(raw["data_ports"]),
    )  # fmt: skip

    def one(key: str, ci_class: str, **more: Any) -> Observation:
        return observation(
            hearing.vocabulary, source="connections", realm=hearing.realm, record=key, ci_class=ci_class,
            observed_at=hearing.received_at, **more,
        )  # fmt: skip

    known = {key: about[key] for key in ("os", "vendor", "model", "cpu_count", "memory_bytes") if about[key]}
    yield one(
        record, _class_of(about), name=about["hostname"], identifiers=_identifiers(about),
        attributes={**known, "connections": _not_seen_yet(host.tally)}, claims=_claims(None, host),
    )  # fmt: skip
    for program in host.programs():
        ports = sorted({port for (_, port), names in at.items() if program in names})
        yield one(
            f"{record}/{program}", "application", name=program, within=me,
            identifiers=[("socket", _socket(*place)) for place in host.here.sockets_of(program)],
            attributes={"ports": ports} if ports else {},
            claims=[Claim("runs_on", True, me, basis="observed"), *_claims(program, host)],
        )  # fmt: skip
    for port in sorted({port for _, port in at}):
        where = {address: names for (address, other), names in at.items() if other == port}
        named = sorted(frozenset().union(*where.values()))
        said = {"port": port, "protocol": "tcp", "bound_to": sorted(where)} | ({"programs": named} if named else {})
        yield one(
            f"{record}/tcp/{port}", "endpoint", name=f"tcp/{port}", within=me, attributes=said,
            claims=[Claim("part_of", True, me, basis="observed")],
        )  # fmt: skip


def _not_seen_yet(tally: Tally) -> dict[str, float]:
    """How many of this host's connections nobody has seen yet, as facts of the host."""
    found = tally.unseen()
    shares = {"unseen_share": found.share, "unseen_low": found.low, "unseen_high": found.high}
    return {**{name: round(share, 2) for name, share in shares.items()}, "unseen_edges": float(round(found.kinds))}


def _class_of(host: dict[str, Any]) -> str:
    """`device`, which gives way to whatever knows better; a hypervisor's firmware says that it is one."""
    if host["container"]:
        return "device"
    vendor, model = (host["vendor"] or "").casefold(), (host["model"] or "").casefold()
    return "virtual_machine" if vendor.startswith(VIRTUAL_VENDORS) or model.startswith(VIRTUAL_MODELS) else "device"


def _identifiers(host: dict[str, Any]) -> list[tuple[str, str]]:
    found = [("hostname", host["hostname"]), *(("ip", ip) for ip in host["addresses"])]
    found += [("mac", mac) for mac in host["macs"]]
    return found + [(kind, host[kind]) for kind in ("fqdn", "agent_id", "serial", "uuid") if host[kind]]


@dataclass(slots=True)
class _End:
    """What the edges to one far end come to."""

    only_looks_after: bool = True
    needed: bool = False
    confidence: float = 0.0
    group: str | None = None


@dataclass(slots=True)
class _Ends:
    found: dict[tuple[str, bool, str], _End] = field(default_factory=dict)
    """(relation type, whether outgoing, reference) → what it comes to"""

    def add(self, place: tuple[str, bool, str], only: bool, needed: bool, sure: float, group: str | None) -> None:
        end = self.found.setdefault(place, _End())
        end.only_looks_after &= only
        end.needed |= needed
        end.confidence = max(end.confidence, sure)
        end.group = end.group or group


def _claims(program: str | None, host: _Host) -> Iterator[Claim]:
    """One claim for each far end; where any of the traffic is the business itself, so is the relation.

    `program` None: what this host talks to and nothing tells which program of it.
    """
    ends = _Ends()
    callers: set[str] = set()
    mine = [edge for edge in host.tally.edges if edge.program == program]
    for edge in sorted(mine, key=lambda edge: (edge.far, edge.port, edge.outgoing)):
        if not edge.outgoing:
            callers.add(edge.far)
            if len(callers) > MOST_CALLERS:
                continue
        called = host.called(edge)
        only = only_looks_after(program or "", edge.port) or only_looks_after(called or "", edge.port)
        data = not only and edge.outgoing and is_data_service(edge.port, called, host.data_ports)
        needed = data and program is not None and is_proved(host.tally.edges[edge])
        others = {other.far for other in mine if other.outgoing and other.port == edge.port} if needed else set()
        group = f"observed tcp/{edge.port}" if len(others) > 1 else None
        sure = host.tally.confidence(edge)
        for number, place in enumerate(_far_ends(edge, host, only=only, data=data)):
            ends.add(place, only, needed, sure, f"{group} {number}" if group and number else group)
    for (kind, outgoing, reference), end in sorted(ends.found.items()):
        effect = "none" if end.only_looks_after else "down" if end.needed else "degraded"
        yield Claim(
            kind, outgoing, reference, basis="observed", effect=effect,
            group=end.group if effect == "down" else None,
            strength=None if effect == "down" else OBSERVED_STRENGTH,
            confidence=round(max(STEP, round(end.confidence / STEP) * STEP), 2),
        )  # fmt: skip


def _far_ends(edge: Edge, host: _Host, *, only: bool, data: bool) -> Iterator[tuple[str, bool, str]]:
    """Relation types, directions and references; none where nothing is known, or the other side says it."""
    kind = "stores_in" if data else "calls"
    if host.here.is_here(edge.far):
        called = host.called(edge)
        if called is not None and edge.program is not None and called != edge.program:
            yield (kind, True, f"record:connections:{host.record}/{called}")
        return
    private = ipaddress.ip_address(edge.far).is_private
    if not edge.outgoing and not private:
        return
    yield ("depends_on", edge.outgoing, f"ip:{edge.far}")
    # What listens there says so itself, if somebody reads its host: until then this end waits.
    if edge.outgoing and edge.program is not None and private and not only:
        yield (kind, True, f"socket:{_socket(edge.far, edge.port)}")


def _socket(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
