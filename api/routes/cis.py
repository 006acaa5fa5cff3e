"""Section 2: configuration items, their facts, relations, records and history."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from api.access import CORRECT, READ, needs
from api.answers import json_answer
from api.asking import (
    AsOf,
    Cursor,
    Limit,
    One,
    Question,
    Ref,
    Several,
    Text,
    TheSystem,
    When,
    first_page,
    place_in,
    question_of,
    reads,
    writes,
)
from api.doorway import whole
from api.exporting import Format, streamed
from api.looking_back import NOW, Then, all_found_then, found_then, is_cut, then_from, told_of_cut, whole_ci_then
from api.resolution import resolve
from api.searching import Filters, known_of_today, listed, search_for, tiers
from api.tokens import Caller
from api.views import ci_class, found_ci, past_event, record_place, relation_type, source, whole_ci
from api.visibility import unseen
from api.wiring import System
from cmdb.draft import name_key
from cmdb.errors import Invalid, UnknownReference
from cmdb.reference import record_key
from cmdb.time import from_rfc3339
from discovery.by_hand import correct, withdraw
from graph.store import RecordPlace

router = APIRouter(prefix="/v1", tags=["configuration items"])

Reader = Annotated[Caller, Depends(needs(READ))]
Steward = Annotated[Caller, Depends(needs(CORRECT))]
FILTERS = (
    "q", "class", "lifecycle", "identifier", "environment", "tier", "owner", "realm", "status", "tag",
    "attribute.<name>", "seen_by", "not_seen_by", "seen_before", "service", "lacks", "incomplete", "conflict", "stale",
    "orphan", "format", "known_at", "as_of",
)  # fmt: skip


NO_FACTS: Mapping[str, str] = {
    "id": "it never changes",
    "class": "it follows from what its records say",
    "name": "it follows from what its records say",
    "lifecycle": "it is observed; what people declare is status",
}
"""what looks like an attribute in an answer, and why nobody's word replaces it"""


class CorrectionAsked(Question):
    """A person's word on attributes of a CI."""

    attributes: dict[Text, Any] = Field(min_length=1, max_length=1000)
    reason: Text = Field(min_length=1, max_length=4096, pattern=r"\S")
    expires_at: str | None = None


@router.get(
    "/cis",
    dependencies=[reads(*FILTERS, "ref", "limit", "cursor")],
    description="Search, or with `ref` the whole of one CI. Lists may be repeated or, where no value holds one, "
    "written with commas: any of them. `attribute.<name>=` filters by any fact; `service=` leaves what a service "
    "stands on. `format=csv|ndjson` streams everything that is found, without pages.",
    responses={200: {"content": {"text/csv": {}, "application/x-ndjson": {}}}},
)
def get_cis(
    request: Request,
    system: TheSystem,
    caller: Reader,
    ref: Annotated[str | None, Query(max_length=4096)] = None,
    q: One = None,
    class_: Annotated[list[str] | None, Query(alias="class", max_length=100)] = None,
    lifecycle: Several = None,
    identifier: One = None,
    environment: Several = None,
    tier: Several = None,
    owner: Several = None,
    service: One = None,
    realm: Several = None,
    status: Several = None,
    tag: Several = None,
    seen_by: Several = None,
    not_seen_by: Several = None,
    seen_before: One = None,
    lacks: Several = None,
    incomplete: bool = False,
    conflict: One = None,
    stale: bool = False,
    orphan: bool = False,
    format: Format = "json",
    known_at: When = None,
    as_of: AsOf = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    if ref is not None:
        others = sorted(set(request.query_params) - {"ref", "at_least", "known_at", "as_of"})
        if others:
            raise Invalid(f"ref names one CI: {', '.join(others)} cannot go with it")
        return one_ci(system, ref, caller, then_from(system, known_at, as_of))
    filters = Filters(
        q=q, classes=listed(class_), lifecycles=listed(lifecycle), identifier=identifier,
        environment=listed(environment), tier=tiers(listed(tier)), owner=tuple(owner or ()), service=service,
        realm=listed(realm), status=listed(status), seen_by=listed(seen_by), not_seen_by=listed(not_seen_by),
        seen_before=seen_before, tags=tuple(tag or ()), attributes=_attributes(request), lacks=listed(lacks),
        incomplete=incomplete, conflict=conflict, stale=stale, orphan=orphan,
    )  # fmt: skip
    then = then_from(system, known_at, as_of)
    today = known_of_today(filters)
    if today and not then.is_now:
        raise Invalid(f"{', '.join(today)}: known of today only, not with known_at or as_of; leave it out")
    if format != "json":
        paged = sorted({"limit", "cursor"} & request.query_params.keys())
        if paged:
            raise Invalid(f"{format} gives everything that is found: {', '.join(paged)} cannot go with it")
        query = search_for(filters, system, caller)
        if then.is_now:
            revision, everything = system.store.search_all(query)
        else:
            revision, everything = system.store.revision()[0], all_found_then(system, then, query)
        return streamed(format, (found_ci(ci) for ci in everything), revision, cut=is_cut(system, then))
    question = question_of(request, caller)
    place = place_in(system, question, cursor, str, str, int)
    after = (place[0], place[1]) if place is not None else None
    query = search_for(filters, system, caller)
    known = place[2] if place is not None else system.store.revision()[0]
    then = then.held_at(known)
    found = found_then(system, then, query, after=after, limit=limit + 1)
    return first_page(
        system,
        question,
        found,
        limit,
        lambda ci: (name_key(ci.name), ci.id, known),
        found_ci,
        **told_of_cut(system, then),
    )


def _attributes(request: Request) -> tuple[tuple[str, str], ...]:
    return tuple(
        (key.removeprefix("attribute."), value)
        for key, value in request.query_params.multi_items()
        if key.startswith("attribute.")
    )


def one_ci(system: System, ref: str, caller: Caller, then: Then = NOW) -> Response:
    """The whole of one CI, now or in the past."""
    view = whole_ci_then(system, then, ref, caller)
    if view is None:
        raise UnknownReference(f"no CI bears {ref}")
    shown = whole_ci(view, unseen(system, caller, view.neighbours.items()))
    return json_answer({**shown, **told_of_cut(system, then)})


@router.get("/cis/{ref}", dependencies=[reads("known_at", "as_of")])
def get_ci(ref: Ref, system: TheSystem, caller: Reader, known_at: When = None, as_of: AsOf = None) -> Response:
    return one_ci(system, ref, caller, then_from(system, known_at, as_of))


@router.get("/cis/{ref}/history", dependencies=[reads("limit", "cursor")])
def get_history(
    ref: Ref, request: Request, system: TheSystem, caller: Reader, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    question = question_of(request, caller)
    place = place_in(system, question, cursor, int, int)
    before = (place[0], place[1]) if place is not None else None
    ci = resolve(system, ref, caller)
    found = system.store.history(ci, before=before, limit=limit + 1)
    return first_page(
        system,
        question,
        found,
        limit,
        lambda event: (event.revision, event.seq),
        past_event,
        revision=system.store.revision()[0],
    )


@router.patch("/cis/{ref}", dependencies=[writes])
def patch_ci(ref: Ref, asked: CorrectionAsked, system: TheSystem, caller: Steward) -> Response:
    expires = None if asked.expires_at is None else from_rfc3339(asked.expires_at)
    if expires is not None and expires <= system.parts.now():
        raise Invalid("expires_at lies in the past")
    ci = resolve(system, ref, caller)
    said: dict[str, Any] = {}
    for name, value in _flat(asked.attributes):
        if name in said:
            raise Invalid(f"attribute {name} is said twice, nested and with dots")
        if name in NO_FACTS:
            raise Invalid(f"{name} is no fact of a CI and cannot be corrected: {NO_FACTS[name]}")
        said[name] = value
    correct(system.parts, ci, said, author=caller.name, reason=asked.reason, expires_at=expires)
    return one_ci(system, ci, caller)


def _flat(attributes: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Objects as dotted names, so that each can be withdrawn by the name under which it is shown."""
    todo = [attributes]
    while todo:
        for name, value in todo.pop().items():
            if isinstance(value, dict) and value:
                todo.append({f"{name}.{inner}": below for inner, below in value.items()})
            else:
                yield name, value


@router.delete("/cis/{ref}/corrections/{attribute}", dependencies=[writes])
def delete_correction(ref: Ref, attribute: str, system: TheSystem, caller: Steward) -> Response:
    ci = resolve(system, ref, caller)
    withdraw(system.parts, ci, whole(attribute))
    return one_ci(system, ci, caller)


@router.get("/records", dependencies=[reads("source", "realm", "limit", "cursor")])
def get_records(
    request: Request,
    system: TheSystem,
    caller: Reader,
    source: One = None,
    realm: One = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    question = question_of(request, caller)
    place = place_in(system, question, cursor, str)
    after: str | None = place[0] if place is not None else None
    found: list[RecordPlace] = []
    while len(found) <= limit:
        more = system.store.record_places(source, realm, after=after, limit=limit + 1)
        found += [record for record in more if caller.sees(record.realm)]
        if len(more) <= limit:
            break
        after = record_key(*more[-1][:3])
    return first_page(system, question, found, limit, lambda record: (record_key(*record[:3]),), record_place)


@router.get("/classes", dependencies=[reads()])
def get_classes(system: TheSystem, caller: Reader) -> Response:
    return json_answer({"items": [ci_class(c) for c in system.vocabulary.classes.values()], "next": None})


@router.get("/relation-types", dependencies=[reads()])
def get_relation_types(system: TheSystem, caller: Reader) -> Response:
    return json_answer({"items": [relation_type(r) for r in system.vocabulary.relation_types.values()], "next": None})


@router.get("/sources", dependencies=[reads()])
def get_sources(system: TheSystem, caller: Reader) -> Response:
    return json_answer({"items": [source(declared) for declared in system.sources.values()], "next": None})
