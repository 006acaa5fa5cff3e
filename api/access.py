"""Who may do what: every route names what it does, and each role what it may."""

import functools
from collections.abc import Callable, Mapping

from fastapi import Request

from api.problems import Problem
from api.tokens import ROLES, Caller, caller_of

READ, ASK, FOLLOW, FEED, CORRECT, RELEASE, SAMPLE, OPERATE, ANYTHING = (
    "read", "ask", "follow", "feed", "correct", "release", "sample", "operate", "anything",
)  # fmt: skip
"""what a route does; each route names one. `follow`: read reports of runs, which a collector may for its own"""

OPEN = frozenset({"/healthz", "/readyz"})
"""the only routes that ask for no token"""

ALLOWED: Mapping[str, frozenset[str]] = {
    READ: frozenset({"viewer", "responder", "change_manager", "steward", "admin"}),
    ASK: frozenset({"viewer", "responder", "change_manager", "steward", "admin"}),
    FOLLOW: frozenset(ROLES),
    FEED: frozenset({"collector", "admin"}),
    CORRECT: frozenset({"steward", "admin"}),
    RELEASE: frozenset({"steward", "admin"}),
    # It sends packets to machines, which no other role may cause.
    SAMPLE: frozenset({"admin"}),
    # It decides what is read with which login.
    OPERATE: frozenset({"admin"}),
    ANYTHING: frozenset(ROLES),
}


@functools.cache
def needs(action: str) -> Callable[[Request], Caller]:
    """A dependency of a route: the caller, who may do this. Every route but the open ones has one."""

    def check(request: Request) -> Caller:
        caller: Caller | None = getattr(request.state, "caller", None)
        if caller is None:
            caller = request.state.caller = caller_of(request.app.state.system, request.headers.get("authorization"))
        if caller.role not in ALLOWED[action]:
            allowed = ", ".join(sorted(ALLOWED[action]))
            raise Problem("forbidden", f"role {caller.role} may not do this; allowed: {allowed}")
        return caller

    check.action = action  # type: ignore[attr-defined]
    return check
