"""Section 2: how good what is known is, and what was never looked at."""

from itertools import islice
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from api.access import READ, SAMPLE, needs
from api.answers import json_answer
from api.asking import (
    Cursor,
    Limit,
    One,
    Question,
    Several,
    Text,
    TheSystem,
    first_page,
    place_in,
    question_of,
    reads,
    writes,
)
from api.coverage_answers import coverage_answer
from api.quality_views import asked_pair, pair, spelled_quality, unresolved_end
from api.sampling import MOST_CIS, Sampling, sample_answer
from api.searching import listed, realms_in_sight
from api.tokens import Caller
from api.wiring import System
from graph.quality import in_sight
from graph.survey import Survey, UnresolvedEnd

router = APIRouter(prefix="/v1", tags=["quality"])

Reader = Annotated[Caller, Depends(needs(READ))]
Sampler = Annotated[Caller, Depends(needs(SAMPLE))]
ClassName = Annotated[str | None, Query(alias="class", max_length=256)]


class SampleAsked(Question):
    """How many CIs to draw, from which, and how long to look at them again."""

    n: int = Field(ge=1, le=MOST_CIS)
    seed: int | Text | None = None
    classes: list[Text] = Field([], alias="class", max_length=100)
    sources: list[Text] = Field([], alias="source", max_length=100)
    realms: list[Text] = Field([], alias="realm", max_length=100)
    seconds: int = Field(60, ge=1, le=3600)
    settings: dict[Text, dict[Text, Any]] = Field({}, max_length=100)


class Cell(NamedTuple):
    """A number of the quality page whose list is asked for, and which page of the list."""

    cell: tuple[str | None, str | None]
    """class and source"""
    realms: tuple[str, ...]
    question: str
    limit: int
    cursor: str | None


def _cell(
    request: Request,
    system: TheSystem,
    caller: Reader,
    class_: ClassName = None,
    source: One = None,
    realm: Several = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Cell:
    _declared(system, class_)
    realms = realms_in_sight(listed(realm), caller)
    return Cell((class_, source), realms, question_of(request, caller), limit, cursor)


TheCell = Annotated[Cell, Depends(_cell)]
OF_A_CELL = reads("class", "source", "realm", "limit", "cursor")


@router.get(
    "/quality",
    dependencies=[reads("realm")],
    description="Completeness, staleness, duplicates, orphans, conflicts and unresolved ends, per class and source. "
    "Each number comes with the question that opens the list behind it.",
)
def get_quality(system: TheSystem, caller: Reader, realm: Several = None) -> Response:
    realms = realms_in_sight(listed(realm), caller)
    return json_answer(spelled_quality(system.stock.now(realms), system.vocabulary, listed(realm)))


@router.get("/quality/duplicates", dependencies=[OF_A_CELL])
def get_duplicates(system: TheSystem, asked: TheCell) -> Response:
    place = place_in(system, asked.question, asked.cursor, str, str)
    after: tuple[str, str] = (place[0], place[1]) if place is not None else ("", "")
    stock = system.stock.now(asked.realms)
    wanted = (found for found in stock.pairs if (found.a.id, found.b.id) > after and asked.cell in found.cells())
    found = list(islice(wanted, asked.limit + 1))
    return first_page(system, asked.question, found, asked.limit, lambda one: (one.a.id, one.b.id), pair)


@router.get(
    "/quality/reviews",
    dependencies=[OF_A_CELL],
    description="Pairs of CIs that are likely one and wait for a person: the open reviews, with what holds both sides "
    "now. `/v1/reviews/{id}` has the evidence.",
)
def get_asked(system: TheSystem, asked: TheCell) -> Response:
    place = place_in(system, asked.question, asked.cursor, str)
    after: str = place[0] if place is not None else ""
    stock = system.stock.now(asked.realms)
    wanted = (found for found in stock.asked if found.review > after and asked.cell in found.cells())
    found = list(islice(wanted, asked.limit + 1))
    return first_page(system, asked.question, found, asked.limit, lambda one: (one.review,), asked_pair)


@router.get("/quality/unresolved", dependencies=[OF_A_CELL])
def get_unresolved(system: TheSystem, asked: TheCell) -> Response:
    place = place_in(system, asked.question, asked.cursor, str, int)
    after: tuple[str, int] = (place[0], place[1]) if place is not None else ("", -1)
    (class_, source), realms = asked.cell, frozenset(asked.realms)

    def meant(end: UnresolvedEnd) -> bool:
        return (
            (end.key, end.nth) > after
            and class_ in (None, end.ci_class)
            and source in (None, end.source)
            and in_sight(end, realms)
        )

    def look(survey: Survey) -> list[UnresolvedEnd]:
        return list(islice(filter(meant, survey.ends(after[0])), asked.limit + 1))

    found = system.store.survey(look)
    return first_page(system, asked.question, found, asked.limit, lambda end: (end.key, end.nth), unresolved_end)


@router.post(
    "/quality/sample",
    dependencies=[writes],
    description="Accuracy: n live CIs drawn by chance, looked at again in their sources now, through the source "
    "instances of their realms. Nothing is written; hosts and ports are asked by nmap as in a scan, within what may be "
    "scanned. `settings`: source → its `allow`, `exclude`, `profile`.",
)
def post_sample(asked: SampleAsked, system: TheSystem, caller: Sampler) -> Response:
    for name in asked.classes:
        _declared(system, name)
    realms = realms_in_sight(tuple(asked.realms), caller)
    sampling = Sampling(
        asked.n,
        asked.seed,
        tuple(asked.classes),
        tuple(asked.sources),
        realms,
        asked.seconds,
        asked.settings,
        caller.realms,
    )
    return json_answer(sample_answer(system, sampling))


@router.get(
    "/coverage",
    dependencies=[reads("realm", "limit")],
    description="Scopes with their last complete run, and what is known to exist but was never read: networks seen in "
    "interfaces, addresses, routes and neighbours, organizational units, tenants. `limit`: of each kind, the rest is "
    "counted.",
)
def get_coverage(system: TheSystem, caller: Reader, realm: Several = None, limit: Limit = 1000) -> Response:
    return json_answer(coverage_answer(system, realms_in_sight(listed(realm), caller), limit))


def _declared(system: System, ci_class: str | None) -> None:
    """Raises Invalid for a class that nobody declared."""
    if ci_class is not None:
        system.vocabulary.ci_class(ci_class)
