"""What a value in the vocabulary file must be, and in what words it is refused."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from cmdb.ci_class import DAY, HOUR

Check = Callable[[Any], Any]
"""turns what TOML says into what we keep; raises Wrong"""

_WORD = re.compile(r"[a-z][a-z0-9]*(?:_[a-z][a-z0-9]*)*\Z")
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]*(?:\.[^.\x00]{1,256})*\Z")
_DURATION = re.compile(r"(\d{1,6})\s*(m|h|d|w)\Z")
_UNITS = {"m": HOUR // 60, "h": HOUR, "d": DAY, "w": 7 * DAY}


class Wrong(Exception):
    """The value cannot be taken; the message says what is wanted."""


def word(name: str) -> str:
    """A name of a class, a relation type or a kind."""
    if not _WORD.match(name) or len(name) > 64:
        raise Wrong(f"{name!r} is no name: small letters and digits, words joined by one _, each begun by a letter")
    return name


def attribute_name(name: str) -> str:
    """A name of an attribute, as an observation may say it."""
    if not _ATTRIBUTE.match(name):
        raise Wrong(f"{name!r} is no attribute: small letters, digits and _, dots for nesting")
    return name


def text_line(value: Any) -> str:
    """Text that says something."""
    if not isinstance(value, str) or not value.strip() or len(value) > 1000:
        raise Wrong(f"{value!r} is wrong: a text is wanted")
    return value.strip()


def flag(value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise Wrong(f"{value!r} is wrong: true or false is wanted")
    return value


def duration(value: Any) -> int:
    """`"30d"` as microseconds."""
    match = _DURATION.match(value) if isinstance(value, str) else None
    if match is None:
        raise Wrong(f'{value!r} is no duration: a number and m, h, d or w is wanted, such as "30d"')
    return int(match[1]) * _UNITS[match[2]]


def some_texts(value: Any) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise Wrong(f"{value!r} is wrong: a list of texts is wanted")
    return tuple(value)


def one_of(allowed: Sequence[str]) -> Check:
    """One of some words."""

    def check(value: Any) -> str:
        if value not in allowed:
            raise Wrong(f"{value!r} is unknown; allowed: {', '.join(allowed)}")
        return str(value)

    return check


def number(least: float, most: float) -> Check:
    """A number within bounds."""

    def check(value: Any) -> float:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not fits or not least <= value <= most:
            raise Wrong(f"{value!r} is wrong: a number from {least:g} to {most:g} is wanted")
        return float(value)

    return check


def whole_number(least: int, most: int) -> Check:
    """A whole number within bounds."""

    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise Wrong(f"{value!r} is wrong: a whole number from {least} to {most} is wanted")
        return value

    return check
