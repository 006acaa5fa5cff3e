"""Everything a Neo4j store holds as neutral rows, and back."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from graph.dump import TABLES, End, check_end, whole_row, with_past
from graph.encoding import from_json, to_json
from graph.neo4j_store import statements as cypher
from graph.neo4j_store.encoding import Row, ci_row, read_ci, read_relation, said
from graph.neo4j_store.looking_up import AT_ONCE, Lookups
from graph.neo4j_store.writing import WritingTransaction
from graph.store import StoreError

_LABELS = {
    "revision": "RevisionLog", "record": "Record", "clue": "Clue", "waiting": "Waiting", "alias": "Alias",
    "history": "History", "past": "Past", "document": "Document",
}  # fmt: skip
# A condition that always holds lets an index give the order, so that the server does not sort whole rows in memory.
_ORDER = {
    "revision": ("n.n >= 0", "n.n"),
    "record": ("n.key >= ''", "n.key"),
    "clue": ("n.key >= ''", "n.key, n.record"),
    "waiting": ("n.key >= ''", "n.key, n.record"),
    "alias": ("n.id >= ''", "n.id"),
    "history": ("n.ci >= ''", "n.ci, n.revision, n.seq"),
    "past": ("n.kind >= '' AND n.id >= ''", "n.kind, n.id, n.n"),
    "document": ("n.kind >= '' AND n.key >= ''", "n.kind, n.key"),
}
_CIS = (
    "MATCH (c:CI) WHERE c.id >= '' WITH c ORDER BY c.id "
    "RETURN c.id, c.class, c.name, c.name_key, c.lifecycle, c.status, c.environment, c.tier, c.owner, "
    "toInteger(c._network_root), c.first_seen, c.last_seen, c._facts, c._identifiers, c._records, c._realms, "
    "c._parent, c._because, c._contradiction, c._due, c._words, c.born"
)
_RELATIONS = (
    "MATCH (a:CI)-[r]->(b:CI) WITH a, r, b ORDER BY r.id "
    "RETURN r.id, type(r), a.id, b.id, r._witnesses, r.first_seen, r._requirements, r.effect, r.basis, r.strength, "
    "r.confidence, toInteger(r.human), toInteger(r.stale), r.born"
)


def dump(look: Lookups, revision: int) -> Iterator[Mapping[str, Any]]:
    """Rows of every kind in the order of graph.dump, then the end mark."""
    count = 0
    for table, columns in TABLES.items():
        for row in _rows(look, table):
            count += 1
            yield {"kind": table, "row": dict(zip(columns, row, strict=True))}
    yield End(revision, count).as_row()


def _rows(look: Lookups, table: str) -> Iterator[Row]:
    if table == "ci":
        for row in look.stream(_CIS):
            row[14], row[15] = to_json(row[14]), to_json(row[15])
            yield row
    elif table == "relation":
        for row in look.stream(_RELATIONS):
            row[1] = look.spelling.types[row[1]]
            yield row
    else:
        holds, order = _ORDER[table]
        columns = ", ".join(f"toInteger(n.{c})" if c == "gone" else f"n.{c}" for c in TABLES[table])
        yield from look.stream(f"MATCH (n:{_LABELS[table]}) WHERE {holds} WITH n ORDER BY {order} RETURN {columns}")


def load(tx: WritingTransaction, rows: Iterable[Mapping[str, Any]]) -> int:
    """Fill an empty store, inside the caller's transaction; the revision."""
    if tx.revision != 1 or tx.run("MATCH (n:Document) RETURN n.key LIMIT 1"):
        raise StoreError("only an empty store can be filled from an export: set CMDB_STORE to a new one")
    several = _Counted(with_past(rows))
    while batch := list(islice(several, AT_ONCE)):
        by_kind: dict[str, list[Mapping[str, Any]]] = {}
        for kind, row in batch:
            by_kind.setdefault(kind, []).append(row)
        for kind, held in by_kind.items():
            _FILL.get(kind, _fill_plainly)(tx, kind, held)
    return check_end(several.end, several.count)


class _Counted:
    """Rows up to the end mark. Raises StoreError for what is no row of ours."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._rows = iter(rows)
        self.count = 0
        self.end: End | None = None

    def __iter__(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        return self

    def __next__(self) -> tuple[str, Mapping[str, Any]]:
        row = next(self._rows)
        if self.end is not None:
            raise StoreError("the export goes on after its end mark")
        self.end = End.from_row(row)
        if self.end is not None:
            return next(self)
        kind = row.get("kind")
        if not isinstance(kind, str) or kind not in TABLES:
            raise StoreError(f"the export holds a row of unknown kind {kind!r}")
        self.count += 1
        # No other column than ours, whatever a file says: they become properties.
        given = whole_row(kind, row["row"])
        return kind, {column: given[column] for column in TABLES[kind]}


def _fill_plainly(tx: WritingTransaction, kind: str, rows: list[Mapping[str, Any]]) -> None:
    tx.create(_LABELS[kind], [said(row) for row in rows])


def _fill_revisions(tx: WritingTransaction, kind: str, rows: list[Mapping[str, Any]]) -> None:
    _fill_plainly(tx, kind, rows)
    last = max(rows, key=lambda row: int(row["n"]))
    tx.run(
        "MATCH (v:Revision {id: 'last'}) WHERE coalesce(v.n, 0) < $n SET v.n = $n, v.recorded_at = $at",
        n=last["n"], at=last["recorded_at"],
    )  # fmt: skip


def _fill_records(tx: WritingTransaction, kind: str, rows: list[Mapping[str, Any]]) -> None:
    _fill_plainly(tx, kind, [{**row, "gone": bool(row["gone"])} for row in rows])


def _fill_cis(tx: WritingTransaction, _kind: str, rows: list[Mapping[str, Any]]) -> None:
    filled = []
    for row in rows:
        ci = read_ci(
            [row["id"], row["class"], row["name"], row["lifecycle"], row["first_seen"], row["last_seen"], row["facts"],
             row["identifiers"], from_json(row["records"]), from_json(row["realms"]), row["parent"], row["because"],
             row["contradiction"], row["due"]]
        )  # fmt: skip
        filled.append({**ci_row(ci), "name_key": row["name_key"], "_words": row["words"], "born": row["born"]})
    tx.create_cis(filled)


def _fill_relations(tx: WritingTransaction, _kind: str, rows: list[Mapping[str, Any]]) -> None:
    columns = TABLES["relation"][:-3]
    same = {row["type"]: row["type"] for row in rows}
    by_birth: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_birth.setdefault(row["born"], []).append(row)
    for born, several in by_birth.items():
        filled = (
            read_relation([*(row[column] for column in columns), bool(row["human"]), bool(row["stale"])], same)
            for row in several
        )
        tx.put_relations(filled, cypher.NEW_RELATIONS, born=born)


_FILL: dict[str, Callable[[WritingTransaction, str, list[Mapping[str, Any]]], None]] = {
    "revision": _fill_revisions,
    "record": _fill_records,
    "ci": _fill_cis,
    "relation": _fill_relations,
}
