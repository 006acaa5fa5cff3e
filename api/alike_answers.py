"""What deciding all open reviews of a pattern would do, and doing it, as route and command line ask for it."""

from dataclasses import asdict
from typing import Any, Literal

from api.identity_views import pattern, reviews
from api.queue import queue
from api.tokens import Caller
from api.wiring import System
from cmdb.errors import UnknownReference
from discovery.deciding_alike import decide_alike, effect_of

Verdict = Literal["merge", "keep_apart"]


def alike(system: System, caller: Caller, wanted: str) -> list[dict[str, Any]]:
    """Open reviews of a pattern, as far as the caller may see them.

    Raises UnknownReference where there are none: a misspelt pattern must not pass for one that is decided.
    """
    seen = reviews(system, caller, (one.body for one in queue(system, "open") if pattern(one.body) == wanted))
    if not seen:
        raise UnknownReference(f"no open review has the pattern {wanted}: GET /v1/reviews?group=pattern lists them")
    return seen


def effect(wanted: str, seen: list[dict[str, Any]], verdict: Verdict) -> dict[str, Any]:
    """What deciding these reviews so comes to."""
    return {"pattern": wanted, "effect": asdict(effect_of([(one["a"], one["b"]) for one in seen], verdict))}


def decide(
    system: System, wanted: str, seen: list[dict[str, Any]], verdict: Verdict, *, author: str, reason: str
) -> dict[str, Any]:
    """Decide them all; taken back as one."""
    foretold = effect(wanted, seen, verdict)
    done = decide_alike(system.parts, [one["id"] for one in seen], verdict, author=author, reason=reason)
    return {
        **foretold, "decision_id": done.id, "decided": len(done.decisions), "refused": dict(done.refused),
    }  # fmt: skip
