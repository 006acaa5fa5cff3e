"""How a question of impact is answered, for HTTP and the command line alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from api.access import Caller
from api.answers import BadCursor, cursor, position
from api.problems import Problem
from api.resolution import resolve
from api.wiring import System
from cmdb.errors import Invalid
from cmdb.observation import need_from
from discovery.run import reports
from impact.blast_radius import Affected, BlastRadius, Summary, blast_radius, states, tier_of
from impact.coverage import Coverage, coverage
from impact.dependencies import Dependencies, Needed, dependencies
from impact.impact_graph import ImpactGraph, orient
from impact.single_points_of_failure import explained, single_points_of_failure
from impact.stored_relations import Step
from impact.what_if import Imagined, difference, with_changes

RUNS_LOOKED_AT = 1000
"""latest runs that tell which scopes were read to the end"""
CONNECTIONS = "connections"


class ImaginedRelation(BaseModel):
    """A relation to imagine, or to imagine away."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_: str = Field(alias="from")
    type: str
    to: str
    group: str | None = None
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


def impact_answer(system: System, caller: Caller, asked: Asked, question: str) -> dict[str, Any]:
    """The answer with the field names of the contract."""
    graph, offset = _graph_of(system, asked.cursor, question)
    fail = _numbers(system, graph, caller, asked.fail)
    if asked.direction == "dependencies":
        return _needed_answer(system, graph, caller, asked, fail, offset, question)
    already = _numbers(system, graph, caller, asked.already_failed)
    imagined = graph
    if asked.add or asked.remove:
        imagined = orient(_changed(system, graph, caller, asked))
    answer = blast_radius(imagined, fail, already_failed=already, depth=asked.depth, offset=offset, limit=asked.limit)
    end = offset + len(answer.affected)
    following = _following(system, graph, question, end, answer.total)
    hidden = _hidden(system, imagined, caller, answer)
    body: dict[str, Any] = {
        "revision": graph.topology.revision,
        "failed": [_named(graph, ci) for ci in answer.failed],
        "summary": _summary(imagined, answer.summary),
        "affected": [_affected(imagined, one) for one in answer.affected if one.ci not in hidden],
        "truncated": "depth" if answer.cut_by_depth else None,
        "next": following,
        "coverage": _coverage(system, imagined, answer.failed, answer.cone),
    }
    if hidden:
        body["not_visible"] = len(hidden)
    if asked.add or asked.remove or already:
        before, after = states(graph, already), states(imagined, {*fail, *already})
        worse, better = difference(before, after)
        baseline = blast_radius(graph, already, limit=1) if already else None
        body["before"] = _summary(graph, baseline.summary) if baseline else _summary(graph, _NOTHING)
        ids = graph.topology.ids
        body["difference"] = {"worse": [ids[ci] for ci in worse], "better": [ids[ci] for ci in better]}
    return body


def spof_answer(
    system: System, caller: Caller, ref: str, limit: int, place: str | None, question: str
) -> dict[str, Any]:
    """Single points of failure of one CI."""
    graph, offset = _graph_of(system, place, question)
    (ci,) = _numbers(system, graph, caller, (ref,))
    points = single_points_of_failure(graph, ci).tolist()
    page = points[offset : offset + limit]
    return {
        "items": [{**_named(graph, point), "path": _path(graph, explained(graph, ci, point).path)} for point in page],
        "next": _following(system, graph, question, offset + len(page), len(points)),
        "revision": graph.topology.revision,
    }


_NOTHING = Summary(0, 0, 0, {}, {}, ())


def _graph_of(system: System, text: str | None, question: str) -> tuple[ImpactGraph, int]:
    """The graph to answer on and where the list goes on: a cursor holds its revision."""
    if text is None:
        return system.graph.now(), 0
    try:
        (revision, offset), _ = position(question, text)
    except BadCursor as wrong:
        raise Problem("bad-cursor", str(wrong)) from None
    graph = system.graph.at(revision)
    if graph is None:
        raise Problem("cursor-expired", "the graph of this cursor is no longer held: ask again from the beginning")
    return graph, offset


def _following(system: System, graph: ImpactGraph, question: str, end: int, total: int) -> str | None:
    if end >= total:
        return None
    system.graph.hold(graph)
    return cursor(question, (graph.topology.revision, end), system.parts.now())


def _numbers(system: System, graph: ImpactGraph, caller: Caller, references: Sequence[str]) -> list[int]:
    return [graph.number[resolve(system, reference, caller)] for reference in references]


def _changed(system: System, graph: ImpactGraph, caller: Caller, asked: Asked) -> Any:
    added = [_imagined(system, graph, caller, relation) for relation in asked.add]
    removed = []
    for relation in asked.remove:
        if isinstance(relation, str):
            from_ci, _, rest = relation.partition("-")
            to_ci, _, type_ = rest.partition("-")
            if from_ci not in graph.number or to_ci not in graph.number:
                raise Problem("unknown-reference", f"no relation bears the id {relation}")
            removed.append((graph.number[from_ci], type_, graph.number[to_ci]))
        else:
            one, other = _numbers(system, graph, caller, (relation.from_, relation.to))
            removed.append((one, relation.type, other))
    return with_changes(graph.topology, added, removed)


def _imagined(system: System, graph: ImpactGraph, caller: Caller, asked: ImaginedRelation) -> Imagined:
    declared = system.vocabulary.relation_types.get(asked.type)
    if declared is None:
        raise Invalid(f"unknown relation type {asked.type!r}")
    if asked.need is not None and asked.group is None and declared.default_group is None:
        raise Invalid("a need without a group: say which members stand in for each other")
    one, other = _numbers(system, graph, caller, (asked.from_, asked.to))
    effect = asked.effect or declared.effect
    if effect not in ("down", "degraded", "none"):
        raise Invalid(f"unknown effect {effect!r}")
    return Imagined(
        one, asked.type, other, asked.group or declared.default_group,
        0 if asked.need is None else need_from(asked.need), effect,
        declared.strength if asked.strength is None else asked.strength,
    )  # fmt: skip


def _named(graph: ImpactGraph, ci: int) -> dict[str, Any]:
    topology = graph.topology
    return {
        "id": topology.ids[ci],
        "name": topology.names[ci],
        "class": topology.classes[topology.class_of[ci]],
    }


def _affected(graph: ImpactGraph, one: Affected) -> dict[str, Any]:
    return {
        **_named(graph, one.ci),
        "tier": tier_of(graph, one.ci),
        "state": one.state,
        "probability": 1.0 if one.state == "down" else None,
        "distance": one.distance,
        "path": _path(graph, one.path),
        "margin": one.margin,
        "if_unknown_lost": one.if_unknown_lost,
    }


def _path(graph: ImpactGraph, path: tuple[Step, ...]) -> list[dict[str, Any]]:
    ids, names = graph.topology.ids, graph.topology.names
    return [
        {
            "from": ids[step.from_ci],
            "type": step.type,
            "to": ids[step.to_ci],
            "confidence": step.confidence,
            "from_name": names[step.from_ci],
            "to_name": names[step.to_ci],
        }
        for step in path
    ]


def _summary(graph: ImpactGraph, summary: Summary) -> dict[str, Any]:
    return {
        "down": summary.down,
        "degraded": summary.degraded,
        "reachable": summary.reachable,
        "by_class": summary.by_class,
        "by_tier": summary.by_tier,
        "services": [
            {**_named(graph, service.ci), "state": service.state, "tier": service.tier, "owner": service.owner}
            for service in summary.services
        ],
        "expected_impact": None,
    }


def _needed_answer(
    system: System, graph: ImpactGraph, caller: Caller, asked: Asked, fail: list[int], offset: int, question: str
) -> dict[str, Any]:
    answer: Dependencies = dependencies(graph, fail, depth=asked.depth, offset=offset, limit=asked.limit)
    return {
        "revision": graph.topology.revision,
        "failed": [_named(graph, ci) for ci in sorted(set(fail))],
        "summary": {
            "down": 0,
            "degraded": 0,
            "reachable": answer.reachable,
            "by_class": {name: {"reachable": count} for name, count in sorted(answer.by_class.items())},
            "by_tier": {tier: {"reachable": count} for tier, count in sorted(answer.by_tier.items())},
            "services": [],
            "expected_impact": None,
        },
        "affected": [_needed(graph, one) for one in answer.needed],
        "truncated": "depth" if answer.cut_by_depth else None,
        "next": _following(system, graph, question, offset + len(answer.needed), answer.total),
        "coverage": _coverage(system, graph, tuple(fail), answer.cone),
    }


def _needed(graph: ImpactGraph, one: Needed) -> dict[str, Any]:
    return {
        **_named(graph, one.ci),
        "tier": tier_of(graph, one.ci),
        "state": None,
        "probability": None,
        "distance": one.distance,
        "path": _path(graph, one.path),
        "margin": None,
        "if_unknown_lost": None,
    }


def _hidden(system: System, graph: ImpactGraph, caller: Caller, answer: BlastRadius) -> frozenset[int]:
    """Affected CIs that the caller may not see: counted, not named."""
    if not caller.realms:
        return frozenset()
    hidden = set()
    for one in answer.affected:
        view = system.store.item(graph.topology.ids[one.ci])
        if view is None or not caller.sees(view.ci.realms):
            hidden.add(one.ci)
    return frozenset(hidden)


def _coverage(
    system: System, graph: ImpactGraph, asked: tuple[int, ...], cone: np.ndarray[Any, np.dtype[np.bool_]]
) -> dict[str, Any]:
    known = frozenset(ci for ci in asked if _connections_were_read(system, graph.topology.ids[ci]))
    found: Coverage = coverage(
        graph, list(asked), cone, unscanned_scopes=unscanned_scopes(system), connections_known=known
    )
    return {
        "unscanned_scopes": list(found.unscanned_scopes),
        "stale_relations": found.stale_relations,
        "never_looked": list(found.never_looked),
        "undiscovered": found.undiscovered,
        "complete": found.complete,
    }


def _connections_were_read(system: System, ci: str) -> bool:
    view = system.store.item(ci)
    return view is not None and any(
        view.records[key].source == CONNECTIONS for key in view.ci.records if key in view.records
    )


def unscanned_scopes(system: System) -> tuple[str, ...]:
    """Scopes whose latest ended run did not read them to the end."""
    latest: dict[str, bool] = {}
    for run in reports(system.parts, after=None, limit=RUNS_LOOKED_AT):
        if run.status == "running":
            continue
        for scope in run.scopes:
            latest.setdefault(f"{run.source} {scope.scope} in {run.realm}", scope.complete)
    return tuple(sorted(scope for scope, complete in latest.items() if not complete))
