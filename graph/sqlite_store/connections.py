"""Connections to the one file: lent to one reader or writer at a time, and kept for the next."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graph.store import StoreError, StoreUnavailable

BUSY_SECONDS = 60.0
"""how long a writer waits while no other one gets anything done; readers never wait"""
IDLE_AT_MOST = 8
"""connections kept open for the next; more are closed when they come back"""
_STATEMENTS = 256
"""prepared statements that a connection keeps"""


class Connections:
    """Opens connections on demand and knows how to begin, commit and give up.

    A connection is not a thread's own: web servers start and end threads all day, and each would leave one behind.
    """

    def __init__(self, path: Path, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        self._busy_seconds = busy_seconds
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._closed = False
        self._process = os.getpid()
        self._inherited: list[sqlite3.Connection] = []

    @contextmanager
    def lent(self) -> Iterator[sqlite3.Connection]:
        """A connection that nobody else uses meanwhile, outside any transaction."""
        with saying_what_to_do(self.path):
            connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One snapshot for everything inside."""
        with self.lent() as connection:
            connection.execute("begin")
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("rollback")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The only writer for everything inside; kept if nothing is raised, else undone."""
        with self.lent() as connection:
            _begin_writing(connection)
            try:
                yield connection
                connection.execute("commit")
            finally:
                if connection.in_transaction:
                    connection.execute("rollback")

    def close(self) -> None:
        """Close what is idle now and the rest as it comes back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise StoreError(f"{self.path}: the store has been closed")
            if self._process != os.getpid():
                # SQLite forbids a forked child to use, or even to close, what its parent opened.
                self._inherited, self._idle, self._process = self._idle, [], os.getpid()
            if self._idle:
                return self._idle.pop()
        return self._open()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            keep = not self._closed and len(self._idle) < IDLE_AT_MOST and not connection.in_transaction
            if keep:
                self._idle.append(connection)
        if not keep:
            connection.close()

    def _open(self) -> sqlite3.Connection:
        if not self.path.parent.is_dir():
            raise StoreUnavailable(f"the folder of {self.path} does not exist: create it, or set CMDB_STORE elsewhere")
        connection = sqlite3.connect(
            self.path,
            timeout=self._busy_seconds,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=_STATEMENTS,
        )
        try:
            _use_wal(connection, self.path)
            connection.execute("pragma synchronous = normal")
            connection.execute("pragma cache_size = -65536")
            connection.execute("pragma temp_store = memory")
            # A large patch makes a large log; do not keep it at that size for ever.
            connection.execute("pragma journal_size_limit = 67108864")
        except BaseException:
            connection.close()
            raise
        return connection


def _begin_writing(connection: sqlite3.Connection) -> None:
    """Wait for the other writers, as long as they get on.

    SQLite has no queue: whoever asks at the right moment is next, and one of many may be passed over for longer than
    its patience lasts. It begins anew whenever somebody has committed meanwhile.
    """
    commits = _commits_of_others(connection)
    while True:
        try:
            connection.execute("begin immediate")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            before, commits = commits, _commits_of_others(connection)
            if commits == before:
                raise


def _commits_of_others(connection: sqlite3.Connection) -> int:
    """A number that moves with every commit of another connection."""
    return int(connection.execute("pragma data_version").fetchone()[0])


def _use_wal(connection: sqlite3.Connection, path: Path) -> None:
    """With a write-ahead log readers and the writer do not wait for each other; the file remembers it.

    SQLite does not wait for others when it changes this, so several processes that open a new file at once try again.
    """
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            mode = connection.execute("pragma journal_mode").fetchone()[0]
            if mode != "wal":
                mode = connection.execute("pragma journal_mode = wal").fetchone()[0]
            break
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)
    if mode != "wal":
        raise StoreUnavailable(f"{path}: its file system cannot hold a write-ahead log: use a local disk")


@contextmanager
def saying_what_to_do(path: Path) -> Iterator[None]:
    """SQLite's errors in words that help."""
    try:
        yield
    except sqlite3.Error as error:
        said = str(error)
        for sign, hint in _HINTS.items():
            if sign in said:
                raise StoreUnavailable(f"{path}: {said}: {hint}") from error
        raise StoreError(f"{path}: {said}") from error


_MAY_WRITE = "check that the file and its folder may be written by this user"
_DAMAGED = "the file is damaged or is no SQLite database: restore a backup, or set CMDB_STORE elsewhere"
_HINTS = {
    "locked": f"another process has been writing for more than {BUSY_SECONDS:.0f} s; try again",
    "busy": f"another process has been writing for more than {BUSY_SECONDS:.0f} s; try again",
    "readonly": _MAY_WRITE,
    "unable to open": _MAY_WRITE,
    "not a database": _DAMAGED,
    "malformed": _DAMAGED,
    "disk is full": "there is no room left on the disk",
    "disk I/O error": "check the disk and its file system",
}
"""what SQLite says → what the user can do"""
