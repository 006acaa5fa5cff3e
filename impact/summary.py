"""A blast radius in numbers, and the services it touches with those who answer for them."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from graph.topology import UNKNOWN_TIER
from impact.impact_graph import RETIRED, ImpactGraph
from impact.rows import Ints

SERVICE_CLASSES = ("business_service", "service_offering", "technical_service")


class ServiceImpact(NamedTuple):
    """A service that suffers, with who answers for it."""

    ci: int
    """number"""
    state: Literal["down", "degraded"]
    tier: int | None
    owner: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The whole blast radius in numbers; never cut."""

    down: int
    degraded: int
    reachable: int
    by_class: dict[str, dict[str, int]]
    by_tier: dict[str, dict[str, int]]
    """without the CIs whose tier nobody said"""
    services: tuple[ServiceImpact, ...]
    """down first, then by tier (unknown last), name and id"""


def summary_of(graph: ImpactGraph, down: Ints, degraded: Ints, reachable: int) -> Summary:
    """The summary of what is down and what is degraded (CIs by number, in any order)."""
    topology = graph.topology
    by_class: dict[str, dict[str, int]] = {}
    by_tier: dict[str, dict[str, int]] = {}
    services: list[ServiceImpact] = []
    kinds = np.array([name in SERVICE_CLASSES for name in topology.classes], np.bool_)
    states: tuple[tuple[Literal["down", "degraded"], Ints], ...] = (("down", down), ("degraded", degraded))
    for state, hit in states:
        class_of = topology.class_of[hit]
        classes = np.bincount(class_of, minlength=len(topology.classes))
        for at in np.flatnonzero(classes).tolist():
            by_class.setdefault(topology.classes[at], {"down": 0, "degraded": 0})[state] = int(classes[at])
        tiers = np.bincount(topology.tier[hit] - np.int16(UNKNOWN_TIER))  # the unknown come first
        for at in np.flatnonzero(tiers[1:]).tolist():
            by_tier.setdefault(str(at), {"down": 0, "degraded": 0})[state] = int(tiers[at + 1])
        services.extend(
            ServiceImpact(ci, state, None if topology.tier[ci] == UNKNOWN_TIER else int(topology.tier[ci]), None)
            for ci in hit[kinds[class_of]].tolist()
        )
    return Summary(
        down=len(down),
        degraded=len(degraded),
        reachable=reachable,
        by_class=dict(sorted(by_class.items())),
        by_tier=dict(sorted(by_tier.items(), key=lambda tier: int(tier[0]))),
        services=tuple(
            service._replace(owner=owner_of(graph, service.ci))
            for service in sorted(
                services,
                key=lambda service: (
                    service.state == "degraded",
                    service.tier is None,
                    service.tier,
                    topology.names[service.ci],
                    service.ci,
                ),
            )
        ),
    )


def owner_of(graph: ImpactGraph, ci: int) -> str | None:
    """Who answers for a CI: the CI it is `owned_by` (the first by name), else the `owner` fact, else None."""
    topology = graph.topology
    if "owned_by" in topology.types:
        rows = graph.relations_from.of(ci)
        owners = topology.to_ci[rows[topology.type_of[rows] == topology.types.index("owned_by")]]
        names: list[str] = [topology.names[owner] for owner in owners.tolist() if topology.lifecycle[owner] != RETIRED]
        if names:
            return min(names)
    return topology.owners.get(ci)
