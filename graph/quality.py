"""take_stock: how good what is known is, per class and source, in one pass over a survey."""

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from cmdb.ci_class import DEVICE
from cmdb.configuration_item import ConfigurationItem
from cmdb.expectations import expected_of_classes, stale_before
from cmdb.identifier import linking_key
from cmdb.vocabulary import Vocabulary
from graph.encoding import from_json
from graph.fact_conditions import is_disputed, may_be_disputed
from graph.store import ANY
from graph.survey import Survey, SurveyedCI, UnresolvedEnd

STRONG_BITS = 20.0
"""weight from which an identifier nearly always means one thing"""

Cell = tuple[str | None, str | None]
"""class and source; None: all of them"""


@dataclass(slots=True)
class Measures:
    """Counts of one cell. All but `unresolved` (ends), `duplicates` and `reviews` (pairs) count CIs."""

    cis: int = 0
    expected: int = 0
    """attributes expected of the CIs, together"""
    said: int = 0
    """those of them of which somebody says something"""
    incomplete: int = 0
    lacking: dict[str, int] = field(default_factory=dict)
    """attribute → CIs that lack it"""
    stale: int = 0
    orphans: int = 0
    conflicts: int = 0
    disputed: dict[str, int] = field(default_factory=dict)
    """attribute → CIs on which its value is disputed"""
    unresolved: int = 0
    duplicates: int = 0
    reviews: int = 0

    def add(self, other: "Measures") -> None:
        """Count what the other has counted too."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for mine, theirs in ((self.lacking, other.lacking), (self.disputed, other.disputed)):
            for attribute, count in theirs.items():
                mine[attribute] = mine.get(attribute, 0) + count


_COUNTS = (
    "cis", "expected", "said", "incomplete", "stale", "orphans", "conflicts", "unresolved", "duplicates", "reviews",
)  # fmt: skip


class Shared(NamedTuple):
    """An identifier that two CIs bear."""

    kind: str
    value: str


class Twin(NamedTuple):
    """One of a pair."""

    id: str
    ci_class: str
    name: str
    sources: tuple[str, ...]


class Pair(NamedTuple):
    """Two CIs of one kind that share a strong identifier and are kept apart; `a` has the smaller id."""

    a: Twin
    b: Twin
    shared: tuple[Shared, ...]

    def cells(self) -> set[Cell]:
        """Where the pair counts: in each cell in which one of the two does."""
        return _cells_of_both(self.a, self.b)


class OpenReview(NamedTuple):
    """Two CIs, by id, of which a person is asked whether they are one."""

    id: str
    a: str
    b: str
    score: float | None


class AskedPair(NamedTuple):
    """An open review with both its CIs."""

    review: str
    score: float | None
    a: Twin
    b: Twin

    def cells(self) -> set[Cell]:
        """As `Pair.cells`."""
        return _cells_of_both(self.a, self.b)


def _cells_of_both(a: Twin, b: Twin) -> set[Cell]:
    return {*cells_of(a.ci_class, a.sources), *cells_of(b.ci_class, b.sources)}


@dataclass(frozen=True, slots=True)
class Quality:
    """What one revision amounts to, for one set of realms."""

    revision: int
    at: int
    cells: Mapping[Cell, Measures]
    pairs: tuple[Pair, ...]
    """in the order of both ids"""
    asked: tuple[AskedPair, ...] = ()
    """in the order of review id"""


def cells_of(ci_class: str, sources: Iterable[str]) -> Iterator[Cell]:
    """The cells in which something of this class and these sources counts."""
    yield (None, None)
    yield (ci_class, None)
    for source in sources:
        yield (None, source)
        yield (ci_class, source)


def take_stock(
    survey: Survey, vocabulary: Vocabulary, realms: Collection[str] = (), reviews: Collection[OpenReview] = ()
) -> Quality:
    """Quality of what stands in these realms, of everything where none is named. `reviews`: those that are open.

    Ages are taken at the time of the revision. One pass over the CIs, one over the records whose ends wait, and one
    look at CIs that share an identifier: O(CIs + such records); holds an id a CI and twelve bytes an identifier.
    """
    seen = frozenset(realms)
    counting = _Counting(vocabulary, survey.recorded_at, {ci for review in reviews for ci in (review.a, review.b)})
    for ci in survey.cis():
        if not seen or not seen.isdisjoint(ci.realms):
            counting.take(ci)
    for end in survey.ends(""):
        if in_sight(end, seen):
            counting.of[end.ci_class, (end.source,)].unresolved += 1
    pairs = counting.pairs(survey)
    cells: dict[Cell, Measures] = defaultdict(Measures)
    for (ci_class, sources), measures in counting.of.items():
        for cell in cells_of(ci_class, sources):
            cells[cell].add(measures)
    for pair in pairs:
        for cell in pair.cells():
            cells[cell].duplicates += 1
    twins = counting.twins
    asked = tuple(
        AskedPair(one.id, one.score, twins[one.a], twins[one.b])
        for one in sorted(reviews)
        if one.a in twins and one.b in twins
    )
    for doubt in asked:
        for cell in doubt.cells():
            cells[cell].reviews += 1
    cells.setdefault((None, None), Measures())
    return Quality(survey.revision, survey.recorded_at, dict(cells), pairs, asked)


def in_sight(end: UnresolvedEnd, realms: Collection[str]) -> bool:
    """Whether an unresolved end lies in one of the realms; none named: in all of them."""
    return not realms or end.realm in realms


_NOTHING: frozenset[str] = frozenset()


class _Counting:
    """CIs of the same class and sources are counted together, and spread over the cells at the end."""

    def __init__(self, vocabulary: Vocabulary, now: int, asked_about: Collection[str] = ()) -> None:
        self.asked_about = asked_about
        self.twins: dict[str, Twin] = {}
        """of those CIs that are there"""
        self.vocabulary = vocabulary
        self.expected = {name: frozenset(names) for name, names in expected_of_classes(vocabulary).items()}
        self.stale = stale_before(vocabulary, now)
        self.kinds = {
            name: kind
            for name, kind in vocabulary.identifier_kinds.items()
            if kind.bits >= STRONG_BITS and not kind.by_realm
        }
        self.of: dict[tuple[str, tuple[str, ...]], Measures] = defaultdict(Measures)
        self.ids: list[str] = []
        self.sources: list[tuple[str, ...]] = []
        self.family = {
            name: declared.family if declared.family == DEVICE else name
            for name, declared in vocabulary.classes.items()
        }
        self.marks = array("q")
        """hashes of strong identifiers, and below whose they are"""
        self.holders = array("i")

    def take(self, ci: SurveyedCI) -> None:
        measures = self.of[ci.ci_class, ci.sources]
        measures.cis += 1
        held: Mapping[str, Any] = from_json(ci.facts)
        expected = self.expected.get(ci.ci_class, _NOTHING)
        lacking = expected - held.keys()
        measures.expected += len(expected)
        measures.said += len(expected) - len(lacking)
        measures.incomplete += bool(lacking)
        for name in lacking:
            measures.lacking[name] = measures.lacking.get(name, 0) + 1
        measures.stale += ci.last_seen < self.stale.get(ci.ci_class, 0)
        measures.orphans += ci.orphan
        if may_be_disputed(ci.facts) and is_disputed(held, ANY):
            measures.conflicts += 1
            for name in held:
                if is_disputed(held, name):
                    measures.disputed[name] = measures.disputed.get(name, 0) + 1
        for family, key, _ in self.strong(from_json(ci.identifiers), ci.ci_class):
            self.marks.append(hash((family, key)))
            self.holders.append(len(self.ids))
        self.ids.append(ci.id)
        self.sources.append(ci.sources)
        if ci.id in self.asked_about:
            self.twins[ci.id] = Twin(ci.id, ci.ci_class, ci.name, ci.sources)

    def strong(self, identifiers: Iterable[Any], ci_class: str) -> Iterator[tuple[str, str, str]]:
        """What a CI shares with nothing else of its kind: (kind of thing, linking key, value as it is spelled).

        Not the value itself but its linking key is compared: some have two spellings.
        """
        family = self.family[ci_class]
        for kind, value, realm, weight in identifiers:
            if weight > 0 and kind in self.kinds:
                yield family, linking_key(self.kinds[kind], value, realm), value

    def pairs(self, survey: Survey) -> tuple[Pair, ...]:
        """Hashes tell who may share something, the CIs themselves who does."""
        marks, holding = np.array(self.marks, np.int64), np.array(self.holders, np.int32)
        order = np.lexsort((holding, marks))
        again = np.flatnonzero((np.diff(marks[order]) == 0) & (np.diff(holding[order]) != 0))
        alike = np.unique(holding[order[np.concatenate((again, again + 1))]])
        numbers = {self.ids[at]: at for at in alike.tolist()}
        items = survey.items(sorted(numbers))
        holders: dict[tuple[str, str], dict[str, str]] = {}
        for id_ in sorted(items):
            for family, key, value in self.strong(items[id_].identifiers, items[id_].ci_class):
                holders.setdefault((family, key), {})[id_] = value
        shared: dict[tuple[str, str], list[Shared]] = {}
        for (_, key), bearing in holders.items():
            for pair in combinations(sorted(bearing), 2):
                shared.setdefault(pair, []).append(Shared(key.partition("|")[0], bearing[pair[0]]))

        def twin(item: ConfigurationItem) -> Twin:
            return Twin(item.id, item.ci_class, item.name, self.sources[numbers[item.id]])

        return tuple(
            Pair(twin(items[a]), twin(items[b]), tuple(sorted(what))) for (a, b), what in sorted(shared.items())
        )
