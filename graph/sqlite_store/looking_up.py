"""What a writer may look up, answered from SQLite."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping

from cmdb.configuration_item import ConfigurationItem
from cmdb.reference import escaped, record_key
from cmdb.relation import Relation
from cmdb.sighting import Record
from cmdb.surroundings import Bearer, Brief
from graph.encoding import from_json, to_json
from graph.ledger import Document
from graph.records_read import RecordsRead
from graph.sqlite_store import statements as sql
from graph.sqlite_store.encoding import Row, read_ci, read_record, read_relation
from graph.store import RecordPlace, ScopeRecord


class Lookups(RecordsRead):
    """Reads on one connection, in whatever transaction it is in."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__()
        self.connection = connection

    def rows(self, statement: str, keys: Iterable[str]) -> Iterator[Row]:
        """Rows of a statement that takes its keys as one JSON list."""
        listed = list(keys)
        return iter(self.connection.execute(statement, (to_json(listed),))) if listed else iter(())

    def briefs(self, keys: Collection[str]) -> Mapping[str, Brief]:
        return {row[0]: Brief(*row) for row in self.rows(sql.BRIEFS, keys)}

    def record_rows(self, keys: Collection[str]) -> Iterator[tuple[Record, str]]:
        return ((read_record(row[:-1]), row[-1]) for row in self.rows(sql.RECORDS, keys))

    def carrier_counts(self, keys: Collection[str]) -> Mapping[str, int]:
        return dict(self.rows(sql.CARRIER_COUNTS, keys))

    def carrier_rows(self, keys: Collection[str]) -> Iterator[Row]:
        return self.rows(sql.CARRIERS, keys)

    def member_rows(self, cis: Collection[str]) -> Iterator[tuple[str, list[str]]]:
        return ((ci, from_json(records)) for ci, records in self.rows(sql.MEMBERS, cis))

    def bearer_rows(self, space: str, keys: Collection[str]) -> Iterator[Bearer]:
        rows = self.rows(_BEARING[space], keys)
        if space not in ("id", "name"):
            return map(Bearer._make, rows)
        return (Bearer._make((*row[:5], realm, row[6])) for row in rows for realm in from_json(row[5]))

    def waiting_rows(self, keys: Collection[str]) -> Iterator[Row]:
        return self.rows(sql.WAITING, keys)

    def children(self, cis: Collection[str]) -> tuple[str, ...]:
        return tuple(row[0] for row in self.rows(sql.CHILDREN, cis))

    def relations(self, ids: Collection[str]) -> Mapping[str, Relation]:
        return {row[0]: read_relation(row) for row in self.rows(sql.RELATIONS, ids)}

    def incident(self, cis: Collection[str]) -> tuple[Relation, ...]:
        return tuple(read_relation(row) for row in self.rows(sql.INCIDENT, cis))

    def items(self, ids: Collection[str]) -> Mapping[str, ConfigurationItem]:
        return {row[0]: read_ci(row) for row in self.rows(sql.ITEMS, ids)}

    def scope_records(self, source: str, realm: str, scope: str) -> Iterator[ScopeRecord]:
        for key, ci, ci_class, heard, misses, gone, status in self.connection.execute(
            sql.SCOPE_RECORDS, (source, realm, scope)
        ):
            yield ScopeRecord(key, ci, ci_class, heard, misses, bool(gone), status)

    def scopes(self, source: str, realm: str) -> tuple[str, ...]:
        return tuple(row[0] for row in self.connection.execute(sql.SCOPES, (source, realm)))

    def due(self, until: int, limit: int) -> tuple[str, ...]:
        return tuple(row[0] for row in self.connection.execute(sql.DUE, (until, limit)))

    def next_due(self) -> int | None:
        at: int | None = self.connection.execute(sql.NEXT_DUE).fetchone()[0]
        return at

    def cis_after(self, after: str, limit: int) -> tuple[str, ...]:
        return tuple(row[0] for row in self.connection.execute(sql.CIS_AFTER, (after, limit)))

    def record_places(self, source: str | None, realm: str | None, after: str, limit: int) -> tuple[RecordPlace, ...]:
        """Records of a source lie side by side, because their keys begin with it."""
        begin = "" if source is None else f"{escaped(source)}|" if realm is None else record_key(source, realm, "")
        rows = self.connection.execute(
            sql.RECORD_PLACES, (max(begin, after), begin + "\U0010ffff", source, realm, limit)
        )
        return tuple(RecordPlace(*row) for row in rows)

    def record_keys(self, *, after: str, limit: int) -> tuple[str, ...]:
        return tuple(key for (key,) in self.connection.execute(sql.RECORD_KEYS, (after, limit)))

    def document(self, kind: str, key: str) -> Document | None:
        row = self.connection.execute(sql.DOCUMENT, (kind, key)).fetchone()
        return None if row is None else Document(kind, key, row[0], from_json(row[1]))

    def last_revision(self) -> tuple[int, int]:
        row = self.connection.execute(sql.REVISION).fetchone()
        return (row[0], row[1]) if row else (0, 0)


_BEARING = {
    "clue": sql.BEARING_CLUE,
    "anywhere": sql.BEARING_CLUE_ANYWHERE,
    "record": sql.BEARING_RECORD,
    "name": sql.BEARING_NAME,
    "id": sql.BEARING_ID,
}
