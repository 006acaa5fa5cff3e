"""What is to be written: one value that can be looked at, refused, counted and replayed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cmdb.configuration_item import ConfigurationItem
from cmdb.forgetting import Forgotten
from cmdb.observation import Observation
from cmdb.past import Past
from cmdb.relation import Relation
from cmdb.sighting import Record


class Touch(NamedTuple):
    """A record that said the same again: only its times and its run move."""

    record: str
    ci: str
    first: int
    last: int
    observed_at: int
    read_at: int
    scope: str | None


class Waiting(NamedTuple):
    """A record whose claim (or `within`) points at something no single CI bears yet."""

    key: str
    """lookup key of the reference"""
    record: str


class Event(NamedTuple):
    """One thing that changed. `kind`: created fact identifier relation lifecycle joined parted decision."""

    kind: str
    key: str
    before: Any
    after: Any


class EventGroup(NamedTuple):
    """The events that one record brought to one CI in one patch."""

    ci: str
    record: str
    source: str
    observed_at: int
    events: tuple[Event, ...]


class RecordWrite(NamedTuple):
    """A record to keep, and how its linking keys move."""

    record: Record
    is_new: bool
    keys: tuple[tuple[str, ...], ...] = ()
    """the linking keys of each of its sightings, in their order"""
    keys_added: tuple[str, ...] = ()
    keys_removed: tuple[str, ...] = ()
    said: Observation | None = None
    """what its open sighting says, where that is not what its only version says"""


@dataclass(frozen=True, slots=True)
class DocumentWrite:
    """One document of the ledger. `expected` None: must not exist yet; a number: must be that version; -1: any."""

    kind: str
    key: str
    body: Mapping[str, Any] | None
    """None deletes"""
    expected: int | None = -1


@dataclass(frozen=True, slots=True)
class GraphPatch:
    """Applied wholly or not at all; one applied patch is one revision. Sorted, so that it is the same value twice."""

    recorded_at: int
    run: str | None = None
    records: tuple[RecordWrite, ...] = ()
    touches: tuple[Touch, ...] = ()
    cis: tuple[ConfigurationItem, ...] = ()
    new_cis: frozenset[str] = frozenset()
    """those of `cis` that the store does not hold yet"""
    cis_gone: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()
    new_relations: frozenset[str] = frozenset()
    relations_gone: tuple[str, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    waiting_over: tuple[Waiting, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    """id that was brought but is not borne → the CI that holds its sighting"""
    aliases_over: tuple[str, ...] = ()
    events: tuple[EventGroup, ...] = ()
    documents: tuple[DocumentWrite, ...] = ()
    past: Past = field(default_factory=Past)
    """how what it moves stood before"""
    forgotten: Forgotten = field(default_factory=Forgotten)
    """what is removed with everything that stood before"""

    def is_empty(self) -> bool:
        """Whether applying it would change nothing at all."""
        return not (
            self.records
            or self.touches
            or self.cis
            or self.cis_gone
            or self.relations
            or self.relations_gone
            or self.waiting
            or self.waiting_over
            or self.aliases
            or self.aliases_over
            or self.events
            or self.documents
            or self.forgotten.cis
        )
