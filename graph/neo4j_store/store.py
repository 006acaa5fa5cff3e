"""Neo4jStore: the graph in a Neo4j server, for production."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from neo4j import Driver, GraphDatabase, ManagedTransaction
from neo4j.exceptions import AuthError, ConfigurationError, DriverError, Neo4jError, ServiceUnavailable

from cmdb.graph_patch import DocumentWrite
from cmdb.surroundings import Bearer
from cmdb.vocabulary import Vocabulary
from graph.encoding import decode_events, decode_requirements, from_json
from graph.ledger import Document
from graph.neo4j_store import dumping, searching
from graph.neo4j_store import statements as cypher
from graph.neo4j_store.looking_up import Lookups
from graph.neo4j_store.schema import prepare
from graph.neo4j_store.writing import WritingTransaction, put_document
from graph.store import (
    FoundCI,
    ItemView,
    PastEvent,
    RecordPlace,
    RecordTimes,
    Search,
    StoreCounts,
    StoreError,
    StoreUnavailable,
    WriteTransaction,
)  # fmt: skip
from graph.topology import Topology
from graph.topology_building import CIRow, RelationRow, WaitingRow, build_topology

Work = TypeVar("Work")

DATABASE = "neo4j"
"""the one database that Community edition has"""
TRIES = 3
"""times a long read is begun again because somebody wrote meanwhile, before it makes writers wait"""


class Neo4jStore:
    """GraphStore in Neo4j; see the port for what it promises."""

    def __init__(self, url: str, user: str, password: str, vocabulary: Vocabulary) -> None:
        self.url = url
        with saying_what_to_do(url):
            self._driver: Driver = GraphDatabase.driver(
                url, auth=(user, password), telemetry_disabled=True, notifications_min_severity="OFF",
                connection_timeout=10, connection_acquisition_timeout=30, max_transaction_retry_time=60,
                liveness_check_timeout=60,
            )  # fmt: skip
            try:
                self._driver.verify_connectivity()
                prepare(self._driver, DATABASE, vocabulary)
            except BaseException:
                self._driver.close()
                raise

    def write(self, work: Callable[[WriteTransaction], Work]) -> Work:
        return self._writing(lambda tx: work(tx))

    def revision(self) -> tuple[int, int]:
        return self._reading(lambda look: look.last_revision())

    def search(self, query: Search, *, after: tuple[str, str] | None, limit: int) -> tuple[FoundCI, ...]:
        return self._reading(lambda look: searching.search(look, query, after=after, limit=limit))

    def item(self, ci: str) -> ItemView | None:
        return self._reading(lambda look: _item(look, ci))

    def bearers(
        self, keys: Collection[str], limit: int, *, every_realm: bool = False
    ) -> Mapping[str, tuple[Bearer, ...]]:
        return self._reading(lambda look: look.bearers(keys, limit, every_realm=every_realm))

    def history(self, ci: str, *, before: tuple[int, int] | None, limit: int) -> tuple[PastEvent, ...]:
        return self._reading(lambda look: _history(look, ci, before, limit))

    def record_places(
        self, source: str | None, realm: str | None, *, after: str | None, limit: int
    ) -> tuple[RecordPlace, ...]:
        given = {"source": source, "realm": realm, "after": after or "", "limit": limit}
        return self._reading(lambda look: tuple(RecordPlace(*row) for row in look.run(cypher.RECORD_PLACES, **given)))

    def topology(self) -> Topology:
        return self._steady(_topology)

    def counts(self) -> StoreCounts:
        return self._reading(lambda look: StoreCounts(*next(look.run(cypher.COUNTS))))

    def dump(self) -> Iterator[Mapping[str, Any]]:
        # Held as a whole: what has been handed out cannot be taken back when somebody writes meanwhile.
        return iter(self._steady(lambda look, revision: list(dumping.dump(look, revision))))

    def load(self, rows: Iterable[Mapping[str, Any]]) -> int:
        held = list(rows)
        return self._writing(lambda tx: dumping.load(tx, held))

    def document(self, kind: str, key: str) -> Document | None:
        return self._reading(lambda look: look.document(kind, key))

    def documents(
        self, kind: str, *, after: str | None = None, limit: int = 1000, newest_first: bool = False
    ) -> tuple[Document, ...]:
        statement = cypher.DOCUMENTS_BACKWARDS if newest_first else cypher.DOCUMENTS
        given = {"kind": kind, "after": after or "", "limit": limit}
        return self._reading(
            lambda look: tuple(
                Document(kind, key, version, from_json(body)) for key, version, body in look.run(statement, **given)
            )
        )

    def put(self, write: DocumentWrite) -> int:
        return self._writing(lambda tx: put_document(tx, write))

    def close(self) -> None:
        self._driver.close()

    def _reading(self, read: Callable[[Lookups], Work]) -> Work:
        def work(tx: ManagedTransaction) -> Work:
            return read(Lookups(tx))

        with saying_what_to_do(self.url), self._driver.session(database=DATABASE) as session:
            return session.execute_read(work)

    def _writing(self, write: Callable[[WritingTransaction], Work]) -> Work:
        def work(tx: ManagedTransaction) -> Work:
            return write(WritingTransaction(tx))

        with saying_what_to_do(self.url), self._driver.session(database=DATABASE) as session:
            return session.execute_write(work)

    def _steady(self, read: Callable[[Lookups, int], Work]) -> Work:
        """A long read of one revision. Reads see what others commit meanwhile, so it is begun again if that moved."""
        for _ in range(TRIES):
            begun = self.revision()[0]
            found = self._reading(lambda look, begun=begun: read(look, begun))  # type: ignore[misc]
            if self.revision()[0] == begun:
                return found
        return self._writing(lambda tx: read(tx, tx.revision - 1))


def _item(look: Lookups, ci: str) -> ItemView | None:
    (survivor,) = next(look.run(cypher.SURVIVOR, id=ci))
    found = look.items([survivor]).get(survivor)
    if found is None:
        return None
    relations = look.incident([survivor])
    others = {r.to_ci if r.from_ci == survivor else r.from_ci for r in relations}
    named = {fact.record for fact in found.facts.values()}
    named |= {value.record for fact in found.facts.values() for value in fact.outvoted}
    named |= {witness.record for relation in relations for witness in relation.witnesses}
    records = {row[0]: RecordTimes(*row) for row in look.rows(cypher.RECORD_TIMES, {*found.records, *named})}
    neighbours: dict[str, str] = {row[0]: row[1] for row in look.rows(cypher.NAMES, others)}
    return ItemView(look.last_revision()[0], found, records, relations, neighbours)


def _history(look: Lookups, ci: str, before: tuple[int, int] | None, limit: int) -> tuple[PastEvent, ...]:
    (survivor,) = next(look.run(cypher.SURVIVOR, id=ci))
    newest = before[0] if before else 1 << 62
    found: list[PastEvent] = []
    # A group holds at least one event; those of the newest revision may all lie behind the place to begin.
    rows = look.run(cypher.HISTORY, ci=survivor, newest=newest, limit=limit + 1000)
    for revision, seq, observed_at, recorded_at, run, source, of, record, events in rows:
        for at, event in reversed(list(enumerate(decode_events(events), seq))):
            if before is None or (revision, at) < before:
                found.append(PastEvent(revision, at, observed_at, recorded_at, run, source, of, record, *event))
            if len(found) == limit:
                return tuple(found)
    return tuple(found)


def _topology(look: Lookups, revision: int) -> Topology:
    return build_topology(
        revision,
        (CIRow(*row) for row in _stream(look, cypher.TOPOLOGY_CIS)),
        (
            RelationRow(from_ci, to_ci, type_, decode_requirements(requirements), *rest)
            for from_ci, to_ci, type_, requirements, *rest in _stream(look, cypher.TOPOLOGY_RELATIONS)
        ),
        (WaitingRow(ci, source, from_json(payload)) for ci, source, payload in _stream(look, cypher.TOPOLOGY_WAITING)),
    )


def _stream(look: Lookups, statement: str) -> Iterator[list[Any]]:
    for record in look.tx.run(statement):
        yield list(record.values())


@contextmanager
def saying_what_to_do(url: str) -> Iterator[None]:
    """The driver's errors in words that help, without secrets."""
    try:
        yield
    except AuthError as error:
        raise StoreUnavailable(f"{url} refuses the login: check CMDB_STORE_USER and CMDB_STORE_PASSWORD") from error
    except ServiceUnavailable as error:
        raise StoreUnavailable(f"{url} does not answer: check that Neo4j runs there and the port is right") from error
    except ConfigurationError as error:
        raise StoreError(f"{url}: {error}") from error
    except Neo4jError as error:
        if error.is_retryable():
            raise StoreUnavailable(f"{url} is busy or short of memory: {error.message}; try again") from error
        raise StoreError(f"{url}: {error.message}") from error
    except DriverError as error:
        raise StoreUnavailable(f"{url}: {error}") from error
