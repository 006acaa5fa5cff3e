"""What can go wrong, as a client reads it: one table from an error to its problem (RFC 9457)."""

from collections.abc import Mapping
from typing import Any

from cmdb.errors import AmbiguousReference, Contradiction, Invalid, Purged, UnknownReference
from discovery.run import AlreadyRunning, RunEnded, UnknownRun
from discovery.source_instance import NameTaken
from graph.store import StoreError

STATUS: Mapping[str, tuple[int, str]] = {
    "bad-cursor": (400, "The cursor cannot be used"),
    "unauthenticated": (401, "Who are you?"),
    "forbidden": (403, "Your role may not do this"),
    "unknown-reference": (404, "Nothing bears this reference"),
    "ambiguous-reference": (409, "Several things bear this reference"),
    "run-ended": (409, "The run has ended"),
    "decision-conflict": (409, "A standing decision says otherwise"),
    "already-there": (409, "It is there already"),
    "already-running": (409, "It is being read already"),
    "key-in-use": (409, "Another request with this key is being answered"),
    "purged": (410, "It has been purged"),
    "cursor-expired": (410, "The cursor has expired"),
    "too-large": (413, "The request is too large"),
    "invalid": (422, "The request is wrong"),
    "key-reused": (422, "The key was used for another request"),
    "rate-limited": (429, "Too many requests"),
    "not-ready": (503, "Not ready"),
}


class Problem(Exception):
    """Raised by routes; `more` are further members of the answer."""

    def __init__(self, kind: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.more = kind, detail, more


def body_of(problem: Problem) -> dict[str, Any]:
    """A problem as RFC 9457 spells it."""
    status, title = STATUS[problem.kind]
    # What a client sent may be quoted here, lone surrogates included, which no JSON can carry.
    readable = problem.detail.encode("utf-8", "replace").decode()
    return {
        "type": f"urn:cmdb:problem:{problem.kind}", "title": title, "status": status, "detail": readable,
        **problem.more,
    }  # fmt: skip


KNOWN: tuple[type[Exception], ...] = (
    Problem,
    Invalid,
    UnknownReference,
    Contradiction,
    AlreadyRunning,
    NameTaken,
    RunEnded,
    UnknownRun,
    StoreError,
)
"""errors that `problem_of` knows"""


def problem_of(error: Exception) -> Problem:
    """What an error of the packages below means to a client."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, AmbiguousReference):
        candidates = [
            {"id": c.id, "name": c.name, "class": c.ci_class, "realm": c.realm, "lifecycle": c.lifecycle}
            for c in error.candidates
        ]
        return Problem("ambiguous-reference", str(error), candidates=candidates)
    if isinstance(error, Purged):
        return Problem("purged", str(error))
    if isinstance(error, UnknownReference | UnknownRun):
        return Problem("unknown-reference", str(error))
    if isinstance(error, Contradiction):
        return Problem("decision-conflict", str(error), decisions=list(error.decisions))
    if isinstance(error, AlreadyRunning):
        return Problem("already-running", str(error), run_id=error.run_id)
    if isinstance(error, NameTaken):
        return Problem("already-there", str(error))
    if isinstance(error, RunEnded):
        return Problem("run-ended", str(error))
    if isinstance(error, StoreError):
        return Problem("not-ready", str(error))
    return Problem("invalid", str(error))
