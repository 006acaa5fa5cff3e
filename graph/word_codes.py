"""Words as small numbers: how a column of few different words is kept as codes, alike whatever came first."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Code = TypeVar("Code", np.int16, np.int32)


class WordCodes:
    """Gives each word a number as it comes, behind the words that have one already."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self.known: dict[str, int] = {word: at for at, word in enumerate(known)}

    def of(self, word: str) -> int:
        """The word's number."""
        return self.known.setdefault(word, len(self.known))


def in_order(words: Sequence[str], codes: NDArray[Code]) -> tuple[list[str], NDArray[Code]]:
    """The words that the codes use, sorted, and the codes by that order; negative codes mean no word and stay.

    So the same column is coded the same, however it was put together.
    """
    used = np.unique(codes[codes >= 0]).tolist()
    order = sorted(used, key=words.__getitem__)
    if order == list(range(len(words))):
        return list(words), codes
    renumbered = np.full(max(used, default=-1) + 2, -1, codes.dtype)
    renumbered[order] = np.arange(len(order), dtype=codes.dtype)
    # A negative code takes the last place, which holds no word.
    return [words[code] for code in order], renumbered[np.maximum(codes, -1)]
