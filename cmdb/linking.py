"""Under which keys the records of one thing find each other, and from when to when each key was borne."""

from collections.abc import Iterable

from cmdb.ci_class import DAY, DEVICE
from cmdb.device_name import host_name_in
from cmdb.identifier import BOTH_ORDERS, NAME_KINDS, is_address, swapped_uuid
from cmdb.reference import escaped, folded_name
from cmdb.shared_record import said_by_the_last_of_several
from cmdb.sighting import SLOT_KINDS, Sighting
from cmdb.vocabulary import Vocabulary

_NAMED_ANYWHERE = frozenset({"hostname", "fqdn"})
"""keyed without their realm, because names from a cloud directory may match in any"""


RECENT = 7 * DAY
"""microseconds before a record's last contact after which an address that it no longer has is forgotten"""
RETURNS = 5 * DAY // 2
"""how long an address may answer without the card, or the one name, that it showed before that is taken to have gone
with its holder"""
MEETING = DAY // 2
"""microseconds between two that held an address within which that is a reason to compare them: sources look at
different hours, and later an address alone suffices for nothing"""
BUCKET = 4 * DAY
"""microseconds of one key under which those who held an address find each other"""
RECENT_BUCKETS = 2
"""keys before that of a last contact which reach back over `RECENT` and half a `MEETING`, whenever that contact was"""

FOR_EVER = (1 << 63) - 1
"""microseconds; the last time that a store can hold"""


def place_key(parent: str, ci_class: str, name: str) -> str:
    """The key of a name that is unique within another CI."""
    return f"in|{parent}|{ci_class}|{escaped(folded_name(name))}"


def linking_keys(sighting: Sighting, vocabulary: Vocabulary) -> frozenset[str]:
    """Every key of one sighting: of its identifiers, past ones included, and of its name where that identifies."""
    return frozenset((*keys_borne(sighting, vocabulary), *_meetings(sighting, vocabulary)))


def leads_on(key: str) -> bool:
    """Whether a block is followed over this key. Not over a bare address: too many have held each in turn.

    Those who may have held one at the same time share a key `at|address|realm|when`, which says nothing else.
    """
    return not key.startswith("ip|")


def is_meeting(key: str) -> bool:
    """Whether it is a key of those who may have held an address at one time; `meet` says which of them did."""
    return key.startswith("at|")


def meet(one: Sighting, other: Sighting, vocabulary: Vocabulary) -> bool:
    """Whether both held an address at nearly the same time, and may be of one thing at all."""
    if one.realm != other.realm or never_one(one, other, vocabulary):
        return False
    held = {life.value: life for life in one.lifetimes if life.kind == "ip"}
    for life in other.lifetimes:
        mine = held.get(life.value) if life.kind == "ip" else None
        if mine is None:
            continue
        if held_together(one, (mine.first, mine.last), other, (life.first, life.last), vocabulary):
            return True
    return False


def held_together(
    one: Sighting, mine: tuple[int, int], other: Sighting, theirs: tuple[int, int], vocabulary: Vocabulary
) -> bool:
    """Whether two held the address that they showed then (first, last) at nearly the same time.

    Those who hold it to this day are compared by all the time that they have; others by the last week of it, for
    somebody else may have held it in between. So both have a meeting key in common.
    """
    when, then = held_from_to(one, *mine, vocabulary), held_from_to(other, *theirs, vocabulary)
    if when is None or then is None or _apart(when, then) > MEETING:
        return False
    holds = mine[1] == one.last or is_passing(one, vocabulary)
    other_holds = theirs[1] == other.last or is_passing(other, vocabulary)
    return (holds and other_holds) or _apart(_lately(when), _lately(then)) <= MEETING


def _apart(one: tuple[int, int], other: tuple[int, int]) -> int:
    return max(one[0] - other[1], other[0] - one[1])


def _lately(span: tuple[int, int]) -> tuple[int, int]:
    return max(span[0], span[1] - RECENT), span[1]


def never_one(mine: Sighting, theirs: Sighting, vocabulary: Vocabulary) -> bool:
    """What a veto would say of two records of one source in any company, asked before anything is weighed."""
    if (
        mine.source != theirs.source
        or mine.realm != theirs.realm
        or vocabulary.classes[mine.said.ci_class].family != DEVICE
    ):
        return False
    one, other = (vocabulary.traits_of(thing.source, thing.said.record) for thing in (mine, theirs))
    if mine.record_key == theirs.record_key:
        return one.by_address
    keeps = one.one_record_per_thing and other.one_record_per_thing
    return keeps and mine.first <= theirs.last and theirs.first <= mine.last


def now_key(address_key: str) -> str:
    """The key of those who hold an address now, by the address's linking key."""
    return f"at{address_key[2:]}|now"


def _meetings(sighting: Sighting, vocabulary: Vocabulary) -> Iterable[str]:
    addresses = [life for life in sighting.lifetimes if life.kind == "ip"]
    passing = bool(addresses) and is_passing(sighting, vocabulary)
    for _, value, first, last in addresses:
        place = f"at|{value}|{sighting.realm}|"
        if passing or last == sighting.last:
            yield f"{place}now"
        top = _bucket(last + MEETING // 2)
        if top < _bucket(sighting.last + MEETING // 2) - RECENT_BUCKETS:
            continue
        begin = _bucket((last if passing else first) - MEETING // 2)
        for bucket in range(max(begin, top - RECENT_BUCKETS), top + 1):
            yield f"{place}{bucket}"


def _bucket(at: int) -> int:
    return at // BUCKET


def same_keys_until(sighting: Sighting) -> int:
    """Microseconds until which it can be seen again as it is and is found under the same keys.

    Under which times it is found at its addresses, those that it had among them, moves with that of its last contact.
    """
    now = _bucket(sighting.last + MEETING // 2)
    if not any(
        life.kind == "ip" and _bucket(life.last + MEETING // 2) >= now - RECENT_BUCKETS for life in sighting.lifetimes
    ):
        return FOR_EVER
    return (now + 1) * BUCKET - MEETING // 2 - 1


def held_from_to(sighting: Sighting, first: int, last: int, vocabulary: Vocabulary) -> tuple[int, int] | None:
    """When a sighting surely held an address that it showed from `first` to `last`; None where that is long past.

    Of a slot that shows no hardware only the last holder is known.
    """
    if is_passing(sighting, vocabulary):
        return last, last
    if last == sighting.last:
        return first, last
    return None if last < sighting.last - RECENT else (max(first, last - RECENT), last)


def is_passing(sighting: Sighting, vocabulary: Vocabulary) -> bool:
    """Whether it is an address that anybody may hold: nothing tells its holder from the next one."""
    return vocabulary.traits_of(sighting.source, sighting.said.record).by_address and shows_no_hardware(sighting)


def changes_with_time(sighting: Sighting, vocabulary: Vocabulary) -> bool:
    """Whether it may bear other keys by being seen again as it is: an address that shows no card, or no longer does."""
    by_address = vocabulary.traits_of(sighting.source, sighting.said.record).by_address
    return by_address and shows_no_hardware_now(sighting)


def shows_no_hardware(sighting: Sighting) -> bool:
    """Whether nothing tells its holder from the next one at the same address: a card that it has not shown for days,
    though it answered, may have gone with a former one; of an address that went from name to name it has at once."""
    cards = [life.last for life in sighting.lifetimes if life.kind in SLOT_KINDS]
    if not cards:
        return True
    silent = sighting.last - max(cards)
    return silent > 0 and (silent > RETURNS or len(_labels(sighting)) > 1)


def _labels(sighting: Sighting) -> set[str]:
    return {life.value.partition(".")[0] for life in sighting.lifetimes if life.kind in NAME_KINDS}


def shows_no_hardware_now(sighting: Sighting) -> bool:
    """Whether it showed none when it was last seen, whatever it did before."""
    return not any(life.kind in SLOT_KINDS and life.last == sighting.last for life in sighting.lifetimes)


def addresses_now(sighting: Sighting) -> list[str]:
    """Linking keys of the addresses that it had when it was last seen."""
    return [
        f"ip|{life.value}|{sighting.realm}"
        for life in sighting.lifetimes
        if life.kind == "ip" and life.last == sighting.last
    ]


def keys_borne(sighting: Sighting, vocabulary: Vocabulary) -> dict[str, tuple[int, int]]:
    """Every key of one sighting with the first and the last time (microseconds) at which it was said.

    Spelled as `cmdb.identifier.linking_key` spells them; written out because every record of every block comes here.
    """
    kinds = vocabulary.identifier_kinds
    realm = sighting.realm
    said = sighting.said
    declared = vocabulary.classes[said.ci_class]
    device = declared.family == DEVICE
    borne: dict[str, tuple[int, int]] = {}
    by_address = vocabulary.traits_of(sighting.source, said.record).by_address
    bare = by_address and shows_no_hardware(sighting)
    passing = _passing_names(sighting, bare=bare) if by_address else None
    only = said_by_the_last_of_several(sighting) if device and not by_address else None
    for kind, value, first, last in sighting.lifetimes:
        if (
            (passing and value in passing)
            or (bare and kind in SLOT_KINDS)
            or (only is not None and (kind, value) not in only)
        ):
            continue
        if kind == "name":
            if device:
                _extend_name(borne, value, first, last)
            continue
        if kind in BOTH_ORDERS:
            value = min(value, swapped_uuid(value))
        spelled = value.replace("%", "%25").replace("|", "%7C") if "|" in value or "%" in value else value
        if kind in _NAMED_ANYWHERE:
            _extend(borne, f"{kind}|{spelled}|", first, last)
            if device and kind == "fqdn" and not is_address(spelled):
                _extend(borne, f"hostname|{spelled.partition('.')[0]}|", first, last)
            elif device and "." in spelled:
                _extend_inner(borne, spelled, first, last)
        else:
            _extend(borne, f"{kind}|{spelled}|{realm if kinds[kind].by_realm else ''}", first, last)
    if device:
        if said.named:
            _extend_name(borne, folded_name(said.name), sighting.first, sighting.last)
    elif said.within is not None:
        if sighting.parent is not None:
            borne[place_key(sighting.parent, said.ci_class, said.name)] = (sighting.first, sighting.last)
    elif declared.named and said.named:
        key = f"name.{said.ci_class}|{escaped(folded_name(said.name))}|{escaped(realm)}"
        borne[key] = (sighting.first, sighting.last)
    return borne


def _passing_names(sighting: Sighting, *, bare: bool) -> set[str]:
    """Names that an address no longer shows: they went with those who held it then.

    So they did where it has shown several; where it showed one, and no hardware, only if it has not for a while: a
    single question that the name service did not answer says nothing.
    """
    names = [life for life in sighting.lifetimes if life.kind in NAME_KINDS]
    if len(_labels(sighting)) > 1:
        patience = 0
    elif bare:
        patience = RETURNS
    else:
        return set()
    return {life.value for life in names if sighting.last - life.last > patience}


def _extend_name(borne: dict[str, tuple[int, int]], name: str, first: int, last: int) -> None:
    _extend(borne, f"hostname|{escaped(name)}|", first, last)
    if "." in name or "\\" in name:
        _extend_inner(borne, name, first, last)


def _extend_inner(borne: dict[str, tuple[int, int]], name: str, first: int, last: int) -> None:
    """The host name and the full name that a longer name says."""
    label, full = host_name_in(name)
    if label:
        _extend(borne, f"hostname|{label}|", first, last)
    if full:
        _extend(borne, f"fqdn|{full}|", first, last)


def _extend(borne: dict[str, tuple[int, int]], key: str, first: int, last: int) -> None:
    known = borne.get(key)
    borne[key] = (first, last) if known is None else (min(first, known[0]), max(last, known[1]))
