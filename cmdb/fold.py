"""fold: everything about a CI that follows from the sightings it holds."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from cmdb.belief import believe, same_belief_until, same_first_until, standing
from cmdb.ci_class import DEVICE
from cmdb.configuration_item import ConfigurationItem, Fact, HeldIdentifier
from cmdb.contradiction import contradiction
from cmdb.identifier import is_scoped, linking_key
from cmdb.lifecycle import Presence, knows_contact, presence
from cmdb.sighting import Sighting, is_human
from cmdb.time import FOR_EVER
from cmdb.vocabulary import Vocabulary

_LIVE = Presence("live", None, None)

Weights = Mapping[tuple[str, str], float]
"""(linking key, realm or nothing) → bits that it weighs, where that is not what its kind promises"""


def fold(
    sightings: Sequence[Sighting],
    vocabulary: Vocabulary,
    now: int,
    weights: Weights = MappingProxyType({}),
    holder_until: int | None = None,
    *,
    keep: str | None = None,
) -> ConfigurationItem:
    """The CI that these sightings are. It bears the id that a person kept, else that of the member applied first.

    `holder_until`: the last sign of life of the retired thing that it is on.
    """
    if len(sightings) == 1 and sightings[0].is_open and sightings[0].correction is None:
        return _alone(sightings[0], vocabulary, now, weights, holder_until)
    reported = [sighting for sighting in sightings if not is_human(sighting)] or list(sightings)
    speaking = [sighting for sighting in reported if sighting.is_open] or reported
    ci_class, name, parent = _standing_class(speaking, vocabulary), _standing_name(speaking, vocabulary), None
    for sighting in speaking:
        parent = parent or sighting.parent
    facts = believe(sightings, vocabulary, now)
    found = presence(sightings, vocabulary.classes[ci_class], vocabulary, now, holder_until)
    return ConfigurationItem(
        id=keep or min(reported, key=lambda sighting: sighting.applied).brought,
        ci_class=ci_class,
        name=name,
        lifecycle=found.lifecycle,
        first_seen=min(sighting.first for sighting in reported),
        last_seen=max(sighting.last for sighting in reported),
        facts=facts,
        identifiers=_held(speaking, vocabulary, weights),
        records=tuple(sorted({sighting.record_key for sighting in sightings})),
        realms=tuple(sorted({sighting.realm for sighting in reported})),
        parent=parent,
        because=found.because,
        contradiction=contradiction(sightings, facts, found),
        due=found.due,
    )


def same_fold_until(sightings: Sequence[Sighting], vocabulary: Vocabulary) -> int:
    """Microseconds until which it comes to the same, first and last time apart, whichever of them are seen again."""
    speaking = [sighting for sighting in sightings if sighting.is_open]
    if len(speaking) < 2:
        return FOR_EVER
    telling, given = _telling(speaking), _given(speaking)
    return min(
        same_belief_until(speaking, vocabulary),
        same_first_until([(one, one.said.ci_class) for one in telling], "class", vocabulary),
        same_first_until([(one, one.said.name) for one in given], "name", vocabulary),
    )


def _alone(
    sighting: Sighting, vocabulary: Vocabulary, now: int, weights: Weights, holder_until: int | None
) -> ConfigurationItem:
    """The same for a CI that one record says everything about, as most are."""
    said = sighting.said
    alone = (sighting,)
    declared = vocabulary.classes[said.ci_class]
    ages = declared.absence.contact_age is not None and knows_contact(sighting, vocabulary)
    steady = not (sighting.misses or ages) and holder_until is None
    found = _LIVE if steady else presence(alone, declared, vocabulary, now, holder_until)
    facts = {name: Fact(value, sighting.record_key) for name, value in said.attributes}
    return ConfigurationItem(
        sighting.brought,
        said.ci_class,
        said.name,
        found.lifecycle,
        sighting.first,
        sighting.last,
        facts,
        _held(alone, vocabulary, weights),
        (sighting.record_key,),
        (sighting.realm,),
        sighting.parent,
        found.because,
        contradiction(alone, facts, found),
        found.due,
    )


def _standing_class(speaking: Sequence[Sighting], vocabulary: Vocabulary) -> str:
    """The class stands like a fact; `device` only if nothing else was said."""
    if len(speaking) == 1:
        return speaking[0].said.ci_class
    return max(_telling(speaking), key=lambda sighting: standing(sighting, "class", vocabulary)).said.ci_class


def _standing_name(speaking: Sequence[Sighting], vocabulary: Vocabulary) -> str:
    if len(speaking) == 1:
        return speaking[0].said.name
    return max(_given(speaking), key=lambda sighting: standing(sighting, "name", vocabulary)).said.name


def _telling(speaking: Sequence[Sighting]) -> Sequence[Sighting]:
    return [sighting for sighting in speaking if sighting.said.ci_class != DEVICE] or speaking


def _given(speaking: Sequence[Sighting]) -> Sequence[Sighting]:
    named = [sighting for sighting in speaking if sighting.said.named]
    return named or [sighting for sighting in speaking if sighting.said.name != sighting.said.record] or speaking


def _held(speaking: Sequence[Sighting], vocabulary: Vocabulary, weights: Weights) -> tuple[HeldIdentifier, ...]:
    held = set()
    for sighting in speaking:
        for kind, value in sighting.said.identifiers:
            declared = vocabulary.identifier_kinds[kind]
            scoped = is_scoped(declared, value)
            weight = 0.0 if value in declared.stop else declared.bits
            if weights:
                key = linking_key(declared, value, sighting.realm)
                weight = weights.get((key, sighting.realm), weights.get((key, ""), weight))
            held.add(HeldIdentifier(kind, value, sighting.realm if scoped else "", weight))
    return tuple(sorted(held))
