"""Observations and sightings drawn in one line."""

import itertools
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

import pytest

from cmdb.ci_class import DAY
from cmdb.configuration_item import ConfigurationItem
from cmdb.draft import Context, name_key
from cmdb.graph_patch import EventGroup, GraphPatch
from cmdb.linking import leads_on
from cmdb.observation import Claim, Observation, observation
from cmdb.reconciliation import Outcome, reconcile, reconcile_absence
from cmdb.relation import Relation
from cmdb.sighting import Record, Sighting, heard, record_of, sightings_of
from cmdb.surroundings import Bearer, Block, Brief
from cmdb.vocabulary import SourceTraits, Vocabulary, vocabulary
from graph.encoding import _moved

SOURCES = {
    "nmap": SourceTraits(authority=0.3, one_record_per_thing=False, by_address=True, scan=True),
    "ad": SourceTraits(one_record_per_thing=True, knows_contact=True, guarantees_names=True),
    "jamf": SourceTraits(authority=2.0, knows_contact=True, guarantees_names=True),
    "agent": SourceTraits(authority=2.0),
}


@pytest.fixture(scope="session")
def words() -> Vocabulary:
    return vocabulary(SOURCES)


Say = Callable[..., Observation]


@pytest.fixture
def say(words: Vocabulary) -> Say:
    def said(
        record: str,
        *,
        source: str = "agent",
        ci_class: str = "server",
        day: float = 0,
        realm: str = "default",
        name: str | None = None,
        claims: tuple[Claim, ...] = (),
        within: str | None = None,
        attributes: dict[str, object] | None = None,
        gone: bool = False,
        **identifiers: str | list[str],
    ) -> Observation:
        pairs = [
            (kind, value)
            for kind, values in identifiers.items()
            for value in ([values] if isinstance(values, str) else values)
        ]
        return observation(
            words,
            source=source,
            record=record,
            ci_class=ci_class,
            observed_at=int(day * DAY),
            realm=realm,
            name=name,
            identifiers=pairs,
            attributes=attributes,
            claims=claims,
            within=within,
            gone=gone,
        )

    return said


@pytest.fixture
def see(words: Vocabulary) -> Callable[..., list[Sighting]]:
    """Sightings of a series of observations, each record folded in the order given."""

    def seen(*observations: Observation) -> list[Sighting]:
        count = itertools.count(1)
        records = {}
        for said in observations:
            key = (said.source, said.realm, said.record)
            n = next(count)
            records[key] = heard(records.get(key), said, words, brought=f"id{n:03}", applied=n, heard_in=1)
        return [sighting for record in records.values() for sighting in sightings_of(record, words)]

    return seen


class DictGraph:
    """The graph as reconciliation sees it, in dictionaries: what is written is what the patch says, no more.

    The stores prove the same promises on real databases; here thousands of small graphs are tried in seconds.
    """

    def __init__(self, words: Vocabulary) -> None:
        self.words = words
        self.revision = 1
        self.stored: dict[str, Record] = {}
        self.keys: dict[str, tuple[tuple[str, ...], ...]] = {}
        self.cis: dict[str, ConfigurationItem] = {}
        self.edges: dict[str, Relation] = {}
        self.waits: set[tuple[str, str]] = set()
        self.aliases: dict[str, str] = {}
        self.events: list[EventGroup] = []

    def briefs(self, keys: Collection[str]) -> dict[str, Brief]:
        found = {}
        for key in keys:
            if key in self.stored:
                record = self.stored[key]
                version = record.versions[-1]
                content = version.said.content if record.quiet else ""
                found[key] = Brief(
                    key, content, record.ci, record.scope, version.first, version.last,
                    version.said.observed_at, version.said.read_at,
                )  # fmt: skip
        return found

    def records(self, keys: Collection[str]) -> dict[str, Record]:
        return {key: self.stored[key] for key in keys if key in self.stored}

    def block(
        self,
        sightings: Collection[str],
        keys: Mapping[str, int],
        cis: Collection[str] = (),
        *,
        common_at: int,
        largest: int,
    ) -> Block:
        held = {
            sighting.key: (linking, ci)
            for key, record in self.stored.items()
            for sighting, linking, ci in zip(sightings_of(record, self.words), self.keys[key], record.cis, strict=True)
        }
        common: dict[str, int] = {}
        found = {sighting for sighting in sightings if sighting in held}
        found |= {sighting for sighting, (_, ci) in held.items() if ci in cis}
        wanted, seen = {key for key in keys if leads_on(key)}, set()
        before = -1
        while wanted or len(found) > before:
            before = len(found)
            wanted |= {key for sighting in found for key in held[sighting][0] if leads_on(key)}
            for key in wanted - seen:
                carriers = {sighting for sighting, (linking, _) in held.items() if key in linking}
                if len({record_of(sighting) for sighting in carriers}) > common_at + keys.get(key, 0):
                    common[key] = len(carriers)
                else:
                    found |= carriers
            seen |= wanted
            wanted = set()
            of = {held[sighting][1] for sighting in found}
            found |= {sighting for sighting, (_, ci) in held.items() if ci in of}
            if len(found) > max(largest, len(sightings)):
                return Block(frozenset(), common, cut=True)
        return Block(frozenset(found), common)

    def bearers(self, keys: Collection[str], limit: int) -> dict[str, tuple[Bearer, ...]]:
        found: dict[str, list[Bearer]] = {}
        for ci in sorted(self.cis.values(), key=lambda item: item.id):
            for key in (name_key(ci.name), f"id|{ci.id}"):
                if key in keys:
                    for realm in ci.realms if key.startswith("name|") else ("",):
                        bearer = Bearer(key, ci.id, ci.ci_class, ci.name, ci.lifecycle, realm, "")
                        found.setdefault(key, []).append(bearer)
        for record in sorted(self.stored.values(), key=lambda record: record.key):
            ci = self.cis[record.ci]
            for key in {f"record|{record.key}"}.union(*self.keys[record.key]) & set(keys):
                bearer = Bearer(key, ci.id, ci.ci_class, ci.name, ci.lifecycle, record.realm, record.key)
                found.setdefault(key, []).append(bearer)
        return {key: tuple(held[:limit]) for key, held in found.items()}

    def waiting(self, keys: Collection[str]) -> dict[str, tuple[str, ...]]:
        return {
            key: tuple(sorted(r for k, r in self.waits if k == key))
            for key in keys
            if any(k == key for k, _ in self.waits)
        }

    def children(self, cis: Collection[str]) -> tuple[str, ...]:
        return tuple(sorted(key for key, record in self.stored.items() if record.parent in cis))

    def relations(self, ids: Collection[str]) -> dict[str, Relation]:
        return {id: self.edges[id] for id in ids if id in self.edges}

    def incident(self, cis: Collection[str]) -> tuple[Relation, ...]:
        return tuple(e for _, e in sorted(self.edges.items()) if e.from_ci in cis or e.to_ci in cis)

    def items(self, ids: Collection[str]) -> dict[str, ConfigurationItem]:
        return {id: self.cis[id] for id in ids if id in self.cis}

    def apply(self, patch: GraphPatch) -> None:
        for write in patch.records:
            assert write.is_new == (write.record.key not in self.stored)
            self.stored[write.record.key] = write.record
            self.keys[write.record.key] = write.keys
        for touch in patch.touches:
            record = self.stored[touch.record]
            version = _moved(record.versions[0], touch.first, touch.last, touch.observed_at, touch.read_at)
            self.stored[touch.record] = record._replace(
                versions=(version,), scope=touch.scope or record.scope, heard=self.revision
            )
            self.cis[touch.ci] = replace(self.cis[touch.ci], last_seen=max(self.cis[touch.ci].last_seen, touch.last))
        for ci in patch.cis:
            assert (ci.id in patch.new_cis) == (ci.id not in self.cis)
            self.cis[ci.id] = ci
        for id in patch.relations_gone:
            del self.edges[id]
        for edge in patch.relations:
            assert (edge.id in patch.new_relations) == (edge.id not in self.edges)
            self.edges[edge.id] = edge
        for id in patch.cis_gone:
            del self.cis[id]
        self.waits |= {(w.key, w.record) for w in patch.waiting}
        self.waits -= {(w.key, w.record) for w in patch.waiting_over}
        self.aliases.update(patch.aliases)
        for id in patch.aliases_over:
            self.aliases.pop(id, None)
        self.events.extend(patch.events)
        self.revision += 1
        assert all(edge.from_ci in self.cis and edge.to_ci in self.cis for edge in self.edges.values())
        assert all(record.ci in self.cis for record in self.stored.values())


@pytest.fixture
def new_graph(words: Vocabulary) -> Callable[[], DictGraph]:
    return lambda: DictGraph(words)


@pytest.fixture
def take(words: Vocabulary) -> Callable[..., Outcome]:
    """Reconcile a batch into a graph."""
    ids = itertools.count(1)

    def taken(graph: DictGraph, *batch: Observation, day: float = 0, scope: str | None = None) -> Outcome:
        context = Context(words, int(day * DAY), lambda: f"ci{next(ids):05}", scope=scope)
        outcome = reconcile(list(batch), graph, context)
        graph.apply(outcome.patch)
        return outcome

    return taken


@pytest.fixture
def miss(words: Vocabulary) -> Callable[..., Outcome]:
    """Let a complete run miss records of a graph."""

    def missed(graph: DictGraph, *records: str, day: float = 0) -> Outcome:
        context = Context(words, int(day * DAY), lambda: "none")
        outcome = reconcile_absence(records, graph, context, heard_until=graph.revision)
        graph.apply(outcome.patch)
        return outcome

    return missed
