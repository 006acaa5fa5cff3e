"""dependencies: everything that a CI needs, directly or through others."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from graph.topology import UNKNOWN_TIER
from impact.impact_graph import ImpactGraph
from impact.rows import Ints
from impact.stored_relations import Step, step

NOT_NEEDED = -1


class Needed(NamedTuple):
    """One CI that is needed, at its shortest distance."""

    ci: int
    """number"""
    distance: int
    path: tuple[Step, ...]
    """from an asked CI; as long as `distance`"""


@dataclass(frozen=True, slots=True)
class Dependencies:
    """All that is needed, in numbers, and a page of it. CIs by number."""

    by_class: dict[str, int]
    by_tier: dict[str, int]
    reachable: int
    needed: tuple[Needed, ...]
    total: int
    """how many are needed within the asked depth"""
    cut_by_depth: bool
    cone: NDArray[np.bool_]
    """everything needed and the asked themselves: where coverage has to be asked about"""


def dependencies(
    graph: ImpactGraph, asked: Collection[int], *, depth: int | None = None, offset: int = 0, limit: int = 200
) -> Dependencies:
    """Every CI reachable along relations that travel, all members of groups included.

    A relation that only degrades does not travel. In the order of tier (unknown last), distance and id; of two ways
    as short the path takes the smaller id. `depth` and `limit` cut the list, never the numbers. O(edges of the cone +
    CIs).
    """
    distance, before = _walk(graph, graph.places(np.array(sorted(asked), np.int32)))
    found = np.flatnonzero(distance > 0).astype(np.int32)
    numbers = graph.number_at[found]
    topology = graph.topology
    tier = topology.tier[numbers]
    order = found[np.lexsort((numbers, distance[found], tier.view(np.uint8)))]
    near = order if depth is None else order[distance[order] <= depth]
    classes = np.bincount(topology.class_of[numbers], minlength=len(topology.classes))
    tiers = np.bincount(tier - np.int16(UNKNOWN_TIER))[1:]
    return Dependencies(
        by_class={topology.classes[at]: int(classes[at]) for at in np.flatnonzero(classes).tolist()},
        by_tier={str(at): int(tiers[at]) for at in np.flatnonzero(tiers).tolist()},
        reachable=len(found),
        needed=tuple(
            Needed(int(graph.number_at[ci]), int(distance[ci]), _path(graph, ci, before))
            for ci in near[offset : offset + limit].tolist()
        ),
        total=len(near),
        cut_by_depth=len(near) < len(order),
        cone=(distance != NOT_NEEDED)[graph.place],
    )


def _walk(graph: ImpactGraph, sources: Ints) -> tuple[Ints, Ints]:
    """(shortest distance or NOT_NEEDED, the CI before on the way), CIs by place."""
    needs = graph.needs
    distance = np.full(graph.size, NOT_NEEDED, np.int32)
    before = np.full(graph.size, NOT_NEEDED, np.int32)
    grouped_start = needs.member_start[needs.first_group]
    _breadth_first(
        sources, distance, before, needs.hard_start, needs.hard, grouped_start, needs.member, graph.number_at
    )
    return distance, before


def _path(graph: ImpactGraph, ci: int, before: Ints) -> tuple[Step, ...]:
    steps = []
    while (user := int(before[ci])) != NOT_NEEDED:
        steps.append(step(graph, int(graph.number_at[user]), int(graph.number_at[ci])))
        ci = user
    return tuple(reversed(steps))


@numba.njit(cache=True)
def _breadth_first(sources, distance, before, hard_start, hard, grouped_start, grouped, number_at):  # type: ignore[no-untyped-def]
    queue = np.empty(len(distance), np.int32)
    tail = 0
    for ci in sources:
        distance[ci] = 0
        queue[tail] = ci
        tail += 1
    head = 0
    while head < tail:
        ci = queue[head]
        head += 1
        for e in range(hard_start[ci], hard_start[ci + 1]):
            tail = _step_to(hard[e], ci, distance, before, queue, tail, number_at)
        for e in range(grouped_start[ci], grouped_start[ci + 1]):
            tail = _step_to(grouped[e], ci, distance, before, queue, tail, number_at)


@numba.njit(cache=True)
def _step_to(to, ci, distance, before, queue, tail, number_at):  # type: ignore[no-untyped-def]
    if distance[to] == NOT_NEEDED:
        distance[to] = distance[ci] + 1
        before[to] = ci
        queue[tail] = to
        return tail + 1
    if distance[to] == distance[ci] + 1 and number_at[ci] < number_at[before[to]]:
        before[to] = ci
    return tail
