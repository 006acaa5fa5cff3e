"""What a backup holds, whichever store made it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from graph.dump import rows_in
from graph.sqlite_store.copying import SIGN, rows_of


def rows_of_backup(file: Path) -> Iterator[Mapping[str, Any]]:
    """Rows that `load` of any store takes, from a SQLite copy or from lines. Raises OSError, StoreError."""
    with file.open("rb") as lines:
        is_copy = lines.read(len(SIGN)) == SIGN
        lines.seek(0)
        yield from rows_of(file) if is_copy else rows_in(lines)
