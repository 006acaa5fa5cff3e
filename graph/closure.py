"""How a block is closed: which stored sightings may be of one thing with those of a batch, found a round at a time.

Every store asks its database the same three questions, a whole round at once, so this is written once for all.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cmdb.linking import leads_on
from cmdb.sighting import record_of


class Carried(NamedTuple):
    """Who carries some linking keys: the records, or only how many where there are more than were allowed."""

    by: Mapping[str, Sequence[str]]
    too_many: Mapping[str, int]


class Belongings(NamedTuple):
    """What a stored sighting leads on to."""

    sighting: str
    keys: Collection[str]
    ci: str


@dataclass(frozen=True, slots=True)
class Closure:
    """The sighting keys of a block; see `cmdb.surroundings.Block` for `common` and `cut`."""

    sightings: frozenset[str]
    common: Mapping[str, int]
    cut: bool


def close_block(
    sightings: Collection[str],
    keys: Mapping[str, int],
    cis: Collection[str] = (),
    *,
    common_at: int,
    largest: int,
    carriers: Callable[[Mapping[str, int]], Carried],
    belongings: Callable[[Collection[str]], Mapping[str, Sequence[Belongings]]],
    members: Callable[[Collection[str]], Iterable[tuple[str, Collection[str]]]],
) -> Closure:
    """Follow keys to their carriers, sightings to their keys and CI, CIs to their members, until nothing is new.

    `carriers` is given how many records may carry each key. `belongings`: record → its sightings. What else a record
    was, before it was reused or since, has no part in it. A batch touches many things that have nothing to do with
    each other, so `largest` bounds each part that hangs together, never their sum: a larger part is not followed over
    further keys, and the block is `cut`. The members of a CI always come together, or a fold over a few of them would
    pass for the whole.
    """
    common: dict[str, int] = {}
    found: set[str] = set()
    asked: set[str] = set()
    known_cis: set[str] = set()
    parts = _Parts()
    cut = False
    wanted = {key: common_at + count for key, count in keys.items() if leads_on(key)}
    wanted_cis = set(cis)
    todo: dict[str, Belongings] = {}
    for held in belongings({record_of(sighting) for sighting in sightings}).values() if sightings else ():
        todo.update((one.sighting, one) for one in held if one.sighting in sightings)
    while wanted or wanted_cis or todo:
        asked.update(wanted)
        carried = carriers(wanted) if wanted else Carried({}, {})
        common.update(carried.too_many)
        known_cis |= wanted_cis
        held_by = list(members(wanted_cis)) if wanted_cis else []
        bearing = {record for records in carried.by.values() for record in records}
        bearing.update(record for _, records in held_by for record in records)
        theirs = belongings(bearing) if bearing else {}
        for key, records in carried.by.items():
            those = [one for record in records for one in theirs.get(record, ()) if key in one.keys]
            parts.tie(_KEY + key, [one.sighting for one in those])
            todo.update((one.sighting, one) for one in those if one.sighting not in found)
        for ci, holding in held_by:
            those = [one for record in holding for one in theirs.get(record, ()) if one.ci == ci]
            parts.tie(_CI + ci, [one.sighting for one in those])
            todo.update((one.sighting, one) for one in those if one.sighting not in found)
        found.update(todo)
        reached: set[str] = set()
        wanted_cis = set()
        for one in todo.values():
            followed = [key for key in one.keys if leads_on(key)]
            reached.update(followed)
            wanted_cis.add(one.ci)
            for key in followed:
                parts.tie(_KEY + key, (one.sighting,))
            parts.tie(_CI + one.ci, (one.sighting,))
        todo = {}
        wanted_cis -= known_cis
        reached -= asked
        if len(found) > largest:
            open_ended = {key for key in reached if parts.sightings_with(_KEY + key) > largest}
            cut = cut or bool(open_ended)
            reached -= open_ended
        wanted = dict.fromkeys(reached, common_at)
    return Closure(frozenset(found), common, cut)


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
