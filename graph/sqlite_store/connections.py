"""Connections to the one file: one a thread, because SQLite's are not to be shared."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graph.store import StoreError, StoreUnavailable

BUSY_SECONDS = 60
"""how long a writer waits for another one; writers queue, readers never wait"""


class Connections:
    """Opens connections on demand and knows how to begin, commit and give up."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._lock = threading.Lock()

    def mine(self) -> sqlite3.Connection:
        """This thread's connection."""
        held: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if held is None:
            held = self._local.connection = self._open()
        return held

    def _open(self) -> sqlite3.Connection:
        if not self.path.parent.is_dir():
            raise StoreUnavailable(f"the folder of {self.path} does not exist: create it, or set CMDB_STORE elsewhere")
        with saying_what_to_do(self.path):
            connection = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = normal")
            connection.execute("pragma cache_size = -65536")
            connection.execute("pragma temp_store = memory")
        with self._lock:
            self._all.append(connection)
        return connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One snapshot for everything inside."""
        connection = self.mine()
        with saying_what_to_do(self.path):
            connection.execute("begin")
            try:
                yield connection
            finally:
                connection.execute("rollback")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The only writer for everything inside; kept if nothing is raised, else undone."""
        connection = self.mine()
        with saying_what_to_do(self.path):
            connection.execute("begin immediate")
            try:
                yield connection
                connection.execute("commit")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("rollback")
                raise

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            for connection in self._all:
                connection.close()
            self._all.clear()
        self._local = threading.local()


@contextmanager
def saying_what_to_do(path: Path) -> Iterator[None]:
    """SQLite's errors in words that help."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        said = str(error)
        if "locked" in said or "busy" in said:
            hint = f"another process has been writing for more than {BUSY_SECONDS} s; try again"
        elif "readonly" in said or "unable to open" in said:
            hint = "check that the file and its folder may be written by this user"
        elif "not a database" in said or "malformed" in said:
            hint = (
                "the file is damaged or is no SQLite database: restore it from an export, or set CMDB_STORE elsewhere"
            )
        elif "full" in said:
            hint = "there is no room left on the disk"
        else:
            raise StoreError(f"{path}: {said}") from error
        raise StoreUnavailable(f"{path}: {said}: {hint}") from error
