"""How a patch is written to SQLite, inside the transaction under whose lock it was worked out."""

import sqlite3

from cmdb.configuration_item import ConfigurationItem
from cmdb.forgetting import Forgotten
from cmdb.graph_patch import DocumentWrite, GraphPatch
from graph.encoding import encode_events, from_json, to_json
from graph.ledger import Conflict
from graph.past import ALIAS, CI, RECORD, SAYING, rows_of
from graph.sqlite_store import statements as sql
from graph.sqlite_store.encoding import body_row, ci_row, record_row, relation_row
from graph.sqlite_store.looking_up import Lookups


class WritingTransaction(Lookups):
    """A transaction that began immediate: nobody else writes until it ends."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self.revision = self.last_revision()[0] + 1
        self.applied = False

    def apply(self, patch: GraphPatch) -> int:
        """Write the patch; see the port."""
        if self.applied:
            raise ValueError("one transaction applies one patch")
        if patch.is_empty():
            return self.revision - 1
        self.applied = True
        self.forget()
        last = self.connection.execute(sql.LAST_RELATION).fetchone()[0]
        self.connection.execute(
            sql.NEW_REVISION, (self.revision, patch.recorded_at, patch.run, last + len(patch.new_relations))
        )
        self._keep_past(patch)
        self._write_records(patch)
        self._write_cis(patch)
        self._write_relations(patch, last + 1)
        self._forget(patch.forgotten)
        self._write_events(patch)
        for document in patch.documents:
            put_document(self.connection, document)
        return self.revision

    def _keep_past(self, patch: GraphPatch) -> None:
        born: dict[str, int] = dict(self.rows(sql.CIS_BORN, patch.cis_gone))
        born |= dict(self.rows(sql.RELATIONS_BORN, patch.relations_gone))
        self.connection.executemany(sql.NEW_PAST, rows_of(patch.past, self.revision, born))

    def _write_records(self, patch: GraphPatch) -> None:
        many = self.connection.executemany
        new = [write for write in patch.records if write.is_new]
        known = [write for write in patch.records if not write.is_new]
        first = self.connection.execute(sql.LAST_RECORD).fetchone()[0] + 1
        many(sql.NEW_RECORD, [(*record_row(write), n) for n, write in enumerate(new, first)])
        many(sql.NEW_BODY, [(n, *body_row(write)) for n, write in enumerate(new, first)])
        many(sql.PUT_RECORD, [record_row(write) for write in known])
        many(sql.PUT_BODY, [(*body_row(write), write.record.key) for write in known])
        many(sql.END_CLUE, [(key, write.record.key) for write in patch.records for key in write.keys_removed])
        many(sql.NEW_CLUE, [(key, write.record.key) for write in patch.records for key in write.keys_added])
        many(
            sql.TOUCH_RECORD,
            [(t.first, t.last, t.observed_at, t.read_at, self.revision, t.scope, t.record) for t in patch.touches],
        )
        many(sql.TOUCH_CI, [(touch.last, touch.first, touch.ci) for touch in patch.touches])

    def _write_cis(self, patch: GraphPatch) -> None:
        many = self.connection.executemany
        new = [ci_row(ci) for ci in patch.cis if ci.id in patch.new_cis]
        moved = [ci for ci in patch.cis if ci.id not in patch.new_cis]
        first = self.connection.execute(sql.LAST_CI).fetchone()[0] + 1
        self._end_words(patch.cis_gone)
        many(sql.END_CI, [(ci,) for ci in patch.cis_gone])
        if new:
            many(sql.NEW_CI, [(n, *row, self.revision) for n, row in enumerate(new, first)])
            many(sql.NEW_WORDS, [(n, row[-1]) for n, row in enumerate(new, first)])
        if moved:
            self._move_cis(moved)
        many(sql.PUT_ALIAS, list(patch.aliases.items()))
        many(sql.END_ALIAS, [(alias,) for alias in patch.aliases_over])

    def _move_cis(self, moved: list[ConfigurationItem]) -> None:
        rows = {ci.id: ci_row(ci) for ci in moved}
        known = list(self.rows(sql.CI_WORDS, rows))
        other = [(n, words, rows[ci][-1]) for ci, n, words in known if words != rows[ci][-1]]
        self.connection.executemany(sql.END_WORDS, [(n, before) for n, before, _ in other])
        self.connection.executemany(sql.PUT_CI, list(rows.values()))
        self.connection.executemany(sql.NEW_WORDS, [(n, now) for n, _, now in other])

    def _end_words(self, cis: tuple[str, ...]) -> None:
        self.connection.executemany(sql.END_WORDS, [(n, words) for _, n, words in self.rows(sql.CI_WORDS, cis)])

    def _write_relations(self, patch: GraphPatch, first: int) -> None:
        many = self.connection.executemany
        new = [relation_row(relation) for relation in patch.relations if relation.id in patch.new_relations]
        moved = [relation_row(relation) for relation in patch.relations if relation.id not in patch.new_relations]
        many(sql.END_RELATION, [(id_,) for id_ in patch.relations_gone])
        many(sql.NEW_RELATION, [(n, *row, self.revision) for n, row in enumerate(new, first)])
        many(sql.PUT_RELATION, moved)
        many(sql.END_WAITING, list(patch.waiting_over))
        many(sql.NEW_WAITING, list(patch.waiting))

    def _forget(self, forgotten: Forgotten) -> None:
        if not forgotten.cis:
            return
        one = self.connection.execute
        ids, records = to_json([*forgotten.cis, *forgotten.aliases]), to_json(forgotten.records)
        for kind, keys in ((CI, ids), (ALIAS, ids), (RECORD, records), (SAYING, records)):
            one(sql.FORGET_PAST, (kind, keys))
        one(sql.FORGET_TOUCHING, (ids,))
        one(sql.FORGET_HISTORY, (ids,))
        clues = {
            (key, record.key)
            for record, linking in self.record_rows(forgotten.records)
            for keys in from_json(linking)
            for key in keys
        }
        self.connection.executemany(sql.END_CLUE, sorted(clues))
        for statement in (sql.FORGET_WAITING, sql.FORGET_BODIES, sql.FORGET_RECORDS):
            one(statement, (records,))

    def _write_events(self, patch: GraphPatch) -> None:
        rows = []
        seq = 0
        for group in patch.events:
            rows.append(
                (group.ci, self.revision, seq, group.record, group.source, group.observed_at,
                 encode_events(group.events))
            )  # fmt: skip
            seq += len(group.events)
        self.connection.executemany(sql.NEW_EVENTS, rows)


def put_document(connection: sqlite3.Connection, write: DocumentWrite) -> int:
    """Write one document; its version, 0 when deleted. Raises Conflict where `expected` does not hold."""
    row = connection.execute(sql.DOCUMENT, (write.kind, write.key)).fetchone()
    version = row[0] if row else 0
    if write.expected != -1 and version != (write.expected or 0):
        raise Conflict(f"{write.kind} {write.key} is at version {version}, not {write.expected or 'absent'}")
    if write.body is None:
        connection.execute(sql.END_DOCUMENT, (write.kind, write.key))
        return 0
    connection.execute(sql.PUT_DOCUMENT, (write.kind, write.key, version + 1, to_json(write.body)))
    return int(version) + 1
