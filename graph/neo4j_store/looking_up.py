"""What a writer may look up, answered from Neo4j."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from neo4j import ManagedTransaction, Transaction

from cmdb.configuration_item import ConfigurationItem
from cmdb.relation import Relation
from cmdb.sighting import Record
from cmdb.surroundings import Bearer, Brief
from graph.encoding import from_json
from graph.ledger import Document
from graph.neo4j_store import statements as cypher
from graph.neo4j_store.encoding import Row, read_ci, read_record, read_relation
from graph.neo4j_store.spelling import Spelling, statement
from graph.records_read import RecordsRead
from graph.store import ScopeRecord

AT_ONCE = 5_000
"""rows of one UNWIND: larger ones gain nothing and take memory"""


class Lookups(RecordsRead):
    """Reads in one transaction."""

    def __init__(self, tx: ManagedTransaction | Transaction, spelling: Spelling) -> None:
        super().__init__()
        self.tx = tx
        self.spelling = spelling

    def run(self, asked: str, **parameters: Any) -> list[Row]:
        """All rows of a statement."""
        return self.tx.run(asked, parameters).values()

    def stream(self, asked: str, **parameters: Any) -> Iterator[Row]:
        """Rows of a statement as they are wanted."""
        return (list(record.values()) for record in self.tx.run(asked, parameters))

    def rows(self, asked: str, keys: Iterable[Any]) -> Iterator[Row]:
        """Rows of a statement that takes its keys as a list; a key given twice counts once."""
        listed = list(dict.fromkeys(keys))
        for begin in range(0, len(listed), AT_ONCE):
            yield from self.run(asked, keys=listed[begin : begin + AT_ONCE])

    def briefs(self, keys: Collection[str]) -> Mapping[str, Brief]:
        return {row[0]: Brief(*row) for row in self.rows(cypher.BRIEFS, keys)}

    def record_rows(self, keys: Collection[str]) -> Iterator[tuple[Record, str]]:
        return ((read_record(row[:-1]), row[-1]) for row in self.rows(cypher.RECORDS, keys))

    def carrier_counts(self, keys: Collection[str]) -> Mapping[str, int]:
        return {key: int(count) for key, count in self.rows(cypher.CARRIER_COUNTS, keys)}

    def carrier_rows(self, keys: Collection[str]) -> Iterator[tuple[str, str]]:
        return ((key, record) for key, record in self.rows(cypher.CARRIERS, keys))

    def member_rows(self, cis: Collection[str]) -> Iterator[tuple[str, list[str]]]:
        return ((ci, records) for ci, records in self.rows(cypher.MEMBERS, cis))

    def bearer_rows(self, space: str, keys: Collection[str]) -> Iterator[Bearer]:
        rows = self.rows(_BEARING[space], keys)
        if space not in ("id", "name"):
            return map(Bearer._make, rows)
        return (Bearer._make((*row[:5], realm, row[6])) for row in rows for realm in row[5])

    def waiting_rows(self, keys: Collection[str]) -> Iterator[tuple[str, str]]:
        return ((key, record) for key, record in self.rows(cypher.WAITING, keys))

    def children(self, cis: Collection[str]) -> tuple[str, ...]:
        return tuple(sorted(row[0] for row in self.rows(cypher.CHILDREN, cis)))

    def relations(self, ids: Collection[str]) -> Mapping[str, Relation]:
        found: dict[str, Relation] = {}
        for type_, ends in self.spelling.ends(ids).items():
            for begin in range(0, len(ends), AT_ONCE):
                for row in self.run(statement(cypher.RELATIONS, type_), keys=ends[begin : begin + AT_ONCE]):
                    found[row[0]] = read_relation(row, self.spelling.types)
        return found

    def incident(self, cis: Collection[str]) -> tuple[Relation, ...]:
        found = {row[0]: row for row in self.rows(cypher.INCIDENT, cis)}
        return tuple(read_relation(found[id_], self.spelling.types) for id_ in sorted(found))

    def items(self, ids: Collection[str]) -> Mapping[str, ConfigurationItem]:
        return {row[0]: read_ci(row) for row in self.rows(cypher.ITEMS, ids)}

    def scope_records(self, source: str, realm: str, scope: str) -> Iterator[ScopeRecord]:
        for row in self.stream(cypher.SCOPE_RECORDS, source=source, realm=realm, scope=scope):
            yield ScopeRecord(*row)

    def record_keys(self, *, after: str, limit: int) -> tuple[str, ...]:
        return tuple(key for (key,) in self.run(cypher.RECORD_KEYS, after=after, limit=limit))

    def scopes(self, source: str, realm: str) -> tuple[str, ...]:
        return tuple(row[0] for row in self.run(cypher.SCOPES, source=source, realm=realm))

    def due(self, until: int, limit: int) -> tuple[str, ...]:
        return tuple(row[0] for row in self.run(cypher.DUE, until=until, limit=limit))

    def next_due(self) -> int | None:
        for (at,) in self.run(cypher.NEXT_DUE):
            return int(at)
        return None

    def cis_after(self, after: str, limit: int) -> tuple[str, ...]:
        return tuple(row[0] for row in self.run(cypher.CIS_AFTER, after=after, limit=limit))

    def document(self, kind: str, key: str) -> Document | None:
        for version, body in self.run(cypher.DOCUMENT, kind=kind, key=key):
            return Document(kind, key, version, from_json(body))
        return None

    def last_revision(self) -> tuple[int, int]:
        """The last revision and when it was recorded."""
        ((n, recorded_at),) = self.run(cypher.REVISION)
        return n, recorded_at

    def stand(self) -> tuple[int, int]:
        """The last revision, and how many have written anything at all."""
        ((n, writers),) = self.run(cypher.STAND)
        return n, writers


_BEARING = {
    "clue": cypher.BEARING_CLUE,
    "anywhere": cypher.BEARING_CLUE_ANYWHERE,
    "record": cypher.BEARING_RECORD,
    "name": cypher.BEARING_NAME,
    "id": cypher.BEARING_ID,
}
