"""What has been looked at so far: which scopes were not read to the end, and where network connections were read."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from cmdb.observation import Value
from cmdb.reference import record_key
from discovery.run import Parts, reports
from discovery.run_report import ScopeReport
from graph.store import GraphStore, ReadTransaction, RecordPlace
from graph.store_at import StoreAt
from graph.timeline import said_then

READS_CONNECTIONS = ("connections",)
"""sources that see who talks to whom"""
RUNS_LOOKED_AT = 1000
"""latest runs that tell which scopes were read to the end"""
FRESH = 60_000_000
"""microseconds after which it is read again although nothing was written: a run may have died in silence"""


UNSEEN = ("connections.unseen_share", "connections.unseen_low", "connections.unseen_high")
"""facts of a host: how much of what it talks to was probably never seen"""


Shares = tuple[float, float, float]
"""the values of UNSEEN, in their order"""
KEPT = 8
"""pasts of which it is kept what had been looked at"""


class UnreadScope(NamedTuple):
    """A scope whose latest run did not read it to the end, or waits to be believed."""

    source: str
    realm: str
    scope: str

    def __str__(self) -> str:
        return f"{self.source} {self.scope}" + (f" in {self.realm}" if self.realm != "default" else "")


@dataclass(frozen=True, slots=True)
class Looked:
    """True of one revision."""

    revision: int
    at: int
    unread: tuple[UnreadScope, ...]
    connections_of: frozenset[str]
    """ids of the CIs that a source of connections has a record of"""
    unseen: Mapping[str, Shares] = field(default_factory=dict)
    """id → share of its connections that was probably never seen, and its bounds; where a source says so"""


@dataclass(slots=True)
class LookedAt:
    """Reads it when asked and keeps it until the revision moves."""

    parts: Parts
    _last: Looked | None = field(default=None)
    _past: dict[tuple[int, int | None], Looked] = field(default_factory=dict)

    def then(self, known_at: int | None, as_of: int | None) -> Looked:
        """What had been looked at in a past: by `as_of`, as it was known at a revision."""
        if known_at is None and as_of is None:
            return self.now()
        asked = (self.parts.store.revision()[0] if known_at is None else known_at, as_of)
        found = self._past.get(asked)
        if found is None:
            found = looked_then(self.parts, *asked)
            self._past = dict([*self._past.items(), (asked, found)][-KEPT:])
        return found

    def now(self) -> Looked:
        """As of the store's present revision. O(runs looked at + records of the sources of connections)."""
        revision, at = self.parts.store.revision()[0], self.parts.now()
        last = self._last
        if last is None or last.revision != revision or at - last.at > FRESH:
            holders = frozenset(_holders(self.parts.store, READS_CONNECTIONS))
            unseen = self.parts.store.read(lambda tx, _: _unseen(tx, holders))
            last = self._last = Looked(revision, at, unread_scopes(self.parts), holders, unseen)
        return last


def unread_scopes(parts: Parts) -> tuple[UnreadScope, ...]:
    """Scopes whose latest ended run was partial, failed or is held; sorted."""
    latest: dict[UnreadScope, bool] = {}
    for run in reports(parts, after=None, limit=RUNS_LOOKED_AT):
        if run.status in ("running", "superseded"):
            continue
        for scope in run.scopes or (ScopeReport(run.scope, complete=False),):
            believed = scope.complete and run.status not in ("failed", "held")
            latest.setdefault(UnreadScope(run.source, run.realm, scope.scope), believed)
    return tuple(sorted(scope for scope, believed in latest.items() if not believed))


def _holders(store: GraphStore, sources: tuple[str, ...]) -> set[str]:
    return {place.ci for place in _places(store, sources)}


def _record_keys(store: GraphStore, sources: tuple[str, ...]) -> set[str]:
    return {record_key(place.source, place.realm, place.record) for place in _places(store, sources)}


def _places(store: GraphStore, sources: tuple[str, ...], limit: int = 1000) -> Iterator[RecordPlace]:
    for source in sources:
        after: str | None = None
        while places := store.record_places(source, None, after=after, limit=limit):
            yield from places
            last = places[-1]
            after = record_key(last.source, last.realm, last.record)
            if len(places) < limit:
                break


def _unseen(tx: ReadTransaction, cis: Collection[str], at_once: int = 1000) -> dict[str, Shares]:
    found: dict[str, Shares] = {}
    ids = sorted(cis)
    for first in range(0, len(ids), at_once):
        for ci, item in tx.items(ids[first : first + at_once]).items():
            shares = _shares({name: item.facts[name].value for name in UNSEEN if name in item.facts})
            if shares is not None:
                found[ci] = shares
    return found


def _shares(said: Mapping[str, Value]) -> Shares | None:
    numbers = [float(value) for name in UNSEEN if isinstance(value := said.get(name), int | float)]
    return (numbers[0], numbers[1], numbers[2]) if len(numbers) == len(UNSEEN) else None


# -- of a past -------------------------------------------------------------------------------------------------------


def looked_then(parts: Parts, known_at: int, as_of: int | None) -> Looked:
    """What had been looked at by `as_of` (microseconds UTC), as it was known at a revision.

    O(runs looked at + records of the sources of connections, whole).
    """
    keys = sorted(_record_keys(parts.store, READS_CONNECTIONS))

    def work(look: ReadTransaction, _: int) -> tuple[int, frozenset[str], dict[str, Shares]]:
        recorded = look.recorded_at(known_at)
        until = recorded if as_of is None else min(as_of, recorded)
        holders: set[str] = set()
        unseen: dict[str, Shares] = {}
        for ci, said in said_then(StoreAt(look, known_at, parts.vocabulary), keys, as_of, parts.vocabulary):
            holders.add(ci)
            shares = _shares(dict(said.attributes))
            if shares is not None:
                unseen[ci] = shares
        return until, frozenset(holders), unseen

    until, holders, unseen = parts.store.read(work)
    return Looked(known_at, until, unread_scopes_then(parts, until), holders, unseen)


def unread_scopes_then(parts: Parts, until: int) -> tuple[UnreadScope, ...]:
    """Scopes whose latest run that had ended by then was partial, failed or held; sorted.

    The ledger keeps of a run only how it ended at last. One that waited for a person, and was not over by then, counts
    as held: what is not known to have been read is not taken for read.
    """
    latest: dict[UnreadScope, bool] = {}
    opened_behind = f"{until + 1:015x}"  # ids of runs begin with the time when they were opened
    for run in reports(parts, after=opened_behind, limit=RUNS_LOOKED_AT):
        ended = run.ended_at if run.ended_at is not None else run.touched_at if run.status == "failed" else None
        over = ended is not None and ended <= until
        if not over and run.held_because is None:
            continue  # it was still running
        for scope in run.scopes or (ScopeReport(run.scope, complete=False),):
            believed = over and scope.complete and run.status in ("complete", "partial")
            latest.setdefault(UnreadScope(run.source, run.realm, scope.scope), believed)
    return tuple(sorted(scope for scope, believed in latest.items() if not believed))
