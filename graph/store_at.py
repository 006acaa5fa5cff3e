"""The store as it stood at a revision, to be read as one reads the present one."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Protocol

from cmdb.configuration_item import ConfigurationItem
from cmdb.draft import name_key
from cmdb.past import open_said
from cmdb.relation import Relation
from cmdb.sighting import Record
from cmdb.surroundings import Bearer
from cmdb.vocabulary import Vocabulary
from graph.as_it_stood import MovedCIs, by_id, cis_at, moved_cis, relations_at
from graph.matching import borne_keys
from graph.past import ALIAS, RECORD, RELATION, SAYING, PastRow, alias_at, record_at, relation_at
from graph.record_then import record_then
from graph.store import PastEvent, ReadTransaction


class Look(Protocol):
    """What it takes to say what is believed to have been: some of what a read transaction offers; see there."""

    def items(self, ids: Collection[str]) -> Mapping[str, ConfigurationItem]:
        """CIs by id."""

    def records(self, keys: Collection[str]) -> Mapping[str, Record]:
        """Records by key."""

    def relations(self, ids: Collection[str]) -> Mapping[str, Relation]:
        """Relations by id."""

    def incident(self, cis: Collection[str]) -> tuple[Relation, ...]:
        """Every relation with an end in these CIs."""

    def leads(self, ids: Collection[str]) -> Mapping[str, str]:
        """Absorbed ids → the CI that holds their sighting."""

    def bearers(self, keys: Collection[str], limit: int) -> Mapping[str, tuple[Bearer, ...]]:
        """Who bears each lookup key."""

    def past(self, kind: str, ids: Collection[str], revision: int) -> Iterator[PastRow]:
        """How these stood before each revision behind the given one."""

    def past_since(self, kind: str, revision: int) -> Iterator[PastRow]:
        """The same for everything of a kind."""

    def events(self, after: tuple[int, int], limit: int) -> tuple[PastEvent, ...]:
        """Events behind a place."""

    def revision_at(self, at: int) -> int:
        """The last revision recorded by then."""

    def recorded_at(self, revision: int) -> int:
        """When a revision was recorded."""


class StoreAt:
    """A Look at what the store held at a revision. Each question costs what it asks for and what moved of it since."""

    def __init__(self, look: ReadTransaction, revision: int, vocabulary: Vocabulary) -> None:
        self._look, self._revision, self._vocabulary = look, revision, vocabulary

    def items(self, ids: Collection[str]) -> Mapping[str, ConfigurationItem]:
        return cis_at(self._look, ids, self._revision)

    def records(self, keys: Collection[str]) -> Mapping[str, Record]:
        look, vocabulary = self._look, self._vocabulary
        moved, sayings = by_id(look.past(RECORD, keys, 0)), by_id(look.past(SAYING, keys, 0))
        found = {}
        for key, now in look.records(keys).items():
            rows = moved.get(key, ())
            behind = [row for row in rows if row.n > self._revision]
            state = record_at(self._revision, now, open_said(now, vocabulary), behind)
            if state is not None:
                found[key] = record_then(self._revision, state, rows, sayings.get(key, ()), vocabulary)
        return found

    def relations(self, ids: Collection[str]) -> Mapping[str, Relation]:
        rows = by_id(self._look.past(RELATION, ids, self._revision))
        now, born = self._look.relations(ids), self._look.born(RELATION, ids)
        found = {}
        for id_ in sorted(now.keys() | rows.keys()):
            standing = relation_at(self._revision, now.get(id_), born.get(id_, 0), rows.get(id_, ()))
            if standing is not None:
                found[id_] = standing
        return found

    def incident(self, cis: Collection[str]) -> tuple[Relation, ...]:
        wanted = set(cis)
        found = relations_at(self._look, wanted, self._revision)
        return tuple(relation for relation in found if not wanted.isdisjoint((relation.from_ci, relation.to_ci)))

    def leads(self, ids: Collection[str]) -> Mapping[str, str]:
        borne = self.items(ids)
        absorbed = sorted(set(ids) - borne.keys())
        now, rows = self._look.leads(absorbed), by_id(self._look.past(ALIAS, absorbed, self._revision))
        led = {id_: alias_at(now.get(id_), rows.get(id_, ())) for id_ in absorbed}
        return {id_: ci for id_, ci in led.items() if ci is not None}

    def bearers(self, keys: Collection[str], limit: int) -> Mapping[str, tuple[Bearer, ...]]:
        found: dict[str, list[Bearer]] = {key: [] for key in keys}
        for key, bearers in self._look.bearers(keys, limit).items():
            found[key] += [bearer for bearer in bearers if bearer.ci not in self._moved.cis]
        for key in found.keys() & self._borne.keys():
            found[key] += self._borne[key]
        return {key: tuple(bearers[:limit]) for key, bearers in found.items() if bearers}

    @cached_property
    def _moved(self) -> MovedCIs:
        return moved_cis(self._look, self._revision, self._vocabulary)

    @cached_property
    def _borne(self) -> Mapping[str, list[Bearer]]:
        """By which keys those that moved since were found."""
        found: dict[str, list[Bearer]] = {}
        whole = self.records(self._moved.records)
        states = {key: self._moved.records[key]._replace(record=record) for key, record in whole.items()}
        then = replace(self._moved, records=states)
        for ci in then.cis.values():
            if ci is None:
                continue
            keys = {f"id|{ci.id}", name_key(ci.name)} | borne_keys(ci, then, self._vocabulary)
            for key in keys:
                found.setdefault(key, []).extend(
                    Bearer(key, ci.id, ci.ci_class, ci.name, ci.lifecycle, realm, "") for realm in ci.realms
                )
        return found

    def past(self, kind: str, ids: Collection[str], revision: int) -> Iterator[PastRow]:
        return (row for row in self._look.past(kind, ids, revision) if row.n <= self._revision)

    def past_since(self, kind: str, revision: int) -> Iterator[PastRow]:
        return (row for row in self._look.past_since(kind, revision) if row.n <= self._revision)

    def events(self, after: tuple[int, int], limit: int) -> tuple[PastEvent, ...]:
        return tuple(event for event in self._look.events(after, limit) if event.revision <= self._revision)

    def revision_at(self, at: int) -> int:
        return min(self._look.revision_at(at), self._revision)

    def recorded_at(self, revision: int) -> int:
        return self._look.recorded_at(revision)
