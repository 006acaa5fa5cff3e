"""Which stored relations stand behind the edges of an answer: paths that can be looked up."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graph.topology import EFFECTS
from impact.impact_graph import ImpactGraph


class Step(NamedTuple):
    """One relation as stored: `from_ci` needs `to_ci`; CIs by number."""

    from_ci: int
    type: str
    to_ci: int
    confidence: float


def step(graph: ImpactGraph, dependent: int, provider: int) -> Step:
    """The relation by which `dependent` needs `provider`: one that brings it down before one that degrades it, then
    the surest, then the first by type."""
    topology = graph.topology
    rows = graph.relations_from.of(dependent)
    rows = rows[(topology.to_ci[rows] == provider) & (topology.effect[rows] != EFFECTS.index("none"))]
    best = min(
        rows.tolist(),
        key=lambda row: (
            int(topology.effect[row]),
            -round(float(topology.confidence[row]), 6),
            topology.types[topology.type_of[row]],
        ),
    )
    return Step(dependent, topology.types[topology.type_of[best]], provider, round(float(topology.confidence[best]), 6))


def path_back(graph: ImpactGraph, ci: int, cause: int, causes: NDArray[np.int32]) -> tuple[Step, ...]:
    """From a failed CI to `ci`, through those whose loss brought the next one down."""
    steps = []
    while cause >= 0:
        steps.append(step(graph, ci, cause))
        ci, cause = cause, int(causes[cause])
    return tuple(reversed(steps))
