"""What a writer may look up, answered from SQLite."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping

from cmdb.configuration_item import ConfigurationItem
from cmdb.reference import escaped, record_key
from cmdb.relation import Relation
from cmdb.sighting import Record
from cmdb.surroundings import Bearer, Block, Brief
from graph.closure import Belongings, Carried, close_block
from graph.encoding import from_json, to_json
from graph.ledger import Document
from graph.sqlite_store import statements as sql
from graph.sqlite_store.encoding import Row, read_ci, read_record, read_relation
from graph.store import RecordPlace, ScopeRecord


class Lookups:
    """Reads on one connection, in whatever transaction it is in."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._records: dict[str, Record] = {}
        self._linking: dict[str, str] = {}
        """record → its linking keys as JSON"""

    def rows(self, statement: str, keys: Iterable[str]) -> Iterator[Row]:
        """Rows of a statement that takes its keys as one JSON list."""
        listed = list(keys)
        return iter(self.connection.execute(statement, (to_json(listed),))) if listed else iter(())

    def briefs(self, keys: Collection[str]) -> Mapping[str, Brief]:
        return {row[0]: Brief(*row) for row in self.rows(sql.BRIEFS, keys)}

    def records(self, keys: Collection[str]) -> Mapping[str, Record]:
        wanted = set(keys)
        self._read(wanted)
        return {key: self._records[key] for key in wanted & self._records.keys()}

    def _read(self, keys: Collection[str]) -> None:
        """Read records once, however often they are asked for: nobody else writes in this transaction."""
        for row in self.rows(sql.RECORDS, keys - self._records.keys()):
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
        counts: dict[str, int] = dict(self.rows(sql.CARRIER_COUNTS, allowed))
        followed = [key for key, count in counts.items() if count <= allowed[key]]
        carried: dict[str, list[str]] = {}
        for key, record in self.rows(sql.CARRIERS, followed):
            carried.setdefault(key, []).append(record)
        return Carried(carried, {key: count for key, count in counts.items() if count > allowed[key]})

    def _belongings(self, keys: Collection[str]) -> Iterator[Belongings]:
        self._read(set(keys))
        for key in keys:
            if key in self._records:
                yield Belongings(key, from_json(self._linking[key]), self._records[key].cis)

    def _members(self, cis: Collection[str]) -> Iterator[tuple[str, list[str]]]:
        for ci, records in self.rows(sql.MEMBERS, cis):
            yield ci, from_json(records)

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
