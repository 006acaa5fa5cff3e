"""The review queue: what waits for a person, what matters most first, and alike cases together."""

import random
from dataclasses import dataclass
from typing import Any, ClassVar

from api.identity_views import pattern, reviews
from api.tokens import Caller
from api.visibility import unseen_ids
from api.wiring import System
from cmdb.asking import REVIEWS
from graph.ledger import Document
from impact.dependencies import dependencies
from impact.summary import SERVICE_CLASSES

VITAL_TIER = 1
"""services up to this tier come first with everything that they stand on"""
TRIED = 20
"""cases of a pattern that are drawn by chance to look at"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A review and where it stands: those that vital services stand on first, then by score, highest first."""

    KIND: ClassVar[str] = REVIEWS
    body: dict[str, Any]
    vital: bool

    @property
    def order(self) -> tuple[int, str]:
        """What the queue is sorted by; no two are alike."""
        score = round(-1000 * float(self.body.get("score") or 0.0))
        return (score if not self.vital else score - 10**9, str(self.body["id"]))


def queue(system: System, state: str) -> list[Waiting]:
    """Every review in this state, in order. O(reviews kept + the graph)."""
    bodies = [dict(document.body) for document in _all(system) if document.body["state"] == state]
    vital = _under_vital_services(system) if bodies else frozenset()
    waiting = [Waiting(body, body["a"] in vital or body["b"] in vital) for body in bodies]
    return sorted(waiting, key=lambda one: one.order)


def seen_by(system: System, caller: Caller, waiting: list[Waiting]) -> list[Waiting]:
    """Those of which the caller may see both sides."""
    hidden = unseen_ids(system, caller, {one.body[end] for one in waiting for end in ("a", "b")})
    return [one for one in waiting if hidden.isdisjoint((one.body["a"], one.body["b"]))]


def patterns(system: System, caller: Caller, waiting: list[Waiting]) -> list[dict[str, Any]]:
    """Alike cases, the largest group first, each with some drawn by chance; the draw is the same for the same cases."""
    groups: dict[str, list[Waiting]] = {}
    for one in waiting:
        groups.setdefault(pattern(one.body), []).append(one)
    found = []
    for name, several in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])):
        drawn = random.Random(name).sample(several, min(TRIED, len(several)))
        found.append(
            {
                "pattern": name,
                "count": len(several),
                "vital": sum(one.vital for one in several),
                "sample": reviews(system, caller, (one.body for one in drawn)),
            }
        )
    return found


def _all(system: System) -> list[Document]:
    found: list[Document] = []
    while more := system.store.documents(REVIEWS, after=found[-1].key if found else None, limit=1000):
        found.extend(more)
    return found


def _under_vital_services(system: System) -> frozenset[str]:
    """Ids of the services up to VITAL_TIER and of everything they need."""
    graph = system.graph.now()
    topology = graph.topology
    services = [at for at, name in enumerate(topology.classes) if name in SERVICE_CLASSES]
    vital = [
        ci
        for ci in range(len(topology.ids))
        if topology.class_of[ci] in services and 0 <= topology.tier[ci] <= VITAL_TIER
    ]
    if not vital:
        return frozenset()
    cone = dependencies(graph, vital, limit=1).cone
    return frozenset(topology.ids[ci] for ci in cone.nonzero()[0].tolist())
