"""Section 6: which source instance is read when, and read it now."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from api.access import OPERATE, READ, needs
from api.answers import json_answer
from api.asking import Cursor, Limit, Question, Text, TheSystem, first_page, place_in, question_of, reads, writes
from api.idempotency import TheOnce
from api.schedule_views import schedule as view
from api.tokens import Caller
from api.views import run as run_view
from api.wiring import System
from cmdb.errors import UnknownReference
from discovery import schedule as schedules
from discovery.source_instance import instance

router = APIRouter(prefix="/v1", tags=["operations"])

Reader = Annotated[Caller, Depends(needs(READ))]
Operator = Annotated[Caller, Depends(needs(OPERATE))]
Seconds = int | Annotated[Text, Field(max_length=32)]


class ScheduleAsked(Question):
    """Either `cron` or `interval`; in `window` only, in `blackouts` never."""

    source_instance: Text = Field(min_length=1, max_length=256)
    cron: Text | None = Field(None, max_length=256)
    interval: Seconds | None = None
    time_zone: Text = Field("UTC", max_length=64)
    jitter: Seconds = 0
    window: dict[str, Any] | None = None
    blackouts: list[dict[str, Any]] = Field(default_factory=list, max_length=100)
    enabled: bool = True
    full: bool = False
    retries: int = schedules.RETRIES
    misfire_grace: int = schedules.MISFIRE_GRACE


class ScheduleChanged(Question):
    """What is to be changed; null for `cron` or `interval` takes it out."""

    source_instance: Text | None = Field(None, min_length=1, max_length=256)
    cron: Text | None = Field(None, max_length=256)
    interval: Seconds | None = None
    time_zone: Text | None = Field(None, max_length=64)
    jitter: Seconds | None = None
    window: dict[str, Any] | None = None
    blackouts: list[dict[str, Any]] | None = Field(None, max_length=100)
    enabled: bool | None = None
    full: bool | None = None
    retries: int | None = None
    misfire_grace: int | None = None


MAY_BE_TAKEN_OUT = ("cron", "interval", "window", "blackouts", "jitter", "time_zone")


@router.get("/schedules", dependencies=[reads("limit", "cursor")])
def get_schedules(
    request: Request, system: TheSystem, caller: Reader, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    question = question_of(request, caller)
    place = place_in(system, question, cursor, str)
    found = [one for one, _ in schedules.schedules(system.means, after=place[0] if place else None, limit=limit + 1)]
    return first_page(
        system,
        question,
        found,
        limit,
        lambda one: (one.id,),
        view,
        seen=lambda one: _is_seen(system, one.source_instance, caller),
    )


@router.post("/schedules", status_code=201, dependencies=[writes])
def post_schedule(asked: ScheduleAsked, system: TheSystem, caller: Operator, once: TheOnce) -> Response:
    _see_instance(system, asked.source_instance, caller)
    return once.do(asked.model_dump_json().encode(), lambda: view(schedules.add(system.means, asked.model_dump())), 201)


@router.get("/schedules/{schedule_id}", dependencies=[reads()])
def get_schedule(schedule_id: str, system: TheSystem, caller: Reader) -> Response:
    return json_answer(view(_see(system, schedule_id, caller)))


@router.patch("/schedules/{schedule_id}", dependencies=[writes])
def patch_schedule(schedule_id: str, asked: ScheduleChanged, system: TheSystem, caller: Operator) -> Response:
    _see(system, schedule_id, caller)
    said = {
        key: value
        for key in asked.model_fields_set
        if (value := getattr(asked, key)) is not None or key in MAY_BE_TAKEN_OUT
    }
    if "source_instance" in said:
        _see_instance(system, said["source_instance"], caller)
    return json_answer(view(schedules.edit(system.means, schedule_id, said)))


@router.delete("/schedules/{schedule_id}", dependencies=[writes])
def delete_schedule(schedule_id: str, system: TheSystem, caller: Operator) -> Response:
    _see(system, schedule_id, caller)
    schedules.remove(system.means, schedule_id)
    return Response(status_code=204)


@router.post("/schedules/{schedule_id}/run", status_code=202, dependencies=[writes])
def post_schedule_run(schedule_id: str, system: TheSystem, caller: Operator, once: TheOnce) -> Response:
    found = _see(system, schedule_id, caller)
    return once.do(
        b"",
        lambda: run_view(schedules.run_now(system.means, found.source_instance, schedule_id=schedule_id)),
        202,
    )


@router.post("/source-instances/{name}/run", status_code=202, dependencies=[writes])
def post_instance_run(name: str, system: TheSystem, caller: Operator, once: TheOnce) -> Response:
    _see_instance(system, name, caller)
    return once.do(b"", lambda: run_view(schedules.run_now(system.means, name)), 202)


def _see(system: System, schedule_id: str, caller: Caller) -> schedules.Schedule:
    found = schedules.schedule(system.means, schedule_id)
    if not _is_seen(system, found.source_instance, caller):
        raise UnknownReference(f"no schedule {schedule_id!r}")
    return found


def _see_instance(system: System, name: str, caller: Caller) -> None:
    if not caller.sees(instance(system.means, name).realm):
        raise UnknownReference(f"no source instance {name!r}")


def _is_seen(system: System, name: str, caller: Caller) -> bool:
    """What a caller of some realms cannot see: an instance of another one, or of one that is gone."""
    if not caller.realms:
        return True
    try:
        return caller.sees(instance(system.means, name).realm)
    except UnknownReference:
        return False
