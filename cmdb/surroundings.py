"""What reconciliation may ask of the graph that it is about to change; a store answers under its write lock."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from cmdb.configuration_item import ConfigurationItem
from cmdb.meeting import Meetings
from cmdb.relation import Relation
from cmdb.sighting import Record, Sighting
from cmdb.vocabulary import Vocabulary


class Brief(NamedTuple):
    """Just enough of a record to see that an observation repeats it."""

    key: str
    content: str
    """hash of what the open sighting says"""
    quiet_until: int
    ci: str
    scope: str | None
    first: int
    last: int
    observed_at: int
    read_at: int


class Bearer(NamedTuple):
    """A CI that bears a key, through which record."""

    key: str
    ci: str
    ci_class: str
    name: str
    lifecycle: str
    realm: str
    record: str
    """empty where the CI's standing name or its id is the key"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Where a block begins."""

    stored: Collection[str] = ()
    """keys of sightings, as the store has them"""
    said: Sequence[Sighting] = ()
    """sightings that the store does not have, or not like this"""
    keys_of: Mapping[str, Collection[str]] = field(default_factory=dict)
    """the linking keys of each of `said`, by its key"""
    keys: Mapping[str, int] = field(default_factory=dict)
    """those keys, and how many records of the batch carry each"""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """keys that records of the batch cease to carry, and how many do"""
    cis: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """Sightings that may be of one thing with those asked for: nothing outside shares a key or a CI with them."""

    sightings: frozenset[str]
    """their keys, as the store has them"""
    common: Mapping[str, int]
    """keys that link nothing because too many records carry them, with how many do"""
    cut: bool = False
    """the block was larger than allowed and stays open"""
    near: frozenset[str] = frozenset()
    """records outside it that are found under the same time of the same address, but did not meet one of it"""
    near_keys: frozenset[str] = frozenset()
    """the linking keys that those have in common with it"""


class Surroundings(Protocol):
    """Read-only, and true until the patch is applied."""

    revision: int
    """the number that the patch will bear"""

    def briefs(self, keys: Collection[str]) -> Mapping[str, Brief]:
        """Briefs of the records with these keys; unknown keys are left out."""

    def block(self, asked: Asked, meetings: Meetings, *, common_at: int, largest: int) -> Block:
        """The sightings asked for, those that share a linking key with them, the members of their CIs, until closed.

        Over an address, those that held it at nearly the same time (`meetings`). A key that more than `common_at`
        stored records carry links nothing, unless the batch may move it over the line, either way: one carried by at
        most `common_at` + its count in the batch is still followed, an address then to all who have it.
        """

    def records(self, keys: Collection[str]) -> Mapping[str, Record]:
        """Whole records by key; unknown keys are left out."""

    def kept_keys(self, record: str) -> tuple[frozenset[str], ...]:
        """The linking keys under which each sighting of a record that was read before is found."""

    def sightings(self, record: str, vocabulary: Vocabulary) -> tuple[Sighting, ...]:
        """The sightings of a record that was read before."""

    def bearers(self, keys: Collection[str], limit: int) -> Mapping[str, tuple[Bearer, ...]]:
        """Who bears each lookup key, at most `limit` a key, in the order of CI and record.

        `id|<id>` a CI by id or alias, `name|<folded name>` CIs by standing name, `record|<record key>` a record's CI,
        anything else a linking key. Keys that nobody bears are left out.
        """

    def waiting(self, keys: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """Keys of the records with a claim that waits for each lookup key; keys nobody waits for are left out."""

    def children(self, cis: Collection[str]) -> tuple[str, ...]:
        """Keys of the records whose `within` means one of these CIs."""

    def relations(self, ids: Collection[str]) -> Mapping[str, Relation]:
        """Relations by id; unknown ids are left out."""

    def incident(self, cis: Collection[str]) -> tuple[Relation, ...]:
        """Every relation with an end in these CIs, once each, in the order of id."""

    def items(self, ids: Collection[str]) -> Mapping[str, ConfigurationItem]:
        """CIs by id; unknown and absorbed ids are left out."""
