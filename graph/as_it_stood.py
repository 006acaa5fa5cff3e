"""CIs, relations and records as they stood at a revision, alike from every store.

Exact in everything but last contact: what only moves last-seen times leaves no trace of the times before.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

from cmdb.configuration_item import ConfigurationItem
from cmdb.past import open_said
from cmdb.relation import Relation
from cmdb.vocabulary import Vocabulary
from graph.item_view import others_of, records_named
from graph.past import (
    ALIAS,
    CI,
    RECORD,
    RELATION,
    PastRow,
    PastState,
    alias_at,
    brought_in,
    ci_at,
    record_at,
    relation_at,
)
from graph.store import ItemView, ReadTransaction, RecordTimes


def cis_at(look: ReadTransaction, ids: Collection[str], revision: int) -> dict[str, ConfigurationItem]:
    """Those of these CIs that stood at a revision."""
    found = each_ci_at(look, [(id_, revision) for id_ in sorted(set(ids))])
    return {id_: standing for (id_, _), standing in found.items()}


def each_ci_at(look: ReadTransaction, asked: Collection[tuple[str, int]]) -> dict[tuple[str, int], ConfigurationItem]:
    """Those of these CIs, by (id, revision), that stood, each at a revision of its own; read in one go."""
    ids = {id_ for id_, _ in asked}
    rows = by_id(look.past(CI, ids, min((revision for _, revision in asked), default=0)))
    now, born = look.items(ids), look.born(CI, ids)
    found = {}
    for id_, revision in asked:
        behind = [row for row in rows.get(id_, ()) if row.n > revision]
        standing = ci_at(revision, id_, now.get(id_), born.get(id_, 0), behind)
        if standing is not None:
            found[id_, revision] = standing
    return found


def survivor_at(look: ReadTransaction, id_: str, revision: int) -> str | None:
    """The CI that an id meant at a revision: itself, or the one that had absorbed it; None where it meant none."""
    if cis_at(look, [id_], revision):
        return id_
    leads = look.leads([id_]).get(id_, id_)
    holders = look.items([leads])
    for record in look.records(holders[leads].records if leads in holders else ()).values():
        for version in record.versions:
            if version.brought == id_ and brought_in(version) > revision:
                return None
    return alias_at(leads if leads != id_ else None, look.past(ALIAS, [id_], revision))


def relations_at(look: ReadTransaction, cis: Collection[str], revision: int) -> tuple[Relation, ...]:
    """Every relation that had an end in these CIs, in the order of id."""
    now = {relation.id: relation for relation in look.incident(cis)}
    rows = by_id(look.past_touching(cis, revision))
    born = look.born(RELATION, now.keys())
    found = []
    for id_ in sorted(now.keys() | rows.keys()):
        standing = relation_at(revision, now.get(id_), born.get(id_, 0), rows.get(id_, ()))
        if standing is not None:
            found.append(standing)
    return tuple(found)


def records_at(
    look: ReadTransaction, keys: Collection[str], revision: int, vocabulary: Vocabulary
) -> dict[str, PastState]:
    """Those of these records that had been reported."""
    rows = by_id(look.past(RECORD, keys, revision))
    found = {}
    for key, record in look.records(keys).items():
        standing = record_at(revision, record, open_said(record, vocabulary), rows.get(key, ()))
        if standing is not None:
            found[key] = standing
    return found


def item_at(look: ReadTransaction, id_: str, revision: int, vocabulary: Vocabulary) -> ItemView | None:
    """A CI with everything that stood around it at a revision, by an id that it bore or had absorbed."""
    survivor = survivor_at(look, id_, revision)
    ci = cis_at(look, [survivor], revision).get(survivor) if survivor is not None else None
    if ci is None:
        return None
    relations = relations_at(look, [ci.id], revision)
    others = others_of(ci.id, relations)
    neighbours = {other.id: other.name for other in cis_at(look, others, revision).values()}
    at = look.recorded_at(revision)
    records = {
        key: RecordTimes(
            key, state.said.source, state.said.realm, state.said.record,
            min(state.said.observed_at, at), min(state.said.observed_at, at), state.ci,
        )
        for key, state in records_at(look, records_named(ci, relations), revision, vocabulary).items()
    }  # fmt: skip
    return ItemView(revision, not_later(ci, at), records, relations, neighbours)


def not_later(ci: ConfigurationItem, at: int) -> ConfigurationItem:
    """The CI with no contact behind a time."""
    return ci if ci.last_seen <= at else ci._replace(last_seen=max(at, ci.first_seen))


@dataclass(frozen=True, slots=True)
class MovedCIs:
    """How the CIs that moved behind a revision stood at it; all others stood there as they stand now."""

    revision: int
    at: int
    """when it was recorded"""
    cis: Mapping[str, ConfigurationItem | None]
    """None: it was not there"""
    records: Mapping[str, PastState] = field(default_factory=dict)
    """records of these CIs"""


def moved_cis(look: ReadTransaction, revision: int, vocabulary: Vocabulary, *, records: bool = True) -> MovedCIs:
    """O(what moved behind the revision); without `records` only what CIs say of themselves."""
    rows = by_id(look.past_since(CI, revision))
    concerned = set(rows) | set(look.born_since(CI, revision))
    states = _moved_records(look, revision, vocabulary) if records else {}
    for state in states.values():
        concerned.update((*state.record.cis, *state.cis))
    at = look.recorded_at(revision)
    now, born = look.items(concerned), look.born(CI, concerned)
    cis: dict[str, ConfigurationItem | None] = {}
    for id_ in sorted(concerned):
        standing = ci_at(revision, id_, now.get(id_), born.get(id_, 0), rows.get(id_, ()))
        cis[id_] = None if standing is None else not_later(standing, at)
    if records:
        unmoved = {key for ci in cis.values() if ci is not None for key in ci.records} - states.keys()
        for key, record in look.records(unmoved).items():
            said = open_said(record, vocabulary)
            states[key] = PastState(said, record.cis, record.ends, record.parent, record.gone, record.misses, record)
    return MovedCIs(revision, at, cis, states)


def _moved_records(look: ReadTransaction, revision: int, vocabulary: Vocabulary) -> dict[str, PastState]:
    rows = by_id(look.past_since(RECORD, revision))
    states = {}
    for key, record in look.records(rows.keys()).items():
        state = record_at(revision, record, open_said(record, vocabulary), rows[key])
        if state is not None:
            states[key] = state
    return states


def by_id(rows: Iterable[PastRow]) -> dict[str, list[PastRow]]:
    """Rows of each thing, as they come."""
    return {id_: list(several) for id_, several in groupby(rows, attrgetter("id"))}
