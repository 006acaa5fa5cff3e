"""believe: of everything the sightings of a CI say, which value stands for each attribute."""

import math
from collections.abc import Mapping, Sequence

from cmdb.ci_class import DAY
from cmdb.configuration_item import Fact, OutvotedValue
from cmdb.observation import Value
from cmdb.sighting import Sighting, is_human
from cmdb.vocabulary import Vocabulary

HALF_LIFE: Mapping[str, int] = {
    "os": 30 * DAY,
    "version": 30 * DAY,
    "owner": 180 * DAY,
    "environment": 365 * DAY,
    "tier": 365 * DAY,
    "serial": 3650 * DAY,
}
DEFAULT_HALF_LIFE = 90 * DAY
"""microseconds after which a value is worth half: a property of the attribute, so that the winner depends on the
sightings alone and never on the clock"""


def believe(sightings: Sequence[Sighting], vocabulary: Vocabulary, now: int) -> dict[str, Fact]:
    """Attribute → fact, in the order of attribute.

    Greatest `authority × 2^(−age / half-life)` first; ties go to the newer, then to the source name, then the record.
    Values of sightings that are gone or closed stand only where no other is left. `now` only ends corrections that
    have expired. A value of None ("I say it has none") stands like any other.
    """
    speaking = [sighting for sighting in sightings if sighting.is_open and not _expired(sighting, now)]
    if not speaking:
        speaking = [sighting for sighting in sightings if not is_human(sighting)]
    if len(speaking) == 1:
        only = speaking[0]
        return {name: Fact(value, only.record_key) for name, value in only.said.attributes}
    said: dict[str, list[tuple[Sighting, Value]]] = {}
    for sighting in speaking:
        for name, value in sighting.said.attributes:
            said.setdefault(name, []).append((sighting, value))
    return {name: _fact(name, said[name], vocabulary) for name in sorted(said)}


def _expired(sighting: Sighting, now: int) -> bool:
    correction = sighting.correction
    return correction is not None and correction.expires_at is not None and correction.expires_at <= now


def _fact(attribute: str, said: list[tuple[Sighting, Value]], vocabulary: Vocabulary) -> Fact:
    ranked = sorted(said, key=lambda one: standing(one[0], attribute, vocabulary), reverse=True)
    winner, value = ranked[0]
    outvoted = tuple(OutvotedValue(other, sighting.record_key) for sighting, other in ranked[1:] if other != value)
    return Fact(value, winner.record_key, outvoted)


def standing(sighting: Sighting, attribute: str, vocabulary: Vocabulary) -> tuple[float, int, str, str]:
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
    worth = math.log2(authority) + at / HALF_LIFE.get(attribute, DEFAULT_HALF_LIFE)
    return (worth, at, sighting.source, sighting.record_key)
