"""Cursors: where a list goes on, opaque to its reader and bound to its question."""

import base64
import binascii
import hashlib
import hmac
from typing import Any

import orjson

CURSOR_LIFE = 3600 * 1_000_000
"""microseconds for which a cursor can be used"""


class BadCursor(ValueError):
    """Not one of ours, or of another question."""


class OldCursor(BadCursor):
    """One of ours, made too long ago."""


def cursor(question: str, position: tuple[str | int, ...], now: int) -> str:
    """Where a list goes on; only good for the same question. It holds no secret and grants nothing."""
    body = orjson.dumps([*position, now])
    return base64.urlsafe_b64encode(_seal(question, body) + body).decode().rstrip("=")


def position(question: str, text: str, shape: tuple[type, ...], now: int) -> tuple[Any, ...]:
    """Where the list goes on, as values of these types. Raises BadCursor, OldCursor."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        place = orjson.loads(raw[_SEAL:])
    except (binascii.Error, ValueError):
        raise BadCursor("the cursor is damaged") from None
    if not hmac.compare_digest(raw[:_SEAL], _seal(question, raw[_SEAL:])):
        raise BadCursor("the cursor belongs to another question, or is damaged")
    # The seal finds mistakes, not forgers, so what was sealed is looked at as well.
    if not isinstance(place, list) or [type(part) for part in place] != [*shape, int]:
        raise BadCursor("the cursor is damaged")
    if now - place[-1] > CURSOR_LIFE:
        raise OldCursor("the cursor is too old: ask again from the beginning")
    return tuple(place[:-1])


_SEAL = 8
"""bytes"""


def _seal(question: str, body: bytes) -> bytes:
    key = hashlib.blake2b(question.encode("utf-8", "replace"), digest_size=32).digest()
    return hashlib.blake2b(body, key=key, digest_size=_SEAL).digest()
