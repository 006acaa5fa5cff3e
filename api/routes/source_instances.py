"""Section 6: sources under names of their own, whether they can be read, and what reading them would do."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from api.access import OPERATE, READ, needs
from api.answers import json_answer
from api.asking import Cursor, Limit, Question, Text, TheSystem, first_page, place_in, question_of, reads, writes
from api.idempotency import TheOnce
from api.instance_views import checked, instance, preview
from api.problems import Problem
from api.tokens import Caller
from api.wiring import System
from cmdb.errors import Invalid, UnknownReference
from discovery import source_instance as instances
from discovery.checking import Checked, check
from discovery.previewing import preview_run
from discovery.source import Permission
from discovery.source_instance import SourceInstance, settings_to_run, source_of

router = APIRouter(prefix="/v1/source-instances", tags=["operations"])

Reader = Annotated[Caller, Depends(needs(READ))]
Operator = Annotated[Caller, Depends(needs(OPERATE))]
PREVIEW_TAKES = 60.0
"""seconds of reading after which a preview says what it has"""
Name = Annotated[Text, Field(min_length=1, max_length=256, pattern=r"\S")]


class InstanceAsked(Question):
    """A source under a name of its own. `secrets`: field → where its secret is, never the secret."""

    name: Name
    source: Name
    realm: Name = "default"
    zone: Name | None = None
    settings: dict[str, Any] = Field(default_factory=dict, max_length=1000)
    secrets: dict[str, Any] = Field(default_factory=dict, max_length=100)


class InstanceChanged(Question):
    """What is to be changed; in `settings` and `secrets` key by key, null takes out."""

    name: Name | None = None
    source: Name | None = None
    realm: Name | None = None
    zone: Name | None = None
    settings: dict[str, Any] | None = Field(None, max_length=1000)
    secrets: dict[str, Any] | None = Field(None, max_length=100)


@router.get("", dependencies=[reads("limit", "cursor")])
def get_instances(
    request: Request, system: TheSystem, caller: Reader, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    question = question_of(request, caller)
    place = place_in(system, question, cursor, str)
    found = instances.instances(system.means, after=place[0] if place else None, limit=limit + 1)
    return first_page(
        system, question, found, limit, lambda one: (one.name,), instance, seen=lambda one: caller.sees(one.realm)
    )


@router.post("", status_code=201, dependencies=[writes])
def post_instance(asked: InstanceAsked, system: TheSystem, caller: Operator, once: TheOnce) -> Response:
    made = SourceInstance(**asked.model_dump())
    _refuse_unseen(caller, made.realm, asked.settings.get("realm"))
    return once.do(asked.model_dump_json().encode(), lambda: instance(instances.add(system.means, made)), 201)


@router.get("/{name}", dependencies=[reads()])
def get_instance(name: str, system: TheSystem, caller: Reader) -> Response:
    return json_answer(instance(_seen(system, name, caller)))


@router.patch("/{name}", dependencies=[writes])
def patch_instance(name: str, asked: InstanceChanged, system: TheSystem, caller: Operator) -> Response:
    _seen(system, name, caller)
    said = {key: value for key in asked.model_fields_set if (value := getattr(asked, key)) is not None or key == "zone"}
    _refuse_unseen(caller, said.get("realm"), said.get("settings", {}).get("realm"))
    return json_answer(instance(instances.edit(system.means, name, said)))


@router.delete("/{name}", dependencies=[writes])
def delete_instance(name: str, system: TheSystem, caller: Operator) -> Response:
    _seen(system, name, caller)
    instances.remove(system.means, name)
    return Response(status_code=204)


@router.post("/{name}/check", dependencies=[writes])
def post_check(name: str, system: TheSystem, caller: Operator) -> Response:
    found = _seen(system, name, caller)
    source = source_of(system.means, found)
    try:
        settings = settings_to_run(system.means, found)
    except (Invalid, UnknownReference) as lacking:  # a secret that is not where it was said to be
        return json_answer(checked(Checked(False, (Permission("settings", False, str(lacking)),))))
    return json_answer(checked(check(system.parts, source, settings)))


@router.post("/{name}/preview", dependencies=[writes])
def post_preview(name: str, system: TheSystem, caller: Operator) -> Response:
    found = _seen(system, name, caller)
    settings = settings_to_run(system.means, found)
    enough = time.monotonic() + PREVIEW_TAKES
    shown = preview_run(
        system.parts, source_of(system.means, found), settings, stopped=lambda: time.monotonic() > enough
    )
    return json_answer(preview(shown))


def _seen(system: System, name: str, caller: Caller) -> SourceInstance:
    found = instances.instance(system.means, name)
    if not caller.sees(found.realm):
        raise UnknownReference(f"no source instance {name!r}")
    return found


def _refuse_unseen(caller: Caller, *realms: Any) -> None:
    for realm in realms:
        if realm is not None and not caller.sees(realm):
            raise Problem("forbidden", f"this token may not touch realm {realm}")
