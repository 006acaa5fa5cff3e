"""orient: the estate as one graph in which every edge reads "when this fails, that suffers"."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.topology import EFFECTS, LIFECYCLES, Topology
from impact.ordering import sweep_order
from impact.requirements import Requirements, requirements_of
from impact.rows import Rows, gather

DOWN, DEGRADED = EFFECTS.index("down"), EFFECTS.index("degraded")
LIVE, MISSING, RETIRED = (LIFECYCLES.index(name) for name in ("live", "missing", "retired"))

Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Sweep:
    """The requirements once more, CIs renumbered so that what is needed comes before what needs it.

    A sweep in this order reads memory in sequence and, where nothing depends on itself, is done after one pass.
    """

    place: Ints
    """number of a CI → its position in the sweep"""
    number: Ints
    """position → number"""
    hard: Rows
    """position → positions of what it needs by itself"""
    first_group: Ints
    """position → its first group; groups of one CI lie side by side"""
    members: Rows
    """group → positions of its members"""
    budget: Ints
    """group → members that may be lost"""
    cyclic: bool
    """whether anything depends on itself, so that one pass may not be enough"""


@dataclass(frozen=True, slots=True)
class ImpactGraph:
    """Compressed sparse rows over the CIs of a topology, numbered as there (in the order of id)."""

    topology: Topology
    needs: Requirements
    dependents: Rows
    """provider → dependents that fall with it"""
    counted: Rows
    """provider → groups that lose a member with it"""
    degraded: Rows
    """provider → dependents that suffer without falling"""
    providers: Rows
    """dependent → everything it needs, group members included"""
    degraders: Rows
    """dependent → everything that only degrades it"""
    needed_by: Rows
    """provider → everything that needs it, group owners included: reach without redundancy"""
    relations_from: Rows
    """CI → the rows of the topology's relations that begin at it"""
    number: Mapping[str, int]
    """id → number"""
    owners: Mapping[int, str]
    """CI → the name of who answers for it: the `owned_by` CI's, else the `owner` fact"""
    missing: Ints
    """CIs that count as alive but may be gone"""
    sweep: Sweep

    @property
    def size(self) -> int:
        """How many CIs there are."""
        return len(self.topology.ids)


def orient(topology: Topology) -> ImpactGraph:
    """The impact graph of a topology. Cost grows with CIs + relations (sorting them: × log)."""
    n = len(topology.ids)
    alive = topology.lifecycle != RETIRED
    needs = requirements_of(topology, alive)
    hurts = (topology.effect == DEGRADED) & alive[topology.from_ci] & alive[topology.to_ci]
    falls_with = gather(n, needs.hard_provider, needs.hard_dependent)
    member_owner = needs.owner[needs.member_group]
    everything_from = np.concatenate((needs.hard_dependent, member_owner))
    everything_to = np.concatenate((needs.hard_provider, needs.member))
    return ImpactGraph(
        topology=topology,
        needs=needs,
        dependents=falls_with,
        counted=gather(n, needs.member, needs.member_group),
        degraded=gather(n, topology.to_ci[hurts], topology.from_ci[hurts]),
        providers=gather(n, everything_from, everything_to),
        degraders=gather(n, topology.from_ci[hurts], topology.to_ci[hurts]),
        needed_by=gather(n, everything_to, everything_from),
        relations_from=gather(n, topology.from_ci, np.arange(len(topology.from_ci), dtype=np.int32)),
        number={id_: at for at, id_ in enumerate(topology.ids)},
        owners=_owners(topology),
        missing=np.flatnonzero(topology.lifecycle == MISSING).astype(np.int32),
        sweep=_sweep(n, needs, gather(n, everything_from, everything_to)),
    )


def _owners(topology: Topology) -> dict[int, str]:
    owners = dict(topology.owners)
    if "owned_by" in topology.types:
        owned = np.flatnonzero(topology.type_of == topology.types.index("owned_by"))
        named = sorted((int(topology.from_ci[row]), topology.names[topology.to_ci[row]]) for row in owned)
        owners.update(reversed(named))  # the first by name where there are several
    return owners


def _sweep(n: int, needs: Requirements, providers: Rows) -> Sweep:
    place, cyclic = sweep_order(providers.start, providers.end)
    number = np.empty(n, np.int32)
    number[place] = np.arange(n, dtype=np.int32)
    owner = place[needs.owner]
    order = np.argsort(owner, kind="stable").astype(np.int32)
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    first_group = np.zeros(n + 1, np.int32)
    np.cumsum(np.bincount(owner, minlength=n), out=first_group[1:])
    return Sweep(
        place=place,
        number=number,
        hard=gather(n, place[needs.hard_dependent], place[needs.hard_provider]),
        first_group=first_group,
        members=gather(len(order), rank[needs.member_group], place[needs.member]),
        budget=needs.budget[order],
        cyclic=cyclic,
    )
