"""Whether a CI that no index knows fits a search: the same conditions that each store asks its indexes."""

from collections.abc import Callable, Mapping
from typing import Protocol

from cmdb.configuration_item import ConfigurationItem, words_of
from cmdb.draft import name_key
from cmdb.linking import linking_keys
from cmdb.sighting import sightings_of
from cmdb.vocabulary import Vocabulary
from graph.encoding import encode_facts
from graph.fact_conditions import facts_fit, looks_into_facts
from graph.past import PastState
from graph.store import FoundCI, Search


class Then(Protocol):
    """A time with the records of CIs as they stood."""

    @property
    def at(self) -> int:
        """Microseconds UTC."""

    @property
    def records(self) -> Mapping[str, PastState]:
        """By key."""


def fits(ci: ConfigurationItem, query: Search, then: Then, vocabulary: Vocabulary) -> bool:
    """Whether every condition holds that a CI and its records can tell; `stale`, `orphan` and `only` are of today."""
    records = then.records
    words = words_of(ci) if query.words else ()
    conditions: tuple[tuple[object, Callable[[], bool]], ...] = (
        (query.words, lambda: all(any(word.startswith(begin) for word in words) for begin in query.words)),
        (query.classes, lambda: ci.ci_class in query.classes),
        (query.lifecycles, lambda: ci.lifecycle in query.lifecycles),
        (query.bearing is not None, lambda: bears(ci, query.bearing or "", then, vocabulary)),
        (query.environment, lambda: ci.text("environment") in query.environment),
        (query.tier, lambda: ci.whole_number("tier") in query.tier),
        (query.owner, lambda: ci.text("owner") in query.owner),
        (query.status, lambda: ci.text("status") in query.status),
        (query.realm, lambda: bool(set(query.realm) & set(ci.realms))),
        (query.seen_by, lambda: any(_seen_by(ci, source, records) for source in query.seen_by)),
        (query.not_seen_by, lambda: not any(_seen_by(ci, source, records) for source in query.not_seen_by)),
        (query.seen_before is not None, lambda: ci.last_seen < (query.seen_before or 0)),
        (looks_into_facts(query), lambda: facts_fit(query, ci.ci_class, encode_facts(ci.facts))),
    )
    return all(holds() for asked, holds in conditions if asked)


def bears(ci: ConfigurationItem, key: str, then: Then, vocabulary: Vocabulary) -> bool:
    """Whether a lookup key leads to the CI; one that ends in `|` stands for its value in any realm.

    As now, what a record once said leads to its CI. Of identifiers the first contact is kept, not the first telling:
    one that was told late, of an earlier time, counts from that time.
    """
    space, _, rest = key.partition("|")
    if space == "id":
        return ci.id == rest
    if space == "name":
        return name_key(ci.name) == key
    if space == "record":
        return rest in then.records and then.records[rest].ci == ci.id
    borne = borne_keys(ci, then, vocabulary)
    return key in borne or (key.endswith("|") and any(own.startswith(key) for own in borne))


def borne_keys(ci: ConfigurationItem, then: Then, vocabulary: Vocabulary) -> set[str]:
    """Linking keys, and keys of records, that lead to the CI."""
    records = {f"record|{key}" for key in ci.records if key in then.records and then.records[key].ci == ci.id}
    return records.union(*(_keys(ci.id, then.records.get(key), then.at, vocabulary) for key in ci.records))


def _keys(ci: str, state: PastState | None, at: int, vocabulary: Vocabulary) -> set[str]:
    """Linking keys that lead from a record to the CI of its open sighting."""
    if state is None or state.ci != ci:
        return set()
    keys: set[str] = set()
    known = min(at, state.said.observed_at) if len(state.record.versions) == 1 else at
    for sighting in sightings_of(state.record, vocabulary):
        # What an address no longer shows ceases to be its with time: by its last contact then, not by that of today.
        last = min(sighting.last, max(known, sighting.first))
        lives = tuple(life._replace(last=min(life.last, last)) for life in sighting.lifetimes if life.first <= at)
        keys |= linking_keys(sighting._replace(lifetimes=lives, last=last), vocabulary)
    return keys


def _seen_by(ci: ConfigurationItem, source: str, records: Mapping[str, PastState]) -> bool:
    return any(
        state.said.source == source and not state.gone and state.ci == ci.id
        for key in ci.records
        if (state := records.get(key)) is not None
    )


def line(ci: ConfigurationItem) -> FoundCI:
    """A CI as a line of a search."""
    return FoundCI(
        ci.id, ci.ci_class, ci.name, ci.lifecycle, ci.text("environment"), ci.whole_number("tier"), ci.text("owner"),
        ci.last_seen,
    )  # fmt: skip
