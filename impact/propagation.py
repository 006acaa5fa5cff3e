"""Who falls when these fail: the least fixpoint with redundancy, compiled.

Two ways to the same answer: `push` follows what a failure reaches and is best while that is little; `pull` sweeps the
estate in order, each CI reading its own requirements, and is best when much falls. `fallen` begins with the one and
goes on with the other.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from impact.impact_graph import ImpactGraph

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int32]

SMALL = 64
"""a cone of more than CIs / SMALL is finished by sweeping"""


def fallen(graph: ImpactGraph, failed: Ints) -> Bytes:
    """1 for every CI that is down when these have failed, the failed included. Shape: (CIs,), by number.

    O(edges of the cone) while the cone is small, else O(CIs + edges) per sweep; one sweep where nothing depends on
    itself.
    """
    down = np.zeros(graph.size, np.uint8)
    lost = np.zeros(len(graph.needs.owner), np.int32)
    needs = graph.needs
    finished = _push(
        failed, down, lost, graph.dependents.start, graph.dependents.end, graph.counted.start, graph.counted.end,
        needs.owner, needs.budget, max(256, graph.size // SMALL),
    )  # fmt: skip
    return down if finished else swept(graph, down)


def swept(graph: ImpactGraph, down: Bytes) -> Bytes:
    """The fixpoint above a set that is down already, by sweeping."""
    sweep = graph.sweep
    laid_out = down[sweep.number]
    _pull(
        laid_out, sweep.hard.start, sweep.hard.end, sweep.first_group, sweep.members.start, sweep.members.end,
        sweep.budget, sweep.cyclic,
    )  # fmt: skip
    return laid_out[sweep.place]


def rounds(graph: ImpactGraph, failed: Ints) -> tuple[Ints, Ints, Ints]:
    """(round in which each CI fell or -1, the provider whose loss brought it down or -1, members lost per group).

    Round by round in the order of number, so ties go to the smaller id. O(edges of the cone).
    """
    n = graph.size
    fell = np.full(n, -1, np.int32)
    cause = np.full(n, -1, np.int32)
    lost = np.zeros(len(graph.needs.owner), np.int32)
    _rounds(
        np.unique(failed).astype(np.int32), fell, cause, lost, graph.dependents.start, graph.dependents.end,
        graph.counted.start, graph.counted.end, graph.needs.owner, graph.needs.budget,
    )  # fmt: skip
    return fell, cause, lost


def reached(start: Ints, end: Ints, sources: Ints) -> Ints:
    """Shortest distance from the sources along rows, -1 where there is no way. Redundancy plays no part."""
    distance = np.full(len(start) - 1, -1, np.int32)
    _breadth_first(start, end, np.unique(sources).astype(np.int32), distance)
    return distance


@numba.njit(cache=True)
def _push(failed, down, lost, hard_start, hard_end, in_start, in_end, owner, budget, limit):  # type: ignore[no-untyped-def]
    queue = np.empty(len(down), np.int32)
    tail = 0
    for ci in failed:
        if not down[ci]:
            down[ci] = 1
            queue[tail] = ci
            tail += 1
    head = 0
    while head < tail:
        if tail > limit:
            return False
        ci = queue[head]
        head += 1
        for e in range(hard_start[ci], hard_start[ci + 1]):
            dependent = hard_end[e]
            if not down[dependent]:
                down[dependent] = 1
                queue[tail] = dependent
                tail += 1
        for e in range(in_start[ci], in_start[ci + 1]):
            group = in_end[e]
            lost[group] += 1
            if lost[group] > budget[group] and not down[owner[group]]:
                down[owner[group]] = 1
                queue[tail] = owner[group]
                tail += 1
    return True


@numba.njit(cache=True)
def _pull(down, hard_start, hard_end, first_group, member_start, member_end, budget, cyclic):  # type: ignore[no-untyped-def]
    n = len(down)
    begin = 0
    # Where nothing depends on itself nothing before the first failed can fall.
    while not cyclic and begin < n and not down[begin]:
        begin += 1
    moved = True
    while moved:
        moved = False
        for ci in range(begin, n):
            if down[ci]:
                continue
            falls = False
            for e in range(hard_start[ci], hard_start[ci + 1]):
                if down[hard_end[e]]:
                    falls = True
                    break
            if not falls:
                for group in range(first_group[ci], first_group[ci + 1]):
                    lost = 0
                    for e in range(member_start[group], member_start[group + 1]):
                        lost += down[member_end[e]]
                    if lost > budget[group]:
                        falls = True
                        break
            if falls:
                down[ci] = 1
                moved = cyclic


@numba.njit(cache=True)
def _rounds(failed, fell, cause, lost, hard_start, hard_end, in_start, in_end, owner, budget):  # type: ignore[no-untyped-def]
    n = len(fell)
    now = np.empty(n, np.int32)
    later = np.empty(n, np.int32)
    count = 0
    for ci in failed:
        fell[ci] = 0
        now[count] = ci
        count += 1
    turn = 0
    while count:
        turn += 1
        ahead = 0
        for at in range(count):
            ci = now[at]
            for e in range(hard_start[ci], hard_start[ci + 1]):
                dependent = hard_end[e]
                if fell[dependent] < 0:
                    fell[dependent] = turn
                    cause[dependent] = ci
                    later[ahead] = dependent
                    ahead += 1
            for e in range(in_start[ci], in_start[ci + 1]):
                group = in_end[e]
                lost[group] += 1
                dependent = owner[group]
                if lost[group] > budget[group] and fell[dependent] < 0:
                    fell[dependent] = turn
                    cause[dependent] = ci
                    later[ahead] = dependent
                    ahead += 1
        later[:ahead].sort()
        now, later = later, now
        count = ahead


@numba.njit(cache=True)
def _breadth_first(start, end, sources, distance):  # type: ignore[no-untyped-def]
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
        for e in range(start[ci], start[ci + 1]):
            if distance[end[e]] < 0:
                distance[end[e]] = distance[ci] + 1
                queue[tail] = end[e]
                tail += 1
