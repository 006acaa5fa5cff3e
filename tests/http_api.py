"""Lines and problems as the tests of the HTTP API write and read them."""

import json
from typing import Any

DAY = 24 * 3600 * 1_000_000

Line = dict[str, Any]


def line(record: str, ci_class: str = "server", **more: Any) -> Line:
    """One observation; its name is its record unless said otherwise."""
    return {"source": "agent", "record": record, "class": ci_class, "name": record, **more}


def needs(*names: str, type: str = "depends_on", **more: Any) -> list[dict[str, Any]]:
    return [{"type": type, "to": f"name:{name}", **more} for name in names]


def ndjson(*lines: Line) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in lines)


def problem(answer: Any, status: int, kind: str) -> dict[str, Any]:
    """The answer, proved to be this problem."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"urn:cmdb:problem:{kind}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body
