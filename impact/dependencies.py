"""dependencies: everything that a CI needs, directly or through others."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from impact.blast_radius import UNKNOWN
from impact.impact_graph import ImpactGraph
from impact.propagation import reached
from impact.stored_relations import Step, step


class Needed(NamedTuple):
    """One CI that is needed, at its shortest distance."""

    ci: int
    distance: int
    path: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Dependencies:
    """All that is needed, in numbers, and a page of it."""

    by_class: dict[str, int]
    by_tier: dict[str, int]
    reachable: int
    needed: tuple[Needed, ...]
    total: int
    cut_by_depth: bool
    cone: NDArray[np.bool_]


def dependencies(
    graph: ImpactGraph, asked: list[int], *, depth: int | None = None, offset: int = 0, limit: int = 200
) -> Dependencies:
    """Every CI reachable along travelling relations, all group members included.

    What only degrades does not travel, so it counts where the asked CI itself suffers by it. In the order of tier,
    distance and id. O(edges of the cone).
    """
    sources = np.array(sorted(set(asked)), np.int32)
    rows = graph.providers
    distance = reached(rows.start, rows.end, sources)
    degraders = [graph.degraders.of(ci) for ci in sources.tolist()]
    if sum(map(len, degraders)):
        beyond = reached(rows.start, rows.end, np.concatenate(degraders))
        nearer = (beyond >= 0) & ((distance < 0) | (beyond + 1 < distance))
        distance[nearer] = beyond[nearer] + 1
    cone: NDArray[np.bool_] = distance >= 0
    found = np.flatnonzero(distance > 0).astype(np.int32)
    topology = graph.topology
    tier = np.where(topology.tier[found] < 0, UNKNOWN, topology.tier[found]).astype(np.int16)
    order = found[np.lexsort((found, distance[found], tier))]
    near = order if depth is None else order[distance[order] <= depth]
    classes = np.bincount(topology.class_of[found], minlength=len(topology.classes))
    tiers, counts = np.unique(topology.tier[found], return_counts=True)
    return Dependencies(
        by_class={topology.classes[at]: int(classes[at]) for at in np.flatnonzero(classes)},
        by_tier={str(t): c for t, c in zip(tiers.tolist(), counts.tolist(), strict=True) if t >= 0},
        reachable=len(found),
        needed=tuple(
            Needed(ci, int(distance[ci]), _path(graph, ci, distance, asked))
            for ci in near[offset : offset + limit].tolist()
        ),
        total=len(near),
        cut_by_depth=len(near) < len(order),
        cone=cone,
    )


def _path(graph: ImpactGraph, ci: int, distance: NDArray[np.int32], asked: list[int]) -> tuple[Step, ...]:
    """From the asked CI, by the smaller id where two ways are as short."""
    steps = []
    while distance[ci] > 1:
        users = graph.needed_by.of(ci)
        before = int(users[distance[users] == distance[ci] - 1].min())
        steps.append(step(graph, before, ci))
        ci = before
    asker = min(one for one in asked if ci in graph.providers.of(one) or ci in graph.degraders.of(one))
    steps.append(step(graph, asker, ci))
    return tuple(reversed(steps))
