"""How rows of any store become a Topology."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from cmdb.relation import Requirement
from cmdb.vocabulary import HUMAN
from graph.topology import EFFECTS, LIFECYCLES, NO_GROUP, UNKNOWN_TIER, LooseEnd, Topology


class CIRow(NamedTuple):
    """A CI as a store lists it, in the order of id."""

    id: str
    name: str
    ci_class: str
    tier: int | None
    lifecycle: str
    owner: str | None
    network_root: int


class RelationRow(NamedTuple):
    """A relation as a store lists it, in the order of id."""

    from_ci: str
    to_ci: str
    type: str
    requirements: tuple[Requirement, ...]
    effect: str
    strength: float
    confidence: float
    human: bool
    stale: bool


class WaitingRow(NamedTuple):
    """A record with claims that wait, in the order of record key; `payload` as `encode_record` spelled it."""

    ci: str
    source: str
    payload: Mapping[str, Any]


class _Numbers:
    """Gives each word a number as it comes."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def of(self, word: str) -> int:
        return self.known.setdefault(word, len(self.known))


def build_topology(
    revision: int, cis: Iterable[CIRow], relations: Iterable[RelationRow], waiting: Iterable[WaitingRow]
) -> Topology:
    """The arrays, numbered in the order of CI ids. Relations whose ends are not among the CIs are left out."""
    ids: list[str] = []
    names: list[str] = []
    class_of: list[int] = []
    tiers: list[int] = []
    lifecycles: list[int] = []
    owners: dict[int, str] = {}
    roots: list[int] = []
    classes, types, groups = _Numbers(), _Numbers(), _Numbers()
    for row in cis:
        at = len(ids)
        ids.append(row.id)
        names.append(row.name)
        class_of.append(classes.of(row.ci_class))
        tiers.append(UNKNOWN_TIER if row.tier is None else max(0, min(row.tier, 127)))
        lifecycles.append(LIFECYCLES.index(row.lifecycle))
        if row.owner is not None:
            owners[at] = row.owner
        if row.network_root:
            roots.append(at)
    number = {id_: at for at, id_ in enumerate(ids)}
    columns: list[tuple[int, int, int, int, int, int, float, float, bool, bool]] = []
    for relation in relations:
        one, other = number.get(relation.from_ci), number.get(relation.to_ci)
        if one is None or other is None:
            continue
        effect = EFFECTS.index(relation.effect)
        type_ = types.of(relation.type)
        for group, need, human in relation.requirements:
            in_group = NO_GROUP if group is None else groups.of(group)
            columns.append(
                (one, other, type_, in_group, need, effect, relation.strength, relation.confidence, human,
                 relation.stale)
            )  # fmt: skip
    by_column = list(zip(*columns, strict=True)) if columns else [()] * 10
    return Topology(
        revision=revision,
        ids=ids,
        names=names,
        classes=list(classes.known),
        class_of=np.array(class_of, np.int16),
        tier=np.array(tiers, np.int8),
        lifecycle=np.array(lifecycles, np.int8),
        owners=owners,
        network_roots=np.array(roots, np.int32),
        from_ci=np.array(by_column[0], np.int32),
        to_ci=np.array(by_column[1], np.int32),
        types=list(types.known),
        type_of=np.array(by_column[2], np.int16),
        groups=list(groups.known),
        group_of=np.array(by_column[3], np.int32),
        need=np.array(by_column[4], np.int32),
        effect=np.array(by_column[5], np.int8),
        strength=np.array(by_column[6], np.float32),
        confidence=np.array(by_column[7], np.float32),
        human=np.array(by_column[8], np.bool_),
        stale=np.array(by_column[9], np.bool_),
        loose_ends=tuple(_loose_ends(waiting, number)),
    )


def _loose_ends(waiting: Iterable[WaitingRow], number: Mapping[str, int]) -> Iterator[LooseEnd]:
    for row in waiting:
        at = number.get(row.ci)
        if at is None:
            continue
        newest = max(row.payload["v"], key=lambda version: version[1])
        for claim, end in zip(newest[11], row.payload.get("e", ()), strict=False):
            if end is None:
                type_, outgoing, reference, group, need = claim[:5]
                yield LooseEnd(at, outgoing, type_, reference, group, need, row.source == HUMAN)
