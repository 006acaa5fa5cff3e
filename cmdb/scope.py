"""Which scope lies inside which: compared as strings, address ranges and distinguished names by containment."""

import ipaddress
import re
from functools import lru_cache
from typing import NamedTuple

_RDN = re.compile(r"\s*([A-Za-z][A-Za-z0-9.-]*|\d+(?:\.\d+)*)\s*=\s*((?:[^\\,;+]|\\.)+?)\s*\Z", re.DOTALL)
_SPLIT_RDN = re.compile(r"((?:[^\\,;]|\\.)*)(?:[,;]|\Z)", re.DOTALL)
_BETWEEN = re.compile(r"[\s,]+")


class AddressRange(NamedTuple):
    """First and last address, both inside, as numbers of one IP version."""

    version: int
    first: int
    last: int


class Scope(NamedTuple):
    """A scope as far as it can be understood; a scope that is neither is only its text."""

    text: str
    ranges: tuple[AddressRange, ...] = ()
    """sorted, those that touch joined"""
    name: tuple[str, ...] = ()
    """relative distinguished names from the root down"""


def lies_in(inner: str, outer: str) -> bool:
    """Whether everything in the one scope is in the other too."""
    if inner == outer:
        return True
    small, large = understood(inner), understood(outer)
    if small.ranges and large.ranges:
        return all(any(_holds(whole, part) for whole in large.ranges) for part in small.ranges)
    if small.name and large.name:
        return small.name[: len(large.name)] == large.name
    return False


def overlap(one: str, other: str) -> bool:
    """Whether anything can be in both."""
    if lies_in(one, other) or lies_in(other, one):
        return True
    ranges, others = understood(one).ranges, understood(other).ranges
    return any(a.version == b.version and a.first <= b.last and b.first <= a.last for a in ranges for b in others)


@lru_cache(maxsize=4096)
def understood(text: str) -> Scope:
    """`10.0.0.0/24`, `10.0.0.1-10.0.0.9`, `10.0.0.1-9`, several of them; `OU=Berlin,DC=corp`; else a mere text."""
    ranges = _ranges(text)
    return Scope(text, ranges, () if ranges else _name(text))


def _ranges(text: str) -> tuple[AddressRange, ...]:
    found = []
    for part in _BETWEEN.split(text.strip()):
        one = _range(part)
        if one is None:
            return ()
        found.append(one)
    joined: list[AddressRange] = []
    for one in sorted(found):
        before = joined[-1] if joined else None
        if before is not None and before.version == one.version and one.first <= before.last + 1:
            joined[-1] = before._replace(last=max(before.last, one.last))
        else:
            joined.append(one)
    return tuple(joined)


def _range(part: str) -> AddressRange | None:
    first, dash, last = part.partition("-")
    try:
        if not dash:
            network = ipaddress.ip_network(part, strict=False)
            return AddressRange(network.version, int(network.network_address), int(network.broadcast_address))
        begin = ipaddress.ip_address(first)
        if last.isdecimal() and begin.version == 4:
            last = f"{first.rpartition('.')[0]}.{last}"
        end = ipaddress.ip_address(last)
    except ValueError:
        return None
    if begin.version != end.version or int(begin) > int(end):
        return None
    return AddressRange(begin.version, int(begin), int(end))


def _holds(whole: AddressRange, part: AddressRange) -> bool:
    return whole.version == part.version and whole.first <= part.first and part.last <= whole.last


def _name(text: str) -> tuple[str, ...]:
    """The parts of a distinguished name in normal form (RFC 4514: case and blanks around a part mean nothing)."""
    parts = []
    at = 0
    while at < len(text):
        match = _SPLIT_RDN.match(text, at)
        if match is None:  # a \ that nothing follows
            return ()
        several = [_RDN.match(value) for value in re.split(r"(?<!\\)\+", match[1])]
        if match.end() == at or any(one is None for one in several):
            return ()
        parts.append("+".join(sorted(_value(one[1], one[2]) for one in several if one is not None)))
        at = match.end()
    return tuple(reversed(parts))


def _value(kind: str, value: str) -> str:
    return f"{kind}={' '.join(value.split())}".casefold()
