"""A whole copy of the file while others go on writing, and what such a copy holds."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from graph.sqlite_store.connections import saying_what_to_do
from graph.sqlite_store.dumping import dump
from graph.sqlite_store.looking_up import Lookups
from graph.sqlite_store.schema import check_version
from graph.store import StoreError

SIGN = b"SQLite format 3\x00"
"""what every SQLite file begins with"""


def copy_to(connection: sqlite3.Connection, file: Path) -> int:
    """Copy the store into a new file that needs none beside it; the revision. Raises StoreError for a damaged store."""
    with saying_what_to_do(file), closing(sqlite3.connect(file, isolation_level=None)) as copy:
        connection.backup(copy)  # in one step, so of one moment
        copy.execute("pragma journal_mode = delete")
        (found,) = copy.execute("pragma quick_check(1)").fetchone()
        if found != "ok":
            raise StoreError(f"the store is damaged, and so would its backup be: {found}")
        return Lookups(copy).last_revision()[0]


def rows_of(file: Path) -> Iterator[Mapping[str, Any]]:
    """Everything in a copy, as rows that `load` of any store takes. Raises StoreError where it is no store of ours."""
    with (
        saying_what_to_do(file),
        closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)) as copy,
    ):
        check_version(copy)
        copy.execute("begin")
        yield from dump(copy, Lookups(copy).last_revision()[0])
