"""Who held an address when, and which two may have held it at nearly the same time: a reason to compare them."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cmdb.address_slot import held_since, is_passing
from cmdb.ci_class import DAY
from cmdb.never_one import never_one
from cmdb.sighting import Sighting, values_of
from cmdb.time import FOR_EVER
from cmdb.vocabulary import Vocabulary

RECENT = 7 * DAY
"""microseconds before a record's last contact after which an address that it no longer has is forgotten"""
MEETING = DAY // 2
"""microseconds between two that held an address within which that is a reason to compare them: sources look at
different hours, and later an address alone suffices for nothing"""
BUCKET = 4 * DAY
"""microseconds of one key under which those who held an address find each other"""
ERA = 3
"""buckets for which the keys of who holds an address stay the same"""
RECENT_BUCKETS = 2
"""keys before that of a last contact which reach back over `RECENT` and half a `MEETING`, whenever that contact was"""


class Stay(NamedTuple):
    """When an address was surely held (microseconds), and whether it is held to this day."""

    first: int
    last: int
    goes_on: bool


def stay(sighting: Sighting, first: int, last: int, vocabulary: Vocabulary) -> Stay | None:
    """How a sighting held an address that it showed from `first` to `last`; None where that is long past.

    Of a slot that shows no hardware (`is_passing`) only the last holder is known, and of another one who has it since
    it shows a card. What others no longer hold, somebody else may have held in between: only the last week counts.
    """
    return _stay(sighting, first, last, held_since(sighting, vocabulary))


def _stay(sighting: Sighting, first: int, last: int, since: int | None) -> Stay | None:
    if since is None:
        return Stay(last, last, True)
    if last == sighting.last:
        return Stay(max(first, min(since, last)), last, True)
    return None if last < sighting.last - RECENT else Stay(max(first, last - RECENT), last, False)


def together(one: Stay, other: Stay) -> bool:
    """Whether two stays at one address lie so near in time that they may be one thing's.

    Those who hold it to this day are compared by all the time that they have; others by the last week of it. So both
    have a key in common.
    """
    if apart(one, other) > MEETING:
        return False
    return (one.goes_on and other.goes_on) or apart(_lately(one), _lately(other)) <= MEETING


def apart(one: Stay, other: Stay) -> int:
    """Microseconds between two stays, less than 0 where they overlap."""
    return max(one.first - other.last, other.first - one.last)


def meet(one: Sighting, mine: Stay, other: Sighting, theirs: Stay, vocabulary: Vocabulary) -> bool:
    """Whether their stays at one address are a reason to compare two sightings."""
    return together(mine, theirs) and (
        _contacts_apart(mine, theirs) <= MEETING or not by_contact(one, mine, other, theirs, vocabulary)
    )


def between(one: Sighting, mine: Stay, other: Sighting, theirs: Stay, vocabulary: Vocabulary) -> int:
    """Microseconds between two that held an address."""
    gap = apart(mine, theirs)
    if gap <= 0 and by_contact(one, mine, other, theirs, vocabulary):
        return _contacts_apart(mine, theirs)
    return max(0, gap)


def by_contact(one: Sighting, mine: Stay, other: Sighting, theirs: Stay, vocabulary: Vocabulary) -> bool:
    """Whether only contacts with the address count, not the time between them: one of them has given it up, so it goes
    round, or it shows another card than the other has."""
    return not (mine.goes_on and theirs.goes_on) or _show_other_cards(one, other, vocabulary)


def _show_other_cards(one: Sighting, other: Sighting, vocabulary: Vocabulary) -> bool:
    """Whether an address shows hardware addresses, the other has some of its own, and none of them is the same.

    Then only contacts count that lie near each other: whoever had the address before and after may not have had it in
    between, as leases go round.
    """
    if not any(vocabulary.traits_of(thing.source, thing.said.record).by_address for thing in (one, other)):
        return False
    mine, theirs = (_cards(thing, vocabulary) for thing in (one, other))
    return bool(mine) and bool(theirs) and mine.isdisjoint(theirs)


def _cards(sighting: Sighting, vocabulary: Vocabulary) -> set[str]:
    if is_passing(sighting, vocabulary):
        return set()
    return values_of(sighting, "mac")


def _contacts_apart(one: Stay, other: Stay) -> int:
    return min(abs(mine - theirs) for mine in _contacts(one) for theirs in _contacts(other))


def _contacts(held: Stay) -> tuple[int, ...]:
    """When it surely had the address."""
    return (held.first, held.last) if held.goes_on else (held.last,)


def _lately(held: Stay) -> Stay:
    return held if held.last - held.first <= RECENT else held._replace(first=held.last - RECENT)


class Meetings:
    """Whether two sightings met at an address, worked out once: those who held one share several keys of its times."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
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
        if never_one(one, other, self.vocabulary):
            return False
        theirs = self._stays_of(other)
        return any(
            address in theirs and meet(one, mine, other, theirs[address], self.vocabulary)
            for address, mine in self._stays_of(one).items()
        )

    def _stays_of(self, sighting: Sighting) -> Mapping[str, Stay]:
        known = self._stays.get(id(sighting))
        if known is None:
            known = self._stays[id(sighting)] = (sighting, _stays(sighting, self.vocabulary))
        return known[1]


def _stays(sighting: Sighting, vocabulary: Vocabulary) -> dict[str, Stay]:
    since = held_since(sighting, vocabulary)
    found = {}
    for kind, value, first, last in sighting.lifetimes:
        if kind == "ip" and (held := _stay(sighting, first, last, since)) is not None:
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
    """`at|address|realm|when` for every address that it holds, or held within a week of its last contact.

    Who holds one is found under all times of the era of its last contact, so that its being seen again changes nothing.
    """
    addresses = [life for life in sighting.lifetimes if life.kind == "ip"]
    passing = bool(addresses) and is_passing(sighting, vocabulary)
    era = _era(sighting)
    for _, value, first, last in addresses:
        place = f"at|{value}|{sighting.realm}|"
        goes_on = passing or last == sighting.last
        if goes_on:
            yield f"{place}now"
        top = _bucket(last + MEETING // 2)
        if top < era - RECENT_BUCKETS:
            continue
        begin = _bucket((last if passing else first) - MEETING // 2)
        oldest, newest = (era, era + ERA - 1) if goes_on and not passing else (top, top)
        for bucket in range(max(begin, oldest - RECENT_BUCKETS), newest + 1):
            yield f"{place}{bucket}"


def same_keys_until(sighting: Sighting) -> int:
    """Microseconds until which it can be seen again as it is and is found under the same keys.

    Under which times it is found at its addresses, former ones among them, moves with the era of its last contact.
    """
    era = _era(sighting)
    if not any(
        life.kind == "ip" and _bucket(life.last + MEETING // 2) >= era - RECENT_BUCKETS for life in sighting.lifetimes
    ):
        return FOR_EVER
    return (era + ERA) * BUCKET - MEETING // 2 - 1


def _era(sighting: Sighting) -> int:
    """The first bucket of the era of its last contact."""
    now = _bucket(sighting.last + MEETING // 2)
    return now - now % ERA


def _bucket(at: int) -> int:
    return at // BUCKET
