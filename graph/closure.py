"""How a block is closed: which stored records may be of one thing with those of a batch, found a round at a time.

Every store asks its database the same three questions, a whole round at once, so this is written once for all.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cmdb.linking import leads_on


class Carried(NamedTuple):
    """Who carries some linking keys: the records, or only how many where there are more than were allowed."""

    by: Mapping[str, Sequence[str]]
    too_many: Mapping[str, int]


class Belongings(NamedTuple):
    """What a stored record leads on to."""

    record: str
    keys: Collection[str]
    cis: Collection[str]


@dataclass(frozen=True, slots=True)
class Closure:
    """The record keys of a block; see `graph.store.Block` for `common` and `cut`."""

    records: tuple[str, ...]
    common: Mapping[str, int]
    cut: bool


def close_block(
    records: Collection[str],
    keys: Mapping[str, int],
    *,
    common_at: int,
    largest: int,
    carriers: Callable[[Mapping[str, int]], Carried],
    belongings: Callable[[Collection[str]], Iterable[Belongings]],
    members: Callable[[Collection[str]], Iterable[tuple[str, Collection[str]]]],
) -> Closure:
    """Follow keys to their carriers, records to their keys and CIs, CIs to their members, until nothing is new.

    `carriers` is given how many carriers each key may have. A batch touches many things that have nothing to do with
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
    todo = set(records)
    while wanted or todo:
        asked.update(wanted)
        carried = carriers(wanted) if wanted else Carried({}, {})
        common.update(carried.too_many)
        for key, bearing in carried.by.items():
            parts.tie(_KEY + key, bearing)
            todo.update(bearing)
        todo -= found
        found |= todo
        reached: set[str] = set()
        cis: set[str] = set()
        for record, linking, places in belongings(todo) if todo else ():
            followed = [key for key in linking if leads_on(key)]
            reached.update(followed)
            cis.update(places)
            for key in followed:
                parts.tie(_KEY + key, (record,))
            for ci in places:
                parts.tie(_CI + ci, (record,))
        todo = set()
        cis -= known_cis
        known_cis |= cis
        for ci, held in members(cis) if cis else ():
            parts.tie(_CI + ci, held)
            todo.update(held)
        todo -= found
        reached -= asked
        if len(found) + len(todo) > largest:
            open_ended = {key for key in reached if parts.records_with(_KEY + key) > largest}
            cut = cut or bool(open_ended)
            reached -= open_ended
        wanted = dict.fromkeys(reached, common_at)
    return Closure(tuple(sorted(found)), common, cut)


# Records, keys and CIs are told apart by a letter in front.
_RECORD, _KEY, _CI = "r", "k", "c"


class _Parts:
    """Which records hang together. Ties are only noted until somebody asks: most blocks are too small to care."""

    def __init__(self) -> None:
        self._noted: list[tuple[str, Iterable[str]]] = []
        self._above: dict[str, str] = {}
        self._size: dict[str, int] = {}

    def tie(self, to: str, records: Iterable[str]) -> None:
        """These records hang together with each other, through a key or a CI."""
        self._noted.append((to, records))

    def records_with(self, node: str) -> int:
        """How many records there are in the part of a key or CI."""
        for to, records in self._noted:
            for record in records:
                self._join(to, _RECORD + record)
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
        return self._size.get(top, int(top[0] == _RECORD))

    def _top(self, node: str) -> str:
        above = self._above
        while (up := above.get(node)) is not None:
            further = above.get(up)
            if further is None:
                return up
            above[node] = node = further
        return node
