"""The whole estate as it stood at a revision: what stands now, with everything that moved since put back."""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from cmdb.configuration_item import ConfigurationItem
from cmdb.past import open_said
from cmdb.relation import Relation
from cmdb.vocabulary import Vocabulary
from graph.as_it_stood import MovedCIs, by_id, moved_cis
from graph.encoding import to_json
from graph.past import ORDINALS, RECORD, RELATION, PastState, record_at, relation_at
from graph.store import ReadTransaction
from graph.topology_building import CIRow, RelationRow, WaitingRow

CARRYING = ("owned_by", "connects_to")
"""relation types that a topology shows although nothing travels along them"""


@dataclass(frozen=True, slots=True)
class MovedEstate:
    """Everything that moved behind a revision, as it stood at it; None where it was not there."""

    cis: MovedCIs
    relations: Mapping[str, Relation | None] = field(default_factory=dict)
    records: Mapping[str, PastState | None] = field(default_factory=dict)

    def ci_rows(self, now: Iterable[CIRow]) -> Iterator[CIRow]:
        """CIs in the order of id."""
        moved = self.cis.cis
        before = (ci_row_of(ci) for _, ci in sorted(moved.items()) if ci is not None)
        return heapq.merge((row for row in now if row.id not in moved), before, key=lambda row: row.id)

    def relation_rows(self, now: Iterable[RelationRow]) -> Iterator[RelationRow]:
        """Relations in the order of id."""
        moved = self.relations
        before = (
            relation_row_of(relation)
            for _, relation in sorted(moved.items())
            if relation is not None and is_shown(relation)
        )
        return heapq.merge((row for row in now if _id(row) not in moved), before, key=_id)

    def waiting_rows(self, now: Iterable[WaitingRow]) -> Iterator[WaitingRow]:
        """Records with claims that waited, in the order of key."""
        moved = self.records
        revision = self.cis.revision
        still = (row for row in now if row.key not in moved and row.payload["v"][0][3] // ORDINALS <= revision)
        before = (
            _waiting_row(key, state)
            for key, state in sorted(moved.items())
            if state is not None and not state.gone and None in state.ends
        )
        return heapq.merge(still, before, key=lambda row: row.key)


def moved_estate(look: ReadTransaction, revision: int, vocabulary: Vocabulary) -> MovedEstate:
    """O(what moved behind the revision)."""
    rows = by_id(look.past_since(RELATION, revision))
    concerned = set(rows) | set(look.born_since(RELATION, revision))
    now, born = look.relations(concerned), look.born(RELATION, concerned)
    relations = {
        id_: relation_at(revision, now.get(id_), born.get(id_, 0), rows.get(id_, ())) for id_ in sorted(concerned)
    }
    # Only what waits, or waited, counts here: it waits still, or its ends moved since, or it is gone since.
    waiting = look.waiting_records()
    moved = {
        key: rows
        for key, rows in by_id(look.past_since(RECORD, revision)).items()
        if key in waiting or any('"ends"' in row.body or '"gone"' in row.body for row in rows)
    }
    records = {
        key: record_at(revision, record, open_said(record, vocabulary), moved[key])
        for key, record in look.records(moved.keys()).items()
    }
    return MovedEstate(moved_cis(look, revision, vocabulary, records=False), relations, records)


def is_shown(relation: Relation) -> bool:
    """Whether a topology shows the relation at all."""
    return relation.effect != "none" or relation.type in CARRYING


def ci_row_of(ci: ConfigurationItem) -> CIRow:
    """What a topology takes of a CI."""
    root = ci.facts.get("network_root")
    return CIRow(
        ci.id, ci.name, ci.ci_class, ci.whole_number("tier"), ci.lifecycle, ci.text("owner"),
        int(root is not None and root.value is True),
    )  # fmt: skip


def relation_row_of(relation: Relation) -> RelationRow:
    """What a topology takes of a relation."""
    return RelationRow(
        relation.from_ci, relation.to_ci, relation.type, to_json(relation.requirements), relation.effect,
        relation.strength, relation.confidence, relation.human, relation.stale,
    )  # fmt: skip


def _id(row: RelationRow) -> str:
    return f"{row.from_ci}-{row.to_ci}-{row.type}"


def _waiting_row(key: str, state: PastState) -> WaitingRow:
    """Spelled as far as a record's payload is read there: one version with its claims, and their ends."""
    version = [0] * 11 + [state.said.claims]
    return WaitingRow(state.ci, state.said.source, {"v": [version], "e": state.ends}, key)
