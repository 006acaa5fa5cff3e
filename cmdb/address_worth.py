"""What an address says, estimated from the pairs that bore one and that other evidence decides.

P(same thing | same address, time between) is worth `at_once` where both bore it at the same time, and halves with each
`half_life` between them (as `Weigher.address_bits` has it). Pairs of which nothing else says whether they are one tell
nothing, and are not counted.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, reduce
from itertools import combinations
from typing import NamedTuple

from cmdb.ci_class import DAY
from cmdb.decision import Decision
from cmdb.evidence import Weigher, address_gap
from cmdb.group import Carrier, Group, united
from cmdb.identification import identify, weighable
from cmdb.identity_settings import IdentitySettings
from cmdb.linking import leads_on
from cmdb.sighting import Sighting
from cmdb.vetoes import veto
from cmdb.vocabulary import Vocabulary

SAYS_NOTHING = 2.0**-20
"""P at which an address weighs nothing"""
ENOUGH = 50
"""decided pairs below which nothing is estimated"""
MOST_SURE = 0.999
HALF_LIVES = tuple(DAY * 2 ** (quarter / 4) for quarter in range(-12, 21))
"""microseconds, from three hours to a month: those that are tried"""


class AddressWorth(NamedTuple):
    """An estimate is None where fewer than ENOUGH pairs tell of it."""

    one: int
    """pairs that bore an address at the same time and are one thing"""
    two: int
    """and that are not"""
    later_one: int
    """pairs with time between them, within the window"""
    later_two: int
    at_once: float | None
    """P(same | same address at the same time)"""
    half_life: int | None
    """microseconds"""

    def settings(self) -> dict[str, float | int]:
        """What is estimated, as identity's settings call it."""
        named = {"address_at_once": self.at_once, "address_half_life": self.half_life}
        return {name: value for name, value in named.items() if value is not None}


def address_worth(
    sightings: Sequence[Sighting],
    vocabulary: Vocabulary,
    settings: IdentitySettings,
    decisions: Iterable[Decision] = (),
) -> AddressWorth:
    """Estimated from a whole estate. O(pairs that bore an address within the window)."""
    at_once, later = Counter[bool](), list[tuple[int, bool]]()
    for gap, same in _decided(sightings, vocabulary, replace(settings, address_at_once=SAYS_NOTHING), decisions):
        if gap <= settings.address_slack:
            at_once[same] += 1
        else:
            later.append((gap - settings.address_slack, same))
    sure = _share(at_once[True], at_once[False])
    return AddressWorth(
        one=at_once[True],
        two=at_once[False],
        later_one=sum(same for _, same in later),
        later_two=sum(not same for _, same in later),
        at_once=sure,
        half_life=_half_life(sure or settings.address_at_once, later),
    )


def _decided(
    sightings: Sequence[Sighting], vocabulary: Vocabulary, blind: IdentitySettings, decisions: Iterable[Decision]
) -> Iterator[tuple[int, bool]]:
    """Of each pair that bore an address: microseconds between, and whether both are one without it.

    One: they are so by everything else. Two: a veto parts what each of them is of. Nothing else is decided.
    """
    match = identify(sightings, vocabulary, blind, decisions=decisions)
    weigh, alone = weighable(sightings, vocabulary, blind, {})
    reported = [[member.key for member in group if member.key in alone] for group in match.groups]
    whole = {key: at for at, group in enumerate(reported) for key in group}
    groups = {at: reduce(united, map(alone.__getitem__, group)) for at, group in enumerate(reported) if group}
    parted = cache(lambda a, b: veto(groups[a], groups[b], weigh) is not None)
    for one, other, gap in _pairs(alone, weigh):
        a, b = sorted((whole[one], whole[other]))
        if a == b or parted(a, b):
            yield gap, a == b


def _pairs(alone: Mapping[str, Group], weigh: Weigher) -> Iterator[tuple[str, str, int]]:
    """Sightings of two sources that bore one address, with the microseconds between."""
    bearing: dict[str, list[Carrier]] = {}
    for group in alone.values():
        for key, carriers in group.borne.items():
            if not leads_on(key):
                bearing.setdefault(key, []).extend(carriers)
    for held in bearing.values():
        for mine, theirs in combinations(held, 2):
            if mine.sighting.source == theirs.sighting.source:
                continue
            gap = address_gap(mine, theirs, weigh.vocabulary)
            if gap <= weigh.settings.address_window:
                yield mine.sighting.key, theirs.sighting.key, gap


def _share(one: int, two: int) -> float | None:
    """How often they are one, with the rule of succession (Laplace) for few."""
    return None if one + two < ENOUGH else min(MOST_SURE, (one + 1) / (one + two + 2))


def _half_life(at_once: float, later: Sequence[tuple[int, bool]]) -> int | None:
    """The likeliest of HALF_LIVES, by what came of the pairs with time between them."""
    if len(later) < ENOUGH:
        return None

    def likelihood(half_life: float) -> float:
        total = 0.0
        for gap, same in later:
            p = at_once * 2.0 ** (-gap / half_life)
            total += math.log(max(p if same else 1 - p, 1e-12))
        return total

    return int(max(HALF_LIVES, key=likelihood))
