"""What an answer rests on, and what it cannot know: unknown is not none."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from impact.impact_graph import ImpactGraph

SEEN_THROUGH_CONNECTIONS = frozenset(
    {
        *("server", "virtual_machine", "hypervisor", "workstation", "device"),
        *("storage", "application", "database", "container"),
    }
)
"""classes whose dependants show in network connections, and only there where nobody declared them"""


MAY_BE_UNSEEN = 0.1
"""share of a CI's connections that may not have been seen yet in an answer that is called complete"""


class UnseenRelations(NamedTuple):
    """How much of what a CI talks to was probably never seen, as the source of its connections estimates it."""

    ci: int
    """number"""
    share: float
    low: float
    high: float
    """0 to 1; `share` lies between these with 95 %"""


@dataclass(frozen=True, slots=True)
class Coverage:
    """`complete` only where nothing known speaks against it."""

    unscanned_scopes: tuple[str, ...]
    """scopes whose last run did not read them to the end"""
    stale_relations: int
    """relations of the answer whose every witness has been missed"""
    never_looked: tuple[str, ...]
    """kinds of dependency nobody ever looked for, and where"""
    unseen_relations: tuple[UnseenRelations, ...] = ()
    undiscovered: int = 0
    """ends that relations of the answer name and that no CI is known to be; they count as alive"""

    @property
    def complete(self) -> bool:
        """Whether nothing known is missing from the answer."""
        unseen = any(one.share > MAY_BE_UNSEEN for one in self.unseen_relations)
        return not (self.unscanned_scopes or self.stale_relations or self.never_looked or self.undiscovered or unseen)


def coverage(
    graph: ImpactGraph,
    asked: list[int],
    cone: NDArray[np.bool_],
    *,
    unscanned_scopes: tuple[str, ...],
    connections_known: frozenset[int],
    unseen_relations: tuple[UnseenRelations, ...] = (),
) -> Coverage:
    """Coverage of an answer about `asked` that reached `cone`.

    `connections_known`: numbers of CIs whose network connections some source has read.
    """
    topology = graph.topology
    stale = topology.stale & cone[topology.from_ci] & cone[topology.to_ci]
    never = [
        f"network connections of {topology.names[ci]}"
        for ci in asked
        if ci not in connections_known and topology.classes[topology.class_of[ci]] in SEEN_THROUGH_CONNECTIONS
    ]
    if "connects_to" in topology.types and not len(topology.network_roots):
        never.append("paths over links: no network root is declared")
    loose = sum(1 for end in topology.loose_ends if cone[end.ci])
    return Coverage(unscanned_scopes, int(stale.sum()), tuple(never), unseen_relations, loose)
