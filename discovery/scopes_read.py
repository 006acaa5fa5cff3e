"""Which scopes were ever entered, and when each was last read to its end."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from cmdb.reference import escaped
from discovery.run import Parts, reports
from discovery.run_report import RunReport, ScopeReport

RUNS_LOOKED_AT = 20_000
"""latest runs that are asked"""
_AT_ONCE = 1_000


class RunOfScope(NamedTuple):
    """What one run did to a scope."""

    run_id: str
    status: str
    at: int
    """when it ended, or was last heard of"""
    reason: str | None
    """why it did not read the scope to the end"""


@dataclass(frozen=True, slots=True)
class ReadScope:
    """A scope of a source. What was read to the end by a run that is held has been `read`, but is not complete."""

    source: str
    realm: str
    scope: str
    last_run: RunOfScope
    last_complete: RunOfScope | None
    read: bool

    @property
    def key(self) -> str:
        """Sorts scopes by source, realm and name."""
        return f"{escaped(self.source)}|{escaped(self.realm)}|{escaped(self.scope)}"


@dataclass(frozen=True, slots=True)
class ScopesRead:
    """Sorted by source, realm and scope."""

    scopes: tuple[ReadScope, ...]
    runs_looked_at: int
    more_runs: bool
    """older runs were not asked: a scope may have been read by one of them"""


def scopes_read(parts: Parts, *, most: int = RUNS_LOOKED_AT) -> ScopesRead:
    """Every scope that the latest runs entered. O(runs looked at).

    A run that only brought changes (`full: false`) reads no scope to its end.
    """
    found: dict[tuple[str, str, str], ReadScope] = {}
    count = 0
    more = False
    for run in _newest_first(parts):
        if count == most:
            more = True
            break
        count += 1
        for scope in run.scopes or (ScopeReport(run.scope, complete=False),):
            place = (run.source, run.realm, scope.scope)
            known = found.get(place)
            this = RunOfScope(run.run_id, run.status, run.ended_at or run.touched_at, _why(run, scope))
            read = scope.tells_absence and run.full and run.status != "failed"
            complete = read and run.status not in ("held", "superseded")
            found[place] = ReadScope(
                *place,
                last_run=known.last_run if known else this,
                last_complete=known.last_complete if known and known.last_complete else this if complete else None,
                read=read or (known is not None and known.read),
            )
    return ScopesRead(tuple(sorted(found.values(), key=lambda scope: scope.key)), count, more)


def _why(run: RunReport, scope: ScopeReport) -> str | None:
    if run.status == "held":
        return run.held_because
    return scope.reason or (None if scope.complete else "; ".join(run.errors) or None)


def _newest_first(parts: Parts) -> Iterator[RunReport]:
    after: str | None = None
    while page := reports(parts, after=after, limit=_AT_ONCE):
        yield from page
        after = page[-1].run_id
        if len(page) < _AT_ONCE:
            return
