"""explain: why two things are one, or are not: the evidence both ways, the odds, and what forbids it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from cmdb.agglomeration import CONTESTED
from cmdb.decision import Decision
from cmdb.evidence import Evidence
from cmdb.group import Group, united
from cmdb.identification import Match, identify, weighable
from cmdb.identity_settings import IdentitySettings
from cmdb.sighting import Sighting
from cmdb.vetoes import veto
from cmdb.vocabulary import Vocabulary

NOT_COMPARED = "nothing that they share is a reason to compare them: others bear it at the same time"
"""why two are not one whose evidence adds up all the same"""
DECIDED = "what a person decided stands between them"
"""why two are not one that nothing else keeps apart"""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Scores and weights in bits: log2 of odds."""

    score: float
    """the prior and all evidence together"""
    prior: float
    """what the odds are of any two before they are looked at"""
    threshold: float
    """odds from which two are one where nothing forbids it"""
    evidence: tuple[Evidence, ...]
    """strongest first"""
    vetoes: tuple[str, ...]
    """what stands in the way, whatever the score"""


def explain(
    one: Sequence[Sighting],
    other: Sequence[Sighting],
    block: Sequence[Sighting],
    vocabulary: Vocabulary,
    settings: IdentitySettings,
    common: Mapping[str, int],
    decisions: Iterable[Decision] = (),
) -> Explanation:
    """What identification sees between two sets of sightings, none of them empty.

    `block`: every sighting that may be of one thing with them, in which values are counted; both sets are part of it.
    `common`: keys that the store found on too many records.
    """
    weigh, alone = weighable(block, vocabulary, settings, common)
    mine, theirs = _together(one, alone), _together(other, alone)
    score = weigh.score(mine, theirs)
    forbidden = veto(mine, theirs, weigh)
    if forbidden is None and score >= settings.merge_at:
        ruled = tuple(decisions)
        match = identify(block, vocabulary, settings, common=common, decisions=ruled)
        forbidden = _why_two(match, one[0], other[0])
        if forbidden is not None and ruled:
            left_alone = identify(block, vocabulary, settings, common=common)
            forbidden = _why_two(left_alone, one[0], other[0]) or DECIDED
    return Explanation(
        score=score,
        prior=-settings.prior_bits,
        threshold=settings.merge_at,
        evidence=tuple(weigh.evidence(mine, theirs)),
        vetoes=(forbidden,) if forbidden else (),
    )


def _why_two(match: Match, one: Sighting, other: Sighting) -> str | None:
    """Why both stayed two whose evidence suffices and whom nothing forbids to be one; None where they are one."""
    keys = {member.key: group[0].key for group in match.groups for member in group}
    a, b = sorted((keys[one.key], keys[other.key]))
    if a == b:
        return None
    return CONTESTED if (a, b) in match.contested else NOT_COMPARED


def _together(sightings: Sequence[Sighting], alone: Mapping[str, Group]) -> Group:
    return reduce(united, (alone[sighting.key] for sighting in sightings if sighting.key in alone))
