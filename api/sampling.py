"""How accurate what is believed is: CIs drawn by chance, looked at again in their sources, counted with an interval."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from api.wiring import System
from cmdb.errors import Invalid
from cmdb.time import to_rfc3339
from discovery.interval import LEVEL, wilson
from discovery.means import Means
from discovery.rechecking import RIGHT, UNKNOWN, WRONG, Rechecked, RecheckedRecord, Ways, recheck
from discovery.source import Source
from discovery.way_again import Way, ways_again
from graph.store import FoundCI, Search

MOST_CIS = 500
"""drawn at once"""
OUT_OF_SIGHT = "it is of a realm that is not yours"


@dataclass(frozen=True, slots=True)
class Sampling:
    """What to draw, and how long and in which way to look."""

    n: int
    seed: int | str | None = None
    """None: derived from the revision and the question, so that the same question draws the same CIs"""
    classes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    realms: tuple[str, ...] = ()
    seconds: float = 60.0
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """source → settings that may be chosen"""
    sight: frozenset[str] = frozenset()
    """the realms that whoever asks may look into; none: all"""


def sample_answer(system: System, asked: Sampling) -> dict[str, Any]:
    """Drawn without replacement from the live CIs, each as likely as any other; O(CIs) to draw.

    Accuracy is that of the CIs that could be re-read: right / (right + wrong), with Wilson's interval. Raises Invalid
    for settings that no source takes.
    """
    sources = system.means.sources
    _check(sources, asked.settings)
    query = Search(lifecycles=("live",), classes=asked.classes, seen_by=asked.sources, realm=asked.realms)
    revision, everything = system.store.search_all(query)
    seed = asked.seed
    if seed is None:
        seed = f"{revision} {asked.n} {asked.classes} {asked.sources} {asked.realms}"
    drawn, population = draw(everything, asked.n, random.Random(seed))
    views = [view for ci in drawn if (view := system.store.item(ci.id)) is not None]
    until = system.parts.now() + int(asked.seconds * 1_000_000)
    ways = _ways(system.means, asked)
    found = recheck(system.parts, sources, views, ways, stopped=lambda: system.parts.now() > until)
    return {
        "revision": revision,
        "at": to_rfc3339(system.parts.now()),
        "seed": seed,
        "population": population,
        "drawn": len(found),
        **_counted([rechecked.verdict for rechecked in found]),
        "facts": _facts(found),
        "by_class": [
            {"class": name, **_counted([one.verdict for one in found if one.ci.ci_class == name])}
            for name in sorted({one.ci.ci_class for one in found})
        ],
        "by_source": [
            {"source": name, **_counted([r.verdict for one in found for r in one.records if r.source == name])}
            for name in sorted({record.source for one in found for record in one.records})
        ],
        "not_reread": _not_reread(found),
        "items": [_item(one) for one in found],
    }


def draw(cis: Iterable[FoundCI], n: int, chance: random.Random) -> tuple[list[FoundCI], int]:
    """n of them, each set of n as likely as any other, in the order in which they came, and how many there were.

    Vitter's algorithm R: one pass, holding n of them.
    """
    held: list[tuple[int, FoundCI]] = []
    count = 0
    for count, ci in enumerate(cis, 1):
        if len(held) < n:
            held.append((count, ci))
        elif (at := chance.randrange(count)) < n:
            held[at] = (count, ci)
    return [ci for _, ci in sorted(held, key=lambda one: one[0])], count


def _check(sources: Mapping[str, Source], said: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises Invalid for settings that no source takes, or that would say what is read instead of the records."""
    for name, chosen in said.items():
        again = sources[name].again if name in sources else None
        if again is None:
            known = ", ".join(sorted(name for name, source in sources.items() if source.again))
            raise Invalid(f"source {name!r} cannot be re-read; these can: {known}")
        if wrong := sorted(set(chosen) - set(again.may_be_set)):
            allowed = ", ".join(again.may_be_set) or "nothing"
            raise Invalid(f"{name}: {', '.join(wrong)} cannot be chosen here; what can: {allowed}")
        if chosen:
            _try(sources[name], chosen)


def _try(source: Source, chosen: Mapping[str, Any]) -> None:
    try:
        source.settings(**chosen)
    except ValidationError as wrong:
        reasons = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in wrong.errors())
        raise Invalid(f"{source.name}: {reasons}") from None


def _ways(means: Means, asked: Sampling) -> Ways:
    """The source instances that whoever asks may see; none is asked in a realm out of sight."""

    def ways(source: Source, realm: str) -> tuple[Way, ...]:
        if asked.sight and realm not in asked.sight:
            return (Way(None, barred=OUT_OF_SIGHT),)
        return ways_again(means, source, realm, asked.settings.get(source.name, {}))

    return ways


def _counted(verdicts: Sequence[str]) -> dict[str, Any]:
    right, wrong = verdicts.count(RIGHT), verdicts.count(WRONG)
    interval = wilson(right, right + wrong)
    return {
        "checked": right + wrong,
        "right": right,
        "wrong": wrong,
        "cannot_be_reread": verdicts.count(UNKNOWN),
        "accuracy": None
        if interval is None
        else {
            "value": round(interval.value, 4),
            "interval": [round(interval.low, 4), round(interval.high, 4)],
            "level": LEVEL,
            "method": "wilson",
        },
    }


def _facts(found: Sequence[Rechecked]) -> dict[str, int]:
    """Facts of one CI stand and fall together, so they are counted without an interval."""
    records = [record for one in found for record in one.records]
    compared = sum(record.facts for record in records)
    wrong = sum(not d.about.startswith("identifier.") for record in records for d in record.differences)
    return {"checked": compared, "right": compared - wrong}


def _not_reread(found: Sequence[Rechecked]) -> list[dict[str, Any]]:
    """Why records could not be looked at again, what is most frequent first."""
    why = Counter((r.source, r.reason) for one in found for r in one.records if r.verdict == UNKNOWN)
    rows = sorted(why.items(), key=lambda row: (-row[1], row[0]))
    return [{"source": source, "reason": reason, "records": count} for (source, reason), count in rows]


def _item(found: Rechecked) -> dict[str, Any]:
    return {
        "id": found.ci.id,
        "class": found.ci.ci_class,
        "name": found.ci.name,
        "verdict": found.verdict,
        "records": [_record(record) for record in found.records],
    }


def _record(found: RecheckedRecord) -> dict[str, Any]:
    return {
        "source": found.source,
        "realm": found.realm,
        "record": found.record,
        "verdict": found.verdict,
        "reason": found.reason,
        "differences": [difference._asdict() for difference in found.differences],
    }
