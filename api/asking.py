"""What every route shares: the system, the parameters it knows, the freshness a client asks for, and its pages."""

import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Path, Query, Request, Response
from fastapi.params import Depends as Dependency
from pydantic import AfterValidator, BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.access import ANYTHING, FEED, needs
from api.answers import json_answer
from api.cursors import BadCursor, OldCursor, cursor, position
from api.doorway import whole
from api.problems import Problem
from api.tokens import Caller
from api.wiring import System

PATIENCE = 5.0
"""seconds that a read waits for a revision"""
BETWEEN_LOOKS = 0.05

Found = TypeVar("Found")

Limit = Annotated[int, Query(ge=1, le=1000, description="items of one page")]
One = Annotated[str | None, Query(max_length=4096)]
When = Annotated[
    str | None, Query(max_length=64, description="a time (RFC 3339) or a revision: as the store stood then")
]
AsOf = Annotated[
    str | None, Query(max_length=64, description="a time (RFC 3339): as it is now believed to have been then")
]
SAID_ONCE = frozenset(
    {
        "after",
        "a",
        "as_of",
        "at_least",
        "b",
        "cursor",
        "depth",
        "direction",
        "format",
        "from",
        "group",
        "identifier",
        "known_at",
        "limit",
        "mode",
        "q",
        "ref",
        "seen_before",
        "service",
        "state",
        "to",
    }
)
"""parameters that are no lists; of what is repeated all but the last would be ignored"""  # fmt: skip
Several = Annotated[list[str] | None, Query(max_length=100)]
Cursor = Annotated[str | None, Query(max_length=8192, description="`next` of the page before")]


def _storable(text: str) -> str:
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("holds U+0000 or a lone surrogate, which no store keeps")
    return text


Text = Annotated[str, AfterValidator(_storable)]
"""text that every store can keep"""


class Question(BaseModel):
    """A body of a request: nothing unknown in it, and nothing turned into another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


def system_of(request: Request) -> System:
    """The parts behind this app."""
    system: System = request.app.state.system
    return system


TheSystem = Annotated[System, Depends(system_of)]


def _unencoded(ref: Annotated[str, Path(description="a reference, percent-encoded", max_length=4096)]) -> str:
    return whole(ref)


Ref = Annotated[str, Depends(_unencoded)]
"""the reference in a path"""


def reads(*known: str) -> Dependency:
    """What a read goes through first: a known caller, known parameters, and the revision it may ask for."""

    def check(
        request: Request,
        caller: Annotated[Caller, Depends(needs(ANYTHING))],
        at_least: Annotated[int | None, Query(ge=0, description="wait up to 5 s for this revision")] = None,
    ) -> None:
        _refuse_unknown(request, {*known, "at_least"})
        if at_least is not None:
            wait_for(system_of(request), at_least)

    dependency: Dependency = Depends(check)
    return dependency


def _no_parameters(request: Request, caller: Annotated[Caller, Depends(needs(ANYTHING))]) -> None:
    _refuse_unknown(request, set())


writes: Dependency = Depends(_no_parameters)
"""what a write goes through first"""


def _refuse_unknown(request: Request, known: set[str]) -> None:
    """What a route would silently ignore would be taken for an answer to it."""
    unknown = sorted(
        key
        for key in request.query_params
        if key not in known and not (key.startswith("attribute.") and "attribute.<name>" in known)
    )
    if unknown:
        allowed = f"known: {', '.join(sorted(known))}" if known else "none is known here"
        raise Problem("invalid", f"unknown parameters {', '.join(unknown)}; {allowed}")
    if unstorable := sorted({key for key, value in request.query_params.multi_items() if "\x00" in value}):
        raise Problem("invalid", f"{', '.join(unstorable)}: holds U+0000, which no store keeps")
    if twice := sorted(key for key in SAID_ONCE if len(request.query_params.getlist(key)) > 1):
        raise Problem("invalid", f"{', '.join(twice)}: said more than once, and only one can hold")


def wait_for(system: System, revision: int) -> None:
    """Wait up to PATIENCE for a revision. Raises Problem `not-ready`."""
    deadline = time.monotonic() + PATIENCE
    while system.store.revision()[0] < revision:
        if time.monotonic() > deadline:
            raise Problem("not-ready", f"revision {revision} has not come within {PATIENCE:.0f} s")
        time.sleep(BETWEEN_LOOKS)


async def _raw_body(request: Request, caller: Annotated[Caller, Depends(needs(FEED))]) -> bytes | Problem:
    packed = request.headers.get("content-encoding", "identity").strip().lower()
    if packed not in ("", "identity"):  # what is packed would look like one bad line, and everything in it be lost
        return Problem("invalid", f"Content-Encoding {packed} is not understood: send the lines as they are")
    try:
        return await request.body()
    except HTTPException as refused:
        return Problem("too-large", str(refused.detail))
    except ClientDisconnect:
        return Problem("invalid", "the connection broke off inside the batch")


RawBody = Annotated[bytes | Problem, Depends(_raw_body)]
"""the body as it came, or why it could not be read; read only for those who may bring one"""


def place_in(system: System, question: str, text: str | None, *shape: type) -> tuple[Any, ...] | None:
    """Where a list goes on, None at its beginning. Raises Problem `bad-cursor`, `cursor-expired`."""
    if text is None:
        return None
    try:
        return position(question, text, shape, system.parts.now())
    except OldCursor as old:
        raise Problem("cursor-expired", str(old)) from None
    except BadCursor as wrong:
        raise Problem("bad-cursor", str(wrong)) from None


def page(
    system: System,
    question: str,
    items: list[Any],
    place_of: Callable[[], tuple[str | int, ...]] | None,
    **more: Any,
) -> Response:
    """A page of a list; `place_of` says where its last item stands, None where nothing follows."""
    following = cursor(question, place_of(), system.parts.now()) if place_of is not None else None
    return json_answer({"items": items, "next": following, **more})


def first_page(
    system: System,
    question: str,
    found: Sequence[Found],
    limit: int,
    place_of: Callable[[Found], tuple[str | int, ...]],
    spelled: Callable[[Found], Any],
    *,
    seen: Callable[[Found], bool] = lambda one: True,
    **more: Any,
) -> Response:
    """A page of the first `limit` of what was found; that one more was found says that more follows.

    `place_of`: where in the list one stands; `spelled`: as it is answered; `seen`: whether the caller may see it.
    """
    shown = found[:limit]
    last = (lambda: place_of(shown[-1])) if len(found) > limit else None
    return page(system, question, [spelled(one) for one in shown if seen(one)], last, **more)


def question_of(request: Request, caller: Caller) -> str:
    """What a cursor is bound to: the path, every parameter but the place in the list, and what the caller may see."""
    asked = sorted(
        (key, value) for key, value in request.query_params.multi_items() if key not in ("cursor", "limit", "at_least")
    )
    return f"{request.url.path}?{asked}#{sorted(caller.realms)}{sorted(caller.sources)}"
