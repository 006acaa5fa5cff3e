"""Everything a SQLite store holds as neutral rows, and back."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graph.dump import TABLES, End, check_end
from graph.sqlite_store.writing import WritingTransaction
from graph.store import StoreError

_ORDER = {
    "revision": "n", "record": "key", "clue": "key, record", "ci": "id", "relation": "id", "waiting": "key, record",
    "alias": "id", "history": "ci, revision, seq", "document": "kind, key",
}  # fmt: skip


def dump(connection: sqlite3.Connection, revision: int) -> Iterator[Mapping[str, Any]]:
    """Rows of every table in the connection's snapshot, then the end mark."""
    count = 0
    for table, columns in TABLES.items():
        for row in connection.execute(f"select {', '.join(columns)} from {table} order by {_ORDER[table]}"):
            count += 1
            yield {"kind": table, "row": dict(zip(columns, row, strict=True))}
    yield End(revision, count).as_row()


def load(connection: sqlite3.Connection, rows: Iterable[Mapping[str, Any]]) -> int:
    """Fill an empty store, inside the caller's transaction; the revision."""
    if WritingTransaction(connection).revision != 1 or connection.execute("select 1 from document").fetchone():
        raise StoreError("only an empty store can be filled from an export: set CMDB_STORE to a new one")
    statements = {
        table: f"insert into {table} ({', '.join(columns)}) values ({', '.join('?' * len(columns))})"
        for table, columns in TABLES.items()
    }
    count = 0
    end: End | None = None
    for row in rows:
        if end is not None:
            raise StoreError("the export goes on after its end mark")
        end = End.from_row(row)
        if end is None:
            table = row.get("kind")
            if table not in TABLES:
                raise StoreError(f"the export holds a row of unknown kind {table!r}")
            values = row["row"]
            connection.execute(statements[table], [values[column] for column in TABLES[table]])
            count += 1
    connection.execute("insert into word (rowid, words) select n, words from ci")
    return check_end(end, count)
