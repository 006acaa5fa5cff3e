"""Everything a Neo4j store holds as neutral rows, and back."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from graph.dump import TABLES, End, check_end
from graph.encoding import from_json, to_json
from graph.neo4j_store import statements as cypher
from graph.neo4j_store.encoding import ci_row, read_ci, read_relation, relation_row
from graph.neo4j_store.looking_up import AT_ONCE, Lookups
from graph.neo4j_store.schema import label_of, type_of
from graph.neo4j_store.writing import WritingTransaction
from graph.store import StoreError

_PLAIN = {
    "revision": "MATCH (n:RevisionLog) RETURN n.n, n.recorded_at, n.run ORDER BY n.n",
    "record": (
        "MATCH (n:Record) RETURN n.key, n.source, n.realm, n.record, n.ci, n.content, n.scope, n.first, n.last, "
        "n.observed_at, n.read_at, n.heard, n.misses, toInteger(n.gone), n.parent, n.keys, n.payload ORDER BY n.key"
    ),
    "clue": "MATCH (n:Clue) RETURN n.key, n.record ORDER BY n.key, n.record",
    "waiting": "MATCH (n:Waiting) RETURN n.key, n.record ORDER BY n.key, n.record",
    "alias": "MATCH (n:Alias) RETURN n.id, n.ci ORDER BY n.id",
    "history": (
        "MATCH (n:History) RETURN n.ci, n.revision, n.seq, n.record, n.source, n.observed_at, n.events "
        "ORDER BY n.ci, n.revision, n.seq"
    ),
    "document": "MATCH (n:Document) RETURN n.kind, n.key, n.version, n.body ORDER BY n.kind, n.key",
}
_CIS = (
    "MATCH (c:CI) RETURN c.id, c.class, c.name, c.name_key, c.lifecycle, c.status, c.environment, c.tier, c.owner, "
    "toInteger(c._network_root), c.first_seen_us, c.last_seen_us, c._facts, c._identifiers, c._records, c._realms, "
    "c._parent, c._words ORDER BY c.id"
)
_RELATIONS = (
    "MATCH (a:CI)-[r]->(b:CI) RETURN r.id, r._type, a.id, b.id, r._witnesses, r.first_seen_us, r._requirements, "
    "r.effect, r.basis, r.strength, r.confidence, toInteger(r.human), toInteger(r.stale) ORDER BY r.id"
)


def dump(look: Lookups, revision: int) -> Iterator[Mapping[str, Any]]:
    """Rows of every kind in the order of graph.dump, then the end mark."""
    count = 0
    for table, columns in TABLES.items():
        for row in _rows(look, table):
            count += 1
            yield {"kind": table, "row": dict(zip(columns, row, strict=True))}
    yield End(revision, count).as_row()


def _rows(look: Lookups, table: str) -> Iterator[list[Any]]:
    statement = _CIS if table == "ci" else _RELATIONS if table == "relation" else _PLAIN[table]
    for record in look.tx.run(statement):
        row = list(record.values())
        if table == "ci":
            row[14], row[15] = to_json(row[14]), to_json(row[15])
        yield row


def load(tx: WritingTransaction, rows: Iterable[Mapping[str, Any]]) -> int:
    """Fill an empty store, inside the caller's transaction; the revision."""
    if tx.revision != 1 or next(tx.run("MATCH (n:Document) RETURN count(n)"))[0]:
        raise StoreError("only an empty store can be filled from an export: set CMDB_STORE to a new one")
    count = 0
    end: End | None = None
    several = iter(rows)
    while batch := list(islice(several, AT_ONCE)):
        by_kind: dict[str, list[Mapping[str, Any]]] = {}
        for row in batch:
            if end is not None:
                raise StoreError("the export goes on after its end mark")
            end = End.from_row(row)
            if end is None:
                kind = row.get("kind")
                if kind not in TABLES:
                    raise StoreError(f"the export holds a row of unknown kind {kind!r}")
                by_kind.setdefault(kind, []).append(row["row"])
                count += 1
        for kind, held in by_kind.items():
            _FILL[kind](tx, held)
    revision = check_end(end, count)
    tx.tx.run("MATCH (v:Revision {key: 'last'}) SET v.n = $n", n=revision).consume()
    return revision


def _plain(label: str) -> Callable[[WritingTransaction, list[Mapping[str, Any]]], None]:
    return lambda tx, rows: tx.do(f"UNWIND $rows AS row CREATE (n:{label}) SET n = row", [dict(row) for row in rows])


def _fill_revisions(tx: WritingTransaction, rows: list[Mapping[str, Any]]) -> None:
    _plain("RevisionLog")(tx, rows)
    at = max(row["recorded_at"] for row in rows)
    tx.tx.run("MATCH (v:Revision {key: 'last'}) SET v.recorded_at = $at", at=at).consume()


def _fill_records(tx: WritingTransaction, rows: list[Mapping[str, Any]]) -> None:
    _plain("Record")(tx, [{**row, "gone": bool(row["gone"])} for row in rows])


def _fill_cis(tx: WritingTransaction, rows: list[Mapping[str, Any]]) -> None:
    by_label: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        ci = read_ci(
            [row["id"], row["class"], row["name"], row["lifecycle"], row["first_seen"], row["last_seen"], row["facts"],
             row["identifiers"], from_json(row["records"]), from_json(row["realms"]), row["parent"]]
        )  # fmt: skip
        by_label.setdefault(label_of(ci.ci_class), []).append(ci_row(ci))
    for label, held in sorted(by_label.items()):
        tx.do(cypher.NEW_CIS.replace("{label}", label), held)


def _fill_relations(tx: WritingTransaction, rows: list[Mapping[str, Any]]) -> None:
    by_type: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        relation = read_relation(
            [*(row[column] for column in TABLES["relation"][:11]), bool(row["human"]), bool(row["stale"])]
        )
        by_type.setdefault(relation.type, []).append(relation_row(relation))
    for type_, held in sorted(by_type.items()):
        tx.do(cypher.NEW_RELATIONS.format(type=type_of(type_)), held)


def _fill_documents(tx: WritingTransaction, rows: list[Mapping[str, Any]]) -> None:
    _plain("Document")(tx, rows)


_FILL: dict[str, Callable[[WritingTransaction, list[Mapping[str, Any]]], None]] = {
    "revision": _fill_revisions,
    "record": _fill_records,
    "clue": _plain("Clue"),
    "ci": _fill_cis,
    "relation": _fill_relations,
    "waiting": _plain("Waiting"),
    "alias": _plain("Alias"),
    "history": _plain("History"),
    "document": _fill_documents,
}
