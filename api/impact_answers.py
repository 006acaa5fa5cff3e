"""How a question of impact is answered, for HTTP and the command line alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from api.cursors import BadCursor, OldCursor, cursor, position
from api.impact_coverage import spelled_coverage
from api.impact_views import Drawing
from api.looked_at import Looked
from api.looking_back import NOW, Then, graph_then, hold_graph, is_cut, resolve_then
from api.problems import Problem
from api.tokens import Caller
from api.visibility import unseen
from api.wiring import System
from cmdb.errors import Invalid, UnknownReference
from cmdb.observation import need_from
from graph.topology import Topology
from impact.blast_radius import BlastRadius, blast_radius, states
from impact.dependencies import dependencies
from impact.impact_graph import ImpactGraph, orient
from impact.single_points_of_failure import explained, single_points_of_failure
from impact.what_if import Imagined, difference, with_changes


class ImaginedRelation(BaseModel):
    """A relation to imagine, or to imagine away."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, strict=True)

    from_: str = Field(alias="from")
    type: str
    to: str
    group: str | None = Field(None, min_length=1, max_length=256)
    need: int | str | None = None
    effect: str | None = None
    strength: float | None = Field(None, ge=0, le=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question; CIs by reference."""

    fail: tuple[str, ...]
    already_failed: tuple[str, ...] = ()
    direction: str = "dependents"
    add: tuple[ImaginedRelation, ...] = ()
    remove: tuple[str | ImaginedRelation, ...] = ()
    depth: int | None = None
    limit: int = 200
    cursor: str | None = None
    then: Then = NOW
    """the past that is meant"""


def impact_answer(system: System, caller: Caller, asked: Asked, question: str) -> dict[str, Any]:
    """The answer with the field names of the contract."""
    graph, offset = _graph_of(system, asked.cursor, question, asked.then)
    fail = _numbers(system, graph, caller, asked.fail, asked.then)
    changed = bool(asked.add or asked.remove)
    imagined = orient(_changed(system, graph, caller, asked)) if changed else graph
    if asked.direction == "dependencies":
        if asked.already_failed:
            raise Invalid("already_failed says nothing about dependencies: leave it out")
        return _needed_answer(system, imagined, caller, asked, fail, offset, question)
    already = _numbers(system, graph, caller, asked.already_failed, asked.then)
    answer = blast_radius(imagined, fail, already_failed=already, depth=asked.depth, offset=offset, limit=asked.limit)
    drawing = Drawing(imagined, _hidden(system, imagined, caller, answer))
    shown = [drawing.affected(one) for one in answer.affected if drawing.sees(one.ci)]
    body: dict[str, Any] = {
        "revision": graph.topology.revision,
        "failed": [drawing.named(ci) for ci in answer.failed],
        "summary": drawing.summary(answer.summary),
        "affected": shown,
        "truncated": "history" if is_cut(system, asked.then) else "depth" if answer.cut_by_depth else None,
        "next": _following(system, graph, question, offset + len(answer.affected), answer.total, asked.then),
        "coverage": spelled_coverage(
            _looked(system, asked.then, graph), caller, drawing, list(answer.failed), answer.cone
        ),
    }
    if caller.realms:
        body["not_visible"] = len(answer.affected) - len(shown)
    if changed or already:
        body |= _compared(system, caller, graph, imagined, fail, already)
    return body


def _looked(system: System, then: Then, graph: ImpactGraph) -> Looked:
    """What the answer may rest on: what had been looked at in the past that is meant."""
    return system.looked.now() if then.is_now else system.looked.then(graph.topology.revision, then.as_of)


def _compared(
    system: System, caller: Caller, graph: ImpactGraph, imagined: ImpactGraph, fail: list[int], already: list[int]
) -> dict[str, Any]:
    """What the assumption changes: the same failures without the imagined relations, else what had failed before."""
    if imagined is not graph:
        baseline = blast_radius(graph, fail, already_failed=already, limit=0)
        before = states(graph, {*fail, *already})
    else:
        baseline = blast_radius(graph, already, limit=0)
        before = states(graph, already)
    given = {*fail, *already}
    worse, better = difference(before, states(imagined, given))
    moved = [ci for ci in (*worse, *better) if ci not in given]
    named = [*moved, *(service.ci for service in baseline.summary.services)]
    drawing = Drawing(graph, unseen(system, caller, _names(graph, named)))
    return {
        "before": drawing.summary(baseline.summary),
        "difference": {
            "worse": drawing.ids([ci for ci in worse if ci not in given]),
            "better": drawing.ids([ci for ci in better if ci not in given]),
        },
    }


def _needed_answer(
    system: System, graph: ImpactGraph, caller: Caller, asked: Asked, fail: list[int], offset: int, question: str
) -> dict[str, Any]:
    answer = dependencies(graph, fail, depth=asked.depth, offset=offset, limit=asked.limit)
    named = {end for one in answer.needed for step in one.path for end in (step.from_ci, step.to_ci)}
    named |= set(np.flatnonzero(answer.cone).tolist()) if caller.realms else set()
    drawing = Drawing(graph, unseen(system, caller, _names(graph, named)))
    shown = [drawing.needed(one) for one in answer.needed if drawing.sees(one.ci)]
    body = {
        "revision": graph.topology.revision,
        "failed": [drawing.named(ci) for ci in sorted(set(fail))],
        "summary": drawing.needs(answer),
        "affected": shown,
        "truncated": "history" if is_cut(system, asked.then) else "depth" if answer.cut_by_depth else None,
        "next": _following(system, graph, question, offset + len(answer.needed), answer.total, asked.then),
        "coverage": spelled_coverage(_looked(system, asked.then, graph), caller, drawing, fail, answer.cone),
    }
    if caller.realms:
        body["not_visible"] = len(answer.needed) - len(shown)
    return body


def spof_answer(
    system: System, caller: Caller, ref: str, limit: int, place: str | None, question: str
) -> dict[str, Any]:
    """Single points of failure of one CI."""
    graph, offset = _graph_of(system, place, question)
    (ci,) = _numbers(system, graph, caller, (ref,))
    points = single_points_of_failure(graph, ci).tolist()
    page = [explained(graph, ci, point) for point in points[offset : offset + limit]]
    cone = dependencies(graph, [ci], limit=0).cone
    named = {end for one in page for step in one.path for end in (step.from_ci, step.to_ci)}
    named |= set(np.flatnonzero(cone).tolist()) if caller.realms else set()
    drawing = Drawing(graph, unseen(system, caller, _names(graph, named)))
    shown = [{**drawing.named(one.ci), "path": drawing.path(one.path)} for one in page if drawing.sees(one.ci)]
    return {
        "items": shown,
        "next": _following(system, graph, question, offset + len(page), len(points)),
        "revision": graph.topology.revision,
        "coverage": spelled_coverage(system.looked.now(), caller, drawing, [ci], cone),
    }


def _graph_of(system: System, text: str | None, question: str, then: Then = NOW) -> tuple[ImpactGraph, int]:
    """The graph to answer on and where the list goes on: a cursor holds its revision."""
    if text is None:
        return graph_then(system, then), 0
    try:
        revision, offset = position(question, text, (int, int), system.parts.now())
    except OldCursor as old:
        raise Problem("cursor-expired", str(old)) from None
    except BadCursor as wrong:
        raise Problem("bad-cursor", str(wrong)) from None
    if system.past_begins() > revision:
        raise Problem("cursor-expired", "the past of this cursor is no longer kept: ask again from the beginning")
    return graph_then(system, Then(revision, then.as_of)), max(0, offset)


def _following(system: System, graph: ImpactGraph, question: str, end: int, total: int, then: Then = NOW) -> str | None:
    if end >= total:
        return None
    hold_graph(system, then, graph)
    return cursor(question, (graph.topology.revision, end), system.parts.now())


def _numbers(
    system: System, graph: ImpactGraph, caller: Caller, references: Sequence[str], then: Then = NOW
) -> list[int]:
    return [_number(graph, resolve_then(system, then, reference, caller), reference, then) for reference in references]


def _number(graph: ImpactGraph, ci: str, reference: str, then: Then = NOW) -> int:
    found = graph.number.get(ci)
    if found is None and then.as_of is not None:
        raise UnknownReference(f"nothing that {reference} means had been seen by then")
    if found is None:  # it came, or was absorbed, after the revision that is being answered on
        raise UnknownReference(f"no CI bears {reference} at revision {graph.topology.revision}: ask again")
    return found


def _changed(system: System, graph: ImpactGraph, caller: Caller, asked: Asked) -> Topology:
    added = [_imagined(system, graph, caller, relation, asked.then) for relation in asked.add]
    removed = []
    for relation in asked.remove:
        if isinstance(relation, str):
            triple, said = _triple(graph, relation), relation
        else:
            one, other = _numbers(system, graph, caller, (relation.from_, relation.to), asked.then)
            triple, said = (one, relation.type, other), f"{relation.type} from {relation.from_} to {relation.to}"
        if triple is None or not _exists(graph.topology, triple):
            raise UnknownReference(f"no relation {said}")
        removed.append(triple)
    return with_changes(graph.topology, added, removed)


def _triple(graph: ImpactGraph, relation: str) -> tuple[int, str, int] | None:
    """What a relation's id is made of; ids of CIs may hold hyphens themselves."""
    ends, _, type_ = relation.rpartition("-")
    parts = ends.split("-")
    for cut in range(1, len(parts)):
        one, other = "-".join(parts[:cut]), "-".join(parts[cut:])
        if one in graph.number and other in graph.number:
            return graph.number[one], type_, graph.number[other]
    return None


def _exists(topology: Topology, triple: tuple[int, str, int]) -> bool:
    one, type_, other = triple
    if type_ not in topology.types:
        return False
    ends = (topology.from_ci == one) & (topology.to_ci == other)
    return bool(np.any(topology.type_of[ends] == topology.types.index(type_)))


def _imagined(system: System, graph: ImpactGraph, caller: Caller, asked: ImaginedRelation, then: Then) -> Imagined:
    declared = system.vocabulary.relation_types.get(asked.type)
    if declared is None:
        known = ", ".join(sorted(system.vocabulary.relation_types))
        raise Invalid(f"unknown relation type {asked.type!r}; known: {known}")
    if asked.need is not None and asked.group is None and declared.default_group is None:
        raise Invalid("a need without a group: say which members stand in for each other")
    one, other = _numbers(system, graph, caller, (asked.from_, asked.to), then)
    effect = asked.effect or declared.effect
    if effect not in ("down", "degraded", "none"):
        raise Invalid(f"unknown effect {effect!r}; known: down, degraded, none")
    return Imagined(
        one, asked.type, other, asked.group or declared.default_group,
        0 if asked.need is None else need_from(asked.need), effect,
        declared.strength if asked.strength is None else asked.strength,
    )  # fmt: skip


def _names(graph: ImpactGraph, cis: Any) -> list[tuple[str, str]]:
    topology = graph.topology
    return [(topology.ids[ci], topology.names[ci]) for ci in cis]


def _hidden(system: System, graph: ImpactGraph, caller: Caller, answer: BlastRadius) -> frozenset[str]:
    """CIs that the answer would name and the caller may not see."""
    if not caller.realms:
        return frozenset()
    return unseen(system, caller, _names(graph, np.flatnonzero(answer.cone).tolist()))
