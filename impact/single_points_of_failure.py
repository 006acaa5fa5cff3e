"""single_points_of_failure: the CIs whose failure alone brings a CI down."""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from impact.impact_graph import ImpactGraph
from impact.propagation import reached, rounds
from impact.stored_relations import Step, path_back

LANES = 64
"""candidates tried at once, one a bit"""


class SinglePoint(NamedTuple):
    """A CI whose loss is enough, and the way it brings the asked one down."""

    ci: int
    path: tuple[Step, ...]


def single_points_of_failure(graph: ImpactGraph, ci: int) -> NDArray[np.int32]:
    """Numbers of the CIs whose failure alone brings `ci` down under the certain rules, ascending, itself left out.

    Only what `ci` needs can bring it down. Each candidate is a world of its own; 64 worlds are swept at once over the
    cone in dependency order. O(candidates / 64 × edges of the cone).
    """
    rows = graph.providers
    cone = np.flatnonzero(reached(rows.start, rows.end, np.array([ci], np.int32)) >= 0).astype(np.int32)
    sweep = graph.sweep
    ordered = np.sort(sweep.place[cone])
    candidates = np.sort(sweep.place[cone[cone != ci]])
    down = np.zeros(graph.size, np.uint64)
    widest = int(np.diff(sweep.members.start).max(initial=0)) + 2
    found: list[int] = []
    for begin in range(0, len(candidates), LANES):
        batch = candidates[begin : begin + LANES]
        fell = _sweep_worlds(
            ordered, batch, int(sweep.place[ci]), down, sweep.hard.start, sweep.hard.end, sweep.first_group,
            sweep.members.start, sweep.members.end, sweep.budget, np.zeros(widest, np.uint64), sweep.cyclic,
        )  # fmt: skip
        found.extend(int(sweep.number[place]) for lane, place in enumerate(batch) if int(fell) >> lane & 1)
    return np.array(sorted(found), np.int32)


def explained(graph: ImpactGraph, ci: int, point: int) -> SinglePoint:
    """How the loss of `point` brings `ci` down."""
    _, cause, _ = rounds(graph, np.array([point], np.int32))
    return SinglePoint(point, path_back(graph, ci, int(cause[ci]), cause))


@numba.njit(cache=True)
def _sweep_worlds(  # type: ignore[no-untyped-def]
    ordered,
    candidates,
    asked,
    down,
    hard_start,
    hard_end,
    first_group,
    member_start,
    member_end,
    budget,
    counts,
    cyclic,
):
    for at in ordered:
        down[at] = np.uint64(0)
    for lane in range(len(candidates)):
        down[candidates[lane]] |= np.uint64(1) << np.uint64(lane)
    moved = True
    while moved:
        moved = False
        for at in ordered:
            worlds = down[at]
            for e in range(hard_start[at], hard_start[at + 1]):
                worlds |= down[hard_end[e]]
            for group in range(first_group[at], first_group[at + 1]):
                size = member_start[group + 1] - member_start[group]
                spare = budget[group]
                if spare >= size:
                    continue
                for k in range(spare + 2):
                    counts[k] = np.uint64(0)
                counts[0] = ~np.uint64(0)
                for e in range(member_start[group], member_start[group + 1]):
                    lost = down[member_end[e]]
                    # counts[k]: worlds in which at least k members are lost
                    for k in range(spare + 1, 0, -1):
                        counts[k] |= counts[k - 1] & lost
                worlds |= counts[spare + 1]
            if worlds != down[at]:
                down[at] = worlds
                moved = cyclic
    return down[asked]
