"""How a schedule looks to a client."""

from typing import Any

from cmdb.time import to_rfc3339
from discovery.schedule import Schedule


def schedule(found: Schedule) -> dict[str, Any]:
    """A schedule with its next time and what came of its last one."""
    last = None
    if found.last is not None:
        last = {key: found.last.get(key) for key in ("outcome", "why", "run_id")}
        last["due_at"] = _time(found.last.get("due_at"))
    return {
        "id": found.id,
        "source_instance": found.source_instance,
        **found.timing.as_body(),
        "enabled": found.enabled,
        "full": found.full,
        "retries": found.retries,
        "misfire_grace": found.misfire_grace,
        "next_at": _time(found.next_at),
        "last": last,
    }


def _time(at: int | None) -> str | None:
    return None if at is None else to_rfc3339(at)
