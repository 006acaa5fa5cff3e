"""explain: why two things are one, or are not: the evidence both ways, the odds, and what forbids it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from cmdb.evidence import Evidence
from cmdb.group import Group, united
from cmdb.identification import weighable
from cmdb.identity_settings import IdentitySettings
from cmdb.sighting import Sighting
from cmdb.vetoes import veto
from cmdb.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Explanation:
    """Scores and weights in bits: log2 of odds."""

    score: float
    threshold: float
    """odds from which two are one where nothing forbids it"""
    evidence: tuple[Evidence, ...]
    """strongest first"""
    vetoes: tuple[str, ...]


def explain(
    one: Sequence[Sighting],
    other: Sequence[Sighting],
    block: Sequence[Sighting],
    vocabulary: Vocabulary,
    settings: IdentitySettings,
    common: Mapping[str, int],
) -> Explanation:
    """What identification sees between two sets of sightings, none of them empty.

    `block`: every sighting that may be of one thing with them, in which values are counted; both sets are part of it.
    `common`: keys that the store found on too many records.
    """
    weigh, alone = weighable(block, vocabulary, settings, common)
    mine, theirs = _together(one, alone), _together(other, alone)
    forbidden = veto(mine, theirs, weigh)
    return Explanation(
        score=weigh.score(mine, theirs),
        threshold=settings.merge_at,
        evidence=tuple(weigh.evidence(mine, theirs)),
        vetoes=(forbidden,) if forbidden else (),
    )


def _together(sightings: Sequence[Sighting], alone: Mapping[str, Group]) -> Group:
    return reduce(united, (alone[sighting.key] for sighting in sightings if sighting.key in alone))
