"""Everything a SQLite store holds as neutral rows, and back."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graph.dump import TABLES, End, check_end, whole_row, with_past
from graph.sqlite_store.statements import NEW_BODY, NEW_RECORD
from graph.sqlite_store.writing import WritingTransaction
from graph.store import StoreError

_ORDER = {
    "revision": "n", "record": "key", "clue": "key, record", "ci": "id", "relation": "id", "waiting": "key, record",
    "alias": "id", "history": "ci, revision, seq", "past": "kind, id, n", "document": "kind, key",
}  # fmt: skip
_WHOLE = {"record": "record r join record_body b on b.n = r.n"}
"""kind of row → where it lies, if not in a table of that name"""


def dump(connection: sqlite3.Connection, revision: int) -> Iterator[Mapping[str, Any]]:
    """Rows of every table in the connection's snapshot, then the end mark."""
    count = 0
    for table, columns in TABLES.items():
        for row in connection.execute(
            f"select {', '.join(columns)} from {_WHOLE.get(table, table)} order by {_ORDER[table]}"
        ):
            count += 1
            yield {"kind": table, "row": dict(zip(columns, row, strict=True))}
    yield End(revision, count).as_row()


def load(connection: sqlite3.Connection, rows: Iterable[Mapping[str, Any]]) -> int:
    """Fill an empty store, inside the caller's transaction; the revision."""
    if WritingTransaction(connection).revision != 1 or connection.execute("select 1 from document").fetchone():
        raise StoreError("only an empty store can be filled from an export: set CMDB_STORE to a new one")
    statements = {table: _insert(table, columns) for table, columns in TABLES.items() if table != "record"}
    count = 0
    end: End | None = None
    for row in with_past(rows):
        if end is not None:
            raise StoreError("the export goes on after its end mark")
        end = End.from_row(row)
        if end is None:
            table = row.get("kind")
            if table not in TABLES:
                raise StoreError(f"the export holds a row of unknown kind {table!r}")
            count += 1
            given = whole_row(table, row["row"])
            values = [given[column] for column in TABLES[table]]
            if table == "record":
                connection.execute(NEW_RECORD, [*values[:-2], count])
                connection.execute(NEW_BODY, [count, *values[-2:]])
            else:
                connection.execute(statements[table], values)
    connection.execute("insert into word (rowid, words) select n, words from ci")
    return check_end(end, count)


def _insert(table: str, columns: tuple[str, ...]) -> str:
    return f"insert into {table} ({', '.join(columns)}) values ({', '.join('?' * len(columns))})"
