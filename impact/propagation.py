"""Who falls when these fail: the least fixpoint with redundancy, compiled.

Two ways to the same answer. *Push* follows what a failure reaches, with a counter per group, and is best while that is
little. *Pull* sweeps the estate in the order of place, each CI reading its own requirements up to the first broken
one, and is best when much falls: it reads memory in sequence and touches at random one byte a need. Work begins as
push and goes on as pull once the cone has shown itself large. CIs go by place here.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from impact.impact_graph import ImpactGraph, Needs
from impact.rows import Ints

Bytes = NDArray[np.uint8]

PUSHED_SHARE = 128
"""push gives up after looking at CIs / PUSHED_SHARE edges"""
PUSHED_AT_LEAST = 4096


def fallen(graph: ImpactGraph, failed: Ints) -> Bytes:
    """1 for every CI that is down when these have failed, the failed included. Shape: (CIs,), by place.

    O(edges of the cone) where that is small, else O(CIs + edges) a sweep: one where nothing depends on itself, and
    one more from the first CI concerned for each time that a cycle carries the failure forward.
    """
    down, finished = pushed(graph, failed, max(PUSHED_AT_LEAST, graph.size // PUSHED_SHARE))
    return down if finished else swept(graph, down)


def pushed(graph: ImpactGraph, failed: Ints, limit: int) -> tuple[Bytes, bool]:
    """(what falls, whether that is all): gives up once more than `limit` edges were looked at."""
    down = np.zeros(graph.size, np.uint8)
    finished: bool = _push(failed, down, graph.followers, graph.needs.budget, limit)
    return down, finished


def swept(graph: ImpactGraph, down: Bytes) -> Bytes:
    """The fixpoint above what is down already, by sweeping. `down` is left as it is."""
    return _swept(graph.needs, down)


def _swept(needs: Needs, down: Bytes) -> Bytes:
    bits = np.packbits(down, bitorder="little")
    _pull(bits, len(down), needs)
    return np.unpackbits(bits, count=len(down), bitorder="little")


def reachable(graph: ImpactGraph, failed: Ints) -> Bytes:
    """1 for everything that needs a failed CI directly or through others, redundancy ignored, or suffers with such.

    The failed are included. Shape: (CIs,), by place.
    """
    reached = np.zeros(graph.size, np.uint8)
    limit = max(PUSHED_AT_LEAST, graph.size // PUSHED_SHARE)
    if not _push(failed, reached, graph.followers, np.zeros_like(graph.needs.budget), limit):
        reached = _swept(graph.needs._replace(budget=np.zeros_like(graph.needs.budget)), reached)
    if len(graph.hurts.end):
        _touch(reached, graph.hurts.start, graph.hurts.end)
    return reached


@numba.njit(cache=True)
def _push(failed, down, followers, budget, limit):  # type: ignore[no-untyped-def]
    queue = np.empty(len(down), np.int32)
    lost = np.zeros(len(budget), np.int32)
    tail = 0
    for ci in failed:
        if not down[ci]:
            down[ci] = 1
            queue[tail] = ci
            tail += 1
    head = 0
    looked = 0
    while head < tail:
        ci = queue[head]
        head += 1
        looked += followers.hard_start[ci + 1] - followers.hard_start[ci]
        looked += followers.group_start[ci + 1] - followers.group_start[ci]
        if looked > limit:
            return False
        for e in range(followers.hard_start[ci], followers.hard_start[ci + 1]):
            to = followers.hard[e]
            if not down[to]:
                down[to] = 1
                queue[tail] = to
                tail += 1
        for e in range(followers.group_start[ci], followers.group_start[ci + 1]):
            group = followers.group[e]
            lost[group] += 1
            to = followers.owner[group]
            if lost[group] > budget[group] and not down[to]:
                down[to] = 1
                queue[tail] = to
                tail += 1
    return True


@numba.njit(cache=True)
def _pull(down, n, needs):  # type: ignore[no-untyped-def]
    """`down` holds one bit a CI: a million fit the cache that is nearest but one."""
    hard_start, hard, first_group, member_start, member, budget, forward = needs
    begin = n
    for ci in range(n):
        if down[ci >> 3] >> (ci & 7) & 1:
            begin = min(begin, ci, forward[ci])
    while begin < n:
        again = n
        for ci in range(begin, n):
            if down[ci >> 3] >> (ci & 7) & 1:
                continue
            falls = False
            for e in range(hard_start[ci], hard_start[ci + 1]):
                to = hard[e]
                if down[to >> 3] >> (to & 7) & 1:
                    falls = True
                    break
            if not falls:
                for group in range(first_group[ci], first_group[ci + 1]):
                    spare = budget[group]
                    for e in range(member_start[group], member_start[group + 1]):
                        to = member[e]
                        spare -= down[to >> 3] >> (to & 7) & 1
                    if spare < 0:
                        falls = True
                        break
            if falls:
                down[ci >> 3] |= 1 << (ci & 7)
                again = min(again, forward[ci])
        begin = again


@numba.njit(cache=True)
def _touch(reached, start, end):  # type: ignore[no-untyped-def]
    """Marks whoever suffers with something reached; suffering goes no further."""
    touched = np.zeros(len(reached), np.uint8)
    for ci in range(len(reached)):
        if reached[ci]:
            for e in range(start[ci], start[ci + 1]):
                touched[end[e]] = 1
    for ci in range(len(reached)):
        reached[ci] |= touched[ci]
