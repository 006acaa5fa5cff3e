"""Ledger: versioned JSON documents with compare-and-set, in the same database as the graph.

Runs, tokens, reviews, idempotency keys and whatever else is not a CI. A document can be written inside a patch's
transaction (`GraphPatch.documents`), so that what is said about a write is as durable as the write.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cmdb.graph_patch import DocumentWrite


class Conflict(Exception):
    """Somebody else wrote the document in between; read it again."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document; `version` starts at 1 and grows with every write of it."""

    kind: str
    key: str
    version: int
    body: Mapping[str, Any]


class Ledger(Protocol):
    """The second port of a store. A document written alone makes no revision."""

    def document(self, kind: str, key: str) -> Document | None:
        """One document, None where there is none."""

    def documents(
        self, kind: str, *, after: str | None = None, limit: int = 1000, newest_first: bool = False
    ) -> tuple[Document, ...]:
        """Documents of a kind in the order of key (or backwards), beginning after that key."""

    def put(self, write: DocumentWrite) -> int:
        """Write one document; its version (0 when deleted). Raises Conflict where `expected` does not hold."""
