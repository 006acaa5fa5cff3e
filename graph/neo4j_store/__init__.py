"""The store being written."""

from cmdb.vocabulary import Vocabulary
from graph.store import GraphStore


def open_neo4j(url: str, user: str | None, password: str | None, vocabulary: Vocabulary) -> GraphStore:
    raise NotImplementedError
