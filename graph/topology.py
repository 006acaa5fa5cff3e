"""The estate of one revision as arrays: every CI that is not purged, every live relation that can carry failure.

A store fills it in one pass; `impact` reads it and nothing else. CIs are numbered 0…n-1 in the order of their ids,
so that two stores with the same content give the same numbers.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNKNOWN_TIER = -1
NO_GROUP = -1
NO_NEED = 0

LIFECYCLES = ("live", "missing", "retired")
EFFECTS = ("down", "degraded", "none")


@dataclass(frozen=True, slots=True)
class Numbers(Mapping[str, int]):
    """The number of each id: its position among the sorted ids. Nothing to build, nothing to hold."""

    ids: Sequence[str]

    def __getitem__(self, id_: str) -> int:
        at = bisect_left(self.ids, id_)
        if at == len(self.ids) or self.ids[at] != id_:
            raise KeyError(id_)
        return at

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class LooseEnd:
    """A claim whose other end is not (yet) one known CI: it waits, but its group counts it as a member.

    `ci` is the index of the CI that the claim belongs to; `outgoing` says whether that CI is the relation's `from`.
    """

    ci: int
    outgoing: bool
    type: str
    reference: str
    group: str | None
    need: int
    human: bool


@dataclass(frozen=True, slots=True)
class Topology:
    """CIs and relations of one revision.

    Shapes: per-CI columns have length n, per-relation columns length m. Indices are int32, codes int8 or int16.
    """

    revision: int
    # -- CIs ---------------------------------------------------------------------------------------------------
    ids: list[str]
    """sorted; the position of an id is the number of its CI"""
    names: list[str]
    classes: list[str]
    """class names; `class_of` indexes it"""
    class_of: NDArray[np.int16]
    tier: NDArray[np.int8]
    """UNKNOWN_TIER where nobody said"""
    lifecycle: NDArray[np.int8]
    """index into LIFECYCLES"""
    owners: dict[int, str]
    """CI number → the `owner` fact, where there is one (an `owned_by` relation outranks it)"""
    network_roots: NDArray[np.int32]
    """numbers of the CIs declared `network_root: true`"""
    # -- relations ---------------------------------------------------------------------------------------------
    from_ci: NDArray[np.int32]
    to_ci: NDArray[np.int32]
    types: list[str]
    """relation type names; `type_of` indexes it"""
    type_of: NDArray[np.int16]
    groups: list[str]
    """redundancy group names; `group_of` indexes it"""
    group_of: NDArray[np.int32]
    """NO_GROUP where the relation is a requirement of its own"""
    need: NDArray[np.int32]
    """members that must be alive, as this relation says it: NO_NEED unsaid, > 0 a count, < 0 minus a percentage"""
    effect: NDArray[np.int8]
    """index into EFFECTS: what the loss of `to` does to `from`, already defaulted from the type and the basis"""
    strength: NDArray[np.float32]
    confidence: NDArray[np.float32]
    human: NDArray[np.bool_]
    """whether a person is among the relation's witnesses"""
    stale: NDArray[np.bool_]
    """whether every witness of the relation has been missed"""
    loose_ends: tuple[LooseEnd, ...]
