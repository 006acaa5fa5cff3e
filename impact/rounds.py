"""In which round each CI falls, who suffers without falling, and whose loss was the cause.

Round by round, so that `distance` is exact: a round is pushed from those that fell in the one before, or, where those
are many, pulled by everyone who still stands. CIs go by place here.
"""

from dataclasses import dataclass

import numba
import numpy as np

from impact.impact_graph import ImpactGraph
from impact.rows import Ints

STANDS = -1
PULL_FACTOR = 2
"""a round is pulled when it would push more edges than PULL_FACTOR × those who still stand"""
MANY = 16
"""counters are taken anew over all groups when more than CIs / MANY have fallen uncounted"""
NOBODY = -1


@dataclass(frozen=True, slots=True)
class States:
    """What one set of failures does to the estate."""

    graph: ImpactGraph
    failed: Ints
    """places, ascending by number"""
    down: Ints
    """places of all that are down in the order of their falling, the failed first"""
    degraded: Ints
    """places of all that stand but suffer"""
    fell: Ints
    """place → round in which it fell, STANDS where it did not"""
    hurt: Ints
    """place → round in which one that stands began to suffer, 0 where it does not"""
    lost: Ints
    """group → members lost"""

    def distance(self, ci: int) -> int:
        """The round in which a CI fell or began to suffer."""
        return int(self.fell[ci] if self.fell[ci] != STANDS else self.hurt[ci])

    def numbers_down(self) -> Ints:
        """Numbers of the CIs that are down, the failed included; ascending."""
        return np.sort(self.graph.number_at[self.down])

    def numbers_degraded(self) -> Ints:
        """Numbers of the CIs that stand but suffer; ascending."""
        return np.sort(self.graph.number_at[self.degraded])


def states_of(graph: ImpactGraph, failed: Ints, until: int = NOBODY) -> States:
    """States when the CIs at these places fail; with `until`, no further than the round in which that one fell.

    O(edges of the cone + CIs).
    """
    n = graph.size
    fell = np.full(n, STANDS, np.int32)
    lost = np.zeros(len(graph.needs.budget), np.int32)
    queue = np.empty(n, np.int32)
    count = _fall(failed, fell, queue, lost, graph.needs, graph.followers, until)
    down = queue[:count].copy()
    hurt = np.zeros(n, np.int32)
    degraded = _suffer(down, fell, hurt, graph.followers, graph.hurts.start, graph.hurts.end)
    return States(graph, failed, down, degraded, fell, hurt, lost)


def way_back(states: States, ci: int) -> Ints:
    """Places from an affected CI back to a failed one, each the cause of the one before; length: its distance + 1.

    A cause is the member with the smallest number among those whose loss, one round earlier, broke a requirement; for
    one that stands, among those that were its first loss.
    """
    graph = states.graph
    steps = np.empty(states.distance(ci) + 1, np.int32)
    steps[0] = ci
    _back(steps, states.fell, graph.needs, graph.hurt_by.start, graph.hurt_by.end, graph.number_at)
    return steps


def margin(states: States, ci: int) -> int | None:
    """alive − need of the worst group of a CI that stands and has lost a member; None where none has."""
    needs = states.graph.needs
    groups = slice(int(needs.first_group[ci]), int(needs.first_group[ci + 1]))
    lost = states.lost[groups]
    left = (needs.budget[groups] - lost)[lost > 0]
    return int(left.min()) if len(left) else None


@numba.njit(cache=True)
def _fall(failed, fell, queue, lost, needs, followers, until):  # type: ignore[no-untyped-def]
    n = len(fell)
    down = np.zeros(n, np.uint8)
    tail = 0
    for ci in failed:
        fell[ci] = 0
        down[ci] = 1
        queue[tail] = ci
        tail += 1
    head = counted = turn = 0
    while head < tail and (until < 0 or not down[until]):
        turn += 1
        last = tail
        edges = 0
        for at in range(head, last):
            ci = queue[at]
            edges += followers.hard_start[ci + 1] - followers.hard_start[ci]
            edges += followers.group_start[ci + 1] - followers.group_start[ci]
        if edges > PULL_FACTOR * (n - tail) + 1000:
            tail = _pull_round(turn, tail, down, fell, queue, needs)
        else:
            _count(queue, counted, head, turn - 1, fell, lost, needs, followers)
            tail = _push_round(turn, head, tail, down, fell, queue, lost, needs, followers)
            counted = last
        head = last
    _count(queue, counted, tail, turn + 1, fell, lost, needs, followers)
    return tail


@numba.njit(cache=True)
def _push_round(turn, head, tail, down, fell, queue, lost, needs, followers):  # type: ignore[no-untyped-def]
    for at in range(head, tail):
        ci = queue[at]
        for e in range(followers.hard_start[ci], followers.hard_start[ci + 1]):
            to = followers.hard[e]
            if not down[to]:
                down[to] = 1
                fell[to] = turn
                queue[tail] = to
                tail += 1
        for e in range(followers.group_start[ci], followers.group_start[ci + 1]):
            group = followers.group[e]
            lost[group] += 1
            to = followers.owner[group]
            if lost[group] > needs.budget[group] and not down[to]:
                down[to] = 1
                fell[to] = turn
                queue[tail] = to
                tail += 1
    return tail


@numba.njit(cache=True)
def _pull_round(turn, tail, down, fell, queue, needs):  # type: ignore[no-untyped-def]
    """Those who fall in this round are marked only after it, so that nobody falls by them too early."""
    hard_start, hard, first_group, member_start, member, budget, _ = needs
    first = tail
    for ci in range(len(fell)):
        if down[ci]:
            continue
        falls = False
        for e in range(hard_start[ci], hard_start[ci + 1]):
            if down[hard[e]]:
                falls = True
                break
        if not falls:
            for group in range(first_group[ci], first_group[ci + 1]):
                spare = budget[group]
                for e in range(member_start[group], member_start[group + 1]):
                    spare -= down[member[e]]
                if spare < 0:
                    falls = True
                    break
        if falls:
            fell[ci] = turn
            queue[tail] = ci
            tail += 1
    for at in range(first, tail):
        down[queue[at]] = 1
    return tail


@numba.njit(cache=True)
def _count(queue, begin, end, before, fell, lost, needs, followers):  # type: ignore[no-untyped-def]
    """Brings `lost` up to date: what `queue[begin:end]` took from groups, all of whom fell before round `before`."""
    if (end - begin) * MANY < len(fell):
        for at in range(begin, end):
            ci = queue[at]
            for e in range(followers.group_start[ci], followers.group_start[ci + 1]):
                lost[followers.group[e]] += 1
        return
    for group in range(len(lost)):
        gone = 0
        for e in range(needs.member_start[group], needs.member_start[group + 1]):
            at = fell[needs.member[e]]
            gone += at != STANDS and at < before
        lost[group] = gone


@numba.njit(cache=True)
def _suffer(down, fell, hurt, followers, hurt_start, hurt_end):  # type: ignore[no-untyped-def]
    """Sets the round of everyone who stands but suffers and returns them.

    `down` is in the order of falling, so the first touch is the first loss.
    """
    sufferers = np.empty(len(fell) - len(down), np.int32)
    count = 0
    for ci in down:
        for e in range(followers.group_start[ci], followers.group_start[ci + 1]):
            to = followers.owner[followers.group[e]]
            if fell[to] == STANDS and not hurt[to]:
                hurt[to] = fell[ci] + 1
                sufferers[count] = to
                count += 1
        for e in range(hurt_start[ci], hurt_start[ci + 1]):
            to = hurt_end[e]
            if fell[to] == STANDS and not hurt[to]:
                hurt[to] = fell[ci] + 1
                sufferers[count] = to
                count += 1
    return sufferers[:count].copy()


@numba.njit(cache=True)
def _back(steps, fell, needs, hurt_start, hurt_end, number_at):  # type: ignore[no-untyped-def]
    standing = fell[steps[0]] == STANDS
    for at in range(1, len(steps)):
        ci = steps[at - 1]
        before = len(steps) - 1 - at
        cause = NOBODY
        for e in range(needs.hard_start[ci], needs.hard_start[ci + 1]):
            cause = _smaller(needs.hard[e], cause, before, fell, number_at)
        for group in range(needs.first_group[ci], needs.first_group[ci + 1]):
            gone = 0
            for e in range(needs.member_start[group], needs.member_start[group + 1]):
                gone += 0 <= fell[needs.member[e]] <= before
            if standing or gone > needs.budget[group]:
                for e in range(needs.member_start[group], needs.member_start[group + 1]):
                    cause = _smaller(needs.member[e], cause, before, fell, number_at)
        if standing:
            for e in range(hurt_start[ci], hurt_start[ci + 1]):
                cause = _smaller(hurt_end[e], cause, before, fell, number_at)
        standing = False
        steps[at] = cause


@numba.njit(cache=True)
def _smaller(candidate, cause, before, fell, number_at):  # type: ignore[no-untyped-def]
    if fell[candidate] == before and (cause < 0 or number_at[candidate] < number_at[cause]):
        return candidate
    return cause
