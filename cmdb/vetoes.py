"""What forbids that two groups of sightings are one thing, however much they have in common."""

from cmdb.ci_class import DEVICE
from cmdb.evidence import Carrier, Group, Weigher, lifetimes_overlap
from cmdb.sighting import Sighting


def veto(one: Group, other: Group, weigher: Weigher) -> str | None:
    """Why both can never be one thing, or None. Checked against all members of both groups."""
    vocabulary = weigher.vocabulary
    mine = {vocabulary.classes[member.said.ci_class].family for member in one.members}
    theirs = {vocabulary.classes[member.said.ci_class].family for member in other.members}
    if mine != theirs:
        return "two kinds of thing"
    if mine != {DEVICE}:
        return _not_a_device(one, other, weigher)
    return (
        _classes(one, other, weigher)
        or _serials(one, other, weigher)
        or _uuids(one, other, weigher)
        or _records_of_one_source(one, other, weigher)
        or _addresses_in_one_scan(one, other, weigher)
    )


def _not_a_device(one: Group, other: Group, weigher: Weigher) -> str | None:
    classes = {member.said.ci_class for member in (*one.members, *other.members)}
    if len(classes) > 1:
        return "two kinds of thing"
    for kind in sorted(one.values.keys() & other.values.keys()):
        if weigher.vocabulary.identifier_kinds[kind].one_valued and _apart_at_once(one, other, kind):
            return f"different {kind} at the same time"
    return None


def _classes(one: Group, other: Group, weigher: Weigher) -> str | None:
    """A telephone or printer goes with nothing but `device`; what only a scan guessed does not count."""
    said = [
        member.said.ci_class
        for member in (*one.members, *other.members)
        if not weigher.vocabulary.traits(member.source).scan
    ]
    stated = {name for name in said if name != "device"}
    if len(stated) > 1 and any(weigher.vocabulary.classes[name].apart for name in stated):
        return f"incompatible classes: {', '.join(sorted(stated))}"
    return None


def _valid(group: Group, kind: str, weigher: Weigher) -> set[str]:
    """Values that only one thing bears at a time."""
    return {value for value in group.values.get(kind, ()) if weigher.frequency.get((kind, value), 1) == 1}


def _serials(one: Group, other: Group, weigher: Weigher) -> str | None:
    mine, theirs = _valid(one, "serial", weigher), _valid(other, "serial", weigher)
    if mine and theirs and not mine & theirs:
        return f"two serial numbers: {min(mine)} and {min(theirs)}"
    return None


def _uuids(one: Group, other: Group, weigher: Weigher) -> str | None:
    """Within one source first, because sources read the field differently; a unique serial wins over it."""
    if _valid(one, "serial", weigher) & _valid(other, "serial", weigher):
        return None
    mine, theirs = one.values.get("uuid", {}), other.values.get("uuid", {})
    if not mine or not theirs:
        return None
    sources = {c.sighting.source for held in mine.values() for c in held} & {
        c.sighting.source for held in theirs.values() for c in held
    }
    if sources:
        mine = {v: tuple(c for c in held if c.sighting.source in sources) for v, held in mine.items()}
        theirs = {v: tuple(c for c in held if c.sighting.source in sources) for v, held in theirs.items()}
    values, others = {v for v, held in mine.items() if held}, {v for v, held in theirs.items() if held}
    if values & others:
        return None
    alive = any(
        lifetimes_overlap(a, b)
        for value in values
        for a in mine[value]
        for other_value in others
        for b in theirs[other_value]
    )
    return f"two UUIDs at the same time: {min(values)} and {min(others)}" if alive else None


def _records_of_one_source(one: Group, other: Group, weigher: Weigher) -> str | None:
    for mine in one.members:
        if not weigher.vocabulary.traits(mine.source).one_record_per_thing:
            continue
        for theirs in other.members:
            if (
                theirs.source == mine.source
                and theirs.realm == mine.realm
                and theirs.record_key != mine.record_key
                and lifetimes_overlap(mine, theirs)
            ):
                return f"{mine.source} keeps both {mine.said.record} and {theirs.said.record} alive"
    return None


def _addresses_in_one_scan(one: Group, other: Group, weigher: Weigher) -> str | None:
    for mine in one.members:
        if not weigher.vocabulary.traits(mine.source).by_address:
            continue
        for theirs in other.members:
            if theirs.source != mine.source or theirs.realm != mine.realm:
                continue
            if theirs.record_key == mine.record_key:
                return f"{mine.said.record} went from one holder to another"
            if lifetimes_overlap(mine, theirs) and not _one_with_two_addresses(one, other, mine, theirs, weigher):
                return f"two addresses in one scan: {mine.said.record} and {theirs.said.record}"
    return None


def _one_with_two_addresses(one: Group, other: Group, mine: Sighting, theirs: Sighting, weigher: Weigher) -> bool:
    """Another source lists both addresses, both show a key that nothing else shows, or one full name and no other."""
    here, there = _addresses(mine), _addresses(theirs)
    for member in (*one.members, *other.members):
        if not weigher.vocabulary.traits(member.source).by_address:
            listed = _addresses(member)
            if here & listed and there & listed:
                return True
    for kind in ("certificate_sha256", "chassis_id", "serial", "uuid"):
        for value in one.values.get(kind, {}).keys() & other.values.get(kind, {}).keys():
            if weigher.frequency.get((kind, value), 1) <= 2:
                return True
    names = {life.value for sighting in (mine, theirs) for life in sighting.lifetimes if life.kind == "fqdn"}
    named = all(any(life.kind == "fqdn" for life in sighting.lifetimes) for sighting in (mine, theirs))
    return named and len(names) == 1


def _addresses(sighting: Sighting) -> set[str]:
    return {life.value for life in sighting.lifetimes if life.kind == "ip"}


def _apart_at_once(one: Group, other: Group, kind: str) -> bool:
    mine, theirs = one.values[kind], other.values[kind]
    if mine.keys() & theirs.keys():
        return False
    pairs: list[tuple[Carrier, Carrier]] = [
        (a, b) for held in mine.values() for a in held for others in theirs.values() for b in others
    ]
    return any(lifetimes_overlap(a, b) for a, b in pairs)
