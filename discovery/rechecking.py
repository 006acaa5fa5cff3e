"""recheck: whether what is believed of some CIs still is what their sources find, now. Nothing is written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from cmdb.configuration_item import ConfigurationItem
from cmdb.observation import Observation
from cmdb.vocabulary import Vocabulary
from discovery.errors import DiscoveryError, RecordRejected
from discovery.run import Parts
from discovery.source import Again, Hearing, Raw, Reading, ScopeEnd, Source
from graph.store import ItemView, RecordTimes

Verdict = Literal["right", "wrong", "cannot be re-read"]
RIGHT: Final = "right"
WRONG: Final = "wrong"
UNKNOWN: Final = "cannot be re-read"


class Difference(NamedTuple):
    """What is believed, and what was found instead."""

    about: str
    """an attribute, or `identifier.<kind>`"""
    known: Any
    found: Any


@dataclass(frozen=True, slots=True)
class RecheckedRecord:
    """One record of a CI, looked at again."""

    source: str
    realm: str
    record: str
    verdict: Verdict
    reason: str | None = None
    differences: tuple[Difference, ...] = ()
    facts: int = 0
    """facts that could be compared"""


@dataclass(frozen=True, slots=True)
class Rechecked:
    """One CI: wrong if one of its records is, right if one is and none is wrong."""

    ci: ConfigurationItem
    records: tuple[RecheckedRecord, ...]

    @property
    def verdict(self) -> Verdict:
        """What its records come to together."""
        found = {record.verdict for record in self.records}
        return WRONG if WRONG in found else RIGHT if RIGHT in found else UNKNOWN


@dataclass(slots=True)
class _Found:
    """What a source said this time."""

    observations: dict[str, Observation] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    """record → why it could not be understood"""
    ends: dict[str, ScopeEnd] = field(default_factory=dict)
    error: str | None = None


def recheck(
    parts: Parts,
    sources: Mapping[str, Source],
    views: Sequence[ItemView],
    settings: Callable[[Source, str], Any],
    *,
    stopped: Callable[[], bool] = lambda: False,
) -> list[Rechecked]:
    """Look at the CIs again, each source and realm once; in the order given.

    `settings`: (source, realm) → what the source is told. What a source cannot or may not read, or does not reach
    before `stopped`, has the verdict UNKNOWN with the reason.
    """
    wanted: dict[tuple[str, str], dict[str, list[str]]] = {}
    for times in _records_of(views):
        place = _place(sources, times)
        if place is not None:
            wanted.setdefault((times.source, times.realm), {}).setdefault(place, []).append(times.record)
    found = {
        (name, realm): _look(parts, sources[name], realm, places, settings, stopped)
        for (name, realm), places in sorted(wanted.items())
    }
    return [Rechecked(view.ci, tuple(_judged(parts.vocabulary, sources, view, found))) for view in views]


def _records_of(views: Sequence[ItemView]) -> Iterator[RecordTimes]:
    """Each record once whose open sighting belongs to one of the CIs."""
    seen = set()
    for view in views:
        for key in view.ci.records:
            times = view.records.get(key)
            if times is not None and times.open_ci == view.ci.id and key not in seen:
                seen.add(key)
                yield times


def _place(sources: Mapping[str, Source], times: RecordTimes) -> str | None:
    again = _again(sources, times.source)
    return again.place_of(times.record) if again is not None else None


def _again(sources: Mapping[str, Source], name: str) -> Again | None:
    declared = sources.get(name)
    return declared.again if declared is not None else None


def _look(
    parts: Parts,
    source: Source,
    realm: str,
    places: Mapping[str, Sequence[str]],
    settings: Callable[[Source, str], Any],
    stopped: Callable[[], bool],
) -> _Found:
    found = _Found()
    again = source.again
    assert again is not None
    try:
        for fetched in again.fetch(settings(source, realm), places, Reading(parts.now, stopped)):
            if isinstance(fetched, Raw):
                try:
                    heard = source.observe(fetched.payload, Hearing(parts.vocabulary, realm, parts.now()))
                    found.observations.update((said.record, said) for said in heard)
                except RecordRejected as refused:
                    found.refused[refused.record or fetched.scope] = refused.reason
            elif isinstance(fetched, ScopeEnd):
                found.ends[fetched.scope] = fetched
    except DiscoveryError as failed:
        found.error = str(failed)
    return found


def _judged(
    vocabulary: Vocabulary, sources: Mapping[str, Source], view: ItemView, found: Mapping[tuple[str, str], _Found]
) -> Iterator[RecheckedRecord]:
    for times in _records_of([view]):
        record = (times.source, times.realm, times.record)
        again = _again(sources, times.source)
        place = _place(sources, times)
        if again is None:
            yield RecheckedRecord(*record, UNKNOWN, f"nothing here can ask {times.source} again")
        elif place is None:
            yield RecheckedRecord(*record, UNKNOWN, f"{times.source} cannot look at this by itself")
        else:
            said = found[times.source, times.realm]
            yield _compared(vocabulary, view, times, said, place, again)


def _compared(
    vocabulary: Vocabulary, view: ItemView, times: RecordTimes, found: _Found, place: str, again: Again
) -> RecheckedRecord:
    record = (times.source, times.realm, times.record)
    said = found.observations.get(times.record)
    if said is not None:
        differences, facts = _differences(vocabulary, view, times, said, again)
        verdict: Verdict = WRONG if differences else RIGHT
        return RecheckedRecord(*record, verdict, None, tuple(differences), facts)
    if place in found.refused or times.record in found.refused:
        reason = found.refused.get(times.record) or found.refused[place]
        return RecheckedRecord(*record, UNKNOWN, reason)
    end = found.ends.get(place)
    if end is None or not end.complete:
        reason = (end.reason if end is not None else None) or found.error or "it was not reached in time"
        return RecheckedRecord(*record, UNKNOWN, reason)
    absence = vocabulary.classes[view.ci.ci_class].absence
    if vocabulary.traits(times.source).scan and not absence.by_scan:
        return RecheckedRecord(*record, UNKNOWN, f"silence says nothing of a {view.ci.ci_class}")
    return RecheckedRecord(*record, WRONG, "it is not found any more")


def _differences(
    vocabulary: Vocabulary, view: ItemView, times: RecordTimes, said: Observation, again: Again
) -> tuple[list[Difference], int]:
    """What the CI is believed to be and this observation denies; what it does not speak of is not denied."""
    found: list[Difference] = []
    now = dict(said.attributes)
    facts = 0
    for attribute, fact in view.ci.facts.items():
        if fact.record != times.key or attribute not in now or attribute.partition(".")[0] in again.passing:
            continue
        facts += 1
        if now[attribute] != fact.value:
            found.append(Difference(attribute, fact.value, now[attribute]))
    by_address = vocabulary.traits(times.source).by_address
    for kind in sorted({one.kind for one in said.identifiers}):
        telling = vocabulary.identifier_kinds[kind].one_valued or (by_address and kind == "mac")
        held = sorted({one.value for one in view.ci.identifiers if one.kind == kind})
        fresh = sorted({one.value for one in said.identifiers if one.kind == kind})
        if telling and held and not set(held) & set(fresh):
            found.append(Difference(f"identifier.{kind}", held, fresh))
    return found, facts
