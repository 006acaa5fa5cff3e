"""Whether a CI is live, missing or retired: a fold over the states of its sightings (`model.md` 4)."""

from collections.abc import Sequence

from cmdb.ci_class import CIClass
from cmdb.configuration_item import Lifecycle
from cmdb.sighting import Sighting, is_human
from cmdb.vocabulary import Vocabulary


def lifecycle(sightings: Sequence[Sighting], declared: CIClass, vocabulary: Vocabulary, now: int) -> Lifecycle:
    """Live while one sighting is; retired when every one is gone or missed often enough, long enough ago.

    A person's word keeps alive only what no other source ever reported. `now`: microseconds UTC.
    """
    reported = [sighting for sighting in sightings if not is_human(sighting)] or list(sightings)
    if any(_is_live(sighting, declared, vocabulary) for sighting in reported):
        return "live"
    absence = declared.absence
    over = all(not sighting.is_open or sighting.misses >= absence.misses_to_retire for sighting in reported)
    if not absence.ever:
        return "retired" if over else "missing"
    newest = max(sighting.last for sighting in reported)
    return "retired" if over and now - newest >= absence.age_to_retire else "missing"


def _is_live(sighting: Sighting, declared: CIClass, vocabulary: Vocabulary) -> bool:
    if not sighting.is_open:
        return False
    if not sighting.misses or not declared.absence.ever:
        return True
    return not declared.absence.by_scan and vocabulary.traits(sighting.source).scan


def witnesses(sighting: Sighting, declared: CIClass) -> bool:
    """Whether what it says of relations still counts: neither gone, closed, nor missed to its last chance."""
    if not sighting.is_open:
        return False
    return not declared.absence.ever or sighting.misses < declared.absence.misses_to_retire
