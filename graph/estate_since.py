"""What moved in the estate behind a revision, as it stands now: what a topology that is held must take over."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from graph.estate_at import ci_row_of, is_shown, relation_row_of
from graph.past import CI, HORIZON, PURGED, RELATION
from graph.store import ReadTransaction
from graph.topology_building import CIRow, RelationRow

SHARE = 8
"""where more than one in so many CIs or relations moved, reading all is as quick"""
LEAST = 1_000


class MovedRelation(NamedTuple):
    """A relation by its ends; `row` None where it is no more, or shows no longer."""

    from_ci: str
    to_ci: str
    type: str
    row: RelationRow | None


@dataclass(frozen=True, slots=True)
class Since:
    """Everything that a topology shows of what moved."""

    cis: Mapping[str, CIRow | None]
    """by id; None where it is no more"""
    relations: Mapping[str, MovedRelation]
    """by id"""


def moved_since(look: ReadTransaction, revision: int, cis: int, relations: int) -> Since | None:
    """What moved behind a revision that had so many CIs and relations; None where all had better be read.

    O(what moved).
    """
    if any(found is not None and found.body["revision"] > revision for found in map(look.document, *_FORGOTTEN)):
        return None
    moved_cis = {row.id for row in look.past_since(CI, revision)}.union(look.born_since(CI, revision))
    if len(moved_cis) > max(LEAST, cis // SHARE):
        return None
    ends = {row.id: (row.from_ci, row.to_ci) for row in look.past_since(RELATION, revision)}
    moved_relations = set(ends).union(look.born_since(RELATION, revision))
    if len(moved_relations) > max(LEAST, relations // SHARE):
        return None
    items, now = look.items(moved_cis), look.relations(moved_relations)
    found = {}
    for id_ in moved_relations:
        relation = now.get(id_)
        from_ci, to_ci = (relation.from_ci, relation.to_ci) if relation is not None else ends[id_]
        if from_ci is not None and to_ci is not None:
            row = relation_row_of(relation) if relation is not None and is_shown(relation) else None
            found[id_] = MovedRelation(from_ci, to_ci, id_.rpartition("-")[2], row)
    return Since({id_: ci_row_of(items[id_]) if id_ in items else None for id_ in moved_cis}, found)


_FORGOTTEN = tuple(zip(HORIZON, PURGED, strict=True))
"""the documents that say behind which revision the past does not tell all that moved"""
