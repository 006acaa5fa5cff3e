"""Sightings taken as one thing so far, with what they bear between them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from cmdb.ci_class import DEVICE
from cmdb.device_name import is_caption
from cmdb.identifier import is_of_an_address
from cmdb.sighting import Sighting
from cmdb.vocabulary import SourceTraits, Vocabulary

Held = TypeVar("Held")


DEVICE_ONLY = frozenset((DEVICE,))
"""families of a group of devices, and the class that says no more than that"""


class Carrier(NamedTuple):
    """Who bears a key, and from when to when."""

    sighting: Sighting
    traits: SourceTraits
    keeper: str
    """source and realm, where the source keeps one record per thing; else empty"""
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Group:
    """One or more sightings; `key` is the smallest of theirs, so the same members have the same key."""

    key: str
    members: tuple[Sighting, ...]
    """in no promised order"""
    borne: Mapping[str, tuple[Carrier, ...]]
    """linking key → who bears it"""
    by_kind: Mapping[str, frozenset[str]]
    """identifier kind → the linking keys of it, for the kinds that can disagree and for host names"""
    families: frozenset[str]
    stated: frozenset[str]
    """classes that more than a scan has said"""
    kept: Mapping[str, tuple[Sighting, ...]]
    """source and realm → records, of sources that keep one per thing"""
    slots: Mapping[str, tuple[Sighting, ...]]
    """source and realm → records keyed by address"""


def group_of(sighting: Sighting, borne: Mapping[str, tuple[int, int]], vocabulary: Vocabulary) -> Group:
    """A sighting on its own; `borne` is what `keys_borne` says of it, without keys that identify nothing."""
    traits = vocabulary.traits_of(sighting.source, sighting.said.record)
    place = f"{sighting.source}|{sighting.realm}"
    keeper = place if traits.one_record_per_thing else ""
    carried: dict[str, tuple[Carrier, ...]] = {}
    by_kind: dict[str, frozenset[str]] = {}
    kinds = vocabulary.identifier_kinds
    for key, (first, last) in borne.items():
        carried[key] = (Carrier(sighting, traits, keeper, first, last),)
        kind = kind_of(key)
        if kind == "hostname" and (is_of_an_address(name := key.split("|")[1]) or is_caption(name)):
            continue
        if kind == "hostname" or kind == "fqdn" or ((declared := kinds.get(kind)) is not None and declared.one_valued):
            by_kind[kind] = by_kind[kind] | {key} if kind in by_kind else frozenset((key,))
    ci_class = sighting.said.ci_class
    return Group(
        sighting.key,
        (sighting,),
        carried,
        by_kind,
        frozenset((vocabulary.classes[ci_class].family,)),
        frozenset() if traits.scan else frozenset((ci_class,)),
        {keeper: (sighting,)} if keeper else {},
        {place: (sighting,)} if traits.by_address else {},
    )


def united(one: Group, other: Group) -> Group:
    """Two groups taken as one thing."""
    return Group(
        min(one.key, other.key),
        one.members + other.members,
        _joined(one.borne, other.borne),
        _all(one.by_kind, other.by_kind),
        one.families | other.families,
        one.stated | other.stated,
        _joined(one.kept, other.kept),
        _joined(one.slots, other.slots),
    )


def is_listed(group: Group, key: str, first: int, last: int, slack: int) -> bool:
    """Whether a record that keeps its thing bears a key at that time, give or take `slack` (all microseconds)."""
    return any(
        carrier.keeper and carrier.first - slack <= last and first <= carrier.last + slack
        for carrier in group.borne.get(key, ())
    )


def _joined(one: Mapping[str, tuple[Held, ...]], other: Mapping[str, tuple[Held, ...]]) -> dict[str, tuple[Held, ...]]:
    joined = dict(one)
    for key, held in other.items():
        mine = joined.get(key)
        joined[key] = held if mine is None else mine + held
    return joined


def _all(one: Mapping[str, frozenset[str]], other: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    joined = dict(one)
    for kind, keys in other.items():
        mine = joined.get(kind)
        joined[kind] = keys if mine is None else mine | keys
    return joined


def kind_of(key: str) -> str:
    """The identifier kind of a linking key; `in` and `name.<class>` for names that are unique where they stand."""
    return key[: key.index("|")]


def days_apart(one: Carrier | Sighting, other: Carrier | Sighting) -> int:
    """Microseconds between two lifetimes, 0 where they overlap."""
    return max(0, one.first - other.last, other.first - one.last)
