"""How strongly two groups of sightings look like one thing: weights in bits, once per kind of identifier.

Fellegi and Sunter's agreement weights log2(m/u) with a value's own frequency: a value that f things bear at the same
time cannot make any two of them one with odds better than 1 : f, whatever its kind promises.
"""

import math
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

from cmdb.address_slot import addresses_now
from cmdb.ci_class import DAY, DEVICE
from cmdb.crowding import Crowding
from cmdb.group import DEVICE_ONLY, Carrier, Group, days_apart, is_listed, kind_of
from cmdb.identifier import is_address, is_of_an_address, is_scoped
from cmdb.identity_settings import IdentitySettings
from cmdb.meeting import between, stay
from cmdb.serial_number import bits_of_a_number, spelled_alike
from cmdb.sighting import Sighting
from cmdb.vocabulary import Vocabulary

_OF_THE_HARDWARE = frozenset({"serial", "uuid"})
_COPIED = frozenset({"serial", "uuid", "mac"})
"""what a copied machine has in common with the first"""
_BUILT_IN = frozenset({"serial", "uuid", "mac", "imei"})
_NAMES = frozenset({"hostname", "fqdn"})
_FROM_OUTSIDE_AND_INSIDE = frozenset({"virtual_machine", "server"})
NEVER = 1 << 62
"""microseconds; longer than any window"""


class Evidence(NamedTuple):
    """One piece of evidence for (positive) or against (negative) two groups being one thing."""

    kind: str
    value: str
    weight: float


@dataclass(frozen=True, slots=True)
class Weigher:
    """Weighs two groups of one block."""

    vocabulary: Vocabulary
    settings: IdentitySettings
    crowding: Crowding

    def evidence(self, one: Group, other: Group) -> list[Evidence]:
        """Everything that speaks for or against, strongest first."""
        found = []
        for kind, key, against, bits in self._pieces(one, other):
            shown = f"{_value(key)} / {_value(against)}" if against else _value(key)
            found.append(Evidence("name" if "." in kind or kind == "in" else kind, shown, bits))
        return sorted(found, key=lambda piece: (-abs(piece.weight), piece.kind, piece.value))

    def score(self, one: Group, other: Group) -> float:
        """Log2 odds that both are one thing, summed so that the order cannot decide a tie."""
        return round(math.fsum([piece[3] for piece in self._pieces(one, other)]) - self.settings.prior_bits, 6)

    def _pieces(self, one: Group, other: Group) -> list[tuple[str, str, str, float]]:
        """Kind, key, the key that it disagrees with (else empty), bits."""
        best: dict[str, tuple[str, str, str, float]] = {}
        disagreements = list(self._disagreements(one, other))
        passed_on = None
        for key in one.borne.keys() & other.borne.keys():
            kind = counted = kind_of(key)
            bits = self._agreement(key, kind, one, other)
            if bits is None:
                continue
            if kind == "mac" and any(piece[0] == "hostname" for piece in disagreements):
                if passed_on is None:
                    passed_on = _cards_of_their_own(one, other)
                bits = min(bits, self.settings.prior_bits) if passed_on else bits
            if kind in _NAMES:
                counted = "name"
            elif kind in _COPIED and key in self.crowding.often:
                counted = "copied hardware"  # a copied machine has both: they say one thing
            known = best.get(counted)
            if known is None or (bits, known[1]) > (known[3], key):
                best[counted] = (kind, key, "", bits)
        return [*best.values(), *disagreements]

    def _is_a_former_holders(self, key: str, group: Group) -> bool:
        """Whether only an address showed it, and at a time when who has the address now had not got it yet."""
        if not group.slots or not group.kept:
            return False
        slack = self.settings.address_slack
        for carrier in group.borne[key]:
            slot = carrier.sighting
            if not carrier.traits.by_address or carrier.last == slot.last:
                return False
            addresses = addresses_now(slot)
            if not any(is_listed(group, address, slot.last, slot.last, slack) for address in addresses) or any(
                is_listed(group, address, carrier.first, carrier.last, slack) for address in addresses
            ):
                return False
        return True

    def worth(self, key: str, bits: float) -> float:
        """What an agreement on a key is worth, by how many bear it at once."""
        return self.among(bits, self.crowding.often.get(key, 1))

    def among(self, bits: float, often: int) -> float:
        """What an agreement is worth on a value that `often` things bear at once."""
        return bits if often <= 1 else min(bits, self.settings.prior_bits) - math.log2(often)

    def _agreement(self, key: str, kind: str, one: Group, other: Group) -> float | None:
        if kind in _NAMES:
            return self._name(key, kind, one, other)
        if kind == "ip":
            return self._address(key, one, other)
        declared = self.vocabulary.identifier_kinds.get(kind)
        if declared is None:
            return self.settings.same_place_bits
        if key in self.crowding.slots or (kind == "dn" and _of_one_keeper(key, one, other)):
            return None
        if kind == "mac" and (
            self._is_a_former_holders(key, one)
            or self._is_a_former_holders(key, other)
            or was_elsewhere(_listings(key, one), _listings(key, other), self.settings.address_slack)
        ):
            return None
        return self.worth(key, self.bits_on_a_device(key, kind) if one.families == DEVICE_ONLY else declared.bits)

    def bits_on_a_device(self, key: str, kind: str) -> float:
        """What an agreement on a key is worth between devices, where nothing else bears it."""
        if kind == "certificate_sha256":
            return self.settings.shown_certificate_bits
        bits = self.vocabulary.identifier_kinds[kind].bits
        return min(bits, bits_of_a_number(_value(key))) if kind == "serial" else bits

    def _address(self, key: str, one: Group, other: Group) -> float | None:
        """An address that one source gives first to one of its records, then to another, went from thing to thing."""
        if _share_a_keeper(key, one, other):
            return None
        words = self.vocabulary
        gap = min(address_gap(mine, theirs, words) for mine in one.borne[key] for theirs in other.borne[key])
        return self.address_bits(gap, self.crowding.often.get(key, 1)) if gap <= self.settings.address_window else None

    def address_bits(self, gap: int, often: int) -> float:
        """What an address is worth that two bore with `gap` microseconds between them, and `often` things at once."""
        settings = self.settings
        late = max(0, gap - settings.address_slack)
        worth = settings.address_at_once * 2.0 ** (-late / settings.address_half_life)
        if not worth:  # less than a number can hold
            return 0.0
        bits = settings.prior_bits + math.log2(worth / (1 - worth)) - math.log2(often)
        return max(bits, 0.0)

    def _name(self, key: str, kind: str, one: Group, other: Group) -> float | None:
        """Names fade with the time between those who bear them: what comes after may be another thing's.

        An address in the place of a name is weighed as an address, or not at all; a name made of one goes with it to
        the next holder, so it counts between those alone that keep their thing and bear it at once. What only a name
        service calls one of them, while it calls itself otherwise, does not count either.

        Where each side has a record of one source that bears the name, one after the other, only a name borne at the
        same time counts: it may be the same thing set up anew as well as another one put in its place. Where each shows
        hardware and none in common it is another one, whoever bears the name in between.
        """
        name = _value(key)
        if is_address(name):
            return None
        if _is_a_pointer(key, one) or _is_a_pointer(key, other):
            return None
        if self._is_a_former_holders(key, one) or self._is_a_former_holders(key, other):
            return None
        scoped = kind == "hostname" or is_scoped(self.vocabulary.identifier_kinds["fqdn"], name)
        if not one.kept.keys().isdisjoint(other.kept.keys()) and _other_hardware(one, other):
            return None
        of_an_address = is_of_an_address(name)
        succession = of_an_address or _share_a_keeper(key, one, other)
        full = kind == "fqdn" and not scoped
        settings = self.settings
        vouchable = full or not _two_domains(name, one, other)
        elsewhere = settings.other_realm_bits if scoped and _two_realms(key, one, other) else 0.0
        often = self.crowding.often.get(key, 1)
        best: float | None = None
        for mine in one.borne[key]:
            for theirs in other.borne[key]:
                if mine.keeper and mine.keeper == theirs.keeper:
                    continue
                if of_an_address and (mine.traits.by_address or theirs.traits.by_address):
                    continue
                if scoped and not realms_meet(mine.sighting.realm, theirs.sighting.realm):
                    continue
                gap = days_apart(mine, theirs)
                if gap > settings.name_window or (gap and succession):
                    continue
                vouched = vouchable and (mine.traits.guarantees_names or theirs.traits.guarantees_names)
                bits = (
                    settings.full_name_bits
                    if full
                    else (settings.guaranteed_name_bits if vouched else settings.bare_name_bits)
                )
                if often > 1:
                    here, there = mine.sighting.realm, theirs.sighting.realm
                    bits = self.among(bits, self.crowding.often_between(key, here, there) if scoped else often)
                bits -= elsewhere
                if gap > settings.address_slack:
                    bits -= settings.name_parted_bits + settings.name_fades * gap / DAY
                if best is None or bits > best:
                    best = bits
        return best

    def _disagreements(self, one: Group, other: Group) -> Iterable[tuple[str, str, str, float]]:
        if one.stated and other.stated and one.stated.isdisjoint(other.stated):
            mine, theirs = one.stated - {DEVICE}, other.stated - {DEVICE}
            if mine and theirs and not _inside_and_out(mine | theirs):
                yield "class", f"|{min(mine)}|", f"|{min(theirs)}|", self.settings.other_class_bits
        for kind in one.by_kind.keys() & other.by_kind.keys():
            mine, theirs = one.by_kind[kind], other.by_kind[kind]
            if kind == "fqdn" or not mine.isdisjoint(theirs):
                continue
            if kind == "hostname":
                yield kind, min(mine), min(theirs), self.settings.other_name_bits
            elif kind == "serial" and spelled_alike(map(_value, mine), map(_value, theirs)):
                continue
            elif kind in _OF_THE_HARDWARE or _at_once(kind, one, other):
                yield kind, min(mine), min(theirs), self.settings.other_value_bits


def _inside_and_out(stated: Set[str]) -> bool:
    """Whether it is what runs a virtual machine that calls it one, and what runs in it that calls it a server: a
    directory or an agent cannot tell, and neither is wrong."""
    return stated == _FROM_OUTSIDE_AND_INSIDE


def _share_a_keeper(key: str, one: Group, other: Group) -> bool:
    """Whether each side has a record, kept by one source of one per thing, that bears it."""
    keepers = {carrier.keeper for carrier in one.borne[key]} - {""}
    return any(carrier.keeper in keepers for carrier in other.borne[key])


def _of_one_keeper(key: str, one: Group, other: Group) -> bool:
    """Whether only records of one source that keeps one per thing bear it: two objects that a directory held in one
    place, one after the other, are no more one than two of one name."""
    return all(mine.keeper and mine.keeper == theirs.keeper for mine in one.borne[key] for theirs in other.borne[key])


def _cards_of_their_own(one: Group, other: Group) -> bool:
    """Whether they have one hardware address in common and each has others: so do two that were plugged into one
    dock, or took turns with an adapter."""
    mine, theirs = ({key for key in group.borne if kind_of(key) == "mac"} for group in (one, other))
    return len(mine & theirs) == 1 and len(mine) > 1 and len(theirs) > 1


class Listing(NamedTuple):
    """From when to when a card was shown (microseconds), and whoever shows it was heard at all."""

    first: int
    last: int
    since: int
    until: int
    kept: bool
    """whether a source that keeps its thing lists it; else only an address showed it"""


def _listings(key: str, group: Group) -> list[Listing]:
    """Who shows a hardware address in a group: each source, with all that it keeps of the thing, and each address."""
    found = []
    for place in sorted({carrier.keeper for carrier in group.borne[key]} - {""}):
        held = [carrier for carrier in group.borne[key] if carrier.keeper == place]
        first, last = min(one.first for one in held), max(one.last for one in held)
        since, until = (min(r.first for r in group.kept[place]), max(r.last for r in group.kept[place]))
        found.append(Listing(first, last, since, until, kept=True))
    shown = (carrier for carrier in group.borne[key] if not carrier.keeper)
    found.extend(Listing(one.first, one.last, one.first, one.last, kept=False) for one in shown)
    return found


def lists_as_its_own(key: str, group: Group, at: int, slack: int) -> bool:
    """Whether a source that keeps a thing lists a card about that time (microseconds, give or take `slack`): in contact
    then, or whenever it was in contact, as it does a card that does not go round."""
    for listing in _listings(key, group) if key in group.borne else ():
        near = min(abs(listing.first - at), abs(listing.last - at)) <= slack
        always = listing.first <= listing.since <= at <= listing.until <= listing.last
        if listing.kept and (near or always):
            return True
    return False


def was_elsewhere(mine: Sequence[Listing], theirs: Sequence[Listing], slack: int) -> bool:
    """Whether those that list a hardware address had it at another time only, and were heard without it on the way: an
    adapter that goes round says who had it on the day that he lists it, and nothing of other days."""
    pairs = [(one, other) for one in mine for other in theirs if one.kept or other.kept]
    return bool(pairs) and all(_heard_without_it(one, other, slack) for one, other in pairs)


def _heard_without_it(one: Listing, other: Listing, slack: int) -> bool:
    before, after = (one, other) if one.last <= other.last else (other, one)
    if after.first - before.last <= slack:
        return False
    return (before.kept and before.until > before.last) or (after.kept and after.since < after.first)


def _at_once(kind: str, one: Group, other: Group) -> bool:
    """An id that a directory or an agent gave is given anew when a machine is set up anew: two of them, one after the
    other, are what a re-imaged laptop looks like."""
    return any(
        days_apart(mine, theirs) == 0
        for key in one.by_kind[kind]
        for mine in one.borne[key]
        for other_key in other.by_kind[kind]
        for theirs in other.borne[other_key]
    )


def _other_hardware(one: Group, other: Group) -> bool:
    """Whether both show what a thing is built with, and nothing in common."""
    mine, theirs = ({key for key in group.borne if kind_of(key) in _BUILT_IN} for group in (one, other))
    return bool(mine) and bool(theirs) and mine.isdisjoint(theirs)


def _is_a_pointer(key: str, group: Group) -> bool:
    """Whether only what answered at an address bears a name, and those that know the thing call it otherwise: the name
    may be its former holder's."""
    if not group.slots or not group.kept:
        return False
    own = f"hostname|{_value(key).partition('.')[0]}|"
    if any(carrier.keeper for name in (key, own) for carrier in group.borne.get(name, ())):
        return False
    return any(carrier.keeper for name in group.by_kind.get("hostname", ()) for carrier in group.borne[name])


def _two_domains(label: str, one: Group, other: Group) -> bool:
    """Whether both bear a label with a domain, and never the same: nobody vouches for one label in two domains.

    What a machine announces on its own link (`label.local`, RFC 6762) is no domain: it has that beside any other.
    """
    begin, announced = f"fqdn|{label}.", f"fqdn|{label}.local|"
    mine, theirs = (
        {key for key in group.by_kind.get("fqdn", ()) if key.startswith(begin) and not key.startswith(announced)}
        for group in (one, other)
    )
    return bool(mine) and bool(theirs) and mine.isdisjoint(theirs)


def _two_realms(key: str, one: Group, other: Group) -> bool:
    """Whether each is known to bear a name in a realm of its own, and never in the same."""
    if len(one.borne[key]) == len(other.borne[key]) == 1:
        return False
    mine = {carrier.sighting.realm for carrier in one.borne[key]} - {"default"}
    theirs = {carrier.sighting.realm for carrier in other.borne[key]} - {"default"}
    return bool(mine) and bool(theirs) and mine.isdisjoint(theirs)


def realms_meet(one: str, other: str) -> bool:
    """Names from `default`, where sources without a realm of their own live, may match in any realm."""
    return one == other or one == "default" or other == "default"


def _value(key: str) -> str:
    """The value of a linking key as people read it."""
    return (
        key.split("|")[-2].replace("%7C", "|").replace("%25", "%")
        if not key.startswith("in|")
        else key.rpartition("|")[2]
    )


def address_gap(mine: Carrier, theirs: Carrier, vocabulary: Vocabulary) -> int:
    """Microseconds between two that held an address; more than any window where one of them did long ago."""
    one, other = (stay(held.sighting, held.first, held.last, vocabulary) for held in (mine, theirs))
    if one is None or other is None:
        return NEVER
    return between(mine.sighting, one, theirs.sighting, other, vocabulary)


def lifetimes_overlap(one: Carrier | Sighting, other: Carrier | Sighting) -> bool:
    """Whether both were alive at some moment: between first and last contact."""
    return one.first <= other.last and other.first <= one.last
