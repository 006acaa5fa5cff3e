"""What a patch keeps of the state before it: everything it moves but last-seen times, so that a revision can be read
as it stood."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cmdb.configuration_item import ConfigurationItem
from cmdb.observation import Observation
from cmdb.relation import Relation
from cmdb.sighting import Record, sightings_of
from cmdb.vocabulary import Vocabulary


class PastAlias(NamedTuple):
    """An id that led to a CI until now."""

    id: str
    ci: str


class PastRecord(NamedTuple):
    """A record as it stood, and as it stands from now on."""

    was: Record
    now: Record
    said: tuple[Observation, Observation] | None
    """what its open sighting said, and what it says from now on; None where that is the same"""


class PastCI(NamedTuple):
    """A CI as it stood; `now` is None where it is no more."""

    was: ConfigurationItem
    now: ConfigurationItem | None


class PastRelation(NamedTuple):
    """A relation as it stood; `gone` where it is no more."""

    was: Relation
    gone: bool


class Saying(NamedTuple):
    """What a record said for a while: the first and the last time (`read_at`, microseconds UTC) that it did."""

    record: str
    first: int
    last: int
    said: Observation


@dataclass(frozen=True, slots=True)
class Past:
    """Of everything that one patch moves, how it stood before. What is new needs none: it did not stand."""

    cis: tuple[PastCI, ...] = ()
    relations: tuple[PastRelation, ...] = ()
    records: tuple[PastRecord, ...] = ()
    aliases: tuple[PastAlias, ...] = ()
    sayings: tuple[Saying, ...] = ()
    """what records are now known to have said in between, beside what they said until now"""


def past_cis(were: Mapping[str, ConfigurationItem], items: Mapping[str, ConfigurationItem]) -> Iterator[PastCI]:
    """Of the CIs that a patch concerns, those of which more than the last contact moves."""
    for ci in sorted(were):
        was, now = were[ci], items.get(ci)
        if now is None or (was != now and was._replace(last_seen=now.last_seen, due=now.due) != now):
            yield PastCI(was, now)


def past_records(
    old: Mapping[str, Record], new: Mapping[str, Record], keys: Iterable[str], vocabulary: Vocabulary
) -> Iterator[PastRecord]:
    """Of these records, those that say or mean something else, or are no longer where they were."""
    for key in keys:
        was = old.get(key)
        if was is None:
            continue
        now = new[key]
        said = _said_before(was, now, vocabulary)
        if (
            said is not None
            or was.cis != now.cis
            or was.ends != now.ends
            or was.gone != now.gone
            or was.misses != now.misses
            or was.parent != now.parent
            or was.since != now.since
        ):
            yield PastRecord(was, now, said)


def _said_before(was: Record, now: Record, vocabulary: Vocabulary) -> tuple[Observation, Observation] | None:
    if was.versions is now.versions:
        return None
    before, after = open_said(was, vocabulary), open_said(now, vocabulary)
    return (before, after) if before.content != after.content else None


def past_aliases(records: Iterable[PastRecord], vocabulary: Vocabulary) -> Iterator[PastAlias]:
    """Ids that led to one CI and now lead to another, or are borne again."""
    for was, now, _ in records:
        if was.cis == now.cis:
            continue
        leads = dict(ids_brought(now, vocabulary))
        for brought, ci in ids_brought(was, vocabulary):
            if brought != ci and leads.get(brought, ci) != ci:
                yield PastAlias(brought, ci)


def ids_brought(record: Record, vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    """Every id that the record ever brought, with the CI that holds its sighting."""
    if len(record.versions) == 1:
        yield record.versions[0].brought, record.ci
        return
    seen = sightings_of(record, vocabulary)
    place = {sighting.brought: ci for sighting, ci in zip(seen, record.cis, strict=True)}
    for version in record.versions:
        yield version.brought, place.get(version.brought, record.ci)


def open_said(record: Record, vocabulary: Vocabulary) -> Observation:
    """What the record's open sighting says."""
    if len(record.versions) == 1:
        return record.versions[0].said
    return sightings_of(record, vocabulary)[-1].said
