"""What a serial number says by how it is written: how much at most, and which two may be one, read in two fields."""

import math
from collections.abc import Iterable

_OWN = 7
"""characters of a serial number that a longer one may have been made of; less ends many by chance"""


def bits_of_a_number(serial: str) -> float:
    """The most that a serial number can say: vendors that number from 1 all have a `0042`."""
    return len(serial) * math.log2(10) if serial.isdecimal() else math.inf


def spelled_alike(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether one of some serial numbers (in normal form) says one of the others.

    `1S20XW004AGEPF0ABCDE` is Lenovo's machine type and model before the `PF0ABCDE` that other sources read, and dashes
    are left out by some. They say no more than that neither contradicts the other.
    """
    theirs = [_plain(value) for value in others]
    return any(_one_says_the_other(_plain(value), other) for value in some for other in theirs)


def _plain(serial: str) -> str:
    return "".join(filter(str.isalnum, serial))


def _one_says_the_other(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) >= _OWN and long.endswith(short))
