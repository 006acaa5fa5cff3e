"""What happens to a request before any route sees it: its size is bounded, a reference stays one segment, and what can
be read can be asked for without its body (HEAD)."""

from typing import Any
from urllib.parse import unquote

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problem_answers import answer
from api.problems import Problem

MAX_BATCH_BYTES = 16 * 1024 * 1024
"""of a batch of observations"""
MAX_QUESTION_BYTES = 4 * 1024 * 1024
"""of every other request"""


class Doorway:
    """Wraps the app. A body is counted as it is read, so that one that hides its length is bounded too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        batch = scope["path"].endswith("/observations")
        most = MAX_BATCH_BYTES if batch else MAX_QUESTION_BYTES
        refusal = _too_large(most)
        if _said_length(scope) > most and not batch:  # of a batch the run must hear that it was not taken
            await answer(refusal)(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(413, refusal.detail)
            return message

        if scope["method"] == "HEAD":
            await self.app(_with_whole_segments({**scope, "method": "GET"}), counted, _without_body(send))
        else:
            await self.app(_with_whole_segments(scope), counted, send)


def _without_body(send: Send) -> Send:
    """What a GET would answer, without its body (RFC 9110, 9.3.2); one without end ends here."""
    ended = False

    async def head(message: Message) -> None:
        nonlocal ended
        if message["type"] == "http.response.start":
            await send(message)
        elif not ended:
            ended = True
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return head


def _too_large(most: int) -> Problem:
    return Problem("too-large", f"this request is at most {most // 1024**2} MiB: send it in several parts")


def _said_length(scope: Scope) -> int:
    headers: dict[bytes, bytes] = dict(scope["headers"])
    said = headers.get(b"content-length", b"0")
    return int(said) if said.isdigit() else 0


def _with_whole_segments(scope: Scope) -> Scope:
    """The scope with `%2F` and `%25` of its path still encoded: what is encoded belongs to its segment."""
    raw: Any = scope.get("raw_path")
    if not raw or b"%" not in raw:
        return scope
    kept = raw.decode("ascii", "replace").replace("%25", "%2525").replace("%2F", "%252F").replace("%2f", "%252F")
    return {**scope, "path": unquote(kept)}


def whole(segment: str) -> str:
    """A segment of a path as its author wrote it."""
    return segment.replace("%2F", "/").replace("%25", "%")
