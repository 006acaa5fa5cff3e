"""Section 2, looking back: the feed of events, and what is different between two times."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.access import READ, needs
from api.answers import json_answer
from api.asking import Cursor, Limit, TheSystem, When, page, place_in, question_of, reads
from api.diff_answers import diff_answer
from api.event_feed import BEGINNING, check_is_there, feed, place_from, spelled_place, stream
from api.looking_back import is_feed_cut
from api.tokens import Caller, caller_of
from api.views import past_event
from cmdb.errors import Invalid

router = APIRouter(prefix="/v1", tags=["looking back"])

Reader = Annotated[Caller, Depends(needs(READ))]
EVENT_STREAM = "text/event-stream"


@router.get(
    "/events",
    dependencies=[reads("after", "limit", "cursor")],
    description="Events in the order in which they were recorded, beginning behind `after` (a revision, or "
    "revision.seq). As JSON a page; with `Accept: text/event-stream` as they come, each with its place as `id`: a "
    "reader who was cut off goes on by `Last-Event-ID` without gap or repeat.",
    responses={200: {"content": {"application/json": {}, EVENT_STREAM: {}}}},
)
def get_events(
    request: Request,
    system: TheSystem,
    caller: Reader,
    after: Annotated[str | None, Query(max_length=64, description="revision or revision.seq")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    accept: Annotated[str, Header()] = "",
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> Response:
    # A reader that was cut off comes again with the same address, so where it stopped counts more.
    said = last_event_id or after
    place = BEGINNING if said is None else place_from(said)
    check_is_there(system, place)
    if EVENT_STREAM in accept:
        if paged := sorted({"limit", "cursor"} & request.query_params.keys()):
            raise Invalid(f"a stream goes on by Last-Event-ID or after: {', '.join(paged)} cannot go with it")
        authorization = request.headers.get("authorization")
        events = stream(system, caller, place, lambda: caller_of(system, authorization))
        return StreamingResponse(
            events, media_type=EVENT_STREAM, headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        )
    question = question_of(request, caller)
    going_on = place_in(system, question, cursor, int, int)
    found = feed(system, caller, place if going_on is None else (going_on[0], going_on[1]), limit)
    return page(
        system,
        question,
        [past_event(event) for event in found.events],
        (lambda: found.place) if found.more else None,
        place=spelled_place(found.place),
        **({"truncated": "history"} if is_feed_cut(system, place[0] if going_on is None else going_on[0]) else {}),
        revision=system.store.revision()[0],
    )


@router.get(
    "/graph/diff",
    dependencies=[reads("from", "to", "limit", "cursor")],
    description="What is different between two times or revisions; `to` is now unless said. `limit` counts the entries "
    "of all lists together; a page goes on where the one before ended, list after list.",
)
def get_diff(
    request: Request,
    system: TheSystem,
    caller: Reader,
    from_: Annotated[str, Query(alias="from", max_length=64, description="a time (RFC 3339) or a revision")],
    to: When = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    question = question_of(request, caller)
    place = place_in(system, question, cursor, int, int, int)
    since, until, offset = (from_, to, 0) if place is None else place
    return json_answer(diff_answer(system, caller, since, until, offset=offset, limit=limit, question=question))
