"""How a block is closed: which stored sightings may be of one thing with those of a batch, found a round at a time.

Every store asks its database the same three questions, a whole round at once, so this is written once for all.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cmdb.linking import leads_on
from cmdb.meeting import is_meeting
from cmdb.sighting import Sighting, record_of
from cmdb.surroundings import Asked, Block


class Carried(NamedTuple):
    """Who carries some linking keys: the records, or only how many where there are more than were allowed."""

    by: Mapping[str, Sequence[str]]
    too_many: Mapping[str, int]


class Belongings(NamedTuple):
    """What a stored sighting leads on to."""

    sighting: Sighting
    keys: Collection[str]
    ci: str


@dataclass(frozen=True, slots=True)
class Reads:
    """What a store answers, a round at a time."""

    counts: Callable[[Collection[str]], Mapping[str, int]]
    """how many records carry each key"""
    carriers: Callable[[Mapping[str, int]], Carried]
    """given how many records may carry each key"""
    belongings: Callable[[Collection[str]], Mapping[str, Sequence[Belongings]]]
    """record → its sightings"""
    members: Callable[[Collection[str]], Iterable[tuple[str, Collection[str]]]]
    """(CI, its records)"""


def close_block(
    asked: Asked, reads: Reads, meet: Callable[[Sighting, Sighting], bool], *, common_at: int, largest: int
) -> Block:
    """Follow keys to their carriers, sightings to their keys and CI, CIs to their members, until nothing is new.

    Over an address only those are followed that `meet`. What else a record was, before it was reused or since, has no
    part in it. A batch touches many things that have nothing to do with each other, so `largest` bounds each part that
    hangs together, never their sum: a larger part is not followed over further keys, and the block is `cut`. The
    members of a CI always come together, or a fold over a few of them would pass for the whole.
    """
    block = _Growing(reads, meet, common_at)
    for sighting in asked.said:
        for key in asked.keys_of[sighting.key]:
            if is_meeting(key):
                block.hold(key, sighting)
    wanted = _asked(asked, reads, common_at)
    cis = set(asked.cis)
    new = block.named(asked.stored)
    while wanted or cis or new or block.unmet:
        new += [*block.carrying(wanted), *block.belonging(cis), *block.meeting()]
        reached, cis = block.take(new)
        new = []
        if len(block.found) > largest:
            too_large = {key for key in reached if block.part_of(key) > largest}
            block.cut = block.cut or bool(too_large)
            reached -= too_large
        wanted = dict.fromkeys(reached, common_at)
    near = block.not_met()
    records = frozenset(record_of(sighting) for _, sighting in near)
    return Block(frozenset(block.found), block.common, block.cut, records, frozenset(key for key, _ in near))


def _asked(asked: Asked, reads: Reads, common_at: int) -> dict[str, int]:
    """The keys where the block begins, with how many may carry each: what a batch takes over the line is followed, and
    what it takes back under it, so that all who carry it hear of it."""
    wanted = {key: common_at + count for key, count in asked.keys.items() if leads_on(key)}
    fewer = {key: common_at + count + asked.keys.get(key, 0) for key, count in asked.dropped.items() if leads_on(key)}
    wanted |= {key: fewer[key] for key, count in reads.counts(fewer).items() if common_at < count <= fewer[key]}
    return wanted


class _Growing:
    """A block as it grows; mutable, and seen by nobody but `close_block`."""

    def __init__(self, reads: Reads, meet: Callable[[Sighting, Sighting], bool], common_at: int) -> None:
        self.reads, self.meet, self.common_at = reads, meet, common_at
        self.found: set[str] = set()
        self.common: dict[str, int] = {}
        self.cut = False
        self.unmet: list[tuple[str, Sighting]] = []
        """(address key, sighting of the block) not yet held against the key's other carriers"""
        self._asked: set[str] = set()
        self._cis: set[str] = set()
        self._holders: dict[str, list[Sighting]] = {}
        self._carriers: dict[str, dict[str, Belongings]] = {}
        """address key → all its carriers by their keys, whether they meet one of the block or not"""
        self._parts = _Parts()
        self._untied: list[tuple[Sighting, Sighting]] = []
        """pairs of the block that may have met, which matters only for how large its parts are"""

    def hold(self, key: str, sighting: Sighting) -> None:
        """Note that a sighting of the block carries an address key."""
        self._holders.setdefault(key, []).append(sighting)
        self.unmet.append((key, sighting))

    def named(self, sightings: Collection[str]) -> list[Belongings]:
        """Those with these keys."""
        held = self.reads.belongings({record_of(sighting) for sighting in sightings}) if sightings else {}
        return [one for several in held.values() for one in several if one.sighting.key in sightings]

    def carrying(self, keys: Mapping[str, int]) -> Iterator[Belongings]:
        """Those that carry these keys; of an address they are only noted, unless it may be taken over the line."""
        self._asked.update(keys)
        carried = self.reads.carriers(keys) if keys else Carried({}, {})
        self.common.update(carried.too_many)
        theirs = self.reads.belongings({record for records in carried.by.values() for record in records})
        for key, records in carried.by.items():
            those = [one for record in records for one in theirs.get(record, ()) if key in one.keys]
            if is_meeting(key):
                self._carriers[key] = {one.sighting.key: one for one in those}
                self.unmet.extend((key, holder) for holder in self._holders.get(key, ()))
                of_the_batch = keys[key] - self.common_at
                if len(records) + of_the_batch <= self.common_at:
                    continue
            self._parts.tie(_KEY + key, [one.sighting.key for one in those])
            yield from those

    def belonging(self, cis: Collection[str]) -> Iterator[Belongings]:
        """The members of these CIs."""
        self._cis.update(cis)
        held_by = list(self.reads.members(cis)) if cis else []
        theirs = self.reads.belongings({record for _, records in held_by for record in records}) if held_by else {}
        for ci, records in held_by:
            those = [one for record in records for one in theirs.get(record, ()) if one.ci == ci]
            self._parts.tie(_CI + ci, [one.sighting.key for one in those])
            yield from those

    def meeting(self) -> Iterator[Belongings]:
        """Carriers of an address that meet one of the block."""
        near: dict[str, tuple[Sighting, dict[str, Belongings]]] = {}
        for key, holder in self.unmet:
            # Those who held one address share several keys of its times: each is asked about once.
            near.setdefault(holder.key, (holder, {}))[1].update(self._carriers.get(key, {}))
        self.unmet = []
        for holder, those in near.values():
            for key, one in those.items():
                if key in self.found:
                    self._untied.append((holder, one.sighting))
                elif self.meet(holder, one.sighting):
                    self._parts.tie(_SIGHTING + holder.key, [one.sighting.key])
                    yield one

    def not_met(self) -> list[tuple[str, str]]:
        """(address key, sighting) of those outside the block that carry an address key of the block."""
        return [
            (key, sighting)
            for key in self._holders
            for sighting in self._carriers.get(key, ())
            if sighting not in self.found
        ]

    def take(self, new: Iterable[Belongings]) -> tuple[set[str], set[str]]:
        """Into the block with them; the keys and CIs that they lead to for the first time."""
        keys: set[str] = set()
        cis: set[str] = set()
        for one in new:
            if one.sighting.key in self.found:
                continue
            self.found.add(one.sighting.key)
            cis.add(one.ci)
            self._parts.tie(_CI + one.ci, (one.sighting.key,))
            for key in one.keys:
                if is_meeting(key):
                    self.hold(key, one.sighting)
                elif leads_on(key):
                    self._parts.tie(_KEY + key, (one.sighting.key,))
                else:
                    continue
                keys.add(key)
        return keys - self._asked, cis - self._cis

    def part_of(self, key: str) -> int:
        """How many sightings hang together with those that carry a key."""
        untied, self._untied = self._untied, []
        for holder, other in untied:
            if self.meet(holder, other):
                self._parts.tie(_SIGHTING + holder.key, [other.key])
        if not is_meeting(key):
            return self._parts.sightings_with(_KEY + key)
        return max(self._parts.sightings_with(_SIGHTING + holder.key) for holder in self._holders[key])


# Sightings, keys and CIs are told apart by a letter in front.
_SIGHTING, _KEY, _CI = "s", "k", "c"


class _Parts:
    """Which sightings hang together. Ties are only noted until somebody asks: most blocks are too small to care."""

    def __init__(self) -> None:
        self._noted: list[tuple[str, Iterable[str]]] = []
        self._above: dict[str, str] = {}
        self._size: dict[str, int] = {}

    def tie(self, to: str, sightings: Iterable[str]) -> None:
        """These sightings hang together with each other, through a key or a CI."""
        self._noted.append((to, sightings))

    def sightings_with(self, node: str) -> int:
        """How many sightings there are in the part of a key or CI."""
        for to, sightings in self._noted:
            for sighting in sightings:
                self._join(to, _SIGHTING + sighting)
        self._noted.clear()
        return self._size_of(self._top(node))

    def _join(self, one: str, other: str) -> None:
        one, other = self._top(one), self._top(other)
        if one == other:
            return
        small, large = sorted((one, other), key=self._size_of)
        self._size[large] = self._size_of(large) + self._size_of(small)
        self._above[small] = large

    def _size_of(self, top: str) -> int:
        return self._size.get(top, int(top[0] == _SIGHTING))

    def _top(self, node: str) -> str:
        above = self._above
        while (up := above.get(node)) is not None:
            further = above.get(up)
            if further is None:
                return up
            above[node] = node = further
        return node
