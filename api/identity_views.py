"""How reviews, decisions and explanations look to a client."""

from collections.abc import Iterable, Mapping
from typing import Any

from api.tokens import Caller
from api.visibility import holders, unseen_ids
from api.wiring import System
from cmdb.address_worth import AddressWorth
from cmdb.surroundings import Bearer
from cmdb.time import to_rfc3339
from discovery.explaining import Explained
from discovery.resolving import Resolution
from discovery.settings_kept import kept

Body = Mapping[str, Any]


def explanation(found: Explained, a: str, b: str) -> dict[str, Any]:
    """Why both are one, or are not; the ids of the CIs that hold them. Score, prior and weights are log2 of odds."""
    why = found.explanation
    return {
        "same": found.same,
        "score": why.score if why else None,
        "prior": why.prior if why else None,
        "threshold": why.threshold if why else None,
        "evidence": [piece._asdict() for piece in why.evidence] if why else [],
        "vetoes": list(why.vetoes) if why else [],
        "decisions": list(found.decisions),
        "a": a,
        "b": b,
    }


def reviews(system: System, caller: Caller, bodies: Iterable[Body]) -> list[dict[str, Any]]:
    """Reviews with the CIs that hold both sides now; those that the caller may not see are left out."""
    listed = list(bodies)
    ends = {body[end] for body in listed for end in ("a", "b")}
    held_by, hidden = holders(system, ends), unseen_ids(system, caller, ends)
    return [
        _review(body, held_by.get(body["a"]), held_by.get(body["b"]))
        for body in listed
        if hidden.isdisjoint((body["a"], body["b"]))
    ]


def _review(body: Body, a: Bearer | None, b: Bearer | None) -> dict[str, Any]:
    return {
        "id": body["id"],
        "a": a.ci if a else body["a"],
        "b": b.ci if b else body["b"],
        "a_name": a.name if a else None,
        "b_name": b.name if b else None,
        "a_class": a.ci_class if a else None,
        "b_class": b.ci_class if b else None,
        "score": body.get("score"),
        "threshold": body.get("threshold"),
        "evidence": [
            {"kind": kind, "value": value, "weight": weight} for kind, value, weight in body.get("evidence", ())
        ],
        "vetoes": list(body.get("vetoes", ())),
        "state": body["state"],
        "pattern": pattern(body),
        "decision": body.get("decision"),
        "opened_at": to_rfc3339(body["opened_at"]) if "opened_at" in body else None,
    }


def pattern(body: Body) -> str:
    """What alike cases have in common: the kinds of evidence for and against, and what stood in the way."""
    kinds = sorted(f"{'+' if weight > 0 else '-'}{kind}" for kind, _, weight in body.get("evidence", ()) if weight)
    return " ".join([*kinds, *(["contested"] if body.get("vetoes") else [])])


def decision(body: Body) -> dict[str, Any]:
    """A decision as it is kept."""
    withdrawn = body["withdrawn_at"]
    return {
        **{key: body.get(key) for key in ("id", "kind", "author", "reason", "keep", "absorb", "of", "review")},
        "decided_at": to_rfc3339(body["decided_at"]),
        "withdrawn_at": None if withdrawn is None else to_rfc3339(withdrawn),
        "withdrawn_by": body.get("withdrawn_by"),
    }


def resolution(found: Resolution, worth: AddressWorth | None, *, shadow: bool) -> dict[str, Any]:
    """What a pass over the whole estate would join and part, or did; `worth` where that was estimated."""
    return {
        "shadow": shadow,
        "revision": found.revision,
        "records": found.records,
        "cis": found.cis,
        "joins": [list(together) for together in found.joins],
        "parts": [{"ci": ci, "into": into} for ci, into in found.parts],
        "reviews": found.reviews,
        "settings": dict(kept(found.settings).body or {}),
        "estimated": None if worth is None else worth._asdict(),
        "facts": {
            "counts": dict(found.facts.counts),
            "first": [moved._asdict() for moved in found.facts.first],
        },
    }
