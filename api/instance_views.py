"""How source instances, their checks and their previews look to a client. No secret comes into any of them."""

from typing import Any

from discovery.checking import Checked
from discovery.previewing import Preview
from discovery.source_instance import SourceInstance


def instance(found: SourceInstance) -> dict[str, Any]:
    """An instance; `secrets` are references, which say where a secret is."""
    return found.as_body()


def checked(found: Checked) -> dict[str, Any]:
    """Whether login and rights suffice."""
    permissions = [{"name": one.name, "ok": one.ok, "fix": one.fix} for one in found.permissions]
    return {"ok": found.ok, "permissions": permissions}


def preview(found: Preview) -> dict[str, Any]:
    """What a run would do; nothing was written."""
    return {
        "received": found.seen,
        "accepted": found.accepted,
        "rejected": [{"line": line, "reason": reason} for line, reason in found.rejected],
        "created": found.created,
        "updated": found.updated,
        "unchanged": found.unchanged,
        "reviews": found.reviews,
        "counts": {
            "create": found.created,
            "join": found.joined,
            "change": found.changed,
            "miss": found.missed,
            "rejected": len(found.rejected),
        },
        "create": [{"class": ci_class, "name": name} for ci_class, name in found.creates],
        "join": [
            {
                "record": join.record,
                "ci": join.ci,
                "name": join.name,
                "why": {
                    "score": join.score,
                    "threshold": join.threshold,
                    "evidence": [piece._asdict() for piece in join.evidence],
                },
            }
            for join in found.joins
        ],
        "change": [
            {
                "ci": change.ci,
                "name": change.name,
                "kind": change.kind,
                "key": change.key,
                "before": change.before,
                "after": change.after,
            }
            for change in found.changes
        ],
        "miss": [
            {"record": miss.record, "ci": miss.ci, "class": miss.ci_class, "scope": miss.scope} for miss in found.misses
        ],
        "would_be_held": found.would_be_held,
        "scopes": [
            {"scope": scope.scope, "complete": scope.complete, "reason": scope.reason, "delta": scope.delta}
            for scope in found.scopes
        ],
        "notes": found.notes,
        "error": found.error,
        "cut_off": found.cut_off,
    }
