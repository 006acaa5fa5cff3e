"""Compressed sparse rows: for each thing, the things it leads to, side by side in one array."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Rows:
    """Row i is `end[start[i] : start[i + 1]]`, ascending."""

    start: NDArray[np.int32]
    """length rows + 1"""
    end: NDArray[np.int32]

    def of(self, row: int) -> NDArray[np.int32]:
        """One row."""
        return self.end[self.start[row] : self.start[row + 1]]


def gather(rows: int, source: NDArray[np.int32], target: NDArray[np.int32]) -> Rows:
    """Rows of the pairs (source, target)."""
    order = np.lexsort((target, source))
    start = np.zeros(rows + 1, np.int32)
    np.cumsum(np.bincount(source, minlength=rows), out=start[1:])
    return Rows(start, np.ascontiguousarray(target[order], dtype=np.int32))
