"""Which blocks are one thing so plainly that nothing in them need be weighed: most are, so most of the time is saved.

Where no two values can disagree and no two records can be forbidden to be one, evidence only grows with every union;
a chain of agreements that suffice two by two then makes one thing of all, in whatever order they are taken.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum

from cmdb.ci_class import DAY, DEVICE
from cmdb.evidence import Listing, Weigher, address_gap, realms_meet, was_elsewhere
from cmdb.group import Carrier, days_apart
from cmdb.identifier import NAME_KINDS, is_of_an_address, is_scoped
from cmdb.meeting import by_contact, stay
from cmdb.sighting import SLOT_KINDS, Sighting


class Plainness(IntEnum):
    """Whether agglomeration would unite a component without a doubt."""

    NO = 0
    NOW = 1
    FOR_GOOD = 2
    """also when any of them is seen again as it is: time alone can only bring them nearer to each other"""


def plainly_one(
    component: Sequence[int],
    things: Sequence[Sighting],
    borne: Sequence[Mapping[str, tuple[int, int]]],
    weigh: Weigher,
) -> Plainness:
    """More than NO only where agglomeration would unite all of `component` (positions in `things` and `borne`)."""
    vocabulary = weigh.vocabulary
    kinds = vocabulary.identifier_kinds
    stated: set[str] = set()
    places: dict[str, list[Sighting]] = {}
    values: dict[str, str] = {}
    bearing: dict[str, list[int]] = {}
    for at in component:
        thing = things[at]
        ci_class = thing.said.ci_class
        traits = vocabulary.traits_of(thing.source, thing.said.record)
        if vocabulary.classes[ci_class].family != DEVICE:
            return Plainness.NO
        if not traits.scan and ci_class != DEVICE:
            stated.add(ci_class)
            if len(stated) > 1:
                return Plainness.NO
        if traits.by_address and _showed_more(thing):
            return Plainness.NO
        place = f"{thing.source}|{thing.realm}"
        if place not in places:
            places[place] = [thing]
        elif traits.one_record_per_thing or not traits.by_address or any(_meet(thing, o) for o in places[place]):
            return Plainness.NO
        else:
            places[place].append(thing)
        for key in borne[at]:
            kind = key[: key.index("|")]
            declared = kinds.get(kind)
            if declared is None:
                return Plainness.NO
            if (declared.one_valued or kind == "hostname" or kind == "fqdn") and values.setdefault(kind, key) != key:
                return Plainness.NO
            if key in bearing:
                bearing[key].append(at)
            else:
                bearing[key] = [at]
    each_of_its_own = len({things[at].source for at in component}) == len(component)
    if each_of_its_own and _hang_together(component, bearing, things, borne, weigh, for_good=True):
        return Plainness.FOR_GOOD
    return Plainness(_hang_together(component, bearing, things, borne, weigh, for_good=False))


def _showed_more(slot: Sighting) -> bool:
    """Whether an address showed a card or a name before that it did not show last: it may be a former holder's."""
    return any(
        life.last != slot.last and (life.kind in SLOT_KINDS or life.kind in NAME_KINDS) for life in slot.lifetimes
    )


def _meet(one: Sighting, other: Sighting) -> bool:
    return one.record_key == other.record_key or days_apart(one, other) == 0


def _hang_together(
    component: Sequence[int],
    bearing: Mapping[str, Sequence[int]],
    things: Sequence[Sighting],
    borne: Sequence[Mapping[str, tuple[int, int]]],
    weigh: Weigher,
    *,
    for_good: bool,
) -> bool:
    settings, crowd = weigh.settings, weigh.crowding
    enough = settings.prior_bits + settings.merge_at
    above = {at: at for at in component}
    parts = len(component)
    for key, held_by in bearing.items():
        if len(held_by) < 2 or key in crowd.often or key in crowd.slots:
            continue
        kind = key[: key.index("|")]
        if kind not in _TIMELY and weigh.bits_on_a_device(key, kind) < enough:
            continue
        for number, one in enumerate(held_by):
            for other in held_by[number + 1 :]:
                a, b = one, other
                while above[a] != a:
                    a = above[a]
                while above[b] != b:
                    b = above[b]
                if a != b and _would_do(key, kind, one, other, things, borne, weigh, for_good=for_good):
                    above[b] = a
                    parts -= 1
    return parts == 1


_TIMELY = frozenset({"hostname", "fqdn", "ip"})


def _would_do(
    key: str,
    kind: str,
    one: int,
    other: int,
    things: Sequence[Sighting],
    borne: Sequence[Mapping[str, tuple[int, int]]],
    weigh: Weigher,
    *,
    for_good: bool,
) -> bool:
    """Whether a shared value would do by itself.

    Who lists a card and is heard again as it is goes on listing it, or had ceased to: time alone sets none aside.
    """
    if kind not in _TIMELY and kind != "mac":
        return True
    traits_of = weigh.vocabulary.traits_of
    mine, theirs = (
        Carrier(things[at], traits_of(things[at].source, things[at].said.record), "", *borne[at][key])
        for at in (one, other)
    )
    if kind in _TIMELY:
        return _timely(key, kind, mine, theirs, weigh, for_good=for_good)
    return not was_elsewhere((_listing(mine),), (_listing(theirs),), weigh.settings.address_slack)


def _listing(held: Carrier) -> Listing:
    whole = held.sighting
    return Listing(held.first, held.last, whole.first, whole.last, held.traits.one_record_per_thing)


def _timely(key: str, kind: str, mine: Carrier, theirs: Carrier, weigh: Weigher, *, for_good: bool) -> bool:
    """Whether a shared name or address would do by itself; where in doubt, no.

    `for_good`: also when either is seen again as it is. What lies between two that bear a name only shrinks by that,
    and so does what lies between two that hold an address to this day; an address that was given up fades.
    """
    settings = weigh.settings
    enough = settings.prior_bits + settings.merge_at
    if kind == "ip":
        if for_good and not _hold_it_for_good(mine, theirs, weigh):
            return False
        at_once = address_gap(mine, theirs, weigh.vocabulary) <= settings.address_slack
        return at_once and weigh.address_bits(0, 1) >= enough
    if is_of_an_address(key.split("|")[1]) or not realms_meet(mine.sighting.realm, theirs.sighting.realm):
        return False
    full = kind == "fqdn" and not is_scoped(weigh.vocabulary.identifier_kinds[kind], key.split("|")[1])
    vouched = full or mine.traits.guarantees_names or theirs.traits.guarantees_names
    gap = days_apart(mine, theirs)
    if not vouched or gap > settings.name_window:
        return False
    bits = min(settings.guaranteed_name_bits, settings.full_name_bits)
    if gap > settings.address_slack:
        bits -= settings.name_parted_bits + settings.name_fades * gap / DAY
    return bits >= enough


def _hold_it_for_good(mine: Carrier, theirs: Carrier, weigh: Weigher) -> bool:
    """Whether what lies between two that hold an address only shrinks by either being seen again."""
    words = weigh.vocabulary
    one, other = (stay(held.sighting, held.first, held.last, words) for held in (mine, theirs))
    if one is None or other is None:
        return False
    return not by_contact(mine.sighting, one, theirs.sighting, other, words)
