"""Section 1: observations come in, in runs or by themselves."""

import hashlib
from collections.abc import Callable
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import FEED, READ, RELEASE, Caller, needs
from api.answers import json_answer
from api.problems import Problem
from api.routes.asking import (
    Cursor,
    Limit,
    RawBody,
    TheSystem,
    fresh_enough,
    known_parameters,
    page,
    place_in,
    question_of,
)  # fmt: skip
from api.views import batch as batch_view
from api.views import run as run_view
from api.wiring import System
from cmdb.graph_patch import DocumentWrite
from cmdb.observation import Observation
from cmdb.vocabulary import HUMAN
from discovery.ending import cancel, finish, release
from discovery.errors import RecordRejected
from discovery.run import MAX_BATCH, BatchResult, Rejection, open_run, report, reports, take
from discovery.source import Hearing
from discovery.sources.json_lines import observe_line, place_of
from graph.ledger import Conflict

router = APIRouter(prefix="/v1", tags=["observations"])

ANSWERS = "idempotency"
KEPT = 24 * 3600 * 1_000_000

Feeder = Annotated[Caller, Depends(needs(FEED))]
Reader = Annotated[Caller, Depends(needs(READ))]
Releaser = Annotated[Caller, Depends(needs(RELEASE))]
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=256)]


class RunAsked(BaseModel):
    """What a run is opened with."""

    model_config = ConfigDict(extra="forbid")

    source: str = Field(min_length=1, max_length=256)
    realm: str = Field("default", min_length=1, max_length=256)
    scope: str = Field(min_length=1, max_length=1024)
    full: bool = True


class Ending(BaseModel):
    """How a run ends."""

    model_config = ConfigDict(extra="forbid")

    complete: bool
    error: str | None = Field(None, max_length=4096)


@router.post("/runs", status_code=201)
def post_run(asked: RunAsked, system: TheSystem, caller: Feeder, request: Request, key: Key = None) -> Response:
    if asked.source == HUMAN or not caller.may_feed(asked.source, asked.realm):
        raise Problem("forbidden", f"this token may not feed source {asked.source} into realm {asked.realm}")

    def opened() -> dict[str, Any]:
        run = open_run(system.parts, asked.source, asked.realm, asked.scope, full=asked.full)
        return {"run_id": run.run_id, "revision": run.revision}

    return once(system, caller, request, key, asked.model_dump_json().encode(), opened, 201)


@router.post("/runs/{run_id}/observations")
def post_batch(
    run_id: str, body: RawBody, system: TheSystem, caller: Feeder, request: Request, key: Key = None
) -> Response:
    run = report(system.parts, run_id)
    if not caller.may_feed(run.source, run.realm):
        raise Problem("forbidden", f"this token may not feed source {run.source} into realm {run.realm}")
    return taken(system, caller, request, key, body, run_id, run.realm)


@router.post("/observations")
def post_observations(body: RawBody, system: TheSystem, caller: Feeder, request: Request, key: Key = None) -> Response:
    return taken(system, caller, request, key, body, None, "default")


@router.post("/runs/{run_id}/finish")
def post_finish(run_id: str, ending: Ending, system: TheSystem, caller: Feeder) -> Response:
    run = report(system.parts, run_id)
    if not caller.may_feed(run.source, run.realm):
        raise Problem("forbidden", f"this token may not end runs of source {run.source}")
    return json_answer(run_view(finish(system.parts, run_id, complete=ending.complete, error=ending.error)))


@router.post("/runs/{run_id}/release")
def post_release(run_id: str, system: TheSystem, caller: Releaser) -> Response:
    return json_answer(run_view(release(system.parts, run_id)))


@router.post("/runs/{run_id}/cancel")
def post_cancel(run_id: str, system: TheSystem, caller: Feeder) -> Response:
    return json_answer(run_view(cancel(system.parts, run_id)))


@router.get("/runs", dependencies=[Depends(fresh_enough)])
def get_runs(
    request: Request, system: TheSystem, caller: Reader, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    known_parameters(request, "limit", "cursor", "at_least")
    question = question_of(request, caller)
    found = reports(system.parts, after=place_in(question, cursor), limit=limit + 1)
    return page(system, question, [run_view(run) for run in found], limit, lambda: found[limit - 1].run_id)


@router.get("/runs/{run_id}", dependencies=[Depends(fresh_enough)])
def get_run(run_id: str, system: TheSystem, caller: Reader) -> Response:
    return json_answer(run_view(report(system.parts, run_id)))


def taken(
    system: System, caller: Caller, request: Request, key: str | None, body: bytes, run_id: str | None, realm: str
) -> Response:
    """Take the lines of a body as one patch; bad lines reject themselves."""
    lines = [(number, line) for number, line in enumerate(body.split(b"\n"), 1) if line.strip()]
    if len(lines) > MAX_BATCH:
        raise Problem("too-large", f"a batch is at most {MAX_BATCH} lines: send them in several batches")
    kept = _kept_answer(system, caller, request, key, body)
    if kept is not None:
        return kept
    observations, rejections = understood(system, caller, lines, realm)

    def also(result: BatchResult) -> tuple[DocumentWrite, ...]:
        if key is None:
            return ()
        return (_answer_to_keep(system, caller, request, key, body, batch_view(result), 200),)

    try:
        result = take(system.parts, run_id, observations, rejections, also=also)
    except Conflict:
        again = _kept_answer(system, caller, request, key, body)
        if again is None:
            raise Problem("key-in-use", "another request with this key is being answered; try again") from None
        return again
    return json_answer(batch_view(result))


def understood(
    system: System, caller: Caller, lines: list[tuple[int, bytes]], realm: str
) -> tuple[list[Observation], list[Rejection]]:
    """Observations and rejected lines of a body."""
    hearing = Hearing(system.vocabulary, realm, system.parts.now())
    observations: list[Observation] = []
    rejections: list[Rejection] = []
    for number, line in lines:
        try:
            said = observe_line(line, hearing)
        except RecordRejected as refused:
            rejections.append(Rejection(number, refused.reason, place_of(line, hearing)))
            continue
        if caller.may_feed(said.source, said.realm):
            observations.append(said)
        else:
            rejections.append(Rejection(number, f"this token may not feed source {said.source} into {said.realm}"))
    return observations, rejections


def once(
    system: System,
    caller: Caller,
    request: Request,
    key: str | None,
    body: bytes,
    make: Callable[[], dict[str, Any]],
    status: int,
) -> Response:
    """Do it unless this key's request was answered before, then give the first answer again."""
    kept = _kept_answer(system, caller, request, key, body)
    if kept is not None:
        return kept
    made = make()
    if key is not None:
        write = _answer_to_keep(system, caller, request, key, body, made, status)
        system.store.put(DocumentWrite(write.kind, write.key, write.body))
    return json_answer(made, status)


def _kept_answer(system: System, caller: Caller, request: Request, key: str | None, body: bytes) -> Response | None:
    if key is None:
        return None
    kept = system.store.document(ANSWERS, _key_of(caller, request, key))
    if kept is None or kept.body["at"] + KEPT < system.parts.now():
        return None
    if kept.body["body"] != _digest(body):
        raise Problem("key-reused", "this Idempotency-Key was used with another body: choose a new one")
    return json_answer(orjson.loads(kept.body["answer"]), kept.body["status"])


def _answer_to_keep(
    system: System, caller: Caller, request: Request, key: str, body: bytes, answer: dict[str, Any], status: int
) -> DocumentWrite:
    return DocumentWrite(
        ANSWERS,
        _key_of(caller, request, key),
        {
            "at": system.parts.now(),
            "body": _digest(body),
            "answer": orjson.dumps(answer).decode(),
            "status": status,
        },
        expected=None,
    )


def _key_of(caller: Caller, request: Request, key: str) -> str:
    return f"{caller.token}|{request.method} {request.url.path}|{key}"


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=16).hexdigest()
