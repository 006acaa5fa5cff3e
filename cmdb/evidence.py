"""How strongly two groups of sightings look like one thing: weights in bits, once per kind of identifier.

Fellegi and Sunter's agreement weights log2(m/u) with a value's own frequency: a value that f things bear at the same
time cannot make any two of them one with odds better than 1 : f, whatever its kind promises.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from cmdb.ci_class import DEVICE
from cmdb.identifier import NAME_KINDS, is_scoped, swapped_uuid
from cmdb.identity_settings import IdentitySettings
from cmdb.linking import place_key
from cmdb.reference import folded_name
from cmdb.sighting import Lifetime, Sighting
from cmdb.vocabulary import Vocabulary

_UUIDS = frozenset({"uuid", "ad_guid"})


class Evidence(NamedTuple):
    """One piece of evidence for (positive) or against (negative) two groups being one thing."""

    kind: str
    value: str
    weight: float


class Carrier(NamedTuple):
    """Who bears a value, and from when to when."""

    sighting: Sighting
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Group:
    """Sightings taken as one thing so far, with what they bear between them."""

    members: tuple[Sighting, ...]
    values: Mapping[str, Mapping[str, tuple[Carrier, ...]]]
    """kind → value → who bears it"""
    names: Mapping[str, tuple[Carrier, ...]] = field(default_factory=dict)
    """folded first labels → who bears them"""
    places: frozenset[str] = frozenset()
    """keys of names that are unique where they stand"""

    @property
    def key(self) -> str:
        """The smallest key of its members: the same for the same members."""
        return self.members[0].key


def group_of(sighting: Sighting, vocabulary: Vocabulary) -> Group:
    """A sighting on its own."""
    values: dict[str, dict[str, tuple[Carrier, ...]]] = {}
    names: dict[str, tuple[Carrier, ...]] = {}
    for kind, value, first, last in sighting.lifetimes:
        carrier = (Carrier(sighting, first, last),)
        spelled = min(value, swapped_uuid(value)) if kind in _UUIDS else value
        values.setdefault(kind, {})[spelled] = carrier
        if kind in NAME_KINDS:
            names[value.partition(".")[0] if kind == "fqdn" else value] = carrier
    said = sighting.said
    declared = vocabulary.classes[said.ci_class]
    if said.named and declared.family == DEVICE:
        names[folded_name(said.name)] = (Carrier(sighting, sighting.first, sighting.last),)
    return Group((sighting,), values, names, frozenset(_places(sighting, vocabulary)))


def _places(sighting: Sighting, vocabulary: Vocabulary) -> Iterable[str]:
    said = sighting.said
    if said.within is not None:
        if sighting.parent is not None and vocabulary.classes[said.ci_class].family != DEVICE:
            yield place_key(sighting.parent, said.ci_class, said.name)
    elif vocabulary.classes[said.ci_class].named and said.named:
        yield f"{said.ci_class}|{folded_name(said.name)}|{sighting.realm}"


def united(one: Group, other: Group) -> Group:
    """Two groups taken as one thing."""
    values = {kind: dict(held) for kind, held in one.values.items()}
    for kind, held in other.values.items():
        mine = values.setdefault(kind, {})
        for value, carriers in held.items():
            mine[value] = mine.get(value, ()) + carriers
    names = dict(one.names)
    for name, carriers in other.names.items():
        names[name] = names.get(name, ()) + carriers
    members = tuple(sorted((*one.members, *other.members), key=lambda member: member.key))
    return Group(members, values, names, one.places | other.places)


@dataclass(frozen=True, slots=True)
class Weigher:
    """Weighs two groups of one block. `block` is every group of it: a value's frequency is counted there."""

    vocabulary: Vocabulary
    settings: IdentitySettings
    frequency: Mapping[tuple[str, str], int]
    """(kind, value) → things of one source that bear it at the same time; names under kind `name`"""
    slots: frozenset[str]
    """hardware addresses that go with several names"""
    common: frozenset[tuple[str, str]] = frozenset()

    def evidence(self, one: Group, other: Group) -> list[Evidence]:
        """Everything that speaks for or against, strongest first."""
        found = [Evidence("name", place, self.settings.same_place_bits) for place in sorted(one.places & other.places)]
        found = found[:1]
        for kind in one.values.keys() & other.values.keys():
            if kind in NAME_KINDS or kind == "ip":
                continue
            weighed = self._values(kind, one.values[kind], other.values[kind])
            if weighed is not None:
                found.append(weighed)
        for weighed in (self._address(one, other), self._name(one, other)):
            if weighed is not None:
                found.append(weighed)
        return sorted(found, key=lambda piece: (-abs(piece.weight), piece.kind, piece.value))

    def score(self, one: Group, other: Group) -> float:
        """Log2 odds that both are one thing, rounded so that the order of summing cannot decide a tie."""
        return round(sum(piece.weight for piece in self.evidence(one, other)) - self.settings.prior_bits, 6)

    def _shared(self, kind: str, value: str, bits: float) -> float:
        often = self.frequency.get((kind, value), 1)
        if often <= 1:
            return bits
        return min(bits, self.settings.prior_bits) - math.log2(often)

    def _values(
        self, kind: str, one: Mapping[str, tuple[Carrier, ...]], other: Mapping[str, tuple[Carrier, ...]]
    ) -> Evidence | None:
        declared = self.vocabulary.identifier_kinds[kind]
        best: Evidence | None = None
        for value in sorted(one.keys() & other.keys()):
            if kind == "mac" and value in self.slots:
                continue
            if is_scoped(declared, value) and not _same_realm(one[value], other[value]):
                continue
            bits = self._shared(kind, value, declared.bits)
            if best is None or bits > best.weight:
                best = Evidence(kind, value, bits)
        if best is None and declared.one_valued and _disagree(kind, one, other):
            best = Evidence(kind, f"{min(one)} / {min(other)}", self.settings.other_value_bits)
        return best

    def _address(self, one: Group, other: Group) -> Evidence | None:
        mine, theirs = one.values.get("ip", {}), other.values.get("ip", {})
        best: Evidence | None = None
        for value in sorted(mine.keys() & theirs.keys()):
            gap = self._days_between(mine[value], theirs[value])
            if gap is None or gap > self.settings.address_window:
                continue
            fades = 2.0 ** (-gap / self.settings.address_half_life)
            worth = 0.5 + (self.settings.address_at_once - 0.5) * fades
            bits = self.settings.prior_bits + math.log2(worth / (1 - worth))
            bits -= math.log2(self.frequency.get(("ip", value), 1))
            if best is None or bits > best.weight:
                best = Evidence("ip", value, bits)
        return best

    def _days_between(self, mine: tuple[Carrier, ...], theirs: tuple[Carrier, ...]) -> int | None:
        """Microseconds between the nearest two that bore an address in one realm, None where the realms differ.

        A record keyed by address outlives its holders, so there only the last contacts count.
        """
        nearest: int | None = None
        for one in mine:
            for other in theirs:
                if one.sighting.realm != other.sighting.realm:
                    continue
                if self._is_slot(one.sighting) or self._is_slot(other.sighting):
                    gap = abs(one.last - other.last)
                else:
                    gap = max(0, one.first - other.last, other.first - one.last)
                nearest = gap if nearest is None else min(nearest, gap)
        return nearest

    def _is_slot(self, sighting: Sighting) -> bool:
        return self.vocabulary.traits(sighting.source).by_address

    def _name(self, one: Group, other: Group) -> Evidence | None:
        if not one.names or not other.names:
            return None
        fqdn = self._full_name(one, other)
        if fqdn is not None:
            return fqdn
        best: Evidence | None = None
        for name in sorted(one.names.keys() & other.names.keys()):
            if not _realms_meet(one.names[name], other.names[name]):
                continue
            bits = self._shared("name", name, self._name_bits(one.names[name] + other.names[name]))
            if best is None or bits > best.weight:
                best = Evidence("hostname", name, bits)
        if best is None and not (one.names.keys() & other.names.keys()):
            return Evidence("hostname", f"{min(one.names)} / {min(other.names)}", self.settings.other_name_bits)
        return best

    def _full_name(self, one: Group, other: Group) -> Evidence | None:
        mine, theirs = one.values.get("fqdn", {}), other.values.get("fqdn", {})
        kind = self.vocabulary.identifier_kinds["fqdn"]
        shared = [
            Evidence("fqdn", value, self._shared("fqdn", value, kind.bits))
            for value in sorted(mine.keys() & theirs.keys())
            if not is_scoped(kind, value)
        ]
        return max(shared, key=lambda piece: piece.weight) if shared else None

    def _name_bits(self, carriers: tuple[Carrier, ...]) -> float:
        if any(self.vocabulary.traits(carrier.sighting.source).guarantees_names for carrier in carriers):
            return self.settings.guaranteed_name_bits
        return self.settings.bare_name_bits


_OF_THE_HARDWARE = frozenset({"serial", "uuid"})


def _disagree(kind: str, one: Mapping[str, tuple[Carrier, ...]], other: Mapping[str, tuple[Carrier, ...]]) -> bool:
    """Whether different values speak against one thing.

    An id that a directory or an agent gave is given anew when a machine is set up anew: two of them, one after the
    other, are what a re-imaged laptop looks like.
    """
    if one.keys() & other.keys():
        return False
    if kind in _OF_THE_HARDWARE:
        return True
    return any(
        lifetimes_overlap(mine, theirs)
        for held in one.values()
        for mine in held
        for others in other.values()
        for theirs in others
    )


def _same_realm(one: tuple[Carrier, ...], other: tuple[Carrier, ...]) -> bool:
    return bool({c.sighting.realm for c in one} & {c.sighting.realm for c in other})


def _realms_meet(one: tuple[Carrier, ...], other: tuple[Carrier, ...]) -> bool:
    """Names from `default`, where sources without a realm of their own live, may match in any realm."""
    mine, theirs = {c.sighting.realm for c in one}, {c.sighting.realm for c in other}
    return bool(mine & theirs) or "default" in mine or "default" in theirs


def weigher(groups: Iterable[Group], vocabulary: Vocabulary, settings: IdentitySettings) -> Weigher:
    """A weigher that knows how often each value of the block is borne at the same time."""
    carriers: dict[tuple[str, str], list[Carrier]] = {}
    names_of_mac: dict[str, set[str]] = {}
    for group in groups:
        for kind, held in group.values.items():
            if kind not in ("name", "hostname"):
                for value, bearing in held.items():
                    carriers.setdefault((kind, value), []).extend(bearing)
        for name, bearing in group.names.items():
            carriers.setdefault(("name", name), []).extend(bearing)
        for mac in group.values.get("mac", ()):
            names_of_mac.setdefault(mac, set()).update(group.names)
    often = {key: most for key, bearing in carriers.items() if (most := _at_the_same_time(bearing)) > 1}
    slots = frozenset(mac for mac, names in names_of_mac.items() if len(names) >= settings.names_of_a_slot)
    return Weigher(vocabulary, settings, often, slots)


def _at_the_same_time(carriers: list[Carrier]) -> int:
    """The most records of any one source that bear a value at one time."""
    by_source: dict[str, list[Carrier]] = {}
    for carrier in carriers:
        by_source.setdefault(carrier.sighting.source, []).append(carrier)
    most = 1
    for bearing in by_source.values():
        if len(bearing) > most:
            most = max(most, _deepest(bearing))
    return most


def _deepest(carriers: list[Carrier]) -> int:
    steps = sorted([(c.first, 0) for c in carriers] + [(c.last, 1) for c in carriers])
    depth = deepest = 0
    for _, leaving in steps:
        depth += -1 if leaving else 1
        deepest = max(deepest, depth)
    return deepest


def lifetimes_overlap(one: Lifetime | Carrier | Sighting, other: Lifetime | Carrier | Sighting) -> bool:
    """Whether both were alive at some moment: between first and last contact."""
    return one.first <= other.last and other.first <= one.last
