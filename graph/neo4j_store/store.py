"""Neo4jStore: the graph in a Neo4j server, for any number of machines and for other users of the graph."""

import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar

from cmdb.graph_patch import DocumentWrite
from cmdb.surroundings import Bearer
from cmdb.vocabulary import Vocabulary
from graph.dump import write_rows
from graph.encoding import from_json, to_json
from graph.estate_then import past_estate
from graph.events import first_events, latest_events
from graph.item_view import item_view
from graph.ledger import Document
from graph.neo4j_store import dumping, searching
from graph.neo4j_store import statements as cypher
from graph.neo4j_store.looking_back import LookingBack
from graph.neo4j_store.looking_up import Lookups
from graph.neo4j_store.schema import prepare
from graph.neo4j_store.sessions import Sessions
from graph.neo4j_store.spelling import Spelling
from graph.neo4j_store.surveying import survey
from graph.neo4j_store.topology import read_topology, read_waiting
from graph.neo4j_store.writing import put_document
from graph.store import (
    FoundCI,
    ItemView,
    PastEvent,
    ReadTransaction,
    RecordPlace,
    Search,
    StoreCounts,
    WriteTransaction,
)  # fmt: skip
from graph.survey import Survey
from graph.topology import Topology
from graph.topology_renewal import renew

Work = TypeVar("Work")


class Neo4jStore:
    """GraphStore in Neo4j; see the port for what it promises."""

    def __init__(self, url: str, user: str, password: str, vocabulary: Vocabulary) -> None:
        self.url = url
        self._vocabulary = vocabulary
        self._sessions = Sessions(url, user, password, Spelling(vocabulary))
        try:
            with self._sessions.session() as session:
                prepare(session, vocabulary)
        except BaseException:
            self._sessions.close()
            raise

    def write(self, work: Callable[[WriteTransaction], Work]) -> Work:
        return self._sessions.writing(work)

    def read(self, work: Callable[[ReadTransaction, int], Work]) -> Work:
        return self._sessions.one_revision(lambda look, revision: work(LookingBack(look.tx, look.spelling), revision))

    def revision(self) -> tuple[int, int]:
        return self._sessions.reading(lambda look: look.last_revision())

    def search(self, query: Search, *, after: tuple[str, str] | None, limit: int) -> tuple[FoundCI, ...]:
        return self._sessions.one_revision(lambda look, _: searching.search(look, query, after=after, limit=limit))

    def search_all(self, query: Search) -> tuple[int, Iterator[FoundCI]]:
        # What has been handed out cannot be taken back when somebody writes meanwhile, so all is read before.
        held = tempfile.TemporaryFile()  # noqa: SIM115 it is read after this returns

        def read(look: Lookups, revision: int) -> int:
            held.seek(0)
            held.truncate()
            held.writelines(to_json(ci).encode() + b"\n" for ci in searching.search_all(look, query))
            return revision

        try:
            revision = self._sessions.standing_still(read)
        except BaseException:
            held.close()
            raise
        return revision, _read_back(held)

    def survey(self, look: Callable[[Survey], Work]) -> Work:
        return self._sessions.standing_still(lambda at, revision: look(survey(at, revision, self._vocabulary)))

    def item(self, ci: str) -> ItemView | None:
        def read(look: Lookups, revision: int) -> ItemView | None:
            back = LookingBack(look.tx, look.spelling)
            times, names = partial(look.rows, cypher.RECORD_TIMES), partial(look.rows, cypher.NAMES)
            return item_view(back, revision, ci, times=times, names=names)

        return self._sessions.one_revision(read)

    def bearers(
        self, keys: Collection[str], limit: int, *, every_realm: bool = False
    ) -> Mapping[str, tuple[Bearer, ...]]:
        return self._sessions.one_revision(lambda look, _: look.bearers(keys, limit, every_realm=every_realm))

    def history(self, ci: str, *, before: tuple[int, int] | None, limit: int) -> tuple[PastEvent, ...]:
        def read(look: Lookups, _: int) -> tuple[PastEvent, ...]:
            survivor = LookingBack(look.tx, look.spelling).leads([ci]).get(ci, ci)
            newest = before[0] if before else (1 << 63) - 1
            return latest_events(look.stream(cypher.HISTORY, ci=survivor, newest=newest), before, limit)

        return self._sessions.one_revision(read)

    def events(self, after: tuple[int, int], limit: int) -> tuple[PastEvent, ...]:
        revision, seq = after
        given = {"revision": revision, "seq": seq, "limit": limit + 1}
        return self._sessions.settled(
            lambda look, last: first_events(look.stream(cypher.EVENTS, last=last, **given), after, limit)
        )

    def record_places(
        self, source: str | None, realm: str | None, *, after: str | None, limit: int
    ) -> tuple[RecordPlace, ...]:
        given = {"source": source, "realm": realm, "after": after or "", "limit": limit}
        rows = self._sessions.reading(lambda look: look.run(cypher.RECORD_PLACES, **given))
        return tuple(RecordPlace(*row) for row in rows)

    def topology(self, known_at: int | None = None, as_of: int | None = None) -> Topology:
        def read(look: Lookups, last: int) -> Topology:
            back = LookingBack(look.tx, look.spelling)
            return read_topology(look, *past_estate(back, last, self._vocabulary, known_at, as_of))

        return self._sessions.standing_still(read)

    def renewed(self, held: Topology) -> Topology:
        def read(look: Lookups, last: int) -> Topology:
            back = LookingBack(look.tx, look.spelling)
            return renew(back, last, held, self._vocabulary, read_topology, read_waiting)

        return self._sessions.standing_still(read)

    def counts(self) -> StoreCounts:
        (row,) = self._sessions.reading(lambda look: look.run(cypher.COUNTS))
        return StoreCounts(*row)

    def next_due(self) -> int | None:
        return self._sessions.reading(lambda look: look.next_due())

    def dump(self) -> Iterator[Mapping[str, Any]]:
        # What has been handed out cannot be taken back when somebody writes meanwhile, so all is read before.
        with tempfile.TemporaryFile() as held:

            def read(look: Lookups, revision: int) -> None:
                held.seek(0)
                held.truncate()
                held.writelines(to_json(row).encode() + b"\n" for row in dumping.dump(look, revision))

            self._sessions.standing_still(read, documents=True)
            held.seek(0)
            for line in held:
                yield from_json(line)

    def load(self, rows: Iterable[Mapping[str, Any]]) -> int:
        return self._sessions.writing_once(lambda tx: dumping.load(tx, rows))

    def backup(self, file: Path) -> int:
        # The server's own backup needs it to be stopped, and an edition that not everybody has.
        with file.open("wb") as out:
            return write_rows(self.dump(), out).revision

    def document(self, kind: str, key: str) -> Document | None:
        return self._sessions.reading(lambda look: look.document(kind, key))

    def documents(
        self, kind: str, *, after: str | None = None, limit: int = 1000, newest_first: bool = False
    ) -> tuple[Document, ...]:
        statement = cypher.DOCUMENTS_BACKWARDS if newest_first else cypher.DOCUMENTS
        given = {"kind": kind, "after": after or "", "limit": limit}
        rows = self._sessions.reading(lambda look: look.run(statement, **given))
        return tuple(Document(kind, key, version, from_json(body)) for key, version, body in rows)

    def put(self, write: DocumentWrite) -> int:
        return self._sessions.writing(lambda tx: put_document(tx, write))

    def close(self) -> None:
        self._sessions.close()


def _read_back(held: IO[bytes]) -> Iterator[FoundCI]:
    with held:
        held.seek(0)
        for line in held:
            yield FoundCI(*from_json(line))
