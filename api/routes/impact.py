"""Section 3: what falls when something does."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from api.access import ASK, READ, needs
from api.answers import json_answer
from api.asking import AsOf, Cursor, Limit, Question, Ref, TheSystem, When, question_of, reads
from api.impact_answers import Asked, ImaginedRelation, impact_answer, spof_answer
from api.looking_back import then_from
from api.problems import Problem
from api.tokens import Caller

router = APIRouter(prefix="/v1", tags=["impact"])

Reader = Annotated[Caller, Depends(needs(READ))]
Asker = Annotated[Caller, Depends(needs(ASK))]
Direction = Literal["dependents", "dependencies"]
Mode = Literal["certain", "likely"]
DEEPEST = 1_000_000


class ImpactAsked(Question):
    """The question of POST /v1/impact."""

    fail: list[str] = Field(default_factory=list, max_length=10_000)
    already_failed: list[str] = Field(default_factory=list, max_length=10_000)
    direction: Direction = "dependents"
    mode: Mode = "certain"
    add_relations: list[ImaginedRelation] = Field(default_factory=list, max_length=10_000)
    remove_relations: list[str | ImaginedRelation] = Field(default_factory=list, max_length=10_000)
    as_of: str | None = None
    known_at: str | Annotated[int, Field(ge=0)] | None = None
    depth: int | None = Field(None, ge=0, le=DEEPEST)
    limit: int = Field(200, ge=1, le=1000)
    cursor: str | None = None


@router.get(
    "/cis/{ref}/impact",
    dependencies=[reads("direction", "mode", "depth", "as_of", "known_at", "limit", "cursor")],
)
def get_impact(
    ref: Ref,
    request: Request,
    system: TheSystem,
    caller: Reader,
    direction: Direction = "dependents",
    mode: Mode = "certain",
    depth: Annotated[int | None, Query(ge=0, le=DEEPEST)] = None,
    as_of: AsOf = None,
    known_at: When = None,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> Response:
    _available(mode)
    then = then_from(system, known_at, as_of)
    asked = Asked((ref,), direction=direction, depth=depth, limit=limit, cursor=cursor, then=then)
    return json_answer(impact_answer(system, caller, asked, question_of(request, caller)))


@router.post("/impact", dependencies=[reads()])
def post_impact(question: ImpactAsked, system: TheSystem, caller: Asker) -> Response:
    _available(question.mode)
    if not question.fail and not question.add_relations and not question.remove_relations:
        raise Problem("invalid", "fail is empty: name what fails, or relations to add or remove")
    asked = Asked(
        tuple(question.fail),
        tuple(question.already_failed),
        question.direction,
        tuple(question.add_relations),
        tuple(question.remove_relations),
        question.depth,
        question.limit,
        question.cursor,
        then_from(system, None if question.known_at is None else str(question.known_at), question.as_of),
    )
    bound_to = f"{question.model_dump(exclude={'cursor', 'limit'})}#{sorted(caller.realms)}"
    return json_answer(impact_answer(system, caller, asked, bound_to))


@router.get("/cis/{ref}/single-points-of-failure", dependencies=[reads("limit", "cursor")])
def get_single_points(
    ref: Ref, request: Request, system: TheSystem, caller: Reader, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    return json_answer(spof_answer(system, caller, ref, limit, cursor, question_of(request, caller)))


def _available(mode: str) -> None:
    """Say what this version cannot answer, rather than answer something else."""
    if mode == "likely":
        raise Problem("invalid", "mode likely is not available in this version: ask for certain")
