"""Whether a CI is live, missing or retired, why, and until when: a fold over the states of its sightings."""

from collections.abc import Sequence
from typing import NamedTuple

from cmdb.ci_class import CIClass
from cmdb.configuration_item import Lifecycle
from cmdb.sighting import Sighting, is_human
from cmdb.vocabulary import Vocabulary

GONE = "gone"
NOT_FOUND = "not found"
NO_CONTACT = "no contact"
WITH_ITS_HOLDER = "what it is on is retired"
"""why a sighting, and with all of them a CI, is not live"""


class Presence(NamedTuple):
    """What the sightings come to (`model.md` 4)."""

    lifecycle: Lifecycle
    because: str | None
    due: int | None
    """when time alone may move it, None where it takes a new observation"""


class _State(NamedTuple):
    """Why a sighting is not live (None while it is), and when that ends by itself."""

    silence: str | None
    until: int | None = None


def presence(
    sightings: Sequence[Sighting], declared: CIClass, vocabulary: Vocabulary, now: int, holder_until: int | None = None
) -> Presence:
    """Live while one sighting is; retired when every one is gone or missed often enough, long enough ago.

    A person's word keeps alive only what no other source ever reported. `now`: microseconds UTC. `holder_until`: the
    last sign of life of the retired thing that this one is on.
    """
    reported = [sighting for sighting in sightings if not is_human(sighting)] or list(sightings)
    heard_alone = all(vocabulary.traits(sighting.source).scan for sighting in reported)
    states = [_state(one, declared, vocabulary, now, holder_until, heard_alone=heard_alone) for one in reported]
    expiries = [at for sighting in sightings if (at := _expiry(sighting)) is not None and at > now]
    live = [state for state in states if state.silence is None]
    if live:
        ends = [state.until for state in live if state.until is not None]
        last = [max(ends)] if len(ends) == len(live) else []
        return Presence("live", None, min((*last, *expiries), default=None))
    because = _because(states)
    absence = declared.absence
    if because == WITH_ITS_HOLDER or not absence.ever:
        return Presence("retired", because, min(expiries, default=None))
    over = all(
        state.silence == GONE or sighting.misses >= absence.misses_to_retire
        for state, sighting in zip(states, reported, strict=True)
    )
    if not over:
        return Presence("missing", because, min(expiries, default=None))
    retires = max(sighting.last for sighting in reported) + absence.age_to_retire
    if retires <= now:
        return Presence("retired", because, min(expiries, default=None))
    return Presence("missing", because, min((retires, *expiries)))


def _state(
    sighting: Sighting,
    declared: CIClass,
    vocabulary: Vocabulary,
    now: int,
    holder_until: int | None,
    *,
    heard_alone: bool,
) -> _State:
    expiry = _expiry(sighting)
    if not sighting.is_open or (expiry is not None and expiry <= now):
        return _State(GONE)
    absence = declared.absence
    if holder_until is not None and sighting.last <= holder_until:
        return _State(WITH_ITS_HOLDER)
    if not absence.ever:
        return _State(None)
    if heard_alone and not absence.by_scan:
        return _State(None)  # silence to a scan alone means that it is switched off
    if sighting.misses:
        return _State(NOT_FOUND)
    if absence.contact_age is None or not knows_contact(sighting, vocabulary):
        return _State(None)
    ends = sighting.last + absence.contact_age
    return _State(NO_CONTACT) if ends <= now else _State(None, ends)


def knows_contact(sighting: Sighting, vocabulary: Vocabulary) -> bool:
    """Whether its time is the thing's last contact, not that of the listing: its source declares it, or it shows."""
    said = sighting.said
    return vocabulary.traits(sighting.source).knows_contact or said.read_at != said.observed_at


def _because(states: Sequence[_State]) -> str:
    """What is still listed says more than what was not found, and that more than what is gone."""
    found = {state.silence for state in states}
    for reason in (NO_CONTACT, NOT_FOUND, WITH_ITS_HOLDER):
        if reason in found:
            return reason
    return GONE


def _expiry(sighting: Sighting) -> int | None:
    return None if sighting.correction is None else sighting.correction.expires_at


def has_expired(sighting: Sighting, now: int) -> bool:
    """Whether it is a person's word that was given until a time that has come."""
    expiry = _expiry(sighting)
    return expiry is not None and expiry <= now


def witnesses(sighting: Sighting, declared: CIClass, vocabulary: Vocabulary, now: int | None) -> bool:
    """Whether what it says of relations still counts: neither gone, closed, expired, nor missed to its last chance.

    `now` None asks of any time: whether it counted before some word expired.
    """
    if not sighting.is_open or (now is not None and has_expired(sighting, now)):
        return False
    absence = declared.absence
    if not absence.ever or (vocabulary.traits(sighting.source).scan and not absence.by_scan):
        return True
    return sighting.misses < absence.misses_to_retire
