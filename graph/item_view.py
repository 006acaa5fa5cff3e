"""A CI with everything that stands around it: what has to be read for it, and the reading itself."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from cmdb.configuration_item import ConfigurationItem
from cmdb.relation import Relation
from graph.store import ItemView, ReadTransaction, RecordTimes


def others_of(ci: str, relations: Iterable[Relation]) -> set[str]:
    """The CIs at the other ends."""
    return {relation.to_ci if relation.from_ci == ci else relation.from_ci for relation in relations}


def records_named(ci: ConfigurationItem, relations: Iterable[Relation]) -> set[str]:
    """Every record that the CI's facts, sightings and relations name."""
    named = {*ci.records, *(fact.record for fact in ci.facts.values())}
    named.update(value.record for fact in ci.facts.values() for value in fact.outvoted)
    named.update(witness.record for relation in relations for witness in relation.witnesses)
    return named


def item_view(
    look: ReadTransaction,
    revision: int,
    id_: str,
    *,
    times: Callable[[Collection[str]], Iterable[Any]],
    names: Callable[[Collection[str]], Iterable[Any]],
) -> ItemView | None:
    """As it stands now, by its id or one that it has absorbed.

    `times`: rows of RecordTimes of these records; `names`: (id, name) of these CIs.
    """
    survivor = look.leads([id_]).get(id_, id_)
    ci = look.items([survivor]).get(survivor)
    if ci is None:
        return None
    relations = look.incident([survivor])
    records = {row[0]: RecordTimes(*row) for row in times(records_named(ci, relations))}
    neighbours: Mapping[str, str] = dict(names(others_of(survivor, relations)))
    return ItemView(revision, ci, records, relations, neighbours)
