"""Section 1: observations come in, in runs or by themselves."""

import contextlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from api.access import FEED, FOLLOW, RELEASE, needs
from api.answers import json_answer
from api.asking import (
    Cursor,
    Limit,
    Question,
    RawBody,
    Text,
    TheSystem,
    first_page,
    place_in,
    question_of,
    reads,
    writes,
)
from api.batches import lines_of, understood
from api.idempotency import IN_USE, Once, TheOnce
from api.problems import Problem
from api.run_explanation import explanation
from api.run_following import following
from api.tokens import Caller
from api.views import batch as batch_view
from api.views import run as run_view
from api.wiring import System
from cmdb.vocabulary import HUMAN
from discovery.ending import cancel, finish, release
from discovery.run import Rejection, RunEnded, UnknownRun, open_run, report, reports, take
from discovery.run_report import RunReport
from graph.ledger import Conflict
from graph.store import StoreError

router = APIRouter(prefix="/v1", tags=["observations"])

Feeder = Annotated[Caller, Depends(needs(FEED))]
Follower = Annotated[Caller, Depends(needs(FOLLOW))]
Releaser = Annotated[Caller, Depends(needs(RELEASE))]
LINES: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/x-ndjson": {"schema": {"type": "string"}}}}
}


class RunAsked(Question):
    """What a run is opened with."""

    source: Text = Field(min_length=1, max_length=256, pattern=r"\S")
    realm: Text = Field("default", min_length=1, max_length=256, pattern=r"\S")
    scope: Text = Field(min_length=1, max_length=1024, pattern=r"\S")
    full: bool = True


class Ending(Question):
    """How a run ends."""

    complete: bool
    error: Text | None = Field(None, max_length=4096)


@router.post("/runs", status_code=201, dependencies=[writes])
def post_run(asked: RunAsked, system: TheSystem, caller: Feeder, once: TheOnce) -> Response:
    if asked.source == HUMAN or not caller.may_feed(asked.source, asked.realm):
        raise Problem("forbidden", f"this token may not feed source {asked.source} into realm {asked.realm}")

    def opened() -> dict[str, Any]:
        run = open_run(system.parts, asked.source, asked.realm, asked.scope, full=asked.full)
        return {"run_id": run.run_id, "revision": run.revision}

    return once.do(asked.model_dump_json().encode(), opened, 201)


@router.post("/runs/{run_id}/observations", openapi_extra=LINES, dependencies=[writes])
def post_batch(run_id: str, body: RawBody, system: TheSystem, caller: Feeder, once: TheOnce) -> Response:
    run = _of_the_caller(system, run_id, caller)
    try:
        return taken(system, caller, once, body, run_id, run.realm)
    except Problem as refused:
        if refused.kind != "key-in-use":
            _not_taken(system, run_id, refused.detail)
        raise
    except (StoreError, RunEnded):  # nothing can be written, or need be
        raise
    except Exception:
        _not_taken(system, run_id, "our fault, the log says why")
        raise


def _not_taken(system: System, run_id: str, why: str) -> None:
    """A batch that was not taken may have held anything: the run cannot be complete any more."""
    with contextlib.suppress(RunEnded):
        take(system.parts, run_id, (), (Rejection(0, f"a whole batch was not taken: {why}"),))


@router.post("/observations", openapi_extra=LINES, dependencies=[writes])
def post_observations(body: RawBody, system: TheSystem, caller: Feeder, once: TheOnce) -> Response:
    return taken(system, caller, once, body, None, "default")


@router.post("/runs/{run_id}/finish", dependencies=[writes])
def post_finish(run_id: str, ending: Ending, system: TheSystem, caller: Feeder, once: TheOnce) -> Response:
    _of_the_caller(system, run_id, caller)
    return once.do(
        ending.model_dump_json().encode(),
        lambda: run_view(finish(system.parts, run_id, complete=ending.complete, error=ending.error)),
    )


@router.post("/runs/{run_id}/release", dependencies=[writes])
def post_release(run_id: str, system: TheSystem, caller: Releaser, once: TheOnce) -> Response:
    _of_the_caller(system, run_id, caller)
    return once.do(b"", lambda: run_view(release(system.parts, run_id)))


@router.post("/runs/{run_id}/cancel", dependencies=[writes])
def post_cancel(run_id: str, system: TheSystem, caller: Feeder, once: TheOnce) -> Response:
    _of_the_caller(system, run_id, caller)
    return once.do(b"", lambda: run_view(cancel(system.parts, run_id)))


@router.get("/runs", dependencies=[reads("limit", "cursor")])
def get_runs(
    request: Request, system: TheSystem, caller: Follower, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    question = question_of(request, caller)
    place = place_in(system, question, cursor, str)
    after: str | None = place[0] if place is not None else None
    found: list[RunReport] = []
    while len(found) <= limit:
        more = reports(system.parts, after=after, limit=limit + 1)
        found += [run for run in more if caller.may_feed(run.source, run.realm)]
        if len(more) <= limit:
            break
        after = more[-1].run_id
    return first_page(system, question, found, limit, lambda run: (run.run_id,), run_view)


@router.get("/runs/{run_id}", dependencies=[reads()])
def get_run(run_id: str, request: Request, system: TheSystem, caller: Follower) -> Response:
    found = _of_the_caller(system, run_id, caller, hide=True)
    if "text/event-stream" in request.headers.get("accept", ""):
        return StreamingResponse(following(system, run_id), media_type="text/event-stream")
    return json_answer(run_view(found))


@router.get("/runs/{run_id}/explanation", dependencies=[reads()])
def get_run_explanation(run_id: str, system: TheSystem, caller: Follower) -> Response:
    _of_the_caller(system, run_id, caller, hide=True)
    return json_answer(explanation(system, run_id))


def _of_the_caller(system: System, run_id: str, caller: Caller, *, hide: bool = False) -> RunReport:
    """The run's report. Raises Problem `forbidden` (or, to hide it, UnknownRun) where it is none of the caller's."""
    run = report(system.parts, run_id)
    if not caller.may_feed(run.source, run.realm):
        if hide:
            raise UnknownRun(f"no run {run_id!r}")
        raise Problem("forbidden", f"this token may not touch runs of source {run.source} in realm {run.realm}")
    return run


def taken(
    system: System, caller: Caller, once: Once, body: bytes | Problem, run_id: str | None, realm: str
) -> Response:
    """Take the lines of a body as one patch; the answer to the key is kept in it."""
    if isinstance(body, Problem):
        raise body
    kept = once.kept(body)
    if kept is not None:
        return kept
    observations, rejections = understood(system, caller, lines_of(body), realm)
    keep = once.kept_with_patch(body)
    try:
        result = take(system.parts, run_id, observations, rejections, also=lambda result: keep(batch_view(result)))
    except Conflict:
        # Somebody with the same key was quicker: theirs is the answer.
        again = once.kept(body)
        if again is None:
            raise Problem("key-in-use", IN_USE) from None
        return again
    return json_answer(batch_view(result))
