"""Who held an address when, and which two may have held it at nearly the same time: a reason to compare them."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cmdb.address_slot import is_passing
from cmdb.ci_class import DAY
from cmdb.never_one import never_one
from cmdb.sighting import Sighting
from cmdb.vocabulary import Vocabulary

RECENT = 7 * DAY
"""microseconds before a record's last contact after which an address that it no longer has is forgotten"""
MEETING = DAY // 2
"""microseconds between two that held an address within which that is a reason to compare them: sources look at
different hours, and later an address alone suffices for nothing"""
BUCKET = 4 * DAY
"""microseconds of one key under which those who held an address find each other"""
FOR_EVER = (1 << 63) - 1
"""microseconds; the last time that a store can hold"""


class Stay(NamedTuple):
    """When an address was surely held (microseconds), and whether it is held to this day."""

    first: int
    last: int
    goes_on: bool


def stay(sighting: Sighting, first: int, last: int, *, passing: bool) -> Stay | None:
    """How a sighting held an address that it showed from `first` to `last`; None where that is long past.

    Of a slot that shows no hardware (`passing`, see `is_passing`) only the last holder is known. What others no longer
    hold, somebody else may have held in between: only the last week of it counts.
    """
    if passing:
        return Stay(last, last, True)
    if last == sighting.last:
        return Stay(first, last, True)
    return None if last < sighting.last - RECENT else Stay(max(first, last - RECENT), last, False)


def together(one: Stay, other: Stay) -> bool:
    """Whether two stays at one address lie so near in time that they may be one thing's.

    Those who hold it to this day are compared by all the time that they have; others by the last week of it. So both
    have a key in common.
    """
    if _apart(one, other) > MEETING:
        return False
    return (one.goes_on and other.goes_on) or _apart(_lately(one), _lately(other)) <= MEETING


def _apart(one: Stay, other: Stay) -> int:
    return max(one.first - other.last, other.first - one.last)


def _lately(held: Stay) -> Stay:
    return held if held.last - held.first <= RECENT else held._replace(first=held.last - RECENT)


class Meetings:
    """Whether two sightings met at an address, worked out once: those who held one share several keys of its times."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._stays: dict[int, tuple[Sighting, Mapping[str, Stay]]] = {}
        """by the identity of the sighting, which is kept so that no other can have it"""
        self._met: dict[tuple[int, int], bool] = {}

    def met(self, one: Sighting, other: Sighting) -> bool:
        """Whether both held an address at nearly the same time, and may be of one thing at all."""
        if one.realm != other.realm:
            return False
        a, b = id(one), id(other)
        pair = (a, b) if a < b else (b, a)
        known = self._met.get(pair)
        if known is None:
            known = self._met[pair] = self._meet(one, other)
        return known

    def _meet(self, one: Sighting, other: Sighting) -> bool:
        theirs = self._stays_of(other)
        for address, mine in self._stays_of(one).items():
            held = theirs.get(address)
            if held is not None and together(mine, held):
                return not never_one(one, other, self._vocabulary)
        return False

    def _stays_of(self, sighting: Sighting) -> Mapping[str, Stay]:
        known = self._stays.get(id(sighting))
        if known is None:
            known = self._stays[id(sighting)] = (sighting, _stays(sighting, self._vocabulary))
        return known[1]


def _stays(sighting: Sighting, vocabulary: Vocabulary) -> dict[str, Stay]:
    passing = is_passing(sighting, vocabulary)
    found = {}
    for kind, value, first, last in sighting.lifetimes:
        if kind == "ip" and (held := stay(sighting, first, last, passing=passing)) is not None:
            found[value] = held
    return found


# -- the keys under which they find each other -------------------------------------------------------------------------


def is_meeting(key: str) -> bool:
    """Whether it is a key of those who may have held an address at one time; `Meetings` says which of them did."""
    return key.startswith("at|")


def now_key(address_key: str) -> str:
    """The key of those who hold an address now, by the address's linking key."""
    return f"at{address_key[2:]}|now"


def meeting_keys(sighting: Sighting, vocabulary: Vocabulary) -> Iterator[str]:
    """`at|address|realm|when` for every address that it holds, or held within a week of its last contact."""
    addresses = [life for life in sighting.lifetimes if life.kind == "ip"]
    passing = bool(addresses) and is_passing(sighting, vocabulary)
    for _, value, first, last in addresses:
        place = f"at|{value}|{sighting.realm}|"
        if passing or last == sighting.last:
            yield f"{place}now"
        if last < sighting.last - RECENT:
            continue
        begin = last if passing else max(first, last - RECENT)
        for bucket in range((begin - MEETING // 2) // BUCKET, (last + MEETING // 2) // BUCKET + 1):
            yield f"{place}{bucket}"


def same_keys_until(sighting: Sighting) -> int:
    """Microseconds until which it can be seen again as it is without a new key."""
    if not any(life.kind == "ip" and life.last == sighting.last for life in sighting.lifetimes):
        return FOR_EVER
    return ((sighting.last + MEETING // 2) // BUCKET + 1) * BUCKET - MEETING // 2 - 1
