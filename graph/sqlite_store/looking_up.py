"""What a writer may look up, answered from SQLite."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping

from cmdb.configuration_item import ConfigurationItem
from cmdb.relation import Relation
from cmdb.sighting import Record
from cmdb.surroundings import Bearer, Block, Brief
from graph.encoding import from_json, to_json
from graph.ledger import Document
from graph.sqlite_store import statements as sql
from graph.sqlite_store.encoding import Row, read_ci, read_record, read_relation
from graph.store import ScopeRecord


class Lookups:
    """Reads on one connection, in whatever transaction it is in."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def rows(self, statement: str, keys: Iterable[str]) -> Iterator[Row]:
        """Rows of a statement that takes its keys as one JSON list."""
        listed = list(keys)
        return iter(self.connection.execute(statement, (to_json(listed),))) if listed else iter(())

    def briefs(self, keys: Collection[str]) -> Mapping[str, Brief]:
        return {row[0]: Brief(*row) for row in self.rows(sql.BRIEFS, keys)}

    def records(self, keys: Collection[str]) -> Mapping[str, Record]:
        return {row[1]: read_record(row) for row in self.rows(sql.RECORDS, keys)}

    def block(self, records: Collection[str], keys: Mapping[str, int], *, common_at: int, largest: int) -> Block:
        common: dict[str, int] = {}
        found: set[str] = set()
        asked: set[str] = set()
        todo, wanted = set(records), set(keys)
        while wanted or todo:
            todo |= self._carriers(wanted, keys, common_at, common)
            asked |= wanted
            todo -= found
            if len(found) + len(todo) > max(largest, len(records)):
                return Block(self.records(sorted(found)), common, cut=True)
            found |= todo
            wanted, members = set(), set()
            cis: set[str] = set()
            for _, linking, payload in self.rows(sql.RECORD_KEYS, todo):
                wanted.update(from_json(linking))
                cis.update(from_json(payload)["c"])
            for item in self.rows(sql.ITEMS, cis):
                members.update(from_json(item[8]))
            wanted -= asked
            todo = members - found
        return Block(self.records(sorted(found)), common)

    def _carriers(
        self, wanted: Collection[str], keys: Mapping[str, int], common_at: int, common: dict[str, int]
    ) -> set[str]:
        carried: dict[str, list[str]] = {}
        for key, record in self.rows(sql.CARRIERS, wanted):
            carried.setdefault(key, []).append(record)
        found: set[str] = set()
        for key, carriers in carried.items():
            if len(carriers) > common_at + keys.get(key, 0):
                common[key] = len(carriers)
            else:
                found.update(carriers)
        return found

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
            for row in self.rows(_BEARING[space], asked):
                held = found.setdefault(row[0], [])
                realms = from_json(row[5]) if space in ("id", "name") else (row[5],)
                for realm in realms:
                    if len(held) < limit:
                        held.append(Bearer(row[0], row[1], row[2], row[3], row[4], realm, row[6]))
        return {key: tuple(held) for key, held in found.items()}

    def waiting(self, keys: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for key, record in self.rows(sql.WAITING, keys):
            found.setdefault(key, []).append(record)
        return {key: tuple(records) for key, records in found.items()}

    def children(self, cis: Collection[str]) -> tuple[str, ...]:
        return tuple(row[0] for row in self.rows(sql.CHILDREN, cis))

    def relations(self, ids: Collection[str]) -> Mapping[str, Relation]:
        return {row[0]: read_relation(row) for row in self.rows(sql.RELATIONS, ids)}

    def incident(self, cis: Collection[str]) -> tuple[Relation, ...]:
        return tuple(read_relation(row) for row in self.rows(sql.INCIDENT, cis))

    def items(self, ids: Collection[str]) -> Mapping[str, ConfigurationItem]:
        return {row[0]: read_ci(row) for row in self.rows(sql.ITEMS, ids)}

    def scope_records(self, source: str, realm: str, scope: str) -> Iterator[ScopeRecord]:
        for key, ci, ci_class, heard, misses, gone in self.connection.execute(
            sql.SCOPE_RECORDS, (source, realm, scope)
        ):
            yield ScopeRecord(key, ci, ci_class, heard, misses, bool(gone))

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
