"""wilson: between which bounds a share probably lies that was seen in a sample."""

import math
from typing import NamedTuple

LEVEL = 0.95
_Z = 1.959963984540054
"""quantile of the normal distribution for LEVEL, both sides"""


class Interval(NamedTuple):
    """A share with its bounds, 0 to 1."""

    value: float
    low: float
    high: float


def wilson(right: int, of: int) -> Interval | None:
    """Wilson's score interval at LEVEL; None where nothing was looked at.

    Unlike the usual one it stays inside 0 and 1 and holds for small samples and shares near 1 (Wilson 1927; Brown, Cai
    and DasGupta 2001). It knows nothing of how large the population is, so for a large part of a small one it is wide.
    """
    if not of:
        return None
    share = right / of
    square = _Z * _Z / of
    middle = (share + square / 2) / (1 + square)
    half = _Z / (1 + square) * math.sqrt(share * (1 - share) / of + square / (4 * of))
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half))
