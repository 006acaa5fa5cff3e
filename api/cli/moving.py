"""export and import: everything a store holds, as one JSON object a line."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from api.cli.output import console, fail, print_json, stderr
from api.wiring import System
from graph.store import StoreError


def export_to(system: System, file: str, *, as_json: bool) -> None:
    """Written beside the file and put in its place when whole: a stopped export leaves nothing that looks like one."""
    if file == "-":
        _write(system, sys.stdout.buffer)
        return
    partial = Path(file + ".partial")
    try:
        with partial.open("wb") as out:
            rows = _write(system, out)
        partial.replace(file)
    except OSError as wrong:
        fail(f"{file}: {wrong.strerror or wrong}")
    finally:
        partial.unlink(missing_ok=True)
    if as_json:
        print_json({"file": file, "rows": rows})
    else:
        console.print(f"{rows} rows written to {file}")


def _write(system: System, out: BinaryIO) -> int:
    rows = 0
    for row in system.store.dump():
        out.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        rows += 1
        if rows % 50_000 == 0 and stderr.is_terminal:
            stderr.print(f"{rows} rows", end="\r")
    return rows


def import_from(system: System, file: str, *, as_json: bool) -> None:
    """All of it or nothing."""
    try:
        with sys.stdin.buffer if file == "-" else open(file, "rb") as lines:
            revision = system.store.load(_rows(lines))
    except OSError as wrong:
        fail(f"{file}: {wrong.strerror or wrong}")
    if as_json:
        print_json({"revision": revision})
    else:
        console.print(f"imported; the store stands at revision {revision}")


def _rows(lines: BinaryIO) -> Iterator[Any]:
    for number, line in enumerate(lines, 1):
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            raise StoreError(f"line {number} of the export is damaged or cut off; nothing was imported") from None
        if not isinstance(row, dict):
            raise StoreError(f"line {number} is no row of an export; nothing was imported")
        yield row
