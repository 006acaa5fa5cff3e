"""How answers are spelled: JSON bytes made once, and pages with an opaque cursor."""

import base64
import binascii
import hashlib
import hmac
from typing import Any

import orjson
from fastapi import Response

CURSOR_LIFE = 24 * 3600 * 1_000_000
"""microseconds for which a cursor can be used"""


def json_bytes(value: Any) -> bytes:
    """JSON; tuples as lists."""
    return orjson.dumps(value, default=list)


def json_answer(value: Any, status: int = 200) -> Response:
    """A response whose body is made in one go: large answers cost more in models than in queries."""
    return Response(json_bytes(value), status, media_type="application/json")


class BadCursor(ValueError):
    """Not one of ours, or of another question."""


def cursor(question: str, position: Any, now: int) -> str:
    """Where a list goes on; only good for the same question. It holds no secret and grants nothing."""
    body = orjson.dumps([position, now])
    return base64.urlsafe_b64encode(_seal(question, body) + body).decode().rstrip("=")


def position(question: str, text: str) -> tuple[Any, int]:
    """(where the list goes on, when the cursor was made). Raises BadCursor."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        seal, body = raw[:8], raw[8:]
        if not hmac.compare_digest(seal, _seal(question, body)):
            raise BadCursor("the cursor belongs to another question")
        place, made = orjson.loads(body)
    except (binascii.Error, ValueError, TypeError, UnicodeError) as wrong:
        raise BadCursor(str(wrong) if isinstance(wrong, BadCursor) else "the cursor is damaged") from None
    return place, int(made)


def _seal(question: str, body: bytes) -> bytes:
    return hashlib.blake2b(
        body, key=hashlib.blake2b(question.encode(), digest_size=32).digest(), digest_size=8
    ).digest()
