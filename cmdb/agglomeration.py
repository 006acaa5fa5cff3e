"""How the sightings of one block grow together: best evidence first, every union checked against all members."""

import heapq
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from cmdb.address_slot import addresses_now, shows_no_hardware, shows_no_hardware_now
from cmdb.evidence import Evidence, Weigher, lists_as_its_own
from cmdb.group import Group, is_listed, united
from cmdb.identifier import is_of_an_address
from cmdb.identity_settings import IdentitySettings
from cmdb.sighting import Sighting
from cmdb.vetoes import veto

CONTESTED = "another partner is nearly as good"
"""why two that fit are not one"""

Rulings = Mapping[tuple[str, str], str]
"""pair of sighting keys → `one` or `apart`"""


@dataclass(frozen=True, slots=True)
class Review:
    """Two groups that only a person can tell one or two; named by their smallest sightings."""

    a: str
    b: str
    score: float
    threshold: float
    evidence: tuple[Evidence, ...]
    vetoes: tuple[str, ...]


@dataclass(slots=True)
class _Growth:
    """Mutable, and seen by nobody but the functions of this file."""

    groups: dict[int, Group]
    near: dict[int, set[int]]
    """groups that share a key worth comparing them for"""
    weigh: Weigher
    ruled: Rulings
    scores: dict[tuple[int, int], float] = field(default_factory=dict)
    vetoes: dict[tuple[int, int], str | None] = field(default_factory=dict)
    contested: set[tuple[int, int]] = field(default_factory=set)
    heap: list[tuple[float, str, str, int, int]] = field(default_factory=list)

    def score(self, one: int, other: int) -> float:
        pair = (one, other) if one < other else (other, one)
        known = self.scores.get(pair)
        if known is None:
            known = self.scores[pair] = self.weigh.score(self.groups[one], self.groups[other])
        return known

    def veto(self, one: int, other: int) -> str | None:
        pair = (one, other) if one < other else (other, one)
        if pair not in self.vetoes:
            a, b = self.groups[one], self.groups[other]
            kept = "a person keeps them apart" if _kept_apart(a, b, self.ruled) else None
            self.vetoes[pair] = kept or veto(a, b, self.weigh)
        return self.vetoes[pair]

    def consider(self, one: int, other: int) -> None:
        score = self.score(one, other)
        if score >= self.weigh.settings.merge_at:
            a, b = sorted((self.groups[one].key, self.groups[other].key))
            heapq.heappush(self.heap, (-score, a, b, one, other))


def agglomerate(
    alone: Sequence[Group], near: Mapping[int, set[int]], weigh: Weigher, ruled: Rulings
) -> tuple[list[tuple[Sighting, ...]], list[Review], list[tuple[str, str]]]:
    """The groups that remain, the pairs that wait for a person, and those that stayed two because they are contested.

    `alone` are groups in the order of their keys, `near` says by position which of them are worth comparing.
    """
    growth = _Growth(dict(enumerate(alone)), {at: set(others) for at, others in near.items()}, weigh, ruled)
    for (a, b), verdict in sorted(ruled.items()):
        if verdict == "one":
            _unite_ruled(growth, a, b)
    for one, others in growth.near.items():
        for other in others:
            if one < other:
                growth.consider(one, other)
    upcoming = len(alone)
    while growth.heap:
        _, _, _, one, other = heapq.heappop(growth.heap)
        if one not in growth.groups or other not in growth.groups or growth.veto(one, other):
            continue
        merged = united(growth.groups[one], growth.groups[other])
        if _is_contested(growth, one, other, merged):
            growth.contested.add((min(one, other), max(one, other)))
            continue
        _replace(growth, one, other, merged, upcoming)
        for neighbour in growth.near[upcoming]:
            growth.consider(neighbour, upcoming)
        upcoming += 1
    return [group.members for group in growth.groups.values()], _reviews(growth), _contested(growth)


def _replace(growth: _Growth, one: int, other: int, merged: Group, number: int) -> None:
    del growth.groups[one], growth.groups[other]
    near = growth.near.pop(one) | growth.near.pop(other)
    near -= {one, other}
    growth.groups[number], growth.near[number] = merged, near
    for neighbour in near:
        growth.near[neighbour] -= {one, other}
        growth.near[neighbour].add(number)


def _unite_ruled(growth: _Growth, a: str, b: str) -> None:
    at = {member.key: number for number, group in growth.groups.items() for member in group.members}
    if a in at and b in at and at[a] != at[b]:
        one, other = at[a], at[b]
        _replace(growth, one, other, united(growth.groups[one], growth.groups[other]), -1 - len(growth.groups))


def _kept_apart(one: Group, other: Group, ruled: Rulings) -> bool:
    return bool(ruled) and any(
        ruled.get((min(a.key, b.key), max(a.key, b.key))) == "apart" for a in one.members for b in other.members
    )


def _is_contested(growth: _Growth, one: int, other: int, merged: Group) -> bool:
    """Whether a third group fits one of them nearly as well but could never join both."""
    settings = growth.weigh.settings
    behind = growth.score(one, other) - settings.contested_within
    for mine, partner in ((one, other), (other, one)):
        if _is_held_by_another(growth, mine, partner):
            return True
        for third in growth.near[mine]:
            if third == partner or not _is_nearly_as_good(growth, mine, third, behind) or growth.veto(mine, third):
                continue
            if _is_known_by_its_card(growth, mine, partner, third):
                continue
            if growth.groups[partner].kept and not growth.groups[third].kept:
                continue  # what a scan saw at an address is no rival of a record that keeps its thing
            if _outlived(growth.groups[third], growth.groups[mine], growth.groups[partner], settings):
                continue
            if _is_another_time(growth.groups[third], growth.groups[mine], growth.groups[partner]):
                continue
            if growth.veto(partner, third) and (
                _kept_apart(merged, growth.groups[third], growth.ruled)
                or veto(merged, growth.groups[third], growth.weigh)
            ):
                return True
    return False


def _is_nearly_as_good(growth: _Growth, mine: int, third: int, behind: float) -> bool:
    """A full name says more than the label alone that a namesake in another domain bears."""
    score = growth.score(mine, third)
    return score >= growth.weigh.settings.merge_at and score > behind


def _is_held_by_another(growth: _Growth, slot: int, partner: int) -> bool:
    """Whether what answered at an address without showing its card is listed as another's at that time, and not as the
    partner's: a card shown there before, or a name that was not taken back, says who had the address then."""
    place, holder = growth.groups[slot], growth.groups[partner]
    if place.kept or not holder.kept:
        return False
    others = growth.near[slot] - {partner}
    if any(
        _is_known_by_its_card(growth, slot, third, partner) and _are_two(growth, partner, third) for third in others
    ):
        return True
    slack = growth.weigh.settings.address_slack
    return any(
        _holds(growth.groups[third], member, slack) and _are_two(growth, partner, third)
        for member in place.members
        if shows_no_hardware_now(member) and not _holds(holder, member, slack)
        for third in others
    )


def _are_two(growth: _Growth, one: int, other: int) -> bool:
    return growth.score(one, other) < growth.weigh.settings.merge_at or growth.veto(one, other) is not None


def _is_known_by_its_card(growth: _Growth, slot: int, owner: int, other: int) -> bool:
    """Whether addresses show a card that one of two lists as its own at that time, and the other does not: a name that
    was not taken back is nothing beside it."""
    place = growth.groups[slot]
    if place.kept:
        return False
    crowd, slack = growth.weigh.crowding, growth.weigh.settings.address_slack
    shown = [
        (f"mac|{life.value}|", member.last)
        for member in place.members
        for life in member.lifetimes
        if life.kind == "mac" and life.last == member.last
    ]
    return any(
        key not in crowd.often
        and key not in crowd.slots
        and lists_as_its_own(key, growth.groups[owner], at, slack)
        and not lists_as_its_own(key, growth.groups[other], at, slack)
        for key, at in shown
    )


def _holds(group: Group, slot: Sighting, slack: int) -> bool:
    """Whether a record that keeps its thing lists the address of a slot when it last answered."""
    return any(is_listed(group, key, slot.last, slot.last, slack) for key in addresses_now(slot))


def _outlived(rival: Group, group: Group, partner: Group, settings: IdentitySettings) -> bool:
    """Whether a rival had fallen silent when the other two were both heard still: whoever said that it lives on was not
    the rival, but what came after it. An account whose machine was replaced goes with the machine that uses it."""
    return _last_heard(rival) + settings.silent_after < min(_last_heard(group), _last_heard(partner))


def _is_another_time(rival: Group, group: Group, partner: Group) -> bool:
    """Whether the rival and the partner followed one another in a source, and the group was last heard when it was the
    partner's time: an account or an agent that outlives its machine goes with the one that had it then."""
    places = rival.kept.keys() & partner.kept.keys()
    if not places:
        return False
    mine, theirs = _kept_by(places, rival), _kept_by(places, partner)
    heard = _last_heard(group)
    return max(mine[0] - theirs[1], theirs[0] - mine[1]) > 0 and _away(theirs, heard) < _away(mine, heard)


def _kept_by(places: Set[str], group: Group) -> tuple[int, int]:
    """From the first to the last contact of the records that some sources keep of it, in microseconds."""
    kept = [member for place in places for member in group.kept[place]]
    return min(member.first for member in kept), max(member.last for member in kept)


def _away(lifetime: tuple[int, int], at: int) -> int:
    return max(0, lifetime[0] - at, at - lifetime[1])


def _last_heard(group: Group) -> int:
    """Microseconds. What scans saw counts only where there is nothing else: an address may have gone to another."""
    kept = [member.last for records in group.kept.values() for member in records]
    return max(kept or [member.last for member in group.members])


def _is_passing(group: Group) -> bool:
    """Whether all it holds is what answered at some address: tomorrow's holder is another, so nobody need be asked.

    Nor need anybody be asked which of two durable things an address belonged to for a day.
    """
    return not group.kept and all(shows_no_hardware(member) for member in group.members)


def _is_an_address(piece: Evidence) -> bool:
    """Whether all that it says is an address, be it in the place of a name."""
    return piece.kind == "ip" or (piece.kind == "hostname" and is_of_an_address(piece.value))


def _contested(growth: _Growth) -> list[tuple[str, str]]:
    """By the keys of the groups, the smaller first."""
    remaining = [pair for pair in growth.contested if pair[0] in growth.groups and pair[1] in growth.groups]
    keys = [sorted((growth.groups[one].key, growth.groups[other].key)) for one, other in remaining]
    return sorted((a, b) for a, b in keys)


def _reviews(growth: _Growth) -> list[Review]:
    settings = growth.weigh.settings
    asked = []
    for one in sorted(growth.groups):
        for other in sorted(n for n in growth.near[one] if n > one):
            score = growth.score(one, other)
            is_contested = (one, other) in growth.contested
            if score < settings.review_at or (score >= settings.merge_at and not is_contested):
                continue
            if growth.veto(one, other):
                continue
            a, b = sorted((growth.groups[one], growth.groups[other]), key=lambda group: group.key)
            if _is_passing(a) or _is_passing(b) or (is_contested and not (a.kept and b.kept)):
                continue
            evidence = growth.weigh.evidence(a, b)
            if all(_is_an_address(piece) for piece in evidence if piece.weight > 0):
                continue  # an address that two had within days is a coin's toss, which nobody can call better
            why = (CONTESTED,) if is_contested else ()
            asked.append(Review(a.key, b.key, score, settings.merge_at, tuple(evidence), why))
    return asked
