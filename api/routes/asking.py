"""What every route shares: the system, the limits of a page, the freshness a client asks for, and the raw body."""

import time
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response

from api.access import Caller
from api.answers import BadCursor, cursor, json_answer, position
from api.problems import Problem
from api.wiring import System

MAX_BODY = 16 * 1024 * 1024
PATIENCE = 5.0
"""seconds that a read waits for a revision"""

Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[str | None, Query(max_length=4096)]


def system_of(request: Request) -> System:
    """The parts behind this app."""
    system: System = request.app.state.system
    return system


TheSystem = Annotated[System, Depends(system_of)]


def fresh_enough(request: Request, at_least: Annotated[int | None, Query(ge=0)] = None) -> None:
    """Wait up to PATIENCE for a revision; 503 if it does not come. Refuses parameters that no route knows."""
    if at_least is None:
        return
    system = system_of(request)
    deadline = time.monotonic() + PATIENCE
    while system.store.revision()[0] < at_least:
        if time.monotonic() > deadline:
            raise Problem("not-ready", f"revision {at_least} has not come within {PATIENCE:.0f} s")
        time.sleep(0.05)


async def raw_body(request: Request) -> bytes:
    """The body, refused as soon as it is too large."""
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > MAX_BODY:
            raise Problem("too-large", "a request is at most 16 MiB: send the lines in several batches")
    return bytes(read)


RawBody = Annotated[bytes, Depends(raw_body)]


def known_parameters(request: Request, *known: str) -> None:
    """Raises Problem for a query parameter that the route would silently ignore."""
    unknown = sorted({key for key in request.query_params if key not in known and not key.startswith("attribute.")})
    if unknown:
        raise Problem("invalid", f"unknown parameters {', '.join(unknown)}; known: {', '.join(sorted(known))}")


def place_in(question: str, text: str | None) -> Any:
    """Where a list goes on, None at its beginning. Raises Problem `bad-cursor`."""
    if text is None:
        return None
    try:
        return position(question, text)[0]
    except BadCursor as wrong:
        raise Problem("bad-cursor", str(wrong)) from None


def page(
    system: System, question: str, items: list[Any], limit: int, place_of: Callable[[], Any], **more: Any
) -> Response:
    """A page of a list that asked for one item more than it shows; `place_of` says where the last one shown stands."""
    shown = items[:limit]
    following = cursor(question, place_of(), system.parts.now()) if len(items) > limit else None
    return json_answer({"items": shown, "next": following, **more})


def question_of(request: Request, caller: Caller) -> str:
    """What a cursor is bound to: the path, every parameter but the place in the list, and what the caller may see."""
    asked = sorted((key, value) for key, value in request.query_params.multi_items() if key not in ("cursor", "limit"))
    return f"{request.url.path}?{asked}#{sorted(caller.realms)}"
