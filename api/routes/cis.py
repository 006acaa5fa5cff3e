"""Section 2: configuration items, their facts, relations, records and history."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.access import CORRECT, READ, Caller, needs
from api.answers import json_answer
from api.problems import Problem
from api.resolution import resolve
from api.routes.asking import (
    Cursor,
    Limit,
    TheSystem,
    fresh_enough,
    known_parameters,
    page,
    place_in,
    question_of,
)  # fmt: skip
from api.views import ci_class, found_ci, past_event, record_place, relation_type, whole_ci
from api.wiring import System
from cmdb.configuration_item import split_words
from cmdb.draft import name_key
from cmdb.errors import Invalid, UnknownReference
from cmdb.reference import lookup_key, parse_reference, record_key
from cmdb.time import from_rfc3339
from discovery.by_hand import correct, withdraw
from discovery.sources import SOURCES
from graph.store import Search

router = APIRouter(prefix="/v1", tags=["configuration items"])

Reader = Annotated[Caller, Depends(needs(READ))]
Steward = Annotated[Caller, Depends(needs(CORRECT))]
LIFECYCLES = ("live", "missing", "retired", "purged")
FILTERS = (
    "q", "class", "lifecycle", "identifier", "environment", "tier", "owner", "realm", "status", "tag",
    "seen_by", "not_seen_by", "seen_before", "ref", "limit", "cursor", "at_least",
)  # fmt: skip


class CorrectionAsked(BaseModel):
    """A person's word on attributes of a CI."""

    model_config = ConfigDict(extra="forbid")

    attributes: dict[str, Any] = Field(min_length=1)
    reason: str = Field(min_length=1, max_length=4096)
    expires_at: str | None = None


@router.get("/cis", dependencies=[Depends(fresh_enough)])
def get_cis(request: Request, system: TheSystem, caller: Reader, limit: Limit = 100, cursor: Cursor = None) -> Response:
    known_parameters(request, *FILTERS)
    if "ref" in request.query_params:
        return one_ci(system, request.query_params["ref"], caller)
    question = question_of(request, caller)
    query = asked_for(request, system)
    if caller.realms and query.realm is None and len(caller.realms) == 1:
        query = Search(**{**_fields(query), "realm": next(iter(caller.realms))})
    elif caller.realms and (query.realm is None or query.realm not in caller.realms):
        raise Problem("forbidden", f"name one of your realms: {', '.join(sorted(caller.realms))}")
    after = place_in(question, cursor)
    found = system.store.search(query, after=tuple(after) if after else None, limit=limit + 1)
    return page(
        system,
        question,
        [found_ci(ci) for ci in found],
        limit,
        lambda: (name_key(found[limit - 1].name), found[limit - 1].id),
    )


def _fields(query: Search) -> dict[str, Any]:
    return {name: getattr(query, name) for name in Search.__slots__}


def asked_for(request: Request, system: System) -> Search:
    """The search that a request's parameters mean. Raises Invalid."""
    said = request.query_params
    classes = tuple(name for value in said.getlist("class") for name in value.split(","))
    for name in classes:
        system.vocabulary.ci_class(name)
    lifecycles = tuple(name for value in said.getlist("lifecycle") for name in value.split(","))
    for name in lifecycles:
        if name not in LIFECYCLES:
            raise Invalid(f"unknown lifecycle {name!r}; known: {', '.join(LIFECYCLES)}")
    facts = {key.removeprefix("attribute."): said[key] for key in said if key.startswith("attribute.")}
    for tag in said.getlist("tag"):
        key, colon, value = tag.partition(":")
        if not colon:
            raise Invalid("tag is key:value")
        facts[f"tags.{key}"] = value
    return Search(
        words=split_words(said.get("q", "")),
        classes=classes,
        lifecycles=lifecycles or ("live", "missing"),
        bearing=_bearing(said.get("identifier"), said.get("realm"), system),
        environment=said.get("environment"),
        tier=_whole(said.get("tier"), "tier"),
        owner=said.get("owner"),
        status=said.get("status"),
        realm=said.get("realm"),
        seen_by=said.get("seen_by"),
        not_seen_by=said.get("not_seen_by"),
        seen_before=None if said.get("seen_before") is None else from_rfc3339(said["seen_before"]),
        facts=facts,
    )


def _bearing(identifier: str | None, realm: str | None, system: System) -> str | None:
    if identifier is None:
        return None
    return lookup_key(parse_reference(identifier, system.vocabulary, realm), system.vocabulary)


def _whole(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise Invalid(f"{name} is a whole number, not {text!r}") from None


def one_ci(system: System, ref: str, caller: Caller) -> Response:
    """The whole of one CI."""
    view = system.store.item(resolve(system, ref, caller))
    if view is None:
        raise UnknownReference(f"no CI bears {ref}")
    return json_answer(whole_ci(view))


@router.get("/cis/{ref:path}/history", dependencies=[Depends(fresh_enough)])
def get_history(
    ref: str, request: Request, system: TheSystem, caller: Reader, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    known_parameters(request, "limit", "cursor", "at_least")
    question = question_of(request, caller)
    before = place_in(question, cursor)
    ci = resolve(system, ref, caller)
    found = system.store.history(ci, before=tuple(before) if before else None, limit=limit + 1)
    return page(
        system,
        question,
        [past_event(event) for event in found],
        limit,
        lambda: (found[limit - 1].revision, found[limit - 1].seq),
        revision=system.store.revision()[0],
    )


@router.patch("/cis/{ref:path}")
def patch_ci(ref: str, asked: CorrectionAsked, system: TheSystem, caller: Steward) -> Response:
    expires = None if asked.expires_at is None else from_rfc3339(asked.expires_at)
    if expires is not None and expires <= system.parts.now():
        raise Invalid("expires_at lies in the past")
    ci = resolve(system, ref, caller)
    correct(system.parts, ci, asked.attributes, author=caller.name, reason=asked.reason, expires_at=expires)
    return one_ci(system, ci, caller)


@router.delete("/cis/{ref:path}/corrections/{attribute}")
def delete_correction(ref: str, attribute: str, system: TheSystem, caller: Steward) -> Response:
    ci = resolve(system, ref, caller)
    withdraw(system.parts, ci, attribute)
    return one_ci(system, ci, caller)


@router.get("/records", dependencies=[Depends(fresh_enough)])
def get_records(
    request: Request,
    system: TheSystem,
    caller: Reader,
    source: Annotated[str | None, Query()] = None,
    realm: Annotated[str | None, Query()] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    known_parameters(request, "source", "realm", "limit", "cursor", "at_least")
    question = question_of(request, caller)
    found = system.store.record_places(source, realm, after=place_in(question, cursor), limit=limit + 1)
    return page(
        system,
        question,
        [record_place(place) for place in found if caller.sees((place.realm,))],
        limit,
        lambda: record_key(*found[limit - 1][:3]),
    )


@router.get("/classes")
def get_classes(system: TheSystem, caller: Reader) -> Response:
    return json_answer({"items": [ci_class(c) for c in system.vocabulary.classes.values()], "next": None})


@router.get("/relation-types")
def get_relation_types(system: TheSystem, caller: Reader) -> Response:
    return json_answer({"items": [relation_type(r) for r in system.vocabulary.relation_types.values()], "next": None})


@router.get("/sources")
def get_sources(system: TheSystem, caller: Reader) -> Response:
    return json_answer(
        {
            "items": [
                {
                    "name": source.name,
                    "description": source.description,
                    "settings": source.settings.model_json_schema()["properties"],
                }
                for source in SOURCES.values()
            ],
            "next": None,
        }
    )


last = APIRouter(prefix="/v1", tags=["configuration items"])
"""routes that match what no other does; included after all others"""


@last.get("/cis/{ref:path}", dependencies=[Depends(fresh_enough)])
def get_ci(ref: str, request: Request, system: TheSystem, caller: Reader) -> Response:
    known_parameters(request, "at_least")
    return one_ci(system, ref, caller)
