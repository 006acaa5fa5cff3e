"""Section 2, people: why two things are one or not, what waits for a person, and what people decide."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from api.access import CORRECT, READ, needs
from api.alike_answers import alike, decide, effect
from api.answers import json_answer
from api.asking import Cursor, Limit, Question, Text, TheSystem, first_page, page, place_in, question_of, reads, writes
from api.decisions_seen import check_sees_all, check_sees_decision, decisions_seen
from api.idempotency import Once, TheOnce
from api.identity_views import decision as decision_view
from api.identity_views import explanation, reviews
from api.problems import Problem
from api.queue import Waiting, patterns, queue, seen_by
from api.resolution import resolve, resolve_end
from api.tokens import Caller
from api.whole_pass import PassAsked, pass_over_all
from api.wiring import words_with
from cmdb.errors import UnknownReference
from discovery.deciding_alike import is_alike, undo_alike
from discovery.decisions import DECISIONS, Also, Decided, Kind, decide_review, merge, split, undo
from discovery.explaining import explained

router = APIRouter(prefix="/v1", tags=["identity"])

Reader = Annotated[Caller, Depends(needs(READ))]
Steward = Annotated[Caller, Depends(needs(CORRECT))]
Reference = Annotated[str, Field(min_length=1, max_length=4096)]
Reason = Annotated[Text, Field(min_length=1, max_length=4096, pattern=r"\S")]


class MergeAsked(Question):
    """Two CIs that are one."""

    keep: Reference
    absorb: Reference
    reason: Reason


class RecordNamed(Question):
    """One source's record."""

    source: Text = Field(min_length=1)
    realm: Text = "default"
    record: Text = Field(min_length=1)


class SplitAsked(Question):
    """Records of a CI that are another thing."""

    ci: Reference
    records: list[RecordNamed] = Field(min_length=1, max_length=1000)
    reason: Reason


class ReviewAnswered(Question):
    """A person's answer to a review."""

    decision: Literal["merge", "keep_apart"]
    reason: Reason


class ResolutionAsked(Question):
    """A pass over the whole estate."""

    shadow: bool
    settings: dict[str, int | float] = Field(default_factory=dict, max_length=100)
    vocabulary: str | None = Field(None, max_length=1_000_000)
    """a vocabulary file as it might be put in place, with `shadow` only"""
    estimate: bool = False
    """what an address is worth, from pairs that other evidence decides"""


@router.post("/identity/resolve", dependencies=[writes])
def post_resolution(asked: ResolutionAsked, system: TheSystem, caller: Steward, once: TheOnce) -> Response:
    check_sees_all(caller)
    words = None if asked.vocabulary is None else words_with(asked.vocabulary, "vocabulary")
    whole = PassAsked(asked.shadow, asked.settings, words, asked.estimate)
    return once.do(
        asked.model_dump_json().encode(),
        lambda: pass_over_all(system, whole),
    )


class PatternAnswered(Question):
    """A person's answer to every open review of a pattern; `preview` only shows what it comes to."""

    pattern: Text = Field(min_length=1, max_length=4096)
    decision: Literal["merge", "keep_apart"]
    reason: Reason
    preview: bool = False


@router.get("/identity/explain", dependencies=[reads("a", "b")])
def get_explanation(
    system: TheSystem,
    caller: Reader,
    a: Annotated[str, Query(max_length=4096)],
    b: Annotated[str, Query(max_length=4096)],
) -> Response:
    one, other = resolve_end(system, a, caller), resolve_end(system, b, caller)
    return json_answer(explanation(explained(system.parts, one, other), one.ci, other.ci))


@router.get("/reviews", dependencies=[reads("state", "group", "limit", "cursor")])
def get_reviews(
    request: Request,
    system: TheSystem,
    caller: Reader,
    state: Literal["open", "decided", "lapsed"] = "open",
    group: Literal["pattern"] | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    waiting = seen_by(system, caller, queue(system, state))
    if group is not None:
        if cursor is not None:
            raise Problem("bad-cursor", "all patterns are one page: leave the cursor out")
        return json_answer({"items": patterns(system, caller, waiting), "next": None})
    question = question_of(request, caller)
    place = place_in(system, question, cursor, int, str)
    later = [one for one in waiting if place is None or one.order > (place[0], place[1])]
    shown = later[:limit]
    return page(
        system,
        question,
        reviews(system, caller, (one.body for one in shown)),
        (lambda: shown[-1].order) if len(later) > limit else None,
    )


@router.get("/reviews/{review_id}", dependencies=[reads()])
def get_review(review_id: str, system: TheSystem, caller: Reader) -> Response:
    return json_answer(_seen_review(system, caller, review_id))


def _seen_review(system: TheSystem, caller: Caller, review_id: str) -> dict[str, Any]:
    document = system.store.document(Waiting.KIND, review_id)
    found = reviews(system, caller, [document.body] if document else [])
    if not found:
        raise UnknownReference(f"no review {review_id}")
    return found[0]


@router.post("/reviews/{review_id}", dependencies=[writes])
def post_review(review_id: str, asked: ReviewAnswered, system: TheSystem, caller: Steward, once: TheOnce) -> Response:
    _seen_review(system, caller, review_id)

    def decide(also: Also) -> Decided:
        return decide_review(
            system.parts, review_id, asked.decision, author=caller.name, reason=asked.reason, also=also
        )

    return _decided(once, asked, decide, "decision_id")


@router.post("/review-patterns", dependencies=[writes])
def post_pattern(asked: PatternAnswered, system: TheSystem, caller: Steward, once: TheOnce) -> Response:
    if asked.preview:
        return json_answer(effect(asked.pattern, alike(system, caller, asked.pattern), asked.decision))

    def decided() -> dict[str, Any]:
        seen = alike(system, caller, asked.pattern)
        return decide(system, asked.pattern, seen, asked.decision, author=caller.name, reason=asked.reason)

    return once.do(asked.model_dump_json().encode(), decided)


@router.post("/merges", dependencies=[writes])
def post_merge(asked: MergeAsked, system: TheSystem, caller: Steward, once: TheOnce) -> Response:
    def decide(also: Also) -> Decided:
        keep, absorb = resolve(system, asked.keep, caller), resolve(system, asked.absorb, caller)
        return merge(system.parts, keep, absorb, author=caller.name, reason=asked.reason, also=also)

    return _decided(once, asked, decide, "merge_id")


@router.post("/splits", dependencies=[writes])
def post_split(asked: SplitAsked, system: TheSystem, caller: Steward, once: TheOnce) -> Response:
    def decide(also: Also) -> Decided:
        records = [(named.source, named.realm, named.record) for named in asked.records]
        ci = resolve(system, asked.ci, caller)
        return split(system.parts, ci, records, author=caller.name, reason=asked.reason, also=also)

    return _decided(once, asked, decide, "split_id")


def _decided(once: Once, asked: Question, decide: Any, named: str) -> Response:
    """The answer is kept under its Idempotency-Key in the patch that the decision is."""
    body = asked.model_dump_json().encode()
    kept = once.kept(body)
    if kept is not None:
        return kept
    keep_answer = once.kept_with_patch(body)

    def answer(done: Decided) -> dict[str, Any]:
        return {named: done.id, "ci": done.ci, "revision": done.revision}

    return json_answer(answer(decide(lambda done: keep_answer(answer(done)))))


@router.delete("/merges/{decision_id}", dependencies=[writes])
def delete_merge(decision_id: str, system: TheSystem, caller: Steward) -> Response:
    return _undone(system, decision_id, ["merge"], caller)


@router.delete("/splits/{decision_id}", dependencies=[writes])
def delete_split(decision_id: str, system: TheSystem, caller: Steward) -> Response:
    return _undone(system, decision_id, ["split"], caller)


@router.delete("/decisions/{decision_id}", dependencies=[writes])
def delete_decision(decision_id: str, system: TheSystem, caller: Steward) -> Response:
    return _undone(system, decision_id, ["merge", "split", "review"], caller)


def _undone(system: TheSystem, decision_id: str, kinds: list[Kind], caller: Caller) -> Response:
    check_sees_decision(system, caller, decision_id)
    if len(kinds) > 1 and is_alike(system.parts, decision_id):
        revision = undo_alike(system.parts, decision_id, author=caller.name)
    else:
        revision = undo(system.parts, decision_id, kinds, author=caller.name)
    return json_answer({"undone": decision_id, "revision": revision})


@router.get("/decisions", dependencies=[reads("limit", "cursor")])
def get_decisions(
    request: Request, system: TheSystem, caller: Reader, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    question = question_of(request, caller)
    place = place_in(system, question, cursor, str)
    after: str | None = place[0] if place is not None else None
    found = system.store.documents(DECISIONS, after=after, limit=limit + 1, newest_first=True)
    seen = decisions_seen(system, caller, (document.body for document in found))
    return first_page(
        system,
        question,
        found,
        limit,
        lambda document: (document.key,),
        lambda document: decision_view(document.body),
        seen=lambda document: document.key in seen,
    )
