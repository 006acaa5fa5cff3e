"""What we keep of each source's record, and which sightings follow from it.

A record can be reused: an asset number moves to a new laptop, an address to another host. Its observations are kept
per *version* (same one-valued identifiers; for records keyed by address the same hardware), each with first and last
time. Laid out by last time, a version that contradicts the one before closes it. So one record yields one open
sighting and any number of closed ones, whatever the order in which its observations arrived.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cmdb.decision import Ruling
from cmdb.first_said import FirstSaid, notes_of, spans_of, united
from cmdb.identifier import Identifier
from cmdb.observation import Observation
from cmdb.reference import record_key
from cmdb.vocabulary import HUMAN, SourceTraits, Vocabulary

SLOT_KINDS = frozenset({"mac", "certificate_sha256", "chassis_id", "uuid", "serial"})
"""what tells one holder of an address from the next"""


class Lifetime(NamedTuple):
    """When an identifier was first and last said of a thing."""

    kind: str
    value: str
    first: int
    last: int


class Version(NamedTuple):
    """What a record said while it named one thing."""

    signature: tuple[Identifier, ...]
    first: int
    last: int
    said: Observation
    """the last one, by `read_at`, then `observed_at`, then content"""
    lifetimes: tuple[Lifetime, ...]
    brought: str
    """the id it brought when it was first applied"""
    applied: int
    """grows with every version ever applied: the CI bears the id of the member with the smallest"""
    claimed: tuple[FirstSaid, ...] = ()
    """claims that were not made from its first time on, or are made no more"""


@dataclass(frozen=True, slots=True)
class Correction:
    """Who corrected which record's CI, why, and until when."""

    about: str
    """key of the record whose CI is meant"""
    author: str
    reason: str
    expires_at: int | None = None


class Record(NamedTuple):
    """One record of one source, with everything the next observation of it will need."""

    key: str
    source: str
    realm: str
    record: str
    versions: tuple[Version, ...]
    cis: tuple[str, ...] = ()
    """the CI of each sighting, in their order; the last is the open one's"""
    ends: tuple[str | None, ...] = ()
    """the CI at the other end of each claim of the open sighting, None while it waits"""
    parent: str | None = None
    """the CI that `within` means, None while it waits"""
    scope: str | None = None
    heard: int = 0
    """the revision in which it was last reported"""
    misses: int = 0
    gone: bool = False
    correction: Correction | None = None
    quiet_until: int = 0
    """microseconds until which the same said again can move nothing but times; 0 where it always may move more"""
    rulings: tuple[Ruling, ...] = ()
    """what people decided about its sightings"""
    asked: tuple[str, ...] = ()
    """ids of the reviews that are open because of it"""
    since: int = 0
    """`read_at` of the first time that it said what it says now"""

    @property
    def ci(self) -> str:
        """The CI of the open sighting."""
        return self.cis[-1]


class Sighting(NamedTuple):
    """One thing as one source has it: what identity and belief work on."""

    key: str
    record_key: str
    source: str
    realm: str
    said: Observation
    first: int
    last: int
    lifetimes: tuple[Lifetime, ...]
    brought: str
    applied: int
    closed: bool
    gone: bool
    misses: int
    parent: str | None
    correction: Correction | None
    claimed: tuple[FirstSaid, ...]
    """as a version's"""

    @property
    def is_open(self) -> bool:
        """Whether it still witnesses: neither gone nor closed."""
        return not (self.closed or self.gone)


def values_of(sighting: Sighting, kind: str) -> set[str]:
    """Every value of an identifier kind that was ever said of it."""
    return {life.value for life in sighting.lifetimes if life.kind == kind}


def sighting_key(record_key: str, closed: int | None) -> str:
    """The key of a record's open sighting, or of its closed one of that number."""
    return record_key if closed is None else f"{record_key}|{closed}"


def record_of(sighting_key: str) -> str:
    """The key of the record that a sighting is of."""
    return sighting_key if sighting_key.count("|") == _BARS_OF_A_RECORD else sighting_key.rpartition("|")[0]


def closed_number(sighting_key: str) -> int:
    """The number of a closed sighting among those of its record."""
    return int(sighting_key.rpartition("|")[2])


_BARS_OF_A_RECORD = 2
"""in `source|realm|record`"""


def heard(
    before: Record | None, said: Observation, vocabulary: Vocabulary, *, brought: str, applied: int, heard_in: int
) -> Record:
    """The record after one more observation of it; times of arrival decide nothing."""
    key = before.key if before else record_key(said.source, said.realm, said.record)
    if said.gone:
        if before is None:
            raise ValueError("a record that nobody has reported cannot be gone")
        return before._replace(gone=True, heard=heard_in)
    signature = signature_of(said, vocabulary)
    if before is None:
        version = _first_version(said, signature, brought, applied)
        return Record(key, said.source, said.realm, said.record, (version,), heard=heard_in)
    versions = list(before.versions)
    for at, version in enumerate(versions):
        if version.signature == signature:
            versions[at] = _heard_again(version, said)
            break
    else:
        versions.append(_first_version(said, signature, brought, applied))
    return before._replace(versions=tuple(versions), gone=False, misses=0, heard=heard_in)


def _first_version(said: Observation, signature: tuple[Identifier, ...], brought: str, applied: int) -> Version:
    at = said.observed_at
    lifetimes = tuple([Lifetime(kind, value, at, at) for kind, value in said.identifiers])
    return Version(signature, at, at, said, lifetimes, brought, applied)


def _heard_again(version: Version, said: Observation) -> Version:
    at = said.observed_at
    lives = {(life.kind, life.value): life for life in version.lifetimes}
    for kind, value in said.identifiers:
        life = lives.get((kind, value))
        lives[kind, value] = Lifetime(
            kind, value, min(life.first, at) if life else at, max(life.last, at) if life else at
        )
    again = version._replace(
        first=min(version.first, at),
        last=max(version.last, at),
        said=max(version.said, said, key=lateness),
        lifetimes=tuple(sorted(lives.values())),
    )
    if said.claims == version.said.claims and not version.claimed:
        return again
    spans = united([spans_of(version.claimed, version.said, version.first), spans_of((), said, at)])
    return again._replace(claimed=notes_of(spans, again.said, again.first, again.last))


def lateness(said: Observation) -> tuple[int, int, str]:
    """By what the last of several observations is told."""
    return (said.read_at, said.observed_at, said.content)


def signature_of(said: Observation, vocabulary: Vocabulary) -> tuple[Identifier, ...]:
    """By what a record's versions are told apart."""
    if vocabulary.traits_of(said.source, said.record).by_address:
        return tuple([found for found in said.identifiers if found.kind in SLOT_KINDS])
    kinds = vocabulary.identifier_kinds
    return tuple([found for found in said.identifiers if kinds[found.kind].one_valued])


def _contradicts(one: tuple[Identifier, ...], other: tuple[Identifier, ...], traits: SourceTraits) -> bool:
    if traits.by_address:
        return bool(one) and bool(other) and not set(one) & set(other)
    values = _by_kind(one)
    return any(kind in values and not values[kind] & theirs for kind, theirs in _by_kind(other).items())


def _by_kind(signature: tuple[Identifier, ...]) -> Mapping[str, set[str]]:
    values: dict[str, set[str]] = {}
    for kind, value in signature:
        values.setdefault(kind, set()).add(value)
    return values


def sightings_of(record: Record, vocabulary: Vocabulary) -> tuple[Sighting, ...]:
    """The sightings of a record, closed ones first, the open one last."""
    if len(record.versions) == 1:
        return (_sighting(record, record.versions, 0, closed=False),)
    lives = _lives(record, vocabulary)
    last = len(lives) - 1
    return tuple(_sighting(record, tuple(life), at, closed=at < last) for at, life in enumerate(lives))


def bringers(record: Record, vocabulary: Vocabulary) -> dict[str, str]:
    """Every id that the record brought → the key of the sighting that brought it."""
    if len(record.versions) == 1:
        return {record.versions[0].brought: record.key}
    return {
        version.brought: sighting.key
        for sighting, life in zip(sightings_of(record, vocabulary), _lives(record, vocabulary), strict=True)
        for version in life
    }


def _lives(record: Record, vocabulary: Vocabulary) -> list[list[Version]]:
    """Versions that are of one thing, laid out by last time."""
    traits = vocabulary.traits_of(record.source, record.record)
    lives: list[list[Version]] = []
    for version in sorted(record.versions, key=lambda v: (v.last, v.said.read_at, v.said.content)):
        if lives and not any(_contradicts(held.signature, version.signature, traits) for held in lives[-1]):
            lives[-1].append(version)
        else:
            lives.append([version])
    return lives


def _sighting(record: Record, life: tuple[Version, ...], at: int, *, closed: bool) -> Sighting:
    if len(life) == 1:
        _, first, last, said, lifetimes, brought, applied, claimed = life[0]
    else:
        said = max((version.said for version in life), key=lateness)
        first, last = min(v.first for v in life), max(v.last for v in life)
        lifetimes = _united(life)
        eldest = min(life, key=lambda v: v.applied)
        brought, applied = eldest.brought, eldest.applied
        claimed = notes_of(united(spans_of(v.claimed, v.said, v.first) for v in life), said, first, last)
    key = sighting_key(record.key, at if closed else None)
    return Sighting(
        key, record.key, record.source, record.realm, said, first, last, lifetimes, brought, applied, closed,
        record.gone, record.misses, record.parent, record.correction, claimed,
    )  # fmt: skip


def _united(life: tuple[Version, ...]) -> tuple[Lifetime, ...]:
    lives: dict[tuple[str, str], Lifetime] = {}
    for version in life:
        for kind, value, first, last in version.lifetimes:
            known = lives.get((kind, value))
            lives[kind, value] = Lifetime(
                kind, value, min(known.first, first) if known else first, max(known.last, last) if known else last
            )
    return tuple(sorted(lives.values()))


def is_human(sighting: Sighting) -> bool:
    """Whether a person said it."""
    return sighting.source == HUMAN
