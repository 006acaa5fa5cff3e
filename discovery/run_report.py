"""What came of a run: the one account of it, kept in the ledger and shown by API, command line and page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

Status = Literal["running", "complete", "partial", "failed", "held", "superseded"]

UNREAD = "a record in it could not be read"
"""why a scope that was read to its end is not complete all the same"""
MAX_REASONS = 100
"""reasons kept word for word; the count goes on"""


@dataclass(frozen=True, slots=True)
class ScopeReport:
    """How far one scope of the run was read."""

    scope: str
    complete: bool
    reason: str | None = None
    delta: bool = False
    """only what had moved was read"""
    left_out: tuple[str, ...] = ()
    """addresses and ranges in it that were not to be asked"""

    @property
    def tells_absence(self) -> bool:
        """Whether what was not reported is not there."""
        return self.complete and not self.delta


def _scope(scope: str, complete: bool, reason: str | None, delta: bool, left_out: Sequence[str] = ()) -> ScopeReport:
    """As JSON gives it back; runs of before left nothing out."""
    return ScopeReport(scope, complete, reason, delta, tuple(left_out))


@dataclass(frozen=True, slots=True)
class RunReport:
    """Counts are of records; times microseconds UTC. A run by HTTP has one scope, a scan one per network."""

    run_id: str
    source: str
    realm: str
    scope: str
    """scopes joined by ", " for display"""
    full: bool
    status: Status
    opened_at: int
    opened_in: int
    """revision when it was opened: what was heard later is not missed"""
    touched_at: int
    ended_at: int | None = None
    scopes: tuple[ScopeReport, ...] = ()
    seen: int = 0
    accepted: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    reviews: int = 0
    rejected: int = 0
    unreadable: int = 0
    """rejected lines whose record could not be read, and batches not answered: they make the run partial"""
    reasons: tuple[tuple[int, str], ...] = ()
    """(line, reason) of the first MAX_REASONS rejections"""
    missed: int = 0
    gone_missing: int = 0
    retired: int = 0
    unresolved: int = 0
    """ends of relations that this run named and that fit no CI, or several"""
    errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    held_because: str | None = None
    revision: int = 0
    progress: Mapping[str, Any] | None = None
    instance: str | None = None
    """the source instance that was read"""
    schedule: str | None = None
    """the schedule that it is a run of"""
    attempt: int = 1
    """counted from 1; more where a run before failed in a way that may pass"""
    owner: str | None = None
    """the process that reads; None where observations come in by themselves, or nobody has begun yet"""
    place: str | None = None
    """what is read, where no other run may read it at the same time"""
    cancel_asked: bool = False
    retryable: bool = False
    """it ended in a way that may pass"""

    def as_body(self) -> dict[str, Any]:
        """As a ledger document."""
        body = {name: getattr(self, name) for name in self.__slots__}
        body["scopes"] = [
            (scope.scope, scope.complete, scope.reason, scope.delta, scope.left_out) for scope in self.scopes
        ]
        return body

    @staticmethod
    def from_body(body: Mapping[str, Any]) -> "RunReport":
        """The other way round."""
        known: dict[str, Any] = {name: value for name, value in body.items() if name in RunReport.__slots__}
        known["scopes"] = tuple(_scope(*row) for row in known["scopes"])
        known["reasons"] = tuple((line, reason) for line, reason in known["reasons"])
        known["errors"], known["notes"] = tuple(known["errors"]), tuple(known["notes"])
        return RunReport(**known)

    def with_rejection(self, line: int, reason: str, *, readable: bool) -> "RunReport":
        """One more line refused."""
        kept = self.reasons if len(self.reasons) >= MAX_REASONS else (*self.reasons, (line, reason))
        return replace(self, rejected=self.rejected + 1, unreadable=self.unreadable + (not readable), reasons=kept)
