"""What forbids that two groups of sightings are one thing, however much they have in common."""

from cmdb.address_slot import addresses_now, passing_names, shows_no_hardware
from cmdb.evidence import Weigher, lifetimes_overlap
from cmdb.group import DEVICE_ONLY, Group, is_listed, kind_of
from cmdb.identifier import NAME_KINDS
from cmdb.serial_number import spelled_alike
from cmdb.sighting import SLOT_KINDS, Sighting, values_of

_SHOWN_BY_ONE = frozenset({"certificate_sha256", "chassis_id", "serial", "uuid"})


def veto(one: Group, other: Group, weigher: Weigher) -> str | None:
    """Why both can never be one thing, or None. Checked against all members of both groups."""
    if one.families != other.families:
        return "two kinds of thing"
    if one.families != DEVICE_ONLY:
        return _not_a_device(one, other, weigher)
    return (
        _classes(one, other, weigher)
        or _serials(one, other, weigher)
        or _uuids(one, other, weigher)
        or _records_of_one_source(one, other)
        or _addresses_in_one_scan(one, other, weigher)
    )


def _not_a_device(one: Group, other: Group, weigher: Weigher) -> str | None:
    if len({member.said.ci_class for member in (*one.members, *other.members)}) > 1:
        return "two kinds of thing"
    for kind in sorted(one.by_kind.keys() & other.by_kind.keys()):
        declared = weigher.vocabulary.identifier_kinds[kind]
        if declared.one_valued and one.by_kind[kind].isdisjoint(other.by_kind[kind]) and _at_once(one, other, kind):
            return f"different {kind} at the same time"
    return None


def _at_once(one: Group, other: Group, kind: str) -> bool:
    return any(
        lifetimes_overlap(mine, theirs)
        for key in one.by_kind[kind]
        for mine in one.borne[key]
        for other_key in other.by_kind[kind]
        for theirs in other.borne[other_key]
    )


def _classes(one: Group, other: Group, weigher: Weigher) -> str | None:
    """A telephone or printer goes with nothing but `device`; what only a scan guessed does not count."""
    if one.stated == other.stated:
        return None
    stated = (one.stated | other.stated) - DEVICE_ONLY
    if len(stated) > 1 and any(weigher.vocabulary.classes[name].apart for name in stated):
        return f"incompatible classes: {', '.join(sorted(stated))}"
    return None


def _valid(group: Group, kind: str, weigher: Weigher) -> set[str]:
    """Values that only one thing bears at a time."""
    often = weigher.crowding.often
    return {key for key in group.by_kind.get(kind, ()) if key not in often}


def _serials(one: Group, other: Group, weigher: Weigher) -> str | None:
    if "serial" not in one.by_kind or "serial" not in other.by_kind:
        return None
    mine, theirs = _valid(one, "serial", weigher), _valid(other, "serial", weigher)
    if mine and theirs and not mine & theirs and not spelled_alike(map(_shown, mine), map(_shown, theirs)):
        return f"two serial numbers: {_shown(min(mine))} and {_shown(min(theirs))}"
    return None


def _uuids(one: Group, other: Group, weigher: Weigher) -> str | None:
    """Within one source first, because sources read the field differently; a unique serial wins over it.

    What two bear at once was copied with a disk or an image: it tells its bearers from nothing. Two records that one
    source keeps one after the other, each with a UUID and no card in common, are of a machine and of what was built in
    its place: an agent or an account that outlived the first makes them no more one than its name does.
    """
    values, others = one.by_kind.get("uuid"), other.by_kind.get("uuid")
    if values is None or others is None:
        return None
    if _valid(one, "serial", weigher) & _valid(other, "serial", weigher):
        return None
    often = weigher.crowding.often
    mine = [(key, carrier) for key in values if key not in often for carrier in one.borne[key]]
    theirs = [(key, carrier) for key in others if key not in often for carrier in other.borne[key]]
    sources = {c.sighting.source for _, c in mine} & {c.sighting.source for _, c in theirs}
    if sources:
        mine = [(key, c) for key, c in mine if c.sighting.source in sources]
        theirs = [(key, c) for key, c in theirs if c.sighting.source in sources]
    values, others = frozenset(key for key, _ in mine), frozenset(key for key, _ in theirs)
    if values & others:
        return None
    if any(lifetimes_overlap(a, b) for _, a in mine for _, b in theirs):
        return f"two UUIDs at the same time: {_shown(min(values))} and {_shown(min(others))}"
    if any(
        _built_anew(a.sighting, b.sighting) for _, a in mine for _, b in theirs if a.keeper and a.keeper == b.keeper
    ):
        return f"two UUIDs, one after the other: {_shown(min(values))} and {_shown(min(others))}"
    return None


def _built_anew(one: Sighting, other: Sighting) -> bool:
    """Whether they are two records, and show no card in common."""
    return one.record_key != other.record_key and values_of(one, "mac").isdisjoint(values_of(other, "mac"))


def _records_of_one_source(one: Group, other: Group) -> str | None:
    """Whatever realms they are in: a copy that was started at another site is listed beside what it was copied from.

    The same id in two realms is a thing that went from one site to the other, or is read at both.
    """
    for here in sorted(one.kept):
        for there in sorted(other.kept):
            if here != there and one.kept[here][0].source != other.kept[there][0].source:
                continue
            for mine in one.kept[here]:
                for theirs in other.kept[there]:
                    if theirs.said.record == mine.said.record or not lifetimes_overlap(mine, theirs):
                        continue
                    a, b = sorted((mine.said.record, theirs.said.record))
                    return f"{mine.source} keeps both {a} and {b} alive"
    return None


def _addresses_in_one_scan(one: Group, other: Group, weigher: Weigher) -> str | None:
    for place in sorted(one.slots.keys() & other.slots.keys()):
        for mine in one.slots[place]:
            for theirs in other.slots[place]:
                if theirs.record_key == mine.record_key:
                    if not _hardware_of_both(one, other, mine, theirs, weigher):
                        return f"{mine.said.record} went from one holder to another"
                elif lifetimes_overlap(_of_its_holder(mine), _of_its_holder(theirs)) and not _one_with_two_addresses(
                    one, other, mine, theirs, weigher
                ):
                    a, b = sorted((mine.said.record, theirs.said.record))
                    return f"two addresses in one scan: {a} and {b}"
    return None


def _of_its_holder(slot: Sighting) -> Sighting:
    """An address for as long as it is known to have been its present holder's: one that showed names of others before,
    as that of a dock does, since it first showed the name that it shows now."""
    if not _former_names(slot):
        return slot
    now = [life.first for life in slot.lifetimes if life.kind in NAME_KINDS and life.last == slot.last]
    return slot._replace(first=min(now, default=slot.last))


def _former_names(slot: Sighting) -> set[str]:
    return passing_names(slot, bare=shows_no_hardware(slot))


def _one_with_two_addresses(one: Group, other: Group, mine: Sighting, theirs: Sighting, weigher: Weigher) -> bool:
    """Another source lists both addresses, both show a key that nothing else shows, or one full name and no other.

    Nor are there two addresses where one of the records shows none (a neighbour known by its chassis), or where both
    show one: a device's own agent lists all that it has, wherever it is asked.
    """
    here, there = values_of(mine, "ip"), values_of(theirs, "ip")
    if not here or not there or not here.isdisjoint(there):
        return True
    for member in (*one.members, *other.members):
        if member.source != mine.source:
            listed = values_of(member, "ip")
            if not here.isdisjoint(listed) and not there.isdisjoint(listed):
                return True
    for key in one.borne.keys() & other.borne.keys():
        if kind_of(key) in _SHOWN_BY_ONE and key not in weigher.crowding.often:
            return True
    names, others = (values_of(slot, "fqdn") - _former_names(slot) for slot in (mine, theirs))
    return (len(names | others) == 1 and names == others) or _hardware_of_both(one, other, mine, theirs, weigher)


def _hardware_of_both(one: Group, other: Group, mine: Sighting, theirs: Sighting, weigher: Weigher) -> bool:
    """Whether what sources that know things list includes the hardware shown there, and there: a second card, a
    management controller, a board that was swapped."""
    crowd = weigher.crowding
    known = {
        member.key
        for member in (*one.members, *other.members)
        if not weigher.vocabulary.traits_of(member.source, member.said.record).by_address
    }
    shown = [
        {carrier.sighting.key for group in (one, other) for carrier in group.borne.get(key, ())}
        for key in one.borne.keys() | other.borne.keys()
        if kind_of(key) in SLOT_KINDS and key not in crowd.often and key not in crowd.slots
    ]
    before = 0
    while len(known) > before:  # a controller's own record, tied by its serial, ties the address of the controller
        before = len(known)
        known.update(*(bearers for bearers in shown if not bearers.isdisjoint(known)))
    telling = set().union(*shown)
    return all(
        slot.key in known
        or _lent(one, other, slot, weigher)
        or (slot.key not in telling and _is_listed_there(one, other, slot, weigher))
        for slot in (mine, theirs)
    )


def _is_listed_there(one: Group, other: Group, slot: Sighting, weigher: Weigher) -> bool:
    """Whether an address that shows no card, or a router's, is listed by a source that knows things while it answers:
    a server and its management controller have an address each, and not every scan sees their cards."""
    if shows_no_hardware(slot):
        since, slack = slot.last, weigher.settings.address_slack
    else:  # a card that goes round was there for an hour, a router's is there all the time
        since, slack = slot.first, 0
    return any(is_listed(group, key, since, slot.last, slack) for key in addresses_now(slot) for group in (one, other))


def _lent(one: Group, other: Group, slot: Sighting, weigher: Weigher) -> bool:
    """Whether a source that knows things lists a card that goes round (a dock) while the address showed it."""
    slack = weigher.settings.address_slack
    return any(
        is_listed(group, f"mac|{life.value}|", life.first, life.last, slack)
        for life in slot.lifetimes
        if life.kind == "mac"
        for group in (one, other)
    )


def _shown(key: str) -> str:
    return key.split("|")[1]
