"""recheck: whether what is believed of some CIs still is what their sources find, now. Nothing is written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from cmdb.configuration_item import ConfigurationItem
from cmdb.observation import Observation
from cmdb.vocabulary import HUMAN, Vocabulary
from discovery.looking_again import Said, look_again
from discovery.run import Parts
from discovery.source import Again, Known, Source
from discovery.way_again import Way
from graph.store import ItemView, RecordTimes

Verdict = Literal["right", "wrong", "cannot be re-read"]
RIGHT: Final = "right"
WRONG: Final = "wrong"
UNKNOWN: Final = "cannot be re-read"
ALREADY: Final = "it is not found, as was known already"


class Difference(NamedTuple):
    """What is believed, and what was found instead."""

    about: str
    """an attribute, `name`, `class`, or `identifier.<kind>`"""
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


Ways = Callable[[Source, str], Sequence[Way]]
"""(source, realm) → where and as whom to ask it"""


def recheck(
    parts: Parts,
    sources: Mapping[str, Source],
    views: Sequence[ItemView],
    ways: Ways,
    *,
    stopped: Callable[[], bool] = lambda: False,
) -> list[Rechecked]:
    """Look at the CIs again, each source and realm once; in the order given.

    What a source cannot or may not read, or does not reach before `stopped`, has the verdict UNKNOWN with the reason.
    """
    wanted: dict[tuple[str, str], dict[str, list[Known]]] = {}
    for times in _records_of(views):
        place = _place(sources, times)
        if place is not None:
            known = Known(times.record, times.scope)
            wanted.setdefault((times.source, times.realm), {}).setdefault(place, []).append(known)
    asked = {key: ways(sources[key[0]], key[1]) for key in sorted(wanted)}
    said = {
        (name, realm): look_again(parts, sources[name], realm, wanted[name, realm], some, stopped)
        for (name, realm), some in asked.items()
    }
    judge = _Judge(parts.vocabulary, sources, asked, said)
    return [Rechecked(view.ci, tuple(judge.judged(view, times) for times in _records_of([view]))) for view in views]


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
    return again.place_of(Known(times.record, times.scope)) if again is not None else None


def _again(sources: Mapping[str, Source], name: str) -> Again | None:
    declared = sources.get(name)
    return declared.again if declared is not None else None


@dataclass(frozen=True, slots=True)
class _Judge:
    """What was asked, by source and realm, and what was said."""

    vocabulary: Vocabulary
    sources: Mapping[str, Source]
    asked: Mapping[tuple[str, str], Sequence[Way]]
    said: Mapping[tuple[str, str], Said]

    def judged(self, view: ItemView, times: RecordTimes) -> RecheckedRecord:
        """A record that was told of is compared; one that was not is wrong only where it was looked for to the end."""
        record = (times.source, times.realm, times.record)
        again, place = _again(self.sources, times.source), _place(self.sources, times)
        if again is None or place is None:
            return RecheckedRecord(*record, UNKNOWN, _why_not_asked(times, again))
        said = self.said[times.source, times.realm]
        told = said.observations.get(times.record)
        if told is not None and not told.gone:
            differences, facts = _differences(self.vocabulary, view, times, told, again)
            verdict: Verdict = WRONG if differences else RIGHT
            return RecheckedRecord(*record, verdict, None, tuple(differences), facts)
        why = self._why_unknown(view, times, place, said) if told is None else None
        if why is None and times.missed:
            return RecheckedRecord(*record, UNKNOWN, ALREADY)
        found = "it is not found any more" if told is None else "its source says that it is gone"
        return RecheckedRecord(*record, UNKNOWN if why else WRONG, why or found)

    def _why_unknown(self, view: ItemView, times: RecordTimes, place: str, said: Said) -> str | None:
        """Why its silence says nothing; None where it does."""
        why = said.refused.get(times.record) or said.refused.get(place) or said.unread.get(place)
        if why is not None:
            return why
        where = f"of {times.source} in realm {times.realm}"
        if not self.asked[times.source, times.realm]:
            return f"there is no source instance {where}: nobody has said where it is"
        if place not in said.read:
            return f"no source instance {where} reads {times.scope or place}"
        absence = self.vocabulary.classes[view.ci.ci_class].absence
        if self.vocabulary.traits(times.source).scan and not absence.by_scan:
            return f"silence says nothing of a {view.ci.ci_class}"
        return None


def _why_not_asked(times: RecordTimes, again: Again | None) -> str:
    if times.source == HUMAN:
        return "a person said it"
    if again is None:
        return f"nothing here can ask {times.source} again"
    if times.scope is None and not again.alone:
        return f"no run of {times.source} has read it"
    return f"{times.source} cannot look at this by itself"


def _differences(
    vocabulary: Vocabulary, view: ItemView, times: RecordTimes, said: Observation, again: Again
) -> tuple[list[Difference], int]:
    """What the CI is believed to be and this observation denies.

    What it does not speak of it denies only where it tells all of the record: there it would be withdrawn.
    """
    found = list(_called_otherwise(view, said)) if again.whole else []
    now = dict(said.attributes)
    facts = 0
    for attribute, fact in view.ci.facts.items():
        if fact.record != times.key or {attribute, attribute.partition(".")[0]} & again.passing:
            continue
        if attribute not in now and not again.whole:
            continue
        facts += 1
        if now.get(attribute) != fact.value:
            found.append(Difference(attribute, fact.value, now.get(attribute)))
    by_address = vocabulary.traits(times.source).by_address
    for kind in sorted({one.kind for one in said.identifiers}):
        telling = vocabulary.identifier_kinds[kind].one_valued or (by_address and kind == "mac")
        held = sorted({one.value for one in view.ci.identifiers if one.kind == kind})
        fresh = sorted({one.value for one in said.identifiers if one.kind == kind})
        if telling and held and not set(held) & set(fresh):
            found.append(Difference(f"identifier.{kind}", held, fresh))
    return found, facts


def _called_otherwise(view: ItemView, said: Observation) -> Iterator[Difference]:
    """Name and class, where nothing else can have given them."""
    if len(view.ci.records) == 1:
        for about, known, found in (("name", view.ci.name, said.name), ("class", view.ci.ci_class, said.ci_class)):
            if known != found:
                yield Difference(about, known, found)
