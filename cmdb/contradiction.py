"""Where what people declare of a thing (`status`) and what is observed of it (its lifecycle) cannot both be true."""

from collections.abc import Mapping, Sequence

from cmdb.configuration_item import Fact
from cmdb.lifecycle import NO_CONTACT, Presence
from cmdb.sighting import Sighting, is_human

NOT_THERE = frozenset({"planned", "in_stock", "decommissioned"})
"""statuses of things that should not answer; one in repair may"""
IN_USE = "in_use"


def contradiction(sightings: Sequence[Sighting], facts: Mapping[str, Fact], presence: Presence) -> str | None:
    """What contradicts the declared status, None where nothing does or nobody declared one.

    A register lists what it knows, also in the store room: only another source than the one that declares the status
    can contradict it.
    """
    declared = facts.get("status")
    if declared is None or not isinstance(declared.value, str):
        return None
    status = declared.value
    if status in NOT_THERE and presence.lifecycle == "live" and _others_see_it(sightings, declared.record):
        return f"{status}, but it answers"
    if status == IN_USE and presence.lifecycle == "retired":
        return "in_use, but not seen for so long that it counts as retired"
    if status == IN_USE and presence.because == NO_CONTACT:
        return "in_use, but without contact"
    return None


def absence_is_expected(status: str | None) -> bool:
    """Whether nobody should wonder that a thing of this status is not found."""
    return status is not None and status != IN_USE


def _others_see_it(sightings: Sequence[Sighting], declaring: str) -> bool:
    register = declaring.split("|", 1)[0]
    return any(
        sighting.is_open and not sighting.misses and not is_human(sighting) and _source_part(sighting) != register
        for sighting in sightings
    )


def _source_part(sighting: Sighting) -> str:
    return sighting.record_key.split("|", 1)[0]
