"""Compressed sparse rows: for each thing, the things it leads to, side by side in one array."""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Rows:
    """Row i is `end[start[i] : start[i + 1]]`."""

    start: Ints
    """length rows + 1"""
    end: Ints

    def of(self, row: int) -> Ints:
        """One row."""
        return self.end[self.start[row] : self.start[row + 1]]


def gather(rows: int, source: Ints, target: Ints) -> Rows:
    """Rows of the pairs (source, target); within a row they keep their order. O(rows + pairs)."""
    return Rows(*_gather(rows, source, target))


def transposed(rows: Rows, columns: int) -> Rows:
    """The same pairs the other way round, ascending within each row. O(rows + columns + pairs)."""
    return Rows(*_transposed(rows.start, rows.end, columns))


def by_two_keys(rows: int, first: Ints, second: Ints) -> Rows:
    """Rows of positions 0…m-1 by `first`, in the order of `second` within a row. Both keys lie in 0…rows-1.

    O(rows + m); nothing is moved where the columns are in that order already, as a store gives them.
    """
    everything = np.arange(len(first), dtype=np.int32)
    if _in_order(first, second):
        start = np.zeros(rows + 1, np.int32)
        np.cumsum(np.bincount(first, minlength=rows), out=start[1:])
        return Rows(start, everything)
    by_second = gather(rows, second, everything).end
    return gather(rows, first[by_second], by_second)


@numba.njit(cache=True)
def _in_order(first, second):  # type: ignore[no-untyped-def]
    for at in range(1, len(first)):
        if first[at] < first[at - 1] or (first[at] == first[at - 1] and second[at] < second[at - 1]):
            return False
    return True


@numba.njit(cache=True)
def _starts(rows, of):  # type: ignore[no-untyped-def]
    """Where each row begins, by the row of each entry."""
    start = np.zeros(rows + 1, np.int32)
    for row in of:
        start[row + 1] += 1
    for row in range(rows):
        start[row + 1] += start[row]
    return start


@numba.njit(cache=True)
def _gather(rows, source, target):  # type: ignore[no-untyped-def]
    start = _starts(rows, source)
    free = start[:-1].copy()
    end = np.empty(len(source), np.int32)
    for at in range(len(source)):
        row = source[at]
        end[free[row]] = target[at]
        free[row] += 1
    return start, end


@numba.njit(cache=True)
def _transposed(start, end, columns):  # type: ignore[no-untyped-def]
    turned_start = _starts(columns, end)
    free = turned_start[:-1].copy()
    turned_end = np.empty(len(end), np.int32)
    for row in range(len(start) - 1):
        for e in range(start[row], start[row + 1]):
            column = end[e]
            turned_end[free[column]] = row
            free[column] += 1
    return turned_start, turned_end
