"""GraphStore: what every store of configuration items promises (proved once for all of them in the tests).

1. `write` gives its function one transaction in which nobody else writes: what it looks up is still true when its
   patch is applied. The function may be called more than once and must do nothing but read and return.
2. A patch is applied wholly or not at all, also through a crash; each applied patch is one revision, numbered without
   gaps in the order of commits.
3. A read sees one revision and says which; a process reads what it has written.
4. Two stores that were given the same patches answer alike.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from cmdb.configuration_item import ConfigurationItem
from cmdb.graph_patch import GraphPatch
from cmdb.meeting import Meetings
from cmdb.relation import Relation
from cmdb.sighting import Record
from cmdb.surroundings import Asked as Asked
from cmdb.surroundings import Bearer as Bearer
from cmdb.surroundings import Block as Block
from cmdb.surroundings import Brief as Brief
from cmdb.surroundings import Surroundings
from graph.ledger import Document, Ledger
from graph.past import PastRow
from graph.survey import Survey
from graph.topology import Topology

Work = TypeVar("Work")


class StoreError(Exception):
    """Root of what a store can fail with."""


class StoreUnavailable(StoreError):
    """The database does not answer, or refuses us; the message says what to check. Trying again may help."""


class VocabularyMismatch(StoreError):
    """The store was written under other declarations of classes, relation types or kinds."""


class ScopeRecord(NamedTuple):
    """One record of a scope: what a complete run must know to say what it missed."""

    key: str
    ci: str
    ci_class: str
    heard: int
    misses: int
    gone: bool
    status: str | None
    """the CI's declared status"""


class WriteTransaction(Surroundings, Protocol):
    """What a writer may look up, all of it under the lock under which its patch will be applied."""

    def scope_records(self, source: str, realm: str, scope: str) -> Iterator[ScopeRecord]:
        """Every record that belongs to exactly this scope, in the order of key."""

    def scopes(self, source: str, realm: str) -> tuple[str, ...]:
        """Every scope that a record of this source and realm belongs to, in order."""

    def due(self, until: int, limit: int) -> tuple[str, ...]:
        """CIs whose `due` is not after that time, those first due first."""

    def cis_after(self, after: str, limit: int) -> tuple[str, ...]:
        """Ids of CIs in order, beginning after that one."""

    def document(self, kind: str, key: str) -> Document | None:
        """A document of the ledger as it stands in this transaction."""

    def apply(self, patch: GraphPatch) -> int:
        """Write the patch; the revision it became. Raises graph.ledger.Conflict if a document's version moved.

        What it forgets is gone from every past too. An empty patch is not written and returns the revision before. At
        most once per transaction.
        """


ANY = "*"
"""any attribute"""


@dataclass(frozen=True, slots=True)
class Search:
    """What CIs to find; every condition given must hold. Words must each begin a word of the CI's."""

    words: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    lifecycles: tuple[str, ...] = ("live", "missing")
    bearing: str | None = None
    """a lookup key"""
    environment: tuple[str, ...] = ()
    tier: tuple[int, ...] = ()
    owner: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    realm: tuple[str, ...] = ()
    """of these and the next: any of them"""
    seen_by: tuple[str, ...] = ()
    """sources, one of which has a record of it that is not gone"""
    not_seen_by: tuple[str, ...] = ()
    """sources, none of which has one"""
    seen_before: int | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    """attribute → value as text"""
    lacks: tuple[str, ...] = ()
    """attributes of which nobody says anything, not even that there is none"""
    incomplete: Mapping[str, tuple[str, ...]] | None = None
    """class → attributes, one of which is lacking; CIs of other classes are complete"""
    conflict: str | None = None
    """an attribute whose value somebody disputes; ANY of them"""
    stale: Mapping[str, int] | None = None
    """class → seen last before then; CIs of other classes are not stale"""
    orphan: bool = False
    """no relation to any other, and within nothing"""
    only: frozenset[str] | None = None
    """none but these ids"""


class FoundCI(NamedTuple):
    """One line of a search result."""

    id: str
    ci_class: str
    name: str
    lifecycle: str
    environment: str | None
    tier: int | None
    owner: str | None
    last_seen: int


class PastEvent(NamedTuple):
    """One event as history keeps it; `seq` counts within the revision."""

    revision: int
    seq: int
    observed_at: int
    recorded_at: int
    run: str | None
    source: str
    ci: str
    record: str
    kind: str
    key: str
    before: Any
    after: Any


class ReadTransaction(Protocol):
    """What a reader may look up, all of it at one revision; `rows` of the past come newest first for each id."""

    def items(self, ids: Collection[str]) -> Mapping[str, ConfigurationItem]:
        """CIs by id; unknown and absorbed ids are left out."""

    def incident(self, cis: Collection[str]) -> tuple[Relation, ...]:
        """Every relation with an end in these CIs, once each, in the order of id."""

    def relations(self, ids: Collection[str]) -> Mapping[str, Relation]:
        """Relations by id; unknown ids are left out."""

    def records(self, keys: Collection[str]) -> Mapping[str, Record]:
        """Whole records by key; unknown keys are left out."""

    def block(self, asked: Asked, meetings: Meetings, *, common_at: int, largest: int) -> Block:
        """As Surroundings.block."""

    def document(self, kind: str, key: str) -> Document | None:
        """A document of the ledger."""

    def leads(self, ids: Collection[str]) -> Mapping[str, str]:
        """Absorbed ids → the CI that holds their sighting; others are left out."""

    def born(self, kind: str, ids: Collection[str]) -> Mapping[str, int]:
        """CIs or relations (graph.past.CI, RELATION) by id → the revision in which they came to be."""

    def born_since(self, kind: str, revision: int) -> Iterator[str]:
        """Ids of the CIs or relations that came to be behind a revision."""

    def past(self, kind: str, ids: Collection[str], revision: int) -> Iterator[PastRow]:
        """How these stood before each revision, behind the given one, that moved them."""

    def past_touching(self, cis: Collection[str], revision: int) -> Iterator[PastRow]:
        """The same for every relation that had an end in these CIs."""

    def past_since(self, kind: str, revision: int) -> Iterator[PastRow]:
        """The same for everything of a kind."""

    def search(self, query: Search, *, after: tuple[str, str] | None, limit: int) -> tuple[FoundCI, ...]:
        """As GraphStore.search."""

    def events(self, after: tuple[int, int], limit: int) -> tuple[PastEvent, ...]:
        """As GraphStore.events, of this state of the store."""

    def bearers(self, keys: Collection[str], limit: int) -> Mapping[str, tuple[Bearer, ...]]:
        """As GraphStore.bearers."""

    def children(self, cis: Collection[str]) -> tuple[str, ...]:
        """Keys of the records whose `within` means one of these CIs."""

    def waiting(self, keys: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """Keys of the records with a claim that waits for each lookup key; keys nobody waits for are left out."""

    def waiting_records(self) -> frozenset[str]:
        """Keys of the records with a claim that waits."""

    def revision_at(self, at: int) -> int:
        """The last revision recorded at that time (microseconds UTC) or before, 0 where there was none."""

    def recorded_at(self, revision: int) -> int:
        """When a revision was recorded."""


class RecordTimes(NamedTuple):
    """A record of a CI with the times that its facts and relations bear."""

    key: str
    source: str
    realm: str
    record: str
    observed_at: int
    last: int
    open_ci: str
    scope: str | None = None
    """in which it was last reported; None where it was told by itself, or of the past"""
    missed: bool = False
    """whether a complete run has missed it or its source calls it gone; False of the past"""


@dataclass(frozen=True, slots=True)
class ItemView:
    """A CI with everything that stands around it, at one revision."""

    revision: int
    ci: ConfigurationItem
    records: Mapping[str, RecordTimes]
    """every record that the CI's facts, sightings and relations name"""
    relations: tuple[Relation, ...]
    neighbours: Mapping[str, str]
    """id of the other end of each relation → its name"""


class RecordPlace(NamedTuple):
    """Which CI a record's open sighting belongs to."""

    source: str
    realm: str
    record: str
    ci: str


class StoreCounts(NamedTuple):
    """How much there is."""

    cis: int
    relations: int
    records: int
    waiting: int


class GraphStore(Ledger, Protocol):
    """Where CIs live. Thread-safe; several processes may use the same store."""

    url: str
    """where it is, without secrets"""

    def write(self, work: Callable[[WriteTransaction], Work]) -> Work:
        """Run `work` in one exclusive transaction and commit what it applied. Raises StoreUnavailable."""

    def read(self, work: Callable[[ReadTransaction, int], Work]) -> Work:
        """Run `work`, which is given the present revision, on one state of the store. It may be run more than once."""

    def revision(self) -> tuple[int, int]:
        """The last revision and when it was recorded (0, 0 in an empty store)."""

    def search(self, query: Search, *, after: tuple[str, str] | None, limit: int) -> tuple[FoundCI, ...]:
        """CIs in the order of (folded name, id), beginning after that pair."""

    def search_all(self, query: Search) -> tuple[int, Iterator[FoundCI]]:
        """Everything that is found, in the same order, all of one revision, which comes with it; in bounded memory.

        What was begun and is not read to its end is let go when the iterator is.
        """

    def survey(self, look: Callable[[Survey], Work]) -> Work:
        """Let `look` go through the whole of one revision. It may be called more than once and must only read."""

    def item(self, ci: str) -> ItemView | None:
        """One CI by id or by an id that was absorbed into it."""

    def bearers(
        self, keys: Collection[str], limit: int, *, every_realm: bool = False
    ) -> Mapping[str, tuple[Bearer, ...]]:
        """As in a transaction. With `every_realm` a key `kind|value|` stands for that value in any realm."""

    def history(self, ci: str, *, before: tuple[int, int] | None, limit: int) -> tuple[PastEvent, ...]:
        """Events of a CI, newest first, beginning before (revision, seq)."""

    def events(self, after: tuple[int, int], limit: int) -> tuple[PastEvent, ...]:
        """Events of everything in the order of (revision, seq), beginning after that pair; whole revisions only.

        An event that is handed out never changes, and none ever comes to lie before it: whoever goes on from the last
        one misses nothing and sees nothing twice.
        """

    def record_places(
        self, source: str | None, realm: str | None, *, after: str | None, limit: int
    ) -> tuple[RecordPlace, ...]:
        """Records in the order of record key, beginning after that key."""

    def next_due(self) -> int | None:
        """When time alone next moves something (microseconds UTC; may be early), None where nothing waits for it."""

    def topology(self, known_at: int | None = None, as_of: int | None = None) -> Topology:
        """The estate of one revision as arrays: the present one, or that one as it stood.

        With `as_of` (microseconds UTC) as it is believed to have been at that time: now, or at revision `known_at`.
        """

    def renewed(self, held: Topology) -> Topology:
        """The present estate, from an earlier reading of it: what moved since is read, unless that is very much."""

    def counts(self) -> StoreCounts:
        """How much there is, for metrics and `doctor`."""

    def dump(self) -> Iterator[Mapping[str, Any]]:
        """Everything, as neutral JSON-able rows that `load` of any store takes; the last one names the revision."""

    def load(self, rows: Iterable[Mapping[str, Any]]) -> int:
        """Fill an empty store from `dump`; the revision. Raises StoreError if not empty, or if the rows are cut off."""

    def backup(self, file: Path) -> int:
        """Write everything, as it is at one revision, to a file that graph.backup reads; that revision.

        Others go on writing meanwhile. Raises StoreError, OSError.
        """

    def close(self) -> None:
        """Release connections; the store cannot be used afterwards."""
