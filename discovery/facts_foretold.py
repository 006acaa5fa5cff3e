"""What other authorities, half-lives or weights would make of the facts of CIs that hold the same records as before."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cmdb.belief import is_same
from cmdb.configuration_item import ConfigurationItem
from cmdb.fold import fold
from cmdb.observation import Value
from cmdb.sighting import Sighting
from cmdb.vocabulary import Vocabulary

FIRST = 1_000
"""of the facts that would be others so many are named; all are counted"""


class FactMoved(NamedTuple):
    """A fact of a CI that stays; `name` and `class` are facts here."""

    ci: str
    key: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class FactsMoved:
    """Of the whole estate."""

    counts: Mapping[str, int]
    """key → CIs of which it would be another"""
    first: tuple[FactMoved, ...]
    """the first of them in the order of CI, at most FIRST"""


NONE_MOVED = FactsMoved({}, ())


def facts_moved(
    stay: Iterable[tuple[str, tuple[Sighting, ...]]], before: Vocabulary, after: Vocabulary, now: int
) -> FactsMoved:
    """`stay`: CIs with their sightings. What one record says alone stands under any words."""
    counts: Counter[str] = Counter()
    first: list[FactMoved] = []
    for ci, group in sorted((ci, group) for ci, group in stay if len(group) > 1):
        for moved in _moved(ci, fold(group, before, now), fold(group, after, now)):
            counts[moved.key] += 1
            if len(first) < FIRST:
                first.append(moved)
    return FactsMoved(dict(sorted(counts.items())), tuple(first))


def _moved(ci: str, was: ConfigurationItem, will: ConfigurationItem) -> Iterator[FactMoved]:
    values = [
        ("class", was.ci_class, will.ci_class),
        *((key, fact.value, will.facts[key].value) for key, fact in was.facts.items()),
        ("name", was.name, will.name),
    ]
    yield from (FactMoved(ci, key, before, after) for key, before, after in values if not is_same(before, after))
