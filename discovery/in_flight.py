"""What is being read right now and by which run, so that no two runs read the same at once.

One document for each source and realm, moved in the transactions that open and end a run.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cmdb.graph_patch import DocumentWrite
from cmdb.reference import escaped
from cmdb.scope import overlap
from graph.ledger import Document

IN_FLIGHT = "in_flight"
"""ledger kind"""


@dataclass(frozen=True, slots=True)
class InFlight:
    """A run that reads. `place`: source, realm and settings in a short form; `scopes`: what it was known to enter."""

    run: str
    place: str
    scopes: tuple[str, ...] = ()

    def is_in_the_way_of(self, place: str, scopes: Sequence[str]) -> bool:
        """Whether anything of this is what the other would read."""
        return self.place == place or any(overlap(mine, other) for mine in self.scopes for other in scopes)


def key_of(source: str, realm: str) -> str:
    """Of the document."""
    return f"{escaped(source)}|{escaped(realm)}"


def in_flight(document: Document | None) -> list[InFlight]:
    """The other way round."""
    said: list[dict[str, Any]] = [] if document is None else document.body["reading"]
    return [InFlight(one["run"], one["place"], tuple(one["scopes"])) for one in said]


def written(key: str, reading: Iterable[InFlight], **more: Any) -> DocumentWrite:
    """As it is written; nothing where nobody reads. `more`: as DocumentWrite has it."""
    body = [{**asdict(one), "scopes": list(one.scopes)} for one in reading]
    return DocumentWrite(IN_FLIGHT, key, {"reading": body} if body else None, **more)
