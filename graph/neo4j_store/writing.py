"""How a patch is written to Neo4j, inside the transaction under whose lock it was worked out."""

from collections.abc import Iterable
from typing import Any

from neo4j import ManagedTransaction

from cmdb.configuration_item import ConfigurationItem
from cmdb.graph_patch import DocumentWrite, GraphPatch
from cmdb.relation import Relation
from graph.encoding import encode_events, to_json
from graph.ledger import Conflict
from graph.neo4j_store import statements as cypher
from graph.neo4j_store.encoding import ci_row, ends_of, record_row, relation_row
from graph.neo4j_store.looking_up import AT_ONCE, Lookups
from graph.neo4j_store.schema import label_of, type_of


class WritingTransaction(Lookups):
    """A transaction that holds the revision node: nobody else writes until it ends."""

    def __init__(self, tx: ManagedTransaction) -> None:
        super().__init__(tx)
        (last,) = next(self.run(cypher.LOCK))
        self.revision: int = last + 1
        self.applied = False

    def do(self, statement: str, rows: Iterable[Any], name: str = "rows") -> None:
        """Run a writing statement over rows, in pieces."""
        listed = list(rows)
        for begin in range(0, len(listed), AT_ONCE):
            self.tx.run(statement, {name: listed[begin : begin + AT_ONCE]}).consume()

    def apply(self, patch: GraphPatch) -> int:
        """Write the patch; see the port."""
        if self.applied:
            raise ValueError("one transaction applies one patch")
        if patch.is_empty():
            return self.revision - 1
        self.applied = True
        self.tx.run(cypher.NEW_REVISION, n=self.revision, at=patch.recorded_at, run=patch.run).consume()
        self._write_records(patch)
        self._write_cis(patch)
        self._write_relations(patch)
        self._write_events(patch)
        for document in patch.documents:
            put_document(self, document)
        return self.revision

    def _write_records(self, patch: GraphPatch) -> None:
        self.do(cypher.NEW_RECORDS, [record_row(write) for write in patch.records if write.is_new])
        self.do(cypher.PUT_RECORDS, [record_row(write) for write in patch.records if not write.is_new])
        self.do(cypher.END_CLUES, [[key, w.record.key] for w in patch.records for key in w.keys_removed])
        self.do(cypher.NEW_CLUES, [[key, w.record.key] for w in patch.records for key in w.keys_added])
        touched = [
            {
                "key": t.record, "ci": t.ci, "first": t.first, "last": t.last, "observed_at": t.observed_at,
                "read_at": t.read_at, "heard": self.revision, "scope": t.scope,
            }
            for t in patch.touches
        ]  # fmt: skip
        self.do(cypher.TOUCH_RECORDS, touched)
        self.do(cypher.TOUCH_CIS, touched)

    def _write_cis(self, patch: GraphPatch) -> None:
        new: dict[str, list[ConfigurationItem]] = {}
        moved: dict[str, list[ConfigurationItem]] = {}
        for ci in patch.cis:
            (new if ci.id in patch.new_cis else moved).setdefault(label_of(ci.ci_class), []).append(ci)
        for label, cis in sorted(new.items()):
            self.do(cypher.NEW_CIS.replace("{label}", label), [ci_row(ci) for ci in cis])
        if moved:
            self._move_cis(moved)
        self.do(cypher.PUT_ALIASES, [[alias, ci] for alias, ci in sorted(patch.aliases.items())])
        self.do(cypher.END_ALIASES, patch.aliases_over, "keys")

    def _move_cis(self, moved: dict[str, list[ConfigurationItem]]) -> None:
        """A CI whose class moved loses the label it had."""
        ids = [ci.id for cis in moved.values() for ci in cis]
        had = {row[0]: label_of(row[1]) for row in self.rows(cypher.ITEMS, ids)}
        for label, cis in sorted(moved.items()):
            for before in sorted({had[ci.id] for ci in cis}):
                remove = f"REMOVE c:{before}" if before != label else ""
                self.do(
                    cypher.PUT_CIS.format(remove=remove, label=label),
                    [ci_row(ci) for ci in cis if had[ci.id] == before],
                )

    def _write_relations(self, patch: GraphPatch) -> None:
        self.do(cypher.END_RELATIONS, [list(ends_of(id_)) for id_ in patch.relations_gone], "pairs")
        self.do(cypher.END_CIS, patch.cis_gone, "keys")
        by_type: dict[tuple[str, bool], list[Relation]] = {}
        for relation in patch.relations:
            by_type.setdefault((relation.type, relation.id in patch.new_relations), []).append(relation)
        for (type_, is_new), relations in sorted(by_type.items()):
            statement = (cypher.NEW_RELATIONS if is_new else cypher.PUT_RELATIONS).format(type=type_of(type_))
            self.do(statement, [relation_row(relation) for relation in relations])
        self.do(cypher.END_WAITING, [list(waiting) for waiting in patch.waiting_over])
        self.do(cypher.NEW_WAITING, [list(waiting) for waiting in patch.waiting])

    def _write_events(self, patch: GraphPatch) -> None:
        rows = []
        seq = 0
        for group in patch.events:
            rows.append(
                {
                    "ci": group.ci, "revision": self.revision, "seq": seq, "record": group.record,
                    "source": group.source, "observed_at": group.observed_at, "events": encode_events(group.events),
                }
            )  # fmt: skip
            seq += len(group.events)
        self.do(cypher.NEW_EVENTS, rows)


def put_document(look: Lookups, write: DocumentWrite) -> int:
    """Write one document; its version, 0 when deleted. Raises Conflict where `expected` does not hold."""
    found = look.document(write.kind, write.key)
    version = found.version if found else 0
    if write.expected != -1 and version != (write.expected or 0):
        raise Conflict(f"{write.kind} {write.key} is at version {version}, not {write.expected or 'absent'}")
    if write.body is None:
        list(look.run(cypher.END_DOCUMENT, kind=write.kind, key=write.key))
        return 0
    body = to_json(write.body)
    list(look.run(cypher.PUT_DOCUMENT, kind=write.kind, key=write.key, version=version + 1, body=body))
    return version + 1
