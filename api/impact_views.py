"""How answers of impact look to a client: the field names of the contract, and nothing the caller may not see."""

from dataclasses import dataclass
from typing import Any

from impact.blast_radius import Affected, tier_of
from impact.dependencies import Dependencies, Needed
from impact.impact_graph import ImpactGraph
from impact.stored_relations import Step
from impact.summary import Summary


@dataclass(frozen=True, slots=True)
class Drawing:
    """Spells what is known of a graph; `hidden` CIs are counted and never named."""

    graph: ImpactGraph
    hidden: frozenset[str] = frozenset()

    def sees(self, ci: int) -> bool:
        """Whether the CI may be named."""
        return self.graph.topology.ids[ci] not in self.hidden

    def ids(self, cis: list[int]) -> list[str]:
        """Ids of those that may be named."""
        return [self.graph.topology.ids[ci] for ci in cis if self.sees(ci)]

    def named(self, ci: int) -> dict[str, Any]:
        """Which CI it is."""
        topology = self.graph.topology
        return {
            "id": topology.ids[ci],
            "name": topology.names[ci],
            "class": topology.classes[topology.class_of[ci]],
        }

    def affected(self, one: Affected) -> dict[str, Any]:
        """One CI that suffers."""
        return {
            **self.named(one.ci),
            "tier": tier_of(self.graph, one.ci),
            "state": one.state,
            "probability": 1.0 if one.state == "down" else None,
            "distance": one.distance,
            "path": self.path(one.path),
            "margin": one.margin,
            "if_unknown_lost": one.if_unknown_lost,
        }

    def needed(self, one: Needed) -> dict[str, Any]:
        """One CI that is needed."""
        return {
            **self.named(one.ci),
            "tier": tier_of(self.graph, one.ci),
            "state": None,
            "probability": None,
            "distance": one.distance,
            "path": self.path(one.path),
            "margin": None,
            "if_unknown_lost": None,
        }

    def path(self, path: tuple[Step, ...]) -> list[dict[str, Any]]:
        """The steps of a path; an end that may not be seen is null."""
        ids, names = self.graph.topology.ids, self.graph.topology.names
        steps = []
        for step in path:
            one, other = self.sees(step.from_ci), self.sees(step.to_ci)
            steps.append(
                {
                    "from": ids[step.from_ci] if one else None,
                    "type": step.type,
                    "to": ids[step.to_ci] if other else None,
                    "confidence": step.confidence,
                    "from_name": names[step.from_ci] if one else None,
                    "to_name": names[step.to_ci] if other else None,
                }
            )
        return steps

    def summary(self, summary: Summary) -> dict[str, Any]:
        """The whole blast radius in numbers."""
        return {
            "down": summary.down,
            "degraded": summary.degraded,
            "reachable": summary.reachable,
            "by_class": summary.by_class,
            "by_tier": summary.by_tier,
            "services": [
                {**self.named(service.ci), "state": service.state, "tier": service.tier, "owner": service.owner}
                for service in summary.services
                if self.sees(service.ci)
            ],
            "expected_impact": None,
        }

    def needs(self, answer: Dependencies) -> dict[str, Any]:
        """All that is needed, in numbers."""
        return {
            "down": 0,
            "degraded": 0,
            "reachable": answer.reachable,
            "by_class": {name: {"reachable": count} for name, count in sorted(answer.by_class.items())},
            "by_tier": {tier: {"reachable": count} for tier, count in sorted(answer.by_tier.items())},
            "services": [],
            "expected_impact": None,
        }
