"""What a few looks at something that comes and goes allow to say: how sure it is, and how much was not seen yet.

Pure arithmetic. Good 1953 (coverage of a sample), Esty 1983 (its error), Chao 1984 (how many were never seen).
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

_Z = 1.959963984540054
"""quantile of the normal distribution for 95 %, both sides"""
_PRIOR = 1.0
"""what a Beta distribution begins with on each side: before anything was seen, every share is as likely as any other"""


class Unseen(NamedTuple):
    """What was probably not seen yet, after some looks."""

    share: float
    """P(the next thing seen is one never seen before), 0 to 1: Good and Turing's f1 / n"""
    low: float
    high: float
    """between which `share` probably lies (95 %)"""
    kinds: float
    """how many different ones were probably never seen, at least: Chao's f1² / (2 f2)"""


def unseen(times_seen: Iterable[int]) -> Unseen:
    """`times_seen`: in how many looks each different thing was seen, at least 1 each.

    Nothing seen, or everything in one look only: then nothing can be said, and the bounds are 0 and 1. Looks have to
    be independent of each other: what is still there from the look before tells nothing about what was missed.
    """
    counts = [count for count in times_seen if count > 0]
    n = sum(counts)
    once = sum(1 for count in counts if count == 1)
    twice = sum(1 for count in counts if count == 2)
    kinds = chao(once, twice)
    if once == n:
        return Unseen(1.0, 0.0, 1.0, kinds)
    share = once / n
    # Esty's variance is 0 where nothing was seen once; three misses in n are then still not excluded (rule of three).
    half = _Z * math.sqrt(once * (1 - once / n) + 2 * twice) / n
    return Unseen(share, max(0.0, share - half), min(1.0, max(share + half, 3 / n)), kinds)


def chao(once: int, twice: int) -> float:
    """How many were never seen, at least; the form without bias where none was seen twice."""
    return once * once / (2 * twice) if twice else once * (once - 1) / 2


class Trials(NamedTuple):
    """How often something was there, and how often it was looked for; both fade with time."""

    seen: float
    looked: float
    """never less than `seen`"""


def faded(trials: Trials, age: float, half_life: float) -> Trials:
    """What trials are worth after `age` (the unit of `half_life`); a half-life of 0 or less forgets nothing."""
    if half_life <= 0:
        return trials
    worth = 2.0 ** (-max(0.0, age) / half_life)
    return Trials(trials.seen * worth, trials.looked * worth)


def confidence(trials: Trials) -> float:
    """Mean of the Beta distribution of P(it is there when one looks), from a flat prior; between 0 and 1."""
    return (_PRIOR + trials.seen) / (2 * _PRIOR + trials.looked)
