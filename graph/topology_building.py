"""How rows of any store become a Topology."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice, repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cmdb.uncollected import uncollected
from cmdb.vocabulary import HUMAN
from graph.encoding import decode_requirements
from graph.topology import EFFECTS, LIFECYCLES, NO_GROUP, UNKNOWN_TIER, LooseEnd, Topology
from graph.word_codes import WordCodes, in_order

AT_ONCE = 100_000
"""relations that are turned into columns together"""
_EFFECT = {effect: at for at, effect in enumerate(EFFECTS)}


class CIRow(NamedTuple):
    """A CI as a store lists it, in the order of id."""

    id: str
    name: str
    ci_class: str
    tier: int | None
    lifecycle: str
    owner: str | None
    network_root: int


class RelationRow(NamedTuple):
    """A relation as a store lists it, in the order of id."""

    from_ci: str
    to_ci: str
    type: str
    requirements: str
    """as JSON: few are different, so each is read once"""
    effect: str
    strength: float
    confidence: float
    human: bool
    stale: bool


class WaitingRow(NamedTuple):
    """A record with claims that wait, in the order of record key; `payload` as `encode_record` spelled it."""

    ci: str
    source: str
    payload: Mapping[str, Any]
    key: str = ""


def waiting_row(
    ci: str, source: str, payload: Mapping[str, Any], key: str, open_claims: Callable[[str], Sequence[Any]]
) -> WaitingRow:
    """The row of a record; one with several versions is asked for the claims of its open sighting."""
    versions = payload["v"]
    if len(versions) > 1:
        applied = min(version[3] for version in versions)
        payload = {**payload, "v": [[0, 0, "", applied, *[None] * 7, open_claims(key)]]}
    return WaitingRow(ci, source, payload, key)


def build_topology(
    revision: int, cis: Iterable[CIRow], relations: Iterable[RelationRow], waiting: Iterable[WaitingRow]
) -> Topology:
    """The arrays, numbered in the order of CI ids. Relations whose ends are not among the CIs are left out."""
    with uncollected():
        return _built(revision, cis, relations, waiting)


def _built(
    revision: int, cis: Iterable[CIRow], relations: Iterable[RelationRow], waiting: Iterable[WaitingRow]
) -> Topology:
    ids: list[str] = []
    names: list[str] = []
    class_of: list[int] = []
    tiers: list[int] = []
    lifecycles: list[int] = []
    owners: dict[int, str] = {}
    roots: list[int] = []
    classes, types, groups = WordCodes(), WordCodes(), WordCodes()
    for row in cis:
        at = len(ids)
        ids.append(row.id)
        names.append(row.name)
        class_of.append(classes.of(row.ci_class))
        tiers.append(tier_of(row))
        lifecycles.append(LIFECYCLES.index(row.lifecycle))
        if row.owner is not None:
            owners[at] = row.owner
        if row.network_root:
            roots.append(at)
    number = {id_: at for at, id_ in enumerate(ids)}
    columns = RelationColumns(number, types, groups)
    told = iter(relations)
    while rows := list(islice(told, AT_ONCE)):
        columns.take(rows)
    one, other, type_codes, group_codes, need, effect, strength, confidence, human, stale = columns.whole()
    class_names, class_codes = in_order(list(classes.known), np.array(class_of, np.int16))
    type_names, type_of = in_order(list(types.known), type_codes)
    group_names, group_of = in_order(list(groups.known), group_codes)
    return Topology(
        revision=revision,
        ids=ids,
        names=names,
        classes=class_names,
        class_of=class_codes,
        tier=np.array(tiers, np.int8),
        lifecycle=np.array(lifecycles, np.int8),
        owners=owners,
        network_roots=np.array(roots, np.int32),
        from_ci=one,
        to_ci=other,
        types=type_names,
        type_of=type_of,
        groups=group_names,
        group_of=group_of,
        need=need,
        effect=effect,
        strength=strength,
        confidence=confidence,
        human=human,
        stale=stale,
        loose_ends=tuple(loose_ends(waiting, number)),
    )


def tier_of(row: CIRow) -> int:
    """The tier as a topology keeps it."""
    return UNKNOWN_TIER if row.tier is None else max(0, min(row.tier, 127))


class RelationColumns:
    """Relations by column, a part at a time; one that stands in several groups has a row for each."""

    KINDS = (np.int32, np.int32, np.int16, np.int32, np.int32, np.int8, np.float32, np.float32, np.bool_, np.bool_)

    def __init__(self, number: Mapping[str, int], types: WordCodes, groups: WordCodes) -> None:
        self._number, self._types, self._groups = number, types, groups
        self._required = WordCodes()
        self._group_of: list[int] = []
        self._need: list[int] = []
        self._human: list[bool] = []
        self._first: list[int] = [0]
        """distinct requirements → the first of their rows above; one longer than they are"""
        self._parts: list[tuple[NDArray[Any], ...]] = []

    def take(self, rows: Sequence[RelationRow]) -> None:
        """Add relations; those with an end that is no CI are left out."""
        from_ci, to_ci, type_, requirements, effect, strength, confidence, _, stale = zip(*rows, strict=True)
        count = len(rows)
        one = np.fromiter(map(self._number.get, from_ci, repeat(-1)), np.int32, count)
        other = np.fromiter(map(self._number.get, to_ci, repeat(-1)), np.int32, count)
        required = np.fromiter(map(self._required.of, requirements), np.int32, count)
        self._read_new()
        first = np.array(self._first, np.int32)
        there = np.flatnonzero((one >= 0) & (other >= 0))
        times = (first[required + 1] - first[required])[there]
        row = np.repeat(there, times)
        nth = np.arange(len(row), dtype=np.int32) - np.repeat(np.cumsum(times) - times, times)
        requirement = first[required[row]] + nth
        self._parts.append(
            (
                one[row], other[row], np.fromiter(map(self._types.of, type_), np.int16, count)[row],
                np.array(self._group_of, np.int32)[requirement], np.array(self._need, np.int32)[requirement],
                np.fromiter(map(_EFFECT.__getitem__, effect), np.int8, count)[row],
                np.array(strength, np.float32)[row], np.array(confidence, np.float32)[row],
                np.array(self._human, np.bool_)[requirement], np.array(stale, np.bool_)[row],
            )
        )  # fmt: skip

    def _read_new(self) -> None:
        for text in islice(self._required.known, len(self._first) - 1, None):
            for group, need, human in decode_requirements(text):
                self._group_of.append(NO_GROUP if group is None else self._groups.of(group))
                self._need.append(need)
                self._human.append(human)
            self._first.append(len(self._need))

    def whole(self) -> tuple[NDArray[Any], ...]:
        """Every column."""
        if not self._parts:
            return tuple(np.empty(0, kind) for kind in self.KINDS)
        return tuple(np.concatenate(parts) for parts in zip(*self._parts, strict=True))


def loose_ends(waiting: Iterable[WaitingRow], number: Mapping[str, int]) -> Iterator[LooseEnd]:
    """The claims that wait; `number`: CI id → its number."""
    for row in waiting:
        at = number.get(row.ci)
        if at is None:
            continue
        (speaking,) = row.payload["v"]
        for claim, end in zip(speaking[11], row.payload.get("e", ()), strict=False):
            if end is None:
                type_, outgoing, reference, group, need = claim[:5]
                yield LooseEnd(at, outgoing, type_, reference, group, need, row.source == HUMAN)
