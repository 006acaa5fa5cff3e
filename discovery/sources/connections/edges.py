"""Who talks to whom, as one glance at a host's connection table shows it."""

import ipaddress
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

EPHEMERAL = 32_768
"""where the ports begin that a caller is given by chance"""


class Socket(NamedTuple):
    """One row of the table; addresses as the system spells them."""

    local: tuple[str, int]
    remote: tuple[str, int] | None
    program: str | None
    listens: bool = False
    closing: bool = False
    """it is over and remembered for a minute (TIME_WAIT and the like): no process owns it any more"""


class Edge(NamedTuple):
    """A program of this host and where it talks to, from this host's side."""

    program: str | None
    """None: the connection was there, and nothing tells whose it was"""
    outgoing: bool
    """whether the program here called"""
    far: str
    """address of the other end"""
    port: int
    """where the called side listens"""


@dataclass(frozen=True, slots=True)
class Listening:
    """What is listened on, and the addresses of this host."""

    at: Mapping[tuple[str, int], frozenset[str]]
    """(address, port) → programs, none where it is not known whose it is; the address may be 0.0.0.0 or ::"""
    own: frozenset[str]

    def called(self, address: str, port: int) -> str | None:
        """The program of this host that answers there; None where nobody does, or it is not known which one."""
        for listening in (address, "0.0.0.0", "::"):
            if (listening, port) in self.at:
                programs = self.at[listening, port]
                return next(iter(programs)) if len(programs) == 1 else None
        return None

    def listens(self, address: str, port: int) -> bool:
        """Whether somebody answers there."""
        return any((listening, port) in self.at for listening in (address, "0.0.0.0", "::"))

    def is_here(self, address: str) -> bool:
        """Whether it is an address of this host."""
        return address in self.own or ipaddress.ip_address(address).is_loopback

    def sockets_of(self, program: str) -> list[tuple[str, int]]:
        """(address, port) under which others reach the program: everywhere means each address of this host."""
        found = set()
        for (address, port), programs in self.at.items():
            if programs == {program}:
                every = ipaddress.ip_address(address).is_unspecified
                families = {4, 6} if address == "::" else {ipaddress.ip_address(address).version}
                found |= {
                    (own, port)
                    for own in (self.own if every else {address})
                    if ipaddress.ip_address(own).version in families
                }
        # An address listened on by name is somebody's own, whoever listens on all of them.
        return sorted(place for place in found if self.called(*place) == program)


def listening(sockets: Iterable[Socket], own: Collection[str]) -> Listening:
    """The listeners among these rows."""
    at: dict[tuple[str, int], frozenset[str]] = {}
    for row in sockets:
        if row.listens:
            key = (plain(row.local[0]), row.local[1])
            at[key] = at.get(key, frozenset()) | ({row.program} if row.program else frozenset())
    return Listening(at, frozenset(own))


def edges(sockets: Iterable[Socket], here: Listening, known: Collection[Edge]) -> frozenset[Edge]:
    """The edges that these rows show; `known` are those that were seen before.

    A connection that is over belongs to who listens on its port. One that was made from here belongs to the program
    that calls that far end, if only one ever did; else it is nobody's that is known.
    """
    found = set()
    ended: list[tuple[str, int]] = []
    for row in sockets:
        if row.listens or row.remote is None:
            continue
        local, far = (plain(row.local[0]), row.local[1]), (plain(row.remote[0]), row.remote[1])
        if here.listens(*local):
            program = row.program or here.called(*local)
            if program is not None:
                found.add(Edge(program, False, far[0], local[1]))
        elif row.program is not None:
            found.add(Edge(row.program, True, *far))
        elif _was_called(local, far, here):
            if row.closing:
                ended.append(far)
            else:
                found.add(Edge(None, True, *far))
    callers: dict[tuple[str, int], set[str]] = {}
    for edge in (*known, *found):
        if edge.outgoing and edge.program is not None:
            callers.setdefault((edge.far, edge.port), set()).add(edge.program)
    for far in ended:
        programs = callers.get(far, set())
        found.add(Edge(next(iter(programs)) if len(programs) == 1 else None, True, *far))
    return frozenset(found)


def _was_called(local: tuple[str, int], far: tuple[str, int], here: Listening) -> bool:
    """Whether the far end was the called one where no process tells: a listener that went leaves such rows too."""
    if here.is_here(far[0]):
        return here.listens(*far)
    return local[1] >= EPHEMERAL > far[1]


def plain(address: str) -> str:
    """An IPv4 address that a socket for both families shows as ::ffff:10.0.0.1 is that IPv4 address."""
    found = ipaddress.ip_address(address)
    return str(getattr(found, "ipv4_mapped", None) or found)
