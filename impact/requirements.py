"""What each CI requires: things it needs by themselves, and groups of which so many must be alive (`model.md` 5)."""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from cmdb.relation_type import RELATION_TYPES
from graph.topology import EFFECTS, NO_GROUP, Topology
from impact.rows import Ints, Rows

DOWN = EFFECTS.index("down")


@dataclass(frozen=True, slots=True)
class UnmetRequirement:
    """A requirement with fewer members alive than it needs although nothing has failed: a finding, not an outage."""

    ci: int
    group: str | None
    """None for something needed by itself that is retired"""
    need: int
    alive: int


@dataclass(frozen=True, slots=True)
class Requirements:
    """Rows by CI number; groups of one CI lie side by side, and so do the members of a group."""

    hard: Rows
    """CI → what it needs by itself"""
    first_group: Ints
    """CI → its first group; length CIs + 1"""
    members: Rows
    """group → its members that are not retired, each once"""
    budget: Ints
    """group → members that may be lost before it breaks: alive − need"""
    unmet: tuple[UnmetRequirement, ...]
    """by CI number, then group name"""

    def grouped(self) -> Rows:
        """CI → members of its groups; a CI in two of them twice."""
        return Rows(self.members.start[self.first_group], self.members.end)


def requirements_of(topology: Topology, relations_from: Rows, alive: NDArray[np.bool_]) -> Requirements:
    """Requirements of every CI that is not retired.

    `relations_from`: CI → rows of the topology's relations, in the order of the other end. A group's need is a
    person's word, else the greatest said, of the members that are declared: retired ones still named and ends never
    discovered are members too. Retired members are lost, missing and undiscovered ones alive. O(CIs + relations).
    """
    loose = _loose(topology, alive)
    hard_start, hard_end, first_group, member_start, members, name, said, living, bereft = _requirements(
        relations_from.start, relations_from.end, topology.to_ci, topology.group_of, topology.need, topology.human,
        topology.effect == DOWN, alive, loose.start, loose.group, loose.need, loose.human, len(topology.groups),
    )  # fmt: skip
    owner = np.repeat(np.arange(len(topology.ids), dtype=np.int32), np.diff(first_group))
    unmet = [
        UnmetRequirement(int(owner[group]), topology.groups[name[group]], int(said[group]), int(living[group]))
        for group in np.flatnonzero(said > living)
    ]
    unmet.extend(UnmetRequirement(ci, None, 1, 0) for ci in bereft.tolist())
    return Requirements(
        hard=Rows(hard_start, hard_end),
        first_group=first_group,
        members=Rows(member_start, members),
        budget=np.maximum(living - said, 0).astype(np.int32),  # already unmet: it needs those it has left
        unmet=tuple(sorted(unmet, key=lambda found: (found.ci, found.group or ""))),
    )


@dataclass(frozen=True, slots=True)
class _Loose:
    """Members of groups that nobody has discovered, as rows by CI."""

    start: Ints
    group: Ints
    need: Ints
    human: NDArray[np.bool_]


def _loose(topology: Topology, alive: NDArray[np.bool_]) -> _Loose:
    """One row per claim; a reference that several claims name is one member: the others only say a need.

    A group of nothing but such ends can lose nobody, so it is left out.
    """
    known = {name: at for at, name in enumerate(topology.groups)}
    seen: set[tuple[int, int, str]] = set()
    rows: list[tuple[int, int, int, bool]] = []
    for end in sorted(topology.loose_ends, key=lambda end: end.ci):
        group = known.get(end.group) if end.group is not None else None
        declared = RELATION_TYPES.get(end.type)
        travels = declared is None or declared.effect == "down"
        if group is None or not end.outgoing or not travels or not alive[end.ci]:
            continue
        member = (end.ci, group, end.reference)
        rows.append((end.ci, -1 - group if member in seen else group, end.need, end.human))
        seen.add(member)
    start = np.zeros(len(topology.ids) + 1, np.int32)
    np.cumsum(np.bincount([row[0] for row in rows], minlength=len(topology.ids)), out=start[1:])
    return _Loose(
        start,
        np.array([row[1] for row in rows], np.int32),
        np.array([row[2] for row in rows], np.int32),
        np.array([row[3] for row in rows], np.bool_),
    )


@numba.njit(cache=True)
def _requirements(  # type: ignore[no-untyped-def]
    start, relations, to_ci, group_of, need, human, travels, alive, loose_start, loose_group, loose_need, loose_human,
    names,
):  # fmt: skip
    n = len(start) - 1
    in_groups = 0
    for relation in range(len(to_ci)):
        in_groups += travels[relation] and group_of[relation] != NO_GROUP
    hard_start = np.zeros(n + 1, np.int32)
    hard_end = np.empty(len(to_ci) - in_groups, np.int32)
    bereft = np.empty(len(to_ci) - in_groups, np.int32)
    first_group = np.zeros(n + 1, np.int32)
    name_of = np.empty(in_groups, np.int32)
    declared = np.zeros(in_groups, np.int32)
    living = np.zeros(in_groups, np.int32)
    found = np.zeros(in_groups, np.int32)  # living ones among the discovered
    said = np.zeros(4 * in_groups, np.int32)  # per group: count and share by anyone, count and share by people
    last = np.full(in_groups, -1, np.int32)
    member_start = np.zeros(in_groups + 1, np.int32)
    members = np.empty(in_groups, np.int32)
    slot = np.full(names, -1, np.int32)  # group name → the group of the CI at hand, if it is not older
    member_of = np.full(n, -1, np.int32)  # CI → the last CI that counts it in a group
    hard = lost = groups = filled = 0
    for ci in range(n):
        first_group[ci] = groups
        hard_start[ci] = hard
        if not alive[ci]:
            continue
        first = groups
        for e in range(start[ci], start[ci + 1]):
            relation = relations[e]
            to = to_ci[relation]
            name = group_of[relation]
            if name == NO_GROUP or not travels[relation] or to == ci:
                continue
            if slot[name] < first:
                slot[name] = groups
                name_of[groups] = name
                groups += 1
            group = slot[name]
            member_of[to] = ci
            _hear(said, 4 * group, need[relation], human[relation])
            if last[group] != to:
                last[group] = to
                declared[group] += 1
                living[group] += alive[to]
                found[group] += alive[to]
        if groups > first:
            for e in range(loose_start[ci], loose_start[ci + 1]):
                repeated = loose_group[e] < 0
                name = -1 - loose_group[e] if repeated else loose_group[e]
                group = slot[name]
                if group < first:
                    continue
                _hear(said, 4 * group, loose_need[e], loose_human[e])
                if not repeated:
                    declared[group] += 1
                    living[group] += 1
            for group in range(first, groups):
                member_start[group] = filled
                filled += found[group]
                last[group] = -1
                found[group] = member_start[group]  # from here on: where the next member goes
            for e in range(start[ci], start[ci + 1]):
                relation = relations[e]
                to = to_ci[relation]
                name = group_of[relation]
                if name == NO_GROUP or not travels[relation] or to == ci or not alive[to]:
                    continue
                group = slot[name]
                if last[group] != to:
                    last[group] = to
                    members[found[group]] = to
                    found[group] += 1
        before = -1
        for e in range(start[ci], start[ci + 1]):
            relation = relations[e]
            to = to_ci[relation]
            if group_of[relation] != NO_GROUP or not travels[relation] or to in (ci, before):
                continue
            before = to
            if groups > first and member_of[to] == ci:
                continue  # it counts in its group, never beside it
            if alive[to]:
                hard_end[hard] = to
                hard += 1
            else:
                bereft[lost] = ci
                lost += 1
    first_group[n] = groups
    hard_start[n] = hard
    member_start[groups] = filled
    need_of = np.empty(groups, np.int32)
    for group in range(groups):
        need_of[group] = _agreed(said, 4 * group, declared[group])
    return (
        hard_start, hard_end[:hard].copy(), first_group, member_start[: groups + 1].copy(), members[:filled].copy(),
        name_of[:groups].copy(), need_of, living[:groups].copy(), bereft[:lost].copy(),
    )  # fmt: skip


@numba.njit(cache=True)
def _hear(said, at, need, human):  # type: ignore[no-untyped-def]
    if need != 0:
        column = at + (need < 0)
        said[column] = max(said[column], abs(need))
        if human:
            said[2 + column] = max(said[2 + column], abs(need))


@numba.njit(cache=True)
def _agreed(said, at, declared):  # type: ignore[no-untyped-def]
    """A person's word, else the greatest; unsaid 1; never above the members declared. Shares round up."""
    by_anyone = max(said[at], (said[at + 1] * declared + 99) // 100)
    by_people = max(said[at + 2], (said[at + 3] * declared + 99) // 100)
    need = by_people if by_people > 0 else by_anyone
    return min(max(need, 1), declared)
