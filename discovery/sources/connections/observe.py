"""What a host's connection table says: applications, what they run on, and with what they talk."""

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from cmdb.observation import Claim, Observation, observation
from discovery.source import Hearing
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


class Talk(NamedTuple):
    """A connection from the side of the program here."""

    program: str
    outgoing: bool
    """whether the program here called"""
    far: str
    """address of the other end"""
    port: int
    """where the called side listens"""


@dataclass(frozen=True, slots=True)
class _Table:
    """The sockets, sorted out."""

    listeners: dict[tuple[str, int], str | None]
    """(address, port) → program; the address may be 0.0.0.0 or ::"""
    talks: tuple[Talk, ...]
    own: frozenset[str]

    def called_here(self, address: str, port: int) -> str | None:
        """The program of this host that answers there, None where nobody does or it is not known who."""
        for listening in (address, "0.0.0.0", "::"):
            if (listening, port) in self.listeners:
                return self.listeners[listening, port]
        return None

    def is_here(self, address: str) -> bool:
        return address in self.own or ipaddress.ip_address(address).is_loopback


def observe(raw: dict[str, Any], hearing: Hearing) -> Iterable[Observation]:
    """The host, an application for each program that listens or talks, an endpoint for each port listened on."""
    host, record = raw["host"], raw["record"]
    me = f"record:connections:{record}"

    def one(key: str, ci_class: str, **more: Any) -> Observation:
        return observation(
            hearing.vocabulary, source="connections", realm=hearing.realm, record=key, ci_class=ci_class,
            observed_at=hearing.received_at, **more,
        )  # fmt: skip

    known = {key: host[key] for key in ("os", "vendor", "model", "cpu_count", "memory_bytes") if host[key]}
    yield one(record, _class_of(host), name=host["hostname"], identifiers=_identifiers(host), attributes=known)
    table = _sorted_out(raw["sockets"], frozenset(host["addresses"]))
    programs = {talk.program for talk in table.talks} | {name for name in table.listeners.values() if name}
    for program in sorted(programs):
        ports = sorted({port for (_, port), name in table.listeners.items() if name == program})
        yield one(
            f"{record}/{program}", "application", name=program, within=me,
            attributes={"ports": ports} if ports else {},
            claims=[Claim("runs_on", True, me, basis="observed"), *_claims(program, table, record)],
        )  # fmt: skip
    for port in sorted({port for _, port in table.listeners}):
        where = {address: name for (address, other), name in table.listeners.items() if other == port}
        named = sorted({name for name in where.values() if name})
        said = {"port": port, "protocol": "tcp", "bound_to": sorted(where)} | ({"programs": named} if named else {})
        yield one(
            f"{record}/tcp/{port}", "endpoint", name=f"tcp/{port}", within=me, attributes=said,
            claims=[Claim("part_of", True, me, basis="observed")],
        )  # fmt: skip


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


def _sorted_out(sockets: list[dict[str, Any]], own: frozenset[str]) -> _Table:
    listeners: dict[tuple[str, int], str | None] = {}
    for row in sockets:
        if row["listens"]:
            key = (_plain(row["local"][0]), row["local"][1])
            listeners[key] = listeners.get(key) or row["program"]
    listening = {port for _, port in listeners}
    talks: dict[Talk, None] = {}
    for row in sockets:
        if row["listens"] or not row["remote"] or row["program"] is None:
            continue
        called = row["local"][1] in listening
        port = row["local"][1] if called else row["remote"][1]
        talks[Talk(row["program"], not called, _plain(row["remote"][0]), port)] = None
    return _Table(listeners, tuple(sorted(talks)), own)


def _plain(address: str) -> str:
    """An IPv4 address that a socket for both families shows as ::ffff:10.0.0.1 is that IPv4 address."""
    found = ipaddress.ip_address(address)
    return str(getattr(found, "ipv4_mapped", None) or found)


def _claims(program: str, table: _Table, record: str) -> Iterator[Claim]:
    """One claim for each far end; where any of the traffic is the business itself, so is the relation."""
    looks_after: dict[tuple[str, bool, str], bool] = {}
    callers: set[str] = set()
    for talk in table.talks:
        if talk.program != program:
            continue
        end = _far_end(talk, table, record)
        if end is None:
            continue
        if not talk.outgoing:
            callers.add(talk.far)
            if len(callers) > MOST_CALLERS:
                continue
        only = only_looks_after(program, talk.port) or only_looks_after(_called(talk, table) or "", talk.port)
        looks_after[end] = looks_after.get(end, True) and only
    for (kind, outgoing, reference), only in looks_after.items():
        if kind == "calls":
            yield Claim(kind, outgoing, reference, effect="none" if only else None, basis="observed")
        else:
            # What was only seen talking suffers when the other end is lost; that it falls, somebody has to say.
            yield Claim(
                kind, outgoing, reference, effect="none" if only else "degraded", strength=OBSERVED_STRENGTH,
                basis="observed",
            )  # fmt: skip


def _far_end(talk: Talk, table: _Table, record: str) -> tuple[str, bool, str] | None:
    """Relation type, direction and reference; None where nothing is known, or the other side says it."""
    if table.is_here(talk.far):
        called = _called(talk, table)
        if called is None or called == talk.program:
            return None
        return ("calls", True, f"record:connections:{record}/{called}")
    if talk.outgoing or ipaddress.ip_address(talk.far).is_private:
        # Of the far end only an address is known: a machine, not the application on it.
        return ("depends_on", talk.outgoing, f"ip:{talk.far}")
    return None


def _called(talk: Talk, table: _Table) -> str | None:
    return table.called_here(talk.far, talk.port) if talk.outgoing and table.is_here(talk.far) else None
