"""The graph in a Neo4j server: what production uses."""

from urllib.parse import urlsplit

from cmdb.vocabulary import Vocabulary
from graph.neo4j_store.store import Neo4jStore
from graph.store import GraphStore, StoreError


def open_neo4j(url: str, user: str | None, password: str | None, vocabulary: Vocabulary) -> GraphStore:
    """`neo4j://host:7687` or `bolt://host:7687`, with `+s` for TLS; what is missing of the schema is created."""
    if urlsplit(url).username is not None or urlsplit(url).password is not None:
        raise StoreError("leave user and password out of the URL: set CMDB_STORE_USER and CMDB_STORE_PASSWORD")
    if not user or not password:
        raise StoreError("Neo4j asks who we are: set CMDB_STORE_USER and CMDB_STORE_PASSWORD")
    return Neo4jStore(url, user, password, vocabulary)
