"""What an HTTP answer is worth: JSON, a refusal, or a reason to ask again. No I/O, and never a token in a message.

SourceUnavailable
├── Refused        the service answered and said no: what was asked for cannot be had; other things may
├── Unreadable     the answer is no JSON object, or a link that may not be followed
└── RunEnds        asking for anything else is pointless: throttled, unreachable, login no longer accepted
    └── Unauthorized   401
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from discovery.errors import SourceUnavailable

BUSY = frozenset({408, 429, 500, 502, 503, 504, 509})
"""statuses after which the same question may be answered"""
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")


class Refused(SourceUnavailable):
    """The service answered, and the answer is no."""

    def __init__(self, what: str, status: int, code: str = "") -> None:
        super().__init__(f"{what}: {status}{f' {code}' if code else ''}{_MEANING.get(status, '')}")
        self.status = status
        self.code = code


class Unreadable(SourceUnavailable):
    """The answer cannot be what was asked for."""


class RunEnds(SourceUnavailable):
    """Nothing else need be asked in this run."""


class Unauthorized(RunEnds):
    """The token is not accepted, and there is no other."""


class Again(Exception):
    """Ask once more; `after` is what the service asked for, in seconds, None where it named no time.

    `garbled`: an answer came and could not be read; that is worth fewer attempts than none at all.
    """

    def __init__(self, reason: str, after: float | None = None, *, garbled: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after = after
        self.garbled = garbled


_MEANING = {
    400: " (the question was not understood)",
    403: " (a permission is missing; `check` says which)",
    404: " (there is nothing at this address)",
    410: " (no longer available)",
}


def shown(method: str, url: str) -> str:
    """A request as errors may name it: without its query, which can be long, and without user names."""
    parts = urlsplit(url)
    return f"{method} {parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"


def read_answer(what: str, status: int, headers: Mapping[str, str], body: bytes, now: float) -> dict[str, Any]:
    """The JSON object of an answer. `now`: seconds since 1970, against which dates in headers are read.

    Raises Again, Refused, Unauthorized or Unreadable.
    """
    if status in BUSY:
        raise Again(f"{what}: {status}", retry_after(headers, now))
    if status == 401:
        raise Unauthorized(f"{what}: 401 (the token is not accepted, or no longer)")
    if 300 <= status < 400:
        raise Refused(f"{what}: sent elsewhere, which is never followed", status)
    if status >= 400:
        raise Refused(what, status, error_code(body))
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    if kind and kind != "application/json" and not kind.endswith("+json"):
        raise Unreadable(f"{what}: {kind[:60]} came instead of JSON; is there a proxy or a sign-in page in between?")
    try:
        found = _parsed(body)
    except (ValueError, RecursionError):
        raise Again(f"{what}: the answer is cut off or no JSON", garbled=True) from None
    if not isinstance(found, dict):
        raise Unreadable(f"{what}: the answer is no JSON object")
    return found


def _parsed(body: bytes) -> Any:
    """JSON; half a character in one name (`\\ud83d`, where a service cut it) is the fault of that name alone."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return json.loads(body)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait as the service asked for, both spellings; None where it did not, or not legibly."""
    stated = headers.get("retry-after", "").strip()
    if not stated:
        return None
    try:
        seconds = float(stated)
    except ValueError:
        try:
            until = parsedate_to_datetime(stated)
        except ValueError:
            return None
        seconds = (until if until.tzinfo else until.replace(tzinfo=UTC)).timestamp() - now
    return max(seconds, 0.0) if seconds == seconds else None


def error_code(body: bytes) -> str:
    """The service's own word for the error; its prose is left out, since it may repeat what was sent."""
    try:
        stated = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    error = stated.get("error") if isinstance(stated, dict) else None
    code = error.get("code") if isinstance(error, dict) else error
    return code if isinstance(code, str) and _CODE.match(code) else ""
