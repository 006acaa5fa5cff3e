"""The graph in one SQLite file: the embedded default."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from cmdb.vocabulary import Vocabulary
from graph.sqlite_store.store import SqliteStore
from graph.store import GraphStore, StoreError


def open_sqlite(url: str, user: str | None, password: str | None, vocabulary: Vocabulary) -> GraphStore:
    """`sqlite:///relative.db` or `sqlite:////absolute.db`; the file is created where there is none."""
    parts = urlsplit(url)
    path = unquote(parts.path)[1:]
    if parts.netloc:
        raise StoreError(
            f"{url!r} names a host: a SQLite file takes three slashes and its path, as in sqlite:///cmdb.db, "
            "four when the path begins at the root"
        )
    if not path or path == ":memory:":
        raise StoreError("a SQLite store needs a file that several processes can open, such as sqlite:///cmdb.db")
    if parts.query or parts.fragment:
        raise StoreError(f"{url!r}: a ? or # in the name of a file is written %3F or %23; there are no options")
    return SqliteStore(Path(path), vocabulary)
