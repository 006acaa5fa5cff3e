"""The graph in one SQLite file: the embedded default."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from cmdb.vocabulary import Vocabulary
from graph.sqlite_store.store import SqliteStore
from graph.store import GraphStore, StoreError


def open_sqlite(url: str, user: str | None, password: str | None, vocabulary: Vocabulary) -> GraphStore:
    """`sqlite:///relative.db` or `sqlite:////absolute.db`; the file is created where there is none."""
    path = unquote(urlsplit(url).path)[1:]
    if not path or path == ":memory:":
        raise StoreError("a SQLite store needs a file that several processes can open, such as sqlite:///cmdb.db")
    return SqliteStore(Path(path), vocabulary)
