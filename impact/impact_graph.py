"""orient: the estate as one graph in which every edge reads "when this fails, that suffers"."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numba
import numpy as np

from graph.topology import EFFECTS, LIFECYCLES, Numbers, Topology
from impact.ordering import sweep_order
from impact.requirements import Requirements, UnmetRequirement, requirements_of
from impact.rows import Ints, Rows, by_two_keys, gather, transposed

DEGRADED = EFFECTS.index("degraded")
MISSING, RETIRED = LIFECYCLES.index("missing"), LIFECYCLES.index("retired")


class Needs(NamedTuple):
    """What each CI requires. CIs by place; a tuple of arrays, because compiled code takes it as it is."""

    hard_start: Ints
    hard: Ints
    """`hard[hard_start[ci] : hard_start[ci + 1]]`: what it needs by itself"""
    first_group: Ints
    """CI → its first group; the groups of one CI lie side by side; length CIs + 1"""
    member_start: Ints
    member: Ints
    """`member[member_start[group] : member_start[group + 1]]`: members of a group that are not retired"""
    budget: Ints
    """group → members that may be lost before it breaks"""
    forward: Ints
    """CI → the first place where something needs it before its own place, else the number of CIs: cycles only"""


class Followers(NamedTuple):
    """Who loses what with each CI: the same the other way round."""

    hard_start: Ints
    hard: Ints
    """those that fall with it"""
    group_start: Ints
    group: Ints
    """groups that lose a member with it"""
    owner: Ints
    """group → the CI that requires it"""


@dataclass(frozen=True, slots=True)
class ImpactGraph:
    """Who needs whom, CIs renumbered by *place* so that what is needed comes before what needs it.

    Sweeping in that order reads memory in sequence. Outside this package a CI goes by its *number* in the topology.
    """

    topology: Topology
    place: Ints
    """number → place"""
    number_at: Ints
    """place → number"""
    needs: Needs
    followers: Followers
    hurts: Rows
    """place → places of those that suffer with it without falling"""
    hurt_by: Rows
    """the same the other way round"""
    relations_from: Rows
    """number → rows of the topology's relations that begin there, in the order of their other end"""
    number: Mapping[str, int]
    """id → number"""
    missing: Ints
    """places of the CIs that count as alive but may be gone"""
    unmet: tuple[UnmetRequirement, ...]
    """requirements that do not hold although nothing has failed; CIs by number"""

    @property
    def size(self) -> int:
        """How many CIs there are."""
        return len(self.topology.ids)

    def places(self, numbers: Ints) -> Ints:
        """Places of CIs by number, each once, ascending by number."""
        return self.place[np.unique(numbers)]


def orient(topology: Topology) -> ImpactGraph:
    """The impact graph of a topology. O(CIs + relations).

    Retired CIs take no part: what needs them is judged once, here, by what it has left. Relations without effect are
    kept for nothing but names.
    """
    n = len(topology.ids)
    alive = topology.lifecycle != RETIRED
    relations_from = by_two_keys(n, topology.from_ci, topology.to_ci)
    required = requirements_of(topology, relations_from, alive)
    number_at = sweep_order(required.hard, required.grouped())
    place = np.empty(n, np.int32)
    place[number_at] = np.arange(n, dtype=np.int32)
    needs = _laid_out(required, number_at, place)
    one_way = transposed(Rows(needs.hard_start, needs.hard), n)
    counting = transposed(Rows(needs.member_start, needs.member), n)
    hurting = np.flatnonzero(topology.effect == DEGRADED)
    sufferer, cause = topology.from_ci[hurting], topology.to_ci[hurting]
    felt = alive[sufferer] & alive[cause] & (sufferer != cause)
    sufferer, cause = place[sufferer[felt]], place[cause[felt]]
    return ImpactGraph(
        topology=topology,
        place=place,
        number_at=number_at,
        needs=needs,
        followers=Followers(
            one_way.start, one_way.end, counting.start, counting.end,
            np.repeat(np.arange(n, dtype=np.int32), np.diff(needs.first_group)),
        ),
        hurts=gather(n, cause, sufferer),
        hurt_by=gather(n, sufferer, cause),
        relations_from=relations_from,
        number=Numbers(topology.ids),
        missing=place[np.flatnonzero(topology.lifecycle == MISSING)],
        unmet=required.unmet,
    )  # fmt: skip


def _laid_out(required: Requirements, number_at: Ints, place: Ints) -> Needs:
    return Needs(
        *_by_place(
            required.hard.start, required.hard.end, required.first_group, required.members.start, required.members.end,
            required.budget, number_at, place,
        )
    )  # fmt: skip


@numba.njit(cache=True)
def _by_place(hard_start, hard, first_group, member_start, member, budget, number_at, place):  # type: ignore[no-untyped-def]
    n = len(number_at)
    placed_hard_start = np.zeros(n + 1, np.int32)
    placed_hard = np.empty(len(hard), np.int32)
    placed_first = np.zeros(n + 1, np.int32)
    placed_member_start = np.zeros(len(budget) + 1, np.int32)
    placed_member = np.empty(len(member), np.int32)
    placed_budget = np.empty(len(budget), np.int32)
    forward = np.full(n, n, np.int32)
    hards = groups = members = 0
    for at in range(n):
        ci = number_at[at]
        for e in range(hard_start[ci], hard_start[ci + 1]):
            to = place[hard[e]]
            placed_hard[hards] = to
            hards += 1
            if to > at:
                forward[to] = min(forward[to], at)
        placed_hard_start[at + 1] = hards
        for group in range(first_group[ci], first_group[ci + 1]):
            for e in range(member_start[group], member_start[group + 1]):
                to = place[member[e]]
                placed_member[members] = to
                members += 1
                if to > at:
                    forward[to] = min(forward[to], at)
            placed_budget[groups] = budget[group]
            groups += 1
            placed_member_start[groups] = members
        placed_first[at + 1] = groups
    return placed_hard_start, placed_hard, placed_first, placed_member_start, placed_member, placed_budget, forward
