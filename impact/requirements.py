"""What each CI requires: things it needs by themselves, and groups of which so many must be alive (`model.md` 5)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.topology import EFFECTS, NO_GROUP, Topology

Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class UnmetRequirement:
    """A group that has fewer members alive than it needs although nothing has failed: a finding, not an outage."""

    ci: int
    group: str | None
    """None for something needed by itself that is retired"""
    need: int
    alive: int


@dataclass(frozen=True, slots=True)
class Requirements:
    """Hard needs as pairs; groups as columns: owner, need and budget per group, (group, member) pairs."""

    hard_dependent: Ints
    hard_provider: Ints
    owner: Ints
    """group → the CI that requires it"""
    name: Ints
    """group → index into the topology's group names"""
    need: Ints
    """group → members that must be alive, after capping and after what is unmet already"""
    alive: Ints
    """group → members alive when nothing has failed, unknown ones included"""
    budget: Ints
    """group → members that may be lost: alive − need"""
    member_group: Ints
    member: Ints
    unmet: tuple[UnmetRequirement, ...]


def requirements_of(topology: Topology, alive: NDArray[np.bool_]) -> Requirements:
    """Requirements of every CI that is not retired.

    A group's need is a person's word, else the greatest said, of the members that are declared: retired ones still
    named and ends never discovered are members too. Retired members are lost, missing and undiscovered ones alive.
    """
    n = len(topology.ids)
    travels = (topology.effect == EFFECTS.index("down")) & alive[topology.from_ci]
    grouped = travels & (topology.group_of != NO_GROUP)
    owner, name, member, need, human = (
        column[grouped]
        for column in (topology.from_ci, topology.group_of, topology.to_ci, topology.need, topology.human)
    )
    loose = _loose(topology, alive)
    groups = max(len(topology.groups), 1) + len(loose.names)
    key = np.concatenate((owner.astype(np.int64) * groups + name, loose.owner * groups + loose.name))
    distinct, index = np.unique(key, return_inverse=True)
    of_row, of_loose = index[: len(owner)], index[len(owner) :]
    member_keys = np.unique(of_row.astype(np.int64) * n + member) if n else np.empty(0, np.int64)
    member_group, members = (member_keys // max(n, 1)).astype(np.int32), (member_keys % max(n, 1)).astype(np.int32)
    declared = np.bincount(member_group, minlength=len(distinct)) + np.bincount(of_loose, minlength=len(distinct))
    said = _needs(
        np.concatenate((of_row, of_loose)),
        np.concatenate((need, loose.need)),
        np.concatenate((human, loose.human)),
        declared,
    )
    lives = alive[members]
    living = np.bincount(member_group[lives], minlength=len(distinct)) + np.bincount(of_loose, minlength=len(distinct))
    group_owner = (distinct // groups).astype(np.int32)
    group_name = (distinct % groups).astype(np.int32)
    stands = np.minimum(said, living)
    unmet = [
        UnmetRequirement(
            int(group_owner[g]), _name(topology, loose.names, int(group_name[g])), int(said[g]), int(living[g])
        )
        for g in np.flatnonzero(said > living)
    ]
    hard_from, hard_to, lost = _hard(topology, travels, grouped, alive)
    unmet.extend(UnmetRequirement(int(ci), None, 1, 0) for ci in lost)
    return Requirements(
        hard_dependent=hard_from,
        hard_provider=hard_to,
        owner=group_owner,
        name=group_name,
        need=stands.astype(np.int32),
        alive=living.astype(np.int32),
        # A group that needs nothing can lose everything.
        budget=np.where(stands == 0, np.iinfo(np.int32).max, living - stands).astype(np.int32),
        member_group=member_group[lives],
        member=members[lives],
        unmet=tuple(sorted(unmet, key=lambda found: (found.ci, found.group or ""))),
    )


@dataclass(frozen=True, slots=True)
class _Loose:
    """Ends of groups that nobody has discovered, as columns."""

    owner: NDArray[np.int64]
    name: NDArray[np.int64]
    need: Ints
    human: NDArray[np.bool_]
    names: tuple[str, ...]
    """group names that only such ends use"""


def _loose(topology: Topology, alive: NDArray[np.bool_]) -> _Loose:
    known = {name: at for at, name in enumerate(topology.groups)}
    extra: list[str] = []
    rows: list[tuple[int, int, int, bool]] = []
    for end in topology.loose_ends:
        if not end.outgoing or end.group is None or not alive[end.ci]:
            continue
        if end.group not in known:
            known[end.group] = max(len(topology.groups), 1) + len(extra)
            extra.append(end.group)
        rows.append((end.ci, known[end.group], end.need, end.human))
    columns = list(zip(*rows, strict=True)) if rows else [(), (), (), ()]
    return _Loose(
        np.array(columns[0], np.int64),
        np.array(columns[1], np.int64),
        np.array(columns[2], np.int32),
        np.array(columns[3], np.bool_),
        tuple(extra),
    )


def _name(topology: Topology, extra: tuple[str, ...], at: int) -> str:
    return topology.groups[at] if at < len(topology.groups) else extra[at - max(len(topology.groups), 1)]


def _needs(
    group: NDArray[np.int64], need: Ints, human: NDArray[np.bool_], declared: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Members that must be alive, per group: a person's word, else the greatest; unsaid 1; never above the declared."""
    size = declared[group]
    shares = -((need.astype(np.int64) * size) // 100)  # negative shares: this rounds up
    count = np.where(need < 0, shares, need)
    by_people = np.zeros(len(declared), np.int64)
    by_anyone = np.zeros(len(declared), np.int64)
    people = human & (need != 0)
    np.maximum.at(by_people, group[people], count[people])
    np.maximum.at(by_anyone, group, count)
    said = np.where(by_people > 0, by_people, by_anyone)
    return np.minimum(np.maximum(said, 1), declared)


def _hard(
    topology: Topology, travels: NDArray[np.bool_], grouped: NDArray[np.bool_], alive: NDArray[np.bool_]
) -> tuple[Ints, Ints, Ints]:
    """(dependents, providers) of what is needed by itself, and the dependents whose need is retired already.

    Whatever is a member of a group of the dependent counts there and never beside it.
    """
    n = max(len(topology.ids), 1)
    single = travels & ~grouped
    pairs = np.unique(topology.from_ci[single].astype(np.int64) * n + topology.to_ci[single])
    members = np.unique(topology.from_ci[grouped].astype(np.int64) * n + topology.to_ci[grouped])
    if len(members):
        at = np.minimum(np.searchsorted(members, pairs), len(members) - 1)
        pairs = pairs[members[at] != pairs]
    dependents, providers = (pairs // n).astype(np.int32), (pairs % n).astype(np.int32)
    lives = alive[providers] & (dependents != providers)
    return dependents[lives], providers[lives], dependents[~alive[providers]]
