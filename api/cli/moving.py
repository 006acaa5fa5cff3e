"""export, import, backup and restore: everything a store holds, out to a file and back."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from api.cli.output import console, fail, print_json, stderr
from api.wiring import System
from graph.backup import rows_of_backup
from graph.dump import rows_in, write_rows

EVERY = 50_000
"""rows between two words of progress"""


def export_to(system: System, file: str, *, as_json: bool) -> None:
    """Everything as JSON lines. A stopped export leaves nothing that looks like one."""
    if file == "-":
        write_rows(system.store.dump(), sys.stdout.buffer, _told)
        return
    with _put_in_place(system, file) as partial, partial.open("wb") as out:
        rows = write_rows(system.store.dump(), out, _told).rows + 1
    if as_json:
        print_json({"file": file, "rows": rows})
    else:
        console.print(f"{rows} rows written to {file}")


def import_from(system: System, file: str, *, as_json: bool) -> None:
    """All of it or nothing."""
    try:
        with sys.stdin.buffer if file == "-" else open(file, "rb") as lines:
            revision = system.store.load(rows_in(lines))
    except OSError as wrong:
        fail(f"{file}: {wrong.strerror or wrong}")
    if as_json:
        print_json({"revision": revision})
    else:
        console.print(f"imported; the store stands at revision {revision}")


def backup_to(system: System, file: str, *, as_json: bool) -> None:
    """A backup that only its owner may read: it holds hashes of tokens, and secrets as ciphertext."""
    with _put_in_place(system, file) as partial:
        partial.touch(mode=0o600)
        revision = system.store.backup(partial)
        size = partial.stat().st_size
    if as_json:
        print_json({"file": file, "revision": revision, "bytes": size})
    else:
        console.print(f"revision {revision} written to {file}: {size} bytes")


def restore_from(system: System, file: str, *, as_json: bool) -> None:
    """All of it or nothing, into an empty store of either kind."""
    try:
        revision = system.store.load(rows_of_backup(Path(file)))
    except OSError as wrong:
        fail(f"{file}: {wrong.strerror or wrong}")
    if as_json:
        print_json({"revision": revision})
    else:
        console.print(f"restored; the store stands at revision {revision}")


@contextmanager
def _put_in_place(system: System, file: str) -> Iterator[Path]:
    """A new file to write, which takes its name when it is whole and on the disk, and else is gone."""
    place, partial = Path(file), Path(file + ".partial")
    if _is_the_store(system, place):
        fail(f"{file} is the store itself: choose another file")
    try:
        partial.unlink(missing_ok=True)
        yield partial
        with partial.open("rb+") as written:
            os.fsync(written.fileno())
        partial.replace(place)
    except OSError as wrong:
        fail(f"{file}: {wrong.strerror or wrong}")
    finally:
        partial.unlink(missing_ok=True)


def _is_the_store(system: System, file: Path) -> bool:
    parts = urlsplit(system.store.url)
    return parts.scheme == "sqlite" and file.resolve() == Path(unquote(parts.path)[1:]).resolve()


def _told(rows: int) -> None:
    if rows % EVERY == 0 and stderr.is_terminal:
        stderr.print(f"{rows} rows", end="\r")
