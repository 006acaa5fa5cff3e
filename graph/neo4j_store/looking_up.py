"""What a writer may look up, answered from Neo4j."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from neo4j import ManagedTransaction, Transaction

from cmdb.configuration_item import ConfigurationItem
from cmdb.relation import Relation
from cmdb.sighting import Record
from cmdb.surroundings import Bearer, Block, Brief
from graph.closure import Belongings, Carried, close_block
from graph.encoding import from_json
from graph.ledger import Document
from graph.neo4j_store import statements as cypher
from graph.neo4j_store.encoding import Row, read_ci, read_record, read_relation
from graph.neo4j_store.spelling import Spelling, statement
from graph.store import ScopeRecord

AT_ONCE = 5_000
"""rows of one UNWIND: larger ones gain nothing and take memory"""


class Lookups:
    """Reads in one transaction."""

    def __init__(self, tx: ManagedTransaction | Transaction, spelling: Spelling) -> None:
        self.tx = tx
        self.spelling = spelling
        self._records: dict[str, Record] = {}
        self._linking: dict[str, str] = {}
        """record → its linking keys as JSON"""

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

    def records(self, keys: Collection[str]) -> Mapping[str, Record]:
        wanted = set(keys)
        self._read(wanted)
        return {key: self._records[key] for key in wanted & self._records.keys()}

    def _read(self, keys: Collection[str]) -> None:
        """Read records once, however often they are asked for: nobody else writes in this transaction."""
        for row in self.rows(cypher.RECORDS, keys - self._records.keys()):
            self._records[row[1]] = read_record(row[:-1])
            self._linking[row[1]] = row[-1]

    def forget(self) -> None:
        """Read everything anew from here on: it has been written."""
        self._records.clear()
        self._linking.clear()

    def block(self, records: Collection[str], keys: Mapping[str, int], *, common_at: int, largest: int) -> Block:
        closed = close_block(
            records,
            keys,
            common_at=common_at,
            largest=largest,
            carriers=self._carriers,
            belongings=self._belongings,
            members=self._members,
        )
        return Block(self.records(closed.records), closed.common, closed.cut)

    def _carriers(self, allowed: Mapping[str, int]) -> Carried:
        counts = {row[0]: int(row[1]) for row in self.rows(cypher.CARRIER_COUNTS, allowed)}
        carried: dict[str, list[str]] = {}
        for key, record in self.rows(cypher.CARRIERS, [key for key, n in counts.items() if n <= allowed[key]]):
            carried.setdefault(key, []).append(record)
        return Carried(carried, {key: n for key, n in counts.items() if n > allowed[key]})

    def _belongings(self, keys: Collection[str]) -> Iterator[Belongings]:
        self._read(set(keys))
        for key in keys:
            if key in self._records:
                yield Belongings(key, from_json(self._linking[key]), self._records[key].cis)

    def _members(self, cis: Collection[str]) -> Iterator[tuple[str, list[str]]]:
        return ((ci, records) for ci, records in self.rows(cypher.MEMBERS, cis))

    def bearers(
        self, keys: Collection[str], limit: int, *, every_realm: bool = False
    ) -> Mapping[str, tuple[Bearer, ...]]:
        spaces: dict[str, list[str]] = {}
        for key in keys:
            space = key.partition("|")[0]
            if space not in ("id", "name", "record"):
                space = "anywhere" if every_realm and key.endswith("|") else "clue"
            spaces.setdefault(space, []).append(key)
        found: dict[str, list[Bearer]] = {}
        for space, asked in spaces.items():
            for key, ci, ci_class, name, lifecycle, realms, record in self.rows(_BEARING[space], asked):
                held = found.setdefault(key, [])
                for realm in realms:
                    if len(held) < limit:
                        held.append(Bearer(key, ci, ci_class, name, lifecycle, realm, record))
        return {key: tuple(held) for key, held in found.items()}

    def waiting(self, keys: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for key, record in self.rows(cypher.WAITING, keys):
            found.setdefault(key, []).append(record)
        return {key: tuple(records) for key, records in found.items()}

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
