"""believe: of everything the sightings of a CI say, which value stands for each attribute."""

import math
from collections.abc import Sequence
from itertools import pairwise

from cmdb.configuration_item import Fact, OutvotedValue
from cmdb.lifecycle import has_expired
from cmdb.observation import Value
from cmdb.sighting import Sighting, is_human
from cmdb.time import FOR_EVER
from cmdb.vocabulary import Vocabulary

SECOND = 1_000_000

Standing = tuple[float, int, str, str]
"""log2 of what a word is worth, when it was observed, source, record"""


def believe(sightings: Sequence[Sighting], vocabulary: Vocabulary, now: int) -> dict[str, Fact]:
    """Attribute → fact, in the order of attribute.

    Greatest `authority × 2^(−age / half-life)` first; ties go to the newer, then to the source name, then the record.
    Values of sightings that are gone or closed stand only where no other is left. `now` only ends corrections that
    have expired. A value of None ("I say it has none") stands like any other.
    """
    speaking = [sighting for sighting in sightings if sighting.is_open and not has_expired(sighting, now)]
    if all(is_human(sighting) for sighting in speaking):
        # Nobody but people is left: what the sources said last is better than nothing, and people stand over it.
        speaking += [sighting for sighting in sightings if not is_human(sighting)]
    if not speaking:
        speaking = [sighting for sighting in sightings if sighting.correction is None]
    if len(speaking) == 1:
        only = speaking[0]
        return {name: Fact(value, only.record_key) for name, value in only.said.attributes}
    said: dict[str, list[tuple[Sighting, Value]]] = {}
    for sighting in speaking:
        for name, value in sighting.said.attributes:
            said.setdefault(name, []).append((sighting, value))
    return {name: _fact(name, said[name], vocabulary) for name in sorted(said)}


def _fact(attribute: str, said: list[tuple[Sighting, Value]], vocabulary: Vocabulary) -> Fact:
    ranked = sorted(said, key=lambda one: standing(one[0], attribute, vocabulary), reverse=True)
    winner, value = ranked[0]
    outvoted = tuple(
        OutvotedValue(other, sighting.record_key) for sighting, other in ranked[1:] if not is_same(other, value)
    )
    return Fact(value, winner.record_key, outvoted)


def is_same(one: Value, other: Value) -> bool:
    """Whether two values say the same."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)  # to Python true is 1


def same_belief_until(speaking: Sequence[Sighting], vocabulary: Vocabulary) -> int:
    """Microseconds until which every value stands that stands now, in the same order, whichever are said again."""
    said: dict[str, list[Sighting]] = {}
    for sighting in speaking:
        for name, _ in sighting.said.attributes:
            said.setdefault(name, []).append(sighting)
    ends = [same_order_until(sayers, name, vocabulary) for name, sayers in said.items() if len(sayers) > 1]
    return min(ends, default=FOR_EVER)


def same_order_until(sightings: Sequence[Sighting], attribute: str, vocabulary: Vocabulary) -> int:
    """Microseconds until which none of them comes to stand over another by being said again."""
    half_life = vocabulary.half_life(attribute)
    ranked = sorted([standing(sighting, attribute, vocabulary) for sighting in sightings])
    return min([_stands_under_until(weaker, stronger, half_life) for weaker, stronger in pairwise(ranked)])


def same_first_until(said: Sequence[tuple[Sighting, str]], attribute: str, vocabulary: Vocabulary) -> int:
    """Microseconds until which the same value stands first, whichever are said again."""
    if len({value for _, value in said}) == 1:
        return FOR_EVER
    half_life = vocabulary.half_life(attribute)
    ranked = [(standing(sighting, attribute, vocabulary), value) for sighting, value in said]
    strongest, first = max(ranked)
    return min([_stands_under_until(weaker, strongest, half_life) for weaker, value in ranked if value != first])


def _stands_under_until(weaker: Standing, stronger: Standing, half_life: int) -> int:
    """What weighs less by some bits makes up for them by being newer by as many half-lives; a second before that."""
    if weaker[0] == -math.inf:
        return 0 if stronger[0] == -math.inf else FOR_EVER
    return weaker[1] + int(half_life * (stronger[0] - weaker[0])) - SECOND


def standing(sighting: Sighting, attribute: str, vocabulary: Vocabulary) -> Standing:
    """Sorts sightings by how much their word on an attribute counts, greatest last.

    log2(authority) + observed_at / half-life orders like authority × 2^(−age / half-life) at any one time.
    """
    at = sighting.said.observed_at
    if is_human(sighting):
        return (math.inf, at, sighting.source, sighting.record_key)
    traits = vocabulary.traits(sighting.source)
    authority = traits.authority_of.get(attribute, traits.authority)
    if authority <= 0:
        return (-math.inf, at, sighting.source, sighting.record_key)
    worth = math.log2(authority) + at / vocabulary.half_life(attribute)
    return (worth, at, sighting.source, sighting.record_key)
