"""How what moved since is taken over into a topology that is held, so that not everything is read anew."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from cmdb.vocabulary import Vocabulary
from graph.estate_since import MovedRelation, Since, moved_since
from graph.store import ReadTransaction
from graph.topology import LIFECYCLES, Numbers, Topology
from graph.topology_building import CIRow, RelationColumns, RelationRow, WaitingRow, loose_ends, tier_of
from graph.word_codes import WordCodes, in_order

Item = TypeVar("Item")
Look = TypeVar("Look", bound=ReadTransaction)
GONE = -1


def renew(
    look: Look,
    revision: int,
    held: Topology,
    vocabulary: Vocabulary,
    read_all: Callable[[Look, int, Vocabulary], Topology],
    read_waiting: Callable[[Look, Vocabulary], Iterable[WaitingRow]],
) -> Topology:
    """The present topology, of that revision, from one that is held; read whole where too much moved since.

    `read_all`, `read_waiting`: how a store reads its topology, and the records with claims that wait.
    """
    if revision == held.revision:
        return held
    since = moved_since(look, held.revision, len(held.ids), len(held.from_ci))
    if since is None:
        return read_all(look, revision, vocabulary)
    return renewed(held, revision, since, read_waiting(look, vocabulary))


def renewed(held: Topology, revision: int, since: Since, waiting: Iterable[WaitingRow]) -> Topology:
    """The topology of `revision`, equal to the last bit to one that is read whole.

    O(CIs + relations) in copying arrays, O(what moved) in everything else.
    """
    cis = _renumbered(held.ids, since.cis)
    number = Numbers(cis.ids)
    names, columns, owners, roots = _of_cis(held, since.cis, cis, number)
    class_names, class_of = in_order(columns.classes, columns.class_of)
    types, groups = WordCodes(held.types), WordCodes(held.groups)
    relations = _of_relations(held, since.relations, cis, number, types, groups)
    one, other, type_codes, group_codes, need, effect, strength, confidence, human, stale = relations
    type_names, type_of = in_order(list(types.known), type_codes)
    group_names, group_of = in_order(list(groups.known), group_codes)
    return Topology(
        revision, cis.ids, names, class_names, class_of, columns.tier, columns.lifecycle, owners, roots, one, other,
        type_names, type_of, group_names, group_of, need, effect, strength, confidence, human, stale,
        tuple(loose_ends(waiting, number)),
    )  # fmt: skip


# -- CIs -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Renumbered:
    """The CIs that are there now, and where each of those before went."""

    ids: list[str]
    number: NDArray[np.int32]
    """number before → number now, GONE for one that is no more"""
    gone: list[int]
    """numbers before of those that are no more, in order"""
    new: list[tuple[int, str]]
    """(number before which it comes, id) of those that came, in order"""

    def spliced(self, before: list[Item], came: Sequence[Item]) -> list[Item]:
        """A column as a list: without those that are no more, with a value for each that came."""
        if not self.gone and not self.new:
            return before.copy()
        made: list[Item] = []
        at = 0
        edits = sorted([(place, 1, None) for place in self.gone] + [(p, 0, n) for n, (p, _) in enumerate(self.new)])
        for place, _, nth in edits:
            made += before[at:place]
            at = place
            if nth is None:
                at += 1
            else:
                made.append(came[nth])
        return made + before[at:]

    def moved(self, before: NDArray[Any]) -> NDArray[Any]:
        """A column as an array: what stays at its new place, the rest zero."""
        if not self.gone and not self.new:
            return before.copy()
        made = np.zeros(len(self.ids), before.dtype)
        stays = self.number != GONE
        made[self.number[stays]] = before[stays]
        return made


def _renumbered(before: list[str], moved: Mapping[str, CIRow | None]) -> _Renumbered:
    known = Numbers(before)
    gone = sorted(known[id_] for id_, row in moved.items() if row is None and id_ in known)
    came = sorted(id_ for id_, row in moved.items() if row is not None and id_ not in known)
    new = [(bisect_left(before, id_), id_) for id_ in came]
    number = np.arange(len(before), dtype=np.int32)
    if gone or new:
        went, joined = np.zeros(len(before) + 1, np.int32), np.zeros(len(before) + 1, np.int32)
        np.add.at(went, np.array(gone, np.int64) + 1, 1)
        np.add.at(joined, np.array([place for place, _ in new], np.int64), 1)
        number += (np.cumsum(joined) - np.cumsum(went))[:-1].astype(np.int32)
        number[gone] = GONE
    found = _Renumbered(before, number, gone, new)
    return _Renumbered(found.spliced(before, came), number, gone, new)


@dataclass(frozen=True, slots=True)
class _Columns:
    classes: list[str]
    class_of: NDArray[np.int16]
    tier: NDArray[np.int8]
    lifecycle: NDArray[np.int8]


def _of_cis(
    held: Topology, moved: Mapping[str, CIRow | None], cis: _Renumbered, number: Numbers
) -> tuple[list[str], _Columns, dict[int, str], NDArray[np.int32]]:
    """Names, columns, owners and network roots by the new numbers."""
    names = cis.spliced(held.names, [id_ for _, id_ in cis.new])
    classes = WordCodes(held.classes)
    class_of, tier, lifecycle = cis.moved(held.class_of), cis.moved(held.tier), cis.moved(held.lifecycle)
    place: list[int] = cis.number.tolist()
    owners = {place[at]: owner for at, owner in held.owners.items() if place[at] != GONE}
    roots = {place[at] for at in held.network_roots.tolist()} - {GONE}
    for id_, row in moved.items():
        if row is None:
            continue
        at = number[id_]
        names[at], class_of[at] = row.name, classes.of(row.ci_class)
        tier[at], lifecycle[at] = tier_of(row), LIFECYCLES.index(row.lifecycle)
        owners.pop(at, None)
        if row.owner is not None:
            owners[at] = row.owner
        roots.discard(at)
        if row.network_root:
            roots.add(at)
    columns = _Columns(list(classes.known), class_of, tier, lifecycle)
    return names, columns, owners, np.array(sorted(roots), np.int32)


# -- relations -------------------------------------------------------------------------------------------------------


def _of_relations(
    held: Topology,
    moved: Mapping[str, MovedRelation],
    cis: _Renumbered,
    number: Numbers,
    types: WordCodes,
    groups: WordCodes,
) -> tuple[NDArray[Any], ...]:
    """Every column: the rows of what moved taken out, and put in again where the order of ids has them."""
    one, other = cis.number[held.from_ci], cis.number[held.to_ci]
    stays = ~_are_of(held, moved) & (one != GONE) & (other != GONE)
    columns: tuple[NDArray[Any], ...] = (
        one, other, held.type_of, held.group_of, held.need, held.effect, held.strength, held.confidence, held.human,
        held.stale,
    )  # fmt: skip
    if not stays.all():
        columns = tuple(column[stays] for column in columns)
    rows = [row for _, (*_, row) in sorted(moved.items()) if row is not None]
    if not rows:
        return columns
    made = _columns_of(rows, number, types, groups)
    words = list(types.known)

    def id_at(row: int, of: tuple[NDArray[Any], ...] = columns) -> str:
        return f"{cis.ids[of[0][row]]}-{cis.ids[of[1][row]]}-{words[of[2][row]]}"

    places = [bisect_left(range(len(columns[0])), id_at(row, made), key=id_at) for row in range(len(made[0]))]
    return tuple(np.insert(column, places, came) for column, came in zip(columns, made, strict=True))


def _columns_of(
    rows: Sequence[RelationRow], number: Numbers, types: WordCodes, groups: WordCodes
) -> tuple[NDArray[Any], ...]:
    ends = {end for row in rows for end in (row.from_ci, row.to_ci)}
    columns = RelationColumns({end: number[end] for end in ends if end in number}, types, groups)
    columns.take(rows)
    return columns.whole()


def _are_of(held: Topology, moved: Mapping[str, MovedRelation]) -> NDArray[np.bool_]:
    """Which rows are of relations that moved."""
    known, code = Numbers(held.ids), {name: at for at, name in enumerate(held.types)}
    wanted = [
        (known[from_ci] * len(known) + known[to_ci]) * len(code) + code[type_]
        for from_ci, to_ci, type_, _ in moved.values()
        if from_ci in known and to_ci in known and type_ in code
    ]
    if not wanted:
        return np.zeros(len(held.from_ci), np.bool_)
    rows = (held.from_ci.astype(np.int64) * len(known) + held.to_ci) * len(code) + held.type_of
    return np.isin(rows, np.array(wanted, np.int64))
