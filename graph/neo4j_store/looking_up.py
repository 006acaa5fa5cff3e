"""What a writer may look up, answered from Neo4j."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from neo4j import ManagedTransaction

from cmdb.configuration_item import ConfigurationItem
from cmdb.relation import Relation
from cmdb.sighting import Record
from cmdb.surroundings import Bearer, Block, Brief
from graph.encoding import from_json
from graph.ledger import Document
from graph.neo4j_store import statements as cypher
from graph.neo4j_store.encoding import Row, ends_of, read_ci, read_record, read_relation
from graph.store import ScopeRecord

AT_ONCE = 10_000
"""rows of one UNWIND: larger ones gain nothing and take memory"""


class Lookups:
    """Reads in one transaction."""

    def __init__(self, tx: ManagedTransaction) -> None:
        self.tx = tx

    def run(self, statement: str, **parameters: Any) -> Iterator[Row]:
        """Rows of a statement."""
        return iter(self.tx.run(statement, parameters).values())

    def rows(self, statement: str, keys: Iterable[Any], name: str = "keys") -> Iterator[Row]:
        """Rows of a statement that takes its keys as a list."""
        listed = list(keys)
        for begin in range(0, len(listed), AT_ONCE):
            yield from self.run(statement, **{name: listed[begin : begin + AT_ONCE]})

    def briefs(self, keys: Collection[str]) -> Mapping[str, Brief]:
        return {row[0]: Brief(*row) for row in self.rows(cypher.BRIEFS, keys)}

    def records(self, keys: Collection[str]) -> Mapping[str, Record]:
        return {row[1]: read_record(row) for row in self.rows(cypher.RECORDS, keys)}

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
            for _, linking, payload in self.rows(cypher.RECORD_KEYS, todo):
                wanted.update(from_json(linking))
                cis.update(from_json(payload)["c"])
            for item in self.rows(cypher.ITEMS, cis):
                members.update(item[8])
            wanted -= asked
            todo = members - found
        return Block(self.records(sorted(found)), common)

    def _carriers(
        self, wanted: Collection[str], keys: Mapping[str, int], common_at: int, common: dict[str, int]
    ) -> set[str]:
        carried: dict[str, list[str]] = {}
        for key, record in self.rows(cypher.CARRIERS, wanted):
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
            for key, ci, ci_class, name, lifecycle, realms, record in self.rows(_BEARING[space], asked):
                held = found.setdefault(key, [])
                for realm in realms if isinstance(realms, list) else (realms,):
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
        wanted = set(ids)
        pairs = sorted({ends_of(id_)[:2] for id_ in wanted})
        rows = self.rows(cypher.RELATIONS, [list(pair) for pair in pairs], "pairs")
        return {row[0]: read_relation(row) for row in rows if row[0] in wanted}

    def incident(self, cis: Collection[str]) -> tuple[Relation, ...]:
        found = {row[0]: row for row in self.rows(cypher.INCIDENT, cis)}
        return tuple(read_relation(found[id_]) for id_ in sorted(found))

    def items(self, ids: Collection[str]) -> Mapping[str, ConfigurationItem]:
        return {row[0]: read_ci(row) for row in self.rows(cypher.ITEMS, ids)}

    def scope_records(self, source: str, realm: str, scope: str) -> Iterator[ScopeRecord]:
        for row in self.run(cypher.SCOPE_RECORDS, source=source, realm=realm, scope=scope):
            yield ScopeRecord(*row)

    def document(self, kind: str, key: str) -> Document | None:
        for version, body in self.run(cypher.DOCUMENT, kind=kind, key=key):
            return Document(kind, key, version, from_json(body))
        return None

    def last_revision(self) -> tuple[int, int]:
        for n, recorded_at in self.run(cypher.REVISION):
            return n, recorded_at
        return 0, 0


_BEARING = {
    "clue": cypher.BEARING_CLUE,
    "anywhere": cypher.BEARING_CLUE_ANYWHERE,
    "record": cypher.BEARING_RECORD,
    "name": cypher.BEARING_NAME,
    "id": cypher.BEARING_ID,
}
