"""How answers are spelled: JSON bytes made once."""

from typing import Any

import orjson
from fastapi import Response


def json_bytes(value: Any) -> bytes:
    """JSON; tuples as lists."""
    return orjson.dumps(value, default=list)


def json_answer(value: Any, status: int = 200) -> Response:
    """A response whose body is made in one go: large answers cost more in models than in queries."""
    return Response(json_bytes(value), status, media_type="application/json")
