"""Observations and sightings drawn in one line."""

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterator

import pytest

from cmdb.ci_class import DAY
from cmdb.configuration_item import ConfigurationItem
from cmdb.draft import Context, name_key
from cmdb.graph_patch import EventGroup, GraphPatch
from cmdb.identification import identify
from cmdb.identity_settings import DEFAULT_IDENTITY, IdentitySettings
from cmdb.observation import Claim, Observation, observation
from cmdb.reconciliation import Outcome, reconcile, reconcile_absence
from cmdb.relation import Relation
from cmdb.sighting import Record, Sighting, heard, sightings_of
from cmdb.surroundings import Bearer, Brief
from cmdb.vocabulary import SourceTraits, Vocabulary, vocabulary
from graph.encoding import _moved, to_json
from graph.records_read import RecordsRead

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


@pytest.fixture
def groups(words: Vocabulary, see: Callable[..., list[Sighting]]) -> Callable[..., list[list[str]]]:
    """What identity makes of a series of observations: records by thing, sorted."""

    def grouped(*observations: Observation) -> list[list[str]]:
        match = identify(see(*observations), words, DEFAULT_IDENTITY)
        return sorted(sorted(member.said.record for member in group) for group in match.groups)

    return grouped


class DictGraph(RecordsRead):
    """The graph as reconciliation sees it, in dictionaries: what is written is what the patch says, no more.

    The stores prove the same promises on real databases; here thousands of small graphs are tried in seconds.
    """

    def __init__(self, words: Vocabulary) -> None:
        super().__init__()
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
                found[key] = Brief(
                    key, version.said.content, record.quiet_until, record.ci, record.scope, version.first, version.last,
                    version.said.observed_at, version.said.read_at,
                )  # fmt: skip
        return found

    def record_rows(self, keys: Collection[str]) -> list[tuple[Record, str]]:
        return [(self.stored[key], to_json(self.keys[key])) for key in keys if key in self.stored]

    def carrier_counts(self, keys: Collection[str]) -> dict[str, int]:
        return dict(Counter(key for key, _ in self.carrier_rows(keys)))

    def carrier_rows(self, keys: Collection[str]) -> list[tuple[str, str]]:
        return [
            (key, record)
            for record, held in sorted(self.keys.items())
            for key in sorted(set().union(*held) & set(keys))
        ]

    def member_rows(self, cis: Collection[str]) -> list[tuple[str, tuple[str, ...]]]:
        return [(ci, self.cis[ci].records) for ci in sorted(cis) if ci in self.cis]

    def bearer_rows(self, space: str, keys: Collection[str]) -> Iterator[Bearer]:
        for ci in sorted(self.cis.values(), key=lambda item: item.id):
            for key, realms in ((name_key(ci.name), ci.realms), (f"id|{ci.id}", ("",))):
                for realm in realms if key in keys else ():
                    yield Bearer(key, ci.id, ci.ci_class, ci.name, ci.lifecycle, realm, "")
        for record in sorted(self.stored.values(), key=lambda record: record.key):
            ci = self.cis[record.ci]
            for key in {f"record|{record.key}"}.union(*self.keys[record.key]) & set(keys):
                yield Bearer(key, ci.id, ci.ci_class, ci.name, ci.lifecycle, record.realm, record.key)

    def waiting_rows(self, keys: Collection[str]) -> list[tuple[str, str]]:
        return sorted((key, record) for key, record in self.waits if key in keys)

    def children(self, cis: Collection[str]) -> tuple[str, ...]:
        return tuple(sorted(key for key, record in self.stored.items() if record.parent in cis))

    def relations(self, ids: Collection[str]) -> dict[str, Relation]:
        return {id: self.edges[id] for id in ids if id in self.edges}

    def incident(self, cis: Collection[str]) -> tuple[Relation, ...]:
        return tuple(e for _, e in sorted(self.edges.items()) if e.from_ci in cis or e.to_ci in cis)

    def items(self, ids: Collection[str]) -> dict[str, ConfigurationItem]:
        return {id: self.cis[id] for id in ids if id in self.cis}

    def apply(self, patch: GraphPatch) -> None:
        self.forget()
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
            self.cis[touch.ci] = self.cis[touch.ci]._replace(last_seen=max(self.cis[touch.ci].last_seen, touch.last))
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

    def taken(
        graph: DictGraph,
        *batch: Observation,
        day: float = 0,
        scope: str | None = None,
        settings: IdentitySettings = DEFAULT_IDENTITY,
    ) -> Outcome:
        context = Context(words, int(day * DAY), lambda: f"ci{next(ids):05}", settings, scope=scope)
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
