"""Which stored relations stand behind the edges of an answer: paths that can be looked up."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from graph.topology import EFFECTS
from impact.impact_graph import ImpactGraph

CARRIES_NOTHING = EFFECTS.index("none")


class Step(NamedTuple):
    """One relation as stored: `from_ci` needs `to_ci`; CIs by number."""

    from_ci: int
    type: str
    to_ci: int
    confidence: float


def step(graph: ImpactGraph, dependent: int, provider: int) -> Step:
    """The relation by which `dependent` needs `provider`, CIs by number.

    One that brings it down before one that degrades it, then the surest, then the first by type.
    """
    topology = graph.topology
    rows = graph.relations_from.of(dependent)
    rows = rows[(topology.to_ci[rows] == provider) & (topology.effect[rows] != CARRIES_NOTHING)]
    best = min(
        (
            (
                int(topology.effect[row]),
                -round(float(topology.confidence[row]), 6),
                topology.types[topology.type_of[row]],
            )
            for row in rows.tolist()
        ),
    )
    return Step(dependent, best[2], provider, -best[1])


class Steps:
    """Steps of one answer: its paths have much in common, so each relation is looked up once."""

    def __init__(self, graph: ImpactGraph) -> None:
        self._graph = graph
        self._known: dict[tuple[int, int], Step] = {}

    def along(self, numbers: Iterable[int]) -> Iterator[Step]:
        """Steps from CI to CI, each needing the one before; CIs by number."""
        for provider, dependent in pairwise(numbers):
            known = self._known.get((dependent, provider))
            if known is None:
                known = self._known[dependent, provider] = step(self._graph, dependent, provider)
            yield known
