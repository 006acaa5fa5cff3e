"""Which store a URL means."""

from collections.abc import Callable
from urllib.parse import urlsplit

from cmdb.vocabulary import Vocabulary
from graph.neo4j_store import open_neo4j
from graph.sqlite_store import open_sqlite
from graph.store import GraphStore, StoreError

Opener = Callable[[str, str | None, str | None, Vocabulary], GraphStore]

STORES: dict[str, Opener] = {
    "sqlite": open_sqlite,
    "neo4j": open_neo4j,
    "neo4j+s": open_neo4j,
    "neo4j+ssc": open_neo4j,
    "bolt": open_neo4j,
    "bolt+s": open_neo4j,
    "bolt+ssc": open_neo4j,
}


def open_store(url: str, vocabulary: Vocabulary, *, user: str | None = None, password: str | None = None) -> GraphStore:
    """The store behind a URL such as `sqlite:///cmdb.db` or `neo4j://host:7687`, created where it does not exist.

    Raises StoreError for a scheme nobody knows, StoreUnavailable where the database does not answer.
    """
    opener = STORES.get(urlsplit(url).scheme)
    if opener is None:
        raise StoreError(f"no store for {url.split('@')[-1]!r}: known schemes are {', '.join(sorted(STORES))}")
    return opener(url, user, password, vocabulary)
