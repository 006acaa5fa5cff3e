"""Which decisions a caller whose token is limited to realms may see, and so take back."""

from collections.abc import Iterable, Mapping
from typing import Any

from api.problems import Problem
from api.tokens import Caller
from api.visibility import unseen_ids
from api.wiring import System
from cmdb.asking import REVIEWS
from cmdb.errors import UnknownReference
from discovery.decisions import DECISIONS

Body = Mapping[str, Any]


def decisions_seen(system: System, caller: Caller, bodies: Iterable[Body]) -> frozenset[str]:
    """Ids of those decisions of which the caller may see every CI that they are about."""
    listed = list(bodies)
    if not caller.realms:
        return frozenset(body["id"] for body in listed)
    about = {body["id"]: _about(system, body) for body in listed}
    hidden = unseen_ids(system, caller, {ci for cis in about.values() for ci in cis})
    return frozenset(id_ for id_, cis in about.items() if cis and hidden.isdisjoint(cis))


def check_sees_decision(system: System, caller: Caller, decision: str) -> None:
    """Raises UnknownReference for a decision about what the caller may not see."""
    document = system.store.document(DECISIONS, decision) if caller.realms else None
    if document is not None and not decisions_seen(system, caller, [document.body]):
        raise UnknownReference(f"no decision {decision}")


def check_sees_all(caller: Caller) -> None:
    """Raises Problem `forbidden` for a caller limited to realms, for what goes through every realm."""
    if caller.realms:
        limits = ", ".join(sorted(caller.realms))
        raise Problem("forbidden", f"this goes through every realm: ask with a token that is not limited to {limits}")


def _about(system: System, body: Body) -> frozenset[str]:
    """Ids of the CIs that a decision is about; of one that is made of others, theirs."""
    cis: set[str] = set()
    todo = [body]
    while todo:
        one = todo.pop()
        cis.update(one[end] for end in ("keep", "absorb", "of") if one.get(end))
        review = system.store.document(REVIEWS, one["review"]) if one.get("review") else None
        cis.update((review.body["a"], review.body["b"]) if review is not None else ())
        parts = (system.store.document(DECISIONS, part) for part in one.get("decisions", ()))
        todo.extend(part.body for part in parts if part is not None)
    return frozenset(cis)
