"""What is different in the estate between two revisions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from cmdb.configuration_item import ConfigurationItem
from cmdb.observation import spelled_need
from cmdb.relation import Relation
from graph.as_it_stood import by_id, cis_at
from graph.past import CI, RELATION, born_before, relation_at
from graph.store import ReadTransaction


class Changed(NamedTuple):
    """One key of a CI or a relation with its value at either revision; None where it has none."""

    id: str
    key: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class EstateDiff:
    """Everything that differs between two revisions, as it stood at either; sorted by id."""

    before: Mapping[str, ConfigurationItem]
    after: Mapping[str, ConfigurationItem]
    relations_before: Mapping[str, Relation]
    relations_after: Mapping[str, Relation]

    def came(self) -> Iterator[ConfigurationItem]:
        """CIs that are there at the second revision only."""
        return (ci for id_, ci in self.after.items() if id_ not in self.before)

    def went(self) -> Iterator[ConfigurationItem]:
        """CIs that are there at the first revision only."""
        return (ci for id_, ci in self.before.items() if id_ not in self.after)

    def changed(self) -> Iterator[Changed]:
        """What is otherwise about CIs that are there at both; by CI and key."""
        for id_, ci in self.before.items():
            if id_ in self.after:
                yield from _differences(id_, _said_of_ci(ci), _said_of_ci(self.after[id_]))

    def relations_came(self) -> Iterator[Relation]:
        """Relations that are there at the second revision only."""
        return (relation for id_, relation in self.relations_after.items() if id_ not in self.relations_before)

    def relations_went(self) -> Iterator[Relation]:
        """Relations that are there at the first revision only."""
        return (relation for id_, relation in self.relations_before.items() if id_ not in self.relations_after)

    def relations_changed(self) -> Iterator[Changed]:
        """What is otherwise about relations that are there at both; by relation and key."""
        for id_, relation in self.relations_before.items():
            if id_ in self.relations_after:
                yield from _differences(id_, _said_of_relation(relation), _said_of_relation(self.relations_after[id_]))


def estate_diff(look: ReadTransaction, before: int, after: int) -> EstateDiff:
    """From one revision to another, forwards or backwards in time. O(what moved since the earlier one)."""
    earlier, later = sorted((before, after))
    moved = {row.id for row in look.past_since(CI, earlier) if row.n <= later or earlier < born_before(row) <= later}
    cis = moved | set(look.born_since(CI, earlier))
    rows = by_id(look.past_since(RELATION, earlier))
    ids = rows.keys() | set(look.born_since(RELATION, earlier))
    now, born = look.relations(ids), look.born(RELATION, ids)

    def relations(revision: int) -> dict[str, Relation]:
        found = {}
        for id_ in sorted(ids):
            behind = (row for row in rows.get(id_, ()) if row.n > revision)
            relation = relation_at(revision, now.get(id_), born.get(id_, 0), behind)
            if relation is not None:
                found[id_] = relation
        return found

    return EstateDiff(cis_at(look, cis, before), cis_at(look, cis, after), relations(before), relations(after))


def _differences(id_: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Changed]:
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key) or (key in before) != (key in after):
            yield Changed(id_, key, before.get(key), after.get(key))


def _said_of_ci(ci: ConfigurationItem) -> dict[str, Any]:
    """Facts under their names, identifiers as one list a kind, and what is neither under names that no fact hides.

    A value that identifies nothing is a fact of its kind's name: it follows the values that identify.
    """
    said: dict[str, Any] = {name: fact.value for name, fact in ci.facts.items()}
    held: dict[str, list[Any]] = {}
    for one in ci.identifiers:
        held.setdefault(f"identifier.{one.kind}", []).append(one.value)
    for kind, values in held.items():
        if kind in said:
            values.extend(said[kind] if isinstance(said[kind], tuple) else (said[kind],))
    return said | held | {
        "class": ci.ci_class, "name": ci.name, "lifecycle": ci.lifecycle, "within": ci.parent,
        "records": list(ci.records),
    }  # fmt: skip


def _said_of_relation(relation: Relation) -> dict[str, Any]:
    return {
        "requirements": [
            {"group": requirement.group, "need": spelled_need(requirement.need)}
            for requirement in relation.requirements
        ],
        "effect": relation.effect,
        "basis": relation.basis,
        "strength": relation.strength,
        "confidence": relation.confidence,
        "stale": relation.stale,
    }
