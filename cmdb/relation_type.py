"""How things need each other: every relation type with the direction in which failure travels and its strength."""

from dataclasses import dataclass
from typing import Literal

Effect = Literal["down", "degraded", "none"]
Basis = Literal["declared", "observed", "inferred"]

EFFECTS: tuple[Effect, ...] = ("down", "degraded", "none")
BASES: tuple[Basis, ...] = ("declared", "observed", "inferred")


@dataclass(frozen=True, slots=True)
class RelationType:
    """`from` needs `to`: when `to` fails, `from` suffers `effect` with probability `strength` (`model.md` 5)."""

    name: str
    description: str
    effect: Effect
    strength: float
    effect_if_observed: Effect | None = None
    """where merely observed relations hurt less than declared ones"""
    default_group: str | None = None
    """redundancy group of relations that name none: members stand in for each other"""
    link: bool = False
    """no direction: a link, not a requirement"""

    def effect_of(self, basis: str) -> Effect:
        """What the loss of `to` does to `from` where nobody said more."""
        if self.effect_if_observed is not None and basis == "observed":
            return self.effect_if_observed
        return self.effect


def _carries_nothing(name: str, description: str) -> RelationType:
    return RelationType(name, description, "none", 0.0)


_DECLARED = (
    RelationType("runs_on", "application, database or container on a server, VM or cluster", "down", 0.95),
    RelationType("hosted_on", "VM on its hypervisor or cluster; pod on its node", "down", 0.95),
    RelationType("depends_on", "anything on anything it needs", "down", 0.80),
    RelationType("stores_in", "application in a database or storage", "down", 0.90),
    RelationType("calls", "application to application", "down", 0.70, effect_if_observed="degraded"),
    RelationType(
        "balances_over",
        "load balancer or virtual address over the members of its pool",
        "down",
        0.90,
        default_group="balances_over",
    ),
    RelationType("part_of", "interface of a device; module of a chassis", "down", 0.95),
    RelationType("powered_by", "device by its feeds", "down", 0.95, default_group="powered_by"),
    RelationType("located_in", "device in a rack, room or site", "down", 0.90),
    RelationType("authenticates_with", "application or device with a directory", "degraded", 0.60),
    RelationType(
        "resolves_with", "application or device with a zone, which needs one of its servers", "degraded", 0.60
    ),
    RelationType("secured_by", "endpoint by a certificate", "down", 0.90),
    RelationType("connects_to", "device or interface and its neighbour", "none", 0.80, link=True),
    _carries_nothing("member_of", "person, group or device in a group"),
    _carries_nothing("assigned_to", "device to the person who uses it"),
    _carries_nothing("owned_by", "anything by the team or person who answers for it"),
    _carries_nothing("managed_by", "anything by the team or system that runs it"),
    _carries_nothing("installed_on", "software on the machine that has it"),
    _carries_nothing("supports", "team or person for what they support"),
)

RELATION_TYPES: dict[str, RelationType] = {declared.name: declared for declared in _DECLARED}
