"""A small estate that moves, told in three chapters, and what can be asked of it."""

from collections.abc import Callable
from typing import Any

from http_api import DAY, line, needs

Tell = Callable[..., dict[str, Any]]


def tell_a_story(tell: Tell, clock: Any) -> list[int]:
    """A fleet in three chapters; the revision after each."""
    chapters = []
    clock.at += DAY
    tell(
        line("db", identifiers={"serial": "S1AB", "fqdn": "db.corp.example"}, attributes={"os": "v1", "tier": 1}),
        line("web", relations=needs("db")),
    )
    chapters.append(tell(line("cache", ci_class="database"))["revision"])
    clock.at += DAY
    tell(line("web", relations=needs("db", "cache", group="g")))
    chapters.append(
        tell(
            {**line("db"), "name": "database-1", "identifiers": {"serial": "S1AB"}, "attributes": {"os": "v2"}},
            line("app", relations=needs("web"), attributes={"environment": "production"}),
        )["revision"]
    )
    clock.at += DAY
    tell({"source": "agent", "record": "cache", "gone": True})
    tell(line("web", attributes={"os": "v3"}), {**line("jdb", identifiers={"serial": "S1AB"}), "source": "jamf"})
    chapters.append(tell(line("app", ci_class="database"))["revision"])
    return chapters


QUESTIONS = (
    "/v1/cis", "/v1/cis?q=d", "/v1/cis?class=server", "/v1/cis?seen_by=agent", "/v1/cis?lifecycle=retired",
    "/v1/cis?environment=production", "/v1/cis?identifier=serial:S1AB", "/v1/cis/name:db", "/v1/cis/name:database-1",
    "/v1/cis/serial:S1AB", "/v1/cis/record:agent:web", "/v1/cis/fqdn:db.corp.example", "/v1/cis/name:app",
    "/v1/cis/name:db/impact", "/v1/cis/name:database-1/impact", "/v1/cis/serial:S1AB/impact",
    "/v1/cis/name:app/impact?direction=dependencies",
)  # fmt: skip


def without_times(answer: Any) -> Any:
    """Everything but last contact, and what the answer says about itself."""
    if isinstance(answer, dict):
        told = {"last_seen", "observed_at", "revision", "next", "detail"}
        return {key: without_times(value) for key, value in answer.items() if key not in told}
    return [without_times(value) for value in answer] if isinstance(answer, list) else answer
