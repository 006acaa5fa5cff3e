"""A relation between two CIs: who witnesses it, and what they say of it taken together."""

from collections.abc import Iterable
from typing import NamedTuple

from cmdb.relation_type import EFFECTS, RelationType


class Witness(NamedTuple):
    """One record's claim that the relation exists."""

    record: str
    reference: str
    group: str | None
    need: int
    effect: str | None
    strength: float | None
    basis: str
    confidence: float | None
    human: bool
    missed: bool
    """the record is live but was missed: it witnesses, marked stale"""
    since: int
    """when it first said so (microseconds UTC), or since when the one that it means bears what it names"""


class Requirement(NamedTuple):
    """One redundancy group that the relation belongs to, with the need its witnesses agree on."""

    group: str | None
    need: int
    human: bool
    """whether a person said the need"""


class Relation(NamedTuple):
    """One per (type, from, to). Everything beside the witnesses follows from them."""

    id: str
    type: str
    from_ci: str
    to_ci: str
    witnesses: tuple[Witness, ...]
    first_seen: int
    requirements: tuple[Requirement, ...]
    """more than one where witnesses name different groups: all stand"""
    effect: str
    basis: str
    strength: float
    confidence: float
    human: bool
    stale: bool

    @property
    def group(self) -> str | None:
        """The first group by name, for display."""
        return self.requirements[0].group

    @property
    def need(self) -> int:
        """The need of `group`: 0 unsaid, > 0 members, < 0 minus a percentage."""
        return self.requirements[0].need


def relation_id(type_name: str, from_ci: str, to_ci: str) -> str:
    """The same for the same triple, everywhere and always; ids of one CI's relations lie side by side."""
    return f"{from_ci}-{to_ci}-{type_name}"


_CONFIDENCE = {"declared": 0.98, "observed": 0.95, "inferred": 0.60}
"""P(the relation exists) where the source gives none (settings; re-estimated from reviews later)"""
_BASIS_RANK = {"declared": 0, "observed": 1, "inferred": 2}


def relation(declared: RelationType, from_ci: str, to_ci: str, witnesses: Iterable[Witness]) -> Relation:
    """What the witnesses say together; a person's word stands over the others'.

    Group and need per group: a person's, else the greatest. Effect: a person's, else the strongest that is said, else
    the type's for the basis. Strength and confidence: a person's, else the greatest said.
    """
    seen = tuple(witnesses)
    if len(seen) == 1:  # as nearly always
        _, _, group, need, effect, strength, basis, confidence, human, stale, first_seen = seen[0]
        requirements: tuple[Requirement, ...] = (Requirement(group, need, human and need != 0),)
    else:
        seen = tuple(sorted(seen, key=repr))
        stale = all(witness.missed for witness in seen)
        first_seen = min(witness.since for witness in seen)
        basis = min((witness.basis for witness in seen), key=_BASIS_RANK.__getitem__)
        human = any(witness.human for witness in seen)
        requirements = _requirements(seen)
        effect = _effect(seen)
        strength = _greatest((w.human, w.strength) for w in seen)
        confidence = _greatest((w.human, w.confidence) for w in seen)
    return Relation(
        relation_id(declared.name, from_ci, to_ci), declared.name, from_ci, to_ci, seen, first_seen, requirements,
        effect or declared.effect_of("declared" if human else basis), basis,
        declared.strength if strength is None else strength,
        _CONFIDENCE[basis] if confidence is None else confidence, human, stale,
    )  # fmt: skip


def _requirements(seen: tuple[Witness, ...]) -> tuple[Requirement, ...]:
    groups = {witness.group for witness in seen}
    if len(groups) > 1:
        groups.discard(None)  # a member counts in its group, never beside it
    found = []
    for group in sorted(groups, key=lambda name: name or ""):
        needs = [(witness.human, witness.need) for witness in seen if witness.group == group and witness.need]
        by_people = [need for human, need in needs if human]
        pool = by_people or [need for _, need in needs]
        found.append(Requirement(group, max(pool, key=_need_order) if pool else 0, bool(by_people)))
    return tuple(found)


def _need_order(need: int) -> tuple[bool, int]:
    # Counts outrank shares here; where both are said of one group, impact compares them on the real group size.
    return (need > 0, abs(need))


def _effect(seen: tuple[Witness, ...]) -> str | None:
    by_people = [witness.effect for witness in seen if witness.human and witness.effect]
    said = by_people or [witness.effect for witness in seen if witness.effect]
    return min(said, key=lambda effect: EFFECTS.index(effect)) if said else None


def _greatest(said: Iterable[tuple[bool, float | None]]) -> float | None:
    stated = [(human, value) for human, value in said if value is not None]
    by_people = [value for human, value in stated if human]
    pool = by_people or [value for _, value in stated]
    return max(pool) if pool else None
