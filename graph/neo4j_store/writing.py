"""How a patch is written to Neo4j, inside the transaction under whose lock it was worked out."""

from collections.abc import Collection, Iterable
from operator import itemgetter
from typing import Any

from neo4j import ManagedTransaction, Transaction

from cmdb.configuration_item import ConfigurationItem
from cmdb.forgetting import Forgotten
from cmdb.graph_patch import DocumentWrite, GraphPatch
from cmdb.relation import Relation
from graph.encoding import encode_events, to_json
from graph.ledger import Conflict
from graph.neo4j_store import statements as cypher
from graph.neo4j_store.encoding import ci_row, record_row, relation_row, said
from graph.neo4j_store.looking_back import born_of
from graph.neo4j_store.looking_up import AT_ONCE, Lookups
from graph.neo4j_store.spelling import Spelling, statement
from graph.past import ALIAS, CI, RECORD, RELATION, SAYING, rows_of
from graph.words import check_still_ours


class WritingTransaction(Lookups):
    """A transaction that holds the revision node: nobody else writes until it ends."""

    def __init__(self, tx: ManagedTransaction | Transaction, spelling: Spelling) -> None:
        super().__init__(tx, spelling)
        tx.run(cypher.LOCK).consume()
        ((last, words),) = self.run(cypher.COUNT_WRITER)
        check_still_ours(words, spelling.fingerprint)
        self.revision: int = last + 1
        self.applied = False

    def do(self, asked: str, rows: Iterable[Any]) -> None:
        """Run a writing statement over rows, in pieces."""
        listed = list(rows)
        for begin in range(0, len(listed), AT_ONCE):
            self.tx.run(asked, rows=listed[begin : begin + AT_ONCE]).consume()

    def create(self, label: str, rows: Iterable[dict[str, Any]]) -> None:
        """New nodes of a label of ours."""
        self.do(statement(cypher.CREATE, label), rows)

    def create_cis(self, rows: Iterable[dict[str, Any]]) -> None:
        """New CIs, each under the label of its class."""
        by_label: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            by_label.setdefault(self.spelling.label(row["class"]), []).append(row)
        for label, several in sorted(by_label.items()):
            self.do(statement(cypher.NEW_CIS, label), several)

    def put_relations(self, relations: Iterable[Relation], template: str, *, born: int | None = None) -> None:
        """Relations by NEW_RELATIONS or PUT_RELATIONS, type by type; `born` for new ones, None keeps what stands."""
        by_type: dict[str, list[list[Any]]] = {}
        for relation in relations:
            by_type.setdefault(self.spelling.type(relation.type), []).append(relation_row(relation, born))
        for type_, rows in sorted(by_type.items()):
            self.do(statement(template, type_), rows)

    def apply(self, patch: GraphPatch) -> int:
        """Write the patch; see the port."""
        if self.applied:
            raise ValueError("one transaction applies one patch")
        if patch.is_empty():
            return self.revision - 1
        self.applied = True
        self.forget()
        self.run(cypher.NEW_REVISION, n=self.revision, at=patch.recorded_at, run=patch.run)
        self._keep_past(patch)
        self._write_records(patch)
        self._write_cis(patch)
        self._write_relations(patch)
        self._forget(patch.forgotten)
        self._write_events(patch)
        for document in patch.documents:
            put_document(self, document)
        return self.revision

    def _keep_past(self, patch: GraphPatch) -> None:
        born = born_of(self, CI, patch.cis_gone) | born_of(self, RELATION, patch.relations_gone)
        self.create("Past", [said(row._asdict()) for row in rows_of(patch.past, self.revision, born)])

    def _write_records(self, patch: GraphPatch) -> None:
        new = [write for write in patch.records if write.is_new]
        known = [write for write in patch.records if not write.is_new]
        self.create("Record", [record_row(write) for write in new])
        self.do(cypher.PUT_RECORDS, [record_row(write) for write in known])
        self._end("Clue", [(key, write.record.key) for write in patch.records for key in write.keys_removed])
        self.do(cypher.NEW_CLUES, _sorted((key, write.record.key) for write in new for key in write.keys_added))
        self._begin("Clue", [(key, write.record.key) for write in known for key in write.keys_added])
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
        self.create_cis({**ci_row(ci), "born": self.revision} for ci in patch.cis if ci.id in patch.new_cis)
        self._move_cis([ci for ci in patch.cis if ci.id not in patch.new_cis])
        self.do(cypher.PUT_ALIASES, _sorted(patch.aliases.items()))
        self.do(cypher.END_ALIASES, patch.aliases_over)

    def _move_cis(self, moved: Collection[ConfigurationItem]) -> None:
        """A CI whose class moved loses the label it had."""
        had: dict[str, str] = dict(self.rows(cypher.CLASSES, [ci.id for ci in moved]))
        relabelled: dict[tuple[str, str], list[ConfigurationItem]] = {}
        kept: list[ConfigurationItem] = []
        for ci in moved:
            before = had.get(ci.id, ci.ci_class)
            if before == ci.ci_class:
                kept.append(ci)
            else:
                labels = self.spelling.label(ci.ci_class), self.spelling.label(before)
                relabelled.setdefault(labels, []).append(ci)
        self.do(cypher.PUT_CIS, [ci_row(ci) for ci in kept])
        for (now, before), cis in sorted(relabelled.items(), key=itemgetter(0)):
            self.do(statement(cypher.RELABEL_CIS, now, before), [ci_row(ci) for ci in cis])

    def _write_relations(self, patch: GraphPatch) -> None:
        for type_, ends in self.spelling.ends(patch.relations_gone).items():
            self.do(statement(cypher.END_RELATIONS, type_), ends)
        self.do(cypher.END_CIS, patch.cis_gone)
        self.put_relations(
            (r for r in patch.relations if r.id in patch.new_relations), cypher.NEW_RELATIONS, born=self.revision
        )
        self.put_relations((r for r in patch.relations if r.id not in patch.new_relations), cypher.PUT_RELATIONS)
        self._end("Waiting", patch.waiting_over)
        self._begin("Waiting", patch.waiting)

    def _begin(self, label: str, pairs: Collection[tuple[str, str]]) -> None:
        self.do(statement(cypher.NEW_PAIRS, label), _sorted(set(pairs)))

    def _end(self, label: str, pairs: Collection[tuple[str, str]]) -> None:
        self.do(statement(cypher.END_PAIRS, label), _sorted(set(pairs)))

    def _forget(self, forgotten: Forgotten) -> None:
        ids, records = [*forgotten.cis, *forgotten.aliases], forgotten.records
        for kind, keys in ((CI, ids), (ALIAS, ids), (RECORD, records), (SAYING, records)):
            self.do(cypher.FORGET_PAST, [[kind, key] for key in keys])
        for asked in (cypher.FORGET_FROM, cypher.FORGET_TO, cypher.FORGET_HISTORY):
            self.do(asked, ids)
        for label in ("Clue", "Waiting"):
            self.do(statement(cypher.FORGET_PAIRS, label), records)
        self.do(cypher.FORGET_RECORDS, records)

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
        self.create("History", rows)


def put_document(look: Lookups, write: DocumentWrite) -> int:
    """Write one document; its version, 0 when deleted. Raises Conflict where `expected` does not hold."""
    found = look.document(write.kind, write.key)
    version = found.version if found else 0
    if write.expected != -1 and version != (write.expected or 0):
        raise Conflict(f"{write.kind} {write.key} is at version {version}, not {write.expected or 'absent'}")
    if write.body is None:
        look.run(cypher.END_DOCUMENT, kind=write.kind, key=write.key)
        return 0
    body = to_json(write.body)
    look.run(cypher.PUT_DOCUMENT, kind=write.kind, key=write.key, version=version + 1, body=body)
    return version + 1


def _sorted(pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    return [list(pair) for pair in sorted(pairs)]
