"""what_if: the same estate with relations added or removed, without writing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.topology import EFFECTS, NO_GROUP, Topology
from impact.rounds import States


@dataclass(frozen=True, slots=True)
class Imagined:
    """A relation that does not exist; CIs by number."""

    from_ci: int
    type: str
    to_ci: int
    group: str | None
    need: int
    effect: str
    strength: float


def with_changes(topology: Topology, added: Sequence[Imagined], removed: Collection[tuple[int, str, int]]) -> Topology:
    """A topology in which these relations are, and those (from, type, to) are not. The original is left as it is."""
    kept = np.ones(len(topology.from_ci), np.bool_)
    for from_ci, type_, to_ci in removed:
        if type_ in topology.types:
            kept &= ~(
                (topology.from_ci == from_ci)
                & (topology.to_ci == to_ci)
                & (topology.type_of == topology.types.index(type_))
            )
    types, groups = list(topology.types), list(topology.groups)
    rows = []
    for one in added:
        rows.append(
            (
                one.from_ci,
                one.to_ci,
                _number(types, one.type),
                NO_GROUP if one.group is None else _number(groups, one.group),
                one.need,
                EFFECTS.index(one.effect),
                one.strength,
                1.0,
                True,
                False,
            )
        )
    columns = list(zip(*rows, strict=True)) if rows else [()] * 10
    names = ("from_ci", "to_ci", "type_of", "group_of", "need", "effect", "strength", "confidence", "human", "stale")
    moved: dict[str, Any] = {
        name: np.concatenate((getattr(topology, name)[kept], np.array(column, getattr(topology, name).dtype)))
        for name, column in zip(names, columns, strict=True)
    }
    return replace(topology, types=types, groups=groups, **moved)


def _number(words: list[str], word: str) -> int:
    if word not in words:
        words.append(word)
    return words.index(word)


def difference(before: States, after: States) -> tuple[list[int], list[int]]:
    """Numbers of the CIs that are (worse, better) off than before; ascending."""
    was, now = _severity(before), _severity(after)
    return np.flatnonzero(now > was).tolist(), np.flatnonzero(now < was).tolist()


def _severity(states: States) -> NDArray[np.int8]:
    """0 well, 1 degraded, 2 down; by number."""
    severity = np.zeros(states.graph.size, np.int8)
    severity[states.numbers_degraded()] = 1
    severity[states.numbers_down()] = 2
    return severity
