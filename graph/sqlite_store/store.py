"""SqliteStore: the graph in one file, for one machine and any number of its processes."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from cmdb.graph_patch import DocumentWrite
from cmdb.surroundings import Bearer
from cmdb.vocabulary import Vocabulary
from graph.encoding import from_json
from graph.estate_then import past_estate
from graph.events import first_events, latest_events
from graph.item_view import item_view
from graph.ledger import Document
from graph.sqlite_store import dumping, searching
from graph.sqlite_store import statements as sql
from graph.sqlite_store.connections import Connections
from graph.sqlite_store.copying import copy_to
from graph.sqlite_store.looking_back import LookingBack
from graph.sqlite_store.looking_up import Lookups
from graph.sqlite_store.schema import check_words, prepare
from graph.sqlite_store.surveying import survey
from graph.sqlite_store.topology import read_topology, read_waiting
from graph.sqlite_store.writing import WritingTransaction, put_document
from graph.store import (
    FoundCI,
    ItemView,
    PastEvent,
    ReadTransaction,
    RecordPlace,
    Search,
    StoreCounts,
    WriteTransaction,
)
from graph.survey import Survey
from graph.topology import Topology
from graph.topology_renewal import renew

Work = TypeVar("Work")


class SqliteStore:
    """GraphStore in a SQLite file; see the port for what it promises."""

    def __init__(self, path: Path, vocabulary: Vocabulary) -> None:
        self.url = f"sqlite:///{quote(str(path))}"
        self._vocabulary = vocabulary
        self._fingerprint = vocabulary.fingerprint()
        self._connections = Connections(path)
        try:
            with self._connections.lent() as connection:
                prepare(connection, vocabulary)
        except BaseException:
            self.close()
            raise

    def write(self, work: Callable[[WriteTransaction], Work]) -> Work:
        with self._connections.writing() as connection:
            check_words(connection, self._fingerprint)
            return work(WritingTransaction(connection))

    def read(self, work: Callable[[ReadTransaction, int], Work]) -> Work:
        with self._connections.reading() as connection:
            look = LookingBack(connection)
            return work(look, look.last_revision()[0])

    def revision(self) -> tuple[int, int]:
        with self._connections.reading() as connection:
            return Lookups(connection).last_revision()

    def search(self, query: Search, *, after: tuple[str, str] | None, limit: int) -> tuple[FoundCI, ...]:
        with self._connections.reading() as connection:
            return searching.search(connection, query, after=after, limit=limit)

    def search_all(self, query: Search) -> tuple[int, Iterator[FoundCI]]:
        rows = self._search_all(query)
        return next(rows), rows  # type: ignore[return-value]

    def _search_all(self, query: Search) -> Iterator[int | FoundCI]:
        """The revision, then what is found in it: one snapshot, given back when this ends or is let go."""
        with self._connections.reading() as connection:
            yield Lookups(connection).last_revision()[0]
            yield from searching.search_all(connection, query)

    def survey(self, look: Callable[[Survey], Work]) -> Work:
        with self._connections.reading() as connection:
            return look(survey(Lookups(connection), self._vocabulary))

    def item(self, ci: str) -> ItemView | None:
        with self._connections.reading() as connection:
            look = LookingBack(connection)
            return item_view(
                look,
                look.last_revision()[0],
                ci,
                times=partial(look.rows, sql.RECORD_TIMES),
                names=partial(look.rows, sql.NAMES),
            )

    def bearers(
        self, keys: Collection[str], limit: int, *, every_realm: bool = False
    ) -> Mapping[str, tuple[Bearer, ...]]:
        with self._connections.reading() as connection:
            return Lookups(connection).bearers(keys, limit, every_realm=every_realm)

    def history(self, ci: str, *, before: tuple[int, int] | None, limit: int) -> tuple[PastEvent, ...]:
        with self._connections.reading() as connection:
            survivor = LookingBack(connection).leads([ci]).get(ci, ci)
            newest = before[0] if before else 1 << 62
            return latest_events(connection.execute(sql.HISTORY, (survivor, newest)), before, limit)

    def events(self, after: tuple[int, int], limit: int) -> tuple[PastEvent, ...]:
        with self._connections.reading() as connection:
            return first_events(connection.execute(sql.EVENTS, after), after, limit)

    def record_places(
        self, source: str | None, realm: str | None, *, after: str | None, limit: int
    ) -> tuple[RecordPlace, ...]:
        with self._connections.reading() as connection:
            return Lookups(connection).record_places(source, realm, after or "", limit)

    def topology(self, known_at: int | None = None, as_of: int | None = None) -> Topology:
        with self._connections.reading() as connection:
            look = LookingBack(connection)
            return read_topology(look, *past_estate(look, look.last_revision()[0], self._vocabulary, known_at, as_of))

    def renewed(self, held: Topology) -> Topology:
        with self._connections.reading() as connection:
            look = LookingBack(connection)
            return renew(look, look.last_revision()[0], held, self._vocabulary, read_topology, read_waiting)

    def counts(self) -> StoreCounts:
        with self._connections.reading() as connection:
            tables = ("ci", "relation", "record", "waiting")
            return StoreCounts(*(connection.execute(f"select count(*) from {t}").fetchone()[0] for t in tables))

    def next_due(self) -> int | None:
        with self._connections.reading() as connection:
            return Lookups(connection).next_due()

    def dump(self) -> Iterator[Mapping[str, Any]]:
        with self._connections.reading() as connection:
            yield from dumping.dump(connection, Lookups(connection).last_revision()[0])

    def load(self, rows: Iterable[Mapping[str, Any]]) -> int:
        with self._connections.writing() as connection:
            return dumping.load(connection, rows)

    def backup(self, file: Path) -> int:
        with self._connections.lent() as connection:
            return copy_to(connection, file)

    def document(self, kind: str, key: str) -> Document | None:
        with self._connections.reading() as connection:
            return Lookups(connection).document(kind, key)

    def documents(
        self, kind: str, *, after: str | None = None, limit: int = 1000, newest_first: bool = False
    ) -> tuple[Document, ...]:
        statement = sql.DOCUMENTS_BACKWARDS if newest_first else sql.DOCUMENTS
        with self._connections.reading() as connection:
            rows = connection.execute(statement, (kind, after or "", limit))
            return tuple(Document(kind, key, version, from_json(body)) for key, version, body in rows)

    def put(self, write: DocumentWrite) -> int:
        with self._connections.writing() as connection:
            return put_document(connection, write)

    def close(self) -> None:
        self._connections.close()
