"""single_points_of_failure: the CIs whose failure alone brings a CI down."""

from typing import NamedTuple

import numba
import numpy as np

from impact.impact_graph import ImpactGraph
from impact.rounds import states_of, way_back
from impact.rows import Ints
from impact.stored_relations import Step, Steps


class SinglePoint(NamedTuple):
    """A CI whose loss is enough, by number, and the way it brings the asked one down."""

    ci: int
    path: tuple[Step, ...]


def single_points_of_failure(graph: ImpactGraph, ci: int) -> Ints:
    """Numbers of the CIs whose failure alone brings `ci` down under the certain rules, ascending, itself left out.

    Only what `ci` needs can bring it down, so only that is tried, nearest first. What is needed without any spare needs
    no trial; a trial ends as soon as it reaches one that is known to be enough. O(edges of the cone) at least, at most
    that times the candidates that are not enough.
    """
    enough = _single_points(np.int32(graph.place[ci]), graph.needs, graph.followers)
    return np.sort(graph.number_at[enough])


def explained(graph: ImpactGraph, ci: int, point: int) -> SinglePoint:
    """How the loss of `point` brings `ci` down; both by number, `point` one of the single points of failure."""
    place = int(graph.place[ci])
    states = states_of(graph, graph.place[point : point + 1], until=place)
    way = graph.number_at[way_back(states, place)[::-1]]
    return SinglePoint(point, tuple(Steps(graph).along(way.tolist())))


@numba.njit(cache=True)
def _single_points(asked, needs, followers):  # type: ignore[no-untyped-def]
    n = len(needs.hard_start) - 1
    cone = np.empty(n, np.int32)
    in_cone = np.zeros(n, np.bool_)
    enough = np.zeros(n, np.bool_)
    cone[0] = asked
    in_cone[asked] = enough[asked] = True
    count = 1
    head = 0
    while head < count:
        ci = cone[head]
        head += 1
        count = _reach(needs.hard, needs.hard_start[ci], needs.hard_start[ci + 1], in_cone, cone, count)
        begin, end = needs.member_start[needs.first_group[ci]], needs.member_start[needs.first_group[ci + 1]]
        count = _reach(needs.member, begin, end, in_cone, cone, count)
    _needed_without_spare(cone[:count], enough, needs)
    down = np.full(n, -1, np.int32)  # the last trial in which a CI fell
    tried = np.full(len(needs.budget), -1, np.int32)  # the last trial in which a group lost a member
    lost = np.empty(len(needs.budget), np.int32)
    queue = np.empty(count, np.int32)
    for at in range(1, count):
        if not enough[cone[at]]:
            enough[cone[at]] = _is_enough(cone[at], at, in_cone, enough, down, tried, lost, queue, needs, followers)
    found = np.empty(count, np.int32)
    points = 0
    for at in range(1, count):
        if enough[cone[at]]:
            found[points] = cone[at]
            points += 1
    return found[:points].copy()


@numba.njit(cache=True)
def _needed_without_spare(queue, enough, needs):  # type: ignore[no-untyped-def]
    """Marks whatever the first of the queue needs through needs that have no spare: hard ones and full groups."""
    todo = np.empty(len(queue), np.int32)
    todo[0] = queue[0]
    tail = 1
    head = 0
    while head < tail:
        ci = todo[head]
        head += 1
        tail = _reach(needs.hard, needs.hard_start[ci], needs.hard_start[ci + 1], enough, todo, tail)
        for group in range(needs.first_group[ci], needs.first_group[ci + 1]):
            if needs.budget[group] == 0:
                begin, end = needs.member_start[group], needs.member_start[group + 1]
                tail = _reach(needs.member, begin, end, enough, todo, tail)


@numba.njit(cache=True)
def _reach(ends, begin, end, marked, queue, tail):  # type: ignore[no-untyped-def]
    """Marks and queues what is not marked yet of `ends[begin:end]`; where the queue then ends."""
    for e in range(begin, end):
        to = ends[e]
        if not marked[to]:
            marked[to] = True
            queue[tail] = to
            tail += 1
    return tail


@numba.njit(cache=True)
def _is_enough(candidate, trial, in_cone, enough, down, tried, lost, queue, needs, followers):  # type: ignore[no-untyped-def]
    """Whether the loss of the candidate reaches, within the cone, one whose loss is known to be enough."""
    queue[0] = candidate
    down[candidate] = trial
    tail = 1
    head = 0
    while head < tail:
        ci = queue[head]
        head += 1
        for e in range(followers.hard_start[ci], followers.hard_start[ci + 1]):
            to = followers.hard[e]
            if in_cone[to] and down[to] != trial:
                if enough[to]:
                    return True
                down[to] = trial
                queue[tail] = to
                tail += 1
        for e in range(followers.group_start[ci], followers.group_start[ci + 1]):
            group = followers.group[e]
            to = followers.owner[group]
            if not in_cone[to] or down[to] == trial:
                continue
            if tried[group] != trial:
                tried[group] = trial
                lost[group] = 0
            lost[group] += 1
            if lost[group] > needs.budget[group]:
                if enough[to]:
                    return True
                down[to] = trial
                queue[tail] = to
                tail += 1
    return False
