"""What has been looked at so far: which scopes were not read to the end, and where network connections were read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from cmdb.reference import record_key
from discovery.run import Parts, reports
from discovery.run_report import ScopeReport
from graph.store import GraphStore, ReadTransaction

READS_CONNECTIONS = ("connections",)
"""sources that see who talks to whom"""
RUNS_LOOKED_AT = 1000
"""latest runs that tell which scopes were read to the end"""
FRESH = 60_000_000
"""microseconds after which it is read again although nothing was written: a run may have died in silence"""


UNSEEN = ("connections.unseen_share", "connections.unseen_low", "connections.unseen_high")
"""facts of a host: how much of what it talks to was probably never seen"""


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
    unseen: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    """id → share of its connections that was probably never seen, and its bounds; where a source says so"""


@dataclass(slots=True)
class LookedAt:
    """Reads it when asked and keeps it until the revision moves."""

    parts: Parts
    _last: Looked | None = field(default=None)

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


def _holders(store: GraphStore, sources: tuple[str, ...], limit: int = 1000) -> set[str]:
    found: set[str] = set()
    for source in sources:
        after: str | None = None
        while places := store.record_places(source, None, after=after, limit=limit):
            found.update(place.ci for place in places)
            last = places[-1]
            after = record_key(last.source, last.realm, last.record)
            if len(places) < limit:
                break
    return found


def _unseen(tx: ReadTransaction, cis: Collection[str], at_once: int = 1000) -> dict[str, tuple[float, float, float]]:
    found: dict[str, tuple[float, float, float]] = {}
    ids = sorted(cis)
    for first in range(0, len(ids), at_once):
        for ci, item in tx.items(ids[first : first + at_once]).items():
            facts = item.facts
            said = [facts[name].value for name in UNSEEN if name in facts]
            numbers = [float(value) for value in said if isinstance(value, int | float)]
            if len(numbers) == len(UNSEEN):
                found[ci] = (numbers[0], numbers[1], numbers[2])
    return found
