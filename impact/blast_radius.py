"""blast_radius: everything that suffers when these fail, how badly, how far away, and by which path."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graph.topology import UNKNOWN_TIER
from impact.impact_graph import ImpactGraph
from impact.propagation import fallen, reached, rounds
from impact.stored_relations import Step, path_back

State = Literal["down", "degraded"]
Ints = NDArray[np.int32]

SERVICE_CLASSES = ("business_service", "service_offering", "technical_service")
UNKNOWN = 127
"""where an unknown tier is sorted: after every known one"""


class Affected(NamedTuple):
    """One CI that suffers. `distance` is the round in which it fell; `margin` as in the contract."""

    ci: int
    state: State
    distance: int
    path: tuple[Step, ...]
    margin: int | None
    if_unknown_lost: str | None


class ServiceImpact(NamedTuple):
    """A service that suffers, with who answers for it."""

    ci: int
    state: State
    tier: int | None
    owner: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The whole blast radius in numbers; never cut."""

    down: int
    degraded: int
    reachable: int
    by_class: dict[str, dict[str, int]]
    by_tier: dict[str, dict[str, int]]
    services: tuple[ServiceImpact, ...]


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """The answer: the summary is whole, the list is a page of it."""

    failed: tuple[int, ...]
    summary: Summary
    affected: tuple[Affected, ...]
    total: int
    """how many are affected within the asked depth"""
    cut_by_depth: bool
    """whether `depth` left anything out of the list"""
    cone: NDArray[np.bool_]
    """everything that the failed can reach, themselves included: where coverage has to be asked about"""


@dataclass(frozen=True, slots=True)
class States:
    """What one set of failures does to the estate, as columns over all CIs."""

    failed: Ints
    fell: Ints
    """round in which a CI fell, -1 where it stands"""
    cause: Ints
    lost: Ints
    """members lost per group"""
    hurt: Ints
    """round in which a CI that stands was degraded, -1 where it was not"""
    hurt_by: Ints

    def is_down(self) -> NDArray[np.bool_]:
        """Whether each CI is down, the failed included."""
        return self.fell >= 0

    def is_degraded(self) -> NDArray[np.bool_]:
        """Whether each CI stands but suffers."""
        return self.hurt >= 0


def states(graph: ImpactGraph, failed: Collection[int]) -> States:
    """Rounds, causes and degradation when these fail. O(edges of the cone + CIs)."""
    seeds = np.array(sorted(set(failed)), np.int32)
    fell, cause, lost = rounds(graph, seeds)
    hurt, hurt_by = _degraded(graph, fell, lost)
    return States(seeds, fell, cause, lost, hurt, hurt_by)


def _degraded(graph: ImpactGraph, fell: Ints, lost: Ints) -> tuple[Ints, Ints]:
    """One round after the first lost member, or after what degrades it fell; ties to the smaller id."""
    n = graph.size
    hurt, hurt_by = np.full(n, -1, np.int32), np.full(n, -1, np.int32)
    needs = graph.needs
    in_group = (lost[needs.member_group] > 0) & (fell[needs.member] >= 0)
    sufferers = np.concatenate((needs.owner[needs.member_group[in_group]], _dependents_of(graph, fell)))
    by = np.concatenate((needs.member[in_group], _degraders(graph, fell)))
    stands = fell[sufferers] < 0
    sufferers, by = sufferers[stands], by[stands]
    order = np.lexsort((by, fell[by], sufferers))
    sufferers, by = sufferers[order], by[order]
    first = np.ones(len(sufferers), np.bool_)
    first[1:] = sufferers[1:] != sufferers[:-1]
    hurt[sufferers[first]] = fell[by[first]] + 1
    hurt_by[sufferers[first]] = by[first]
    return hurt, hurt_by


def _degraders(graph: ImpactGraph, fell: Ints) -> Ints:
    rows = graph.degraded
    source = np.repeat(np.arange(graph.size, dtype=np.int32), np.diff(rows.start))
    return source[fell[source] >= 0]


def _dependents_of(graph: ImpactGraph, fell: Ints) -> Ints:
    rows = graph.degraded
    source = np.repeat(np.arange(graph.size, dtype=np.int32), np.diff(rows.start))
    return rows.end[fell[source] >= 0]


def blast_radius(
    graph: ImpactGraph,
    failed: Collection[int],
    *,
    already_failed: Collection[int] = (),
    depth: int | None = None,
    offset: int = 0,
    limit: int = 200,
) -> BlastRadius:
    """What falls and what suffers when these CIs (by number) fail on top of those that have failed already.

    Leaves out the failed, and what `already_failed` brings down alone or hurts just as much. `depth` and `limit` cut
    the list, never the summary. O(edges of the cone + CIs); paths are made for the page only.
    """
    now = states(graph, {*failed, *already_failed})
    before = states(graph, already_failed) if already_failed else None
    down, degraded = now.is_down(), now.is_degraded()
    down[now.failed] = False
    if before is not None:
        down &= ~before.is_down()
        degraded &= ~(before.is_degraded() & (_margins(graph, before) == _margins(graph, now)))
    cone = _cone(graph, np.array(sorted(set(failed)), np.int32))
    reachable = cone.copy()
    reachable[now.failed] = False
    order = _order(graph, now, down, degraded)
    near = order if depth is None else order[_distance(now, order) <= depth]
    page = near[offset : offset + limit]
    return BlastRadius(
        failed=tuple(sorted(set(failed))),
        summary=_summary(graph, down, degraded, int(reachable.sum())),
        affected=_listed(graph, now, page),
        total=len(near),
        cut_by_depth=len(near) < len(order),
        cone=cone,
    )


def _cone(graph: ImpactGraph, failed: Ints) -> NDArray[np.bool_]:
    """Everything that needs a failed CI directly or through others, redundancy ignored, and what that degrades."""
    dependents = graph.needed_by
    cone: NDArray[np.bool_] = reached(dependents.start, dependents.end, failed) >= 0
    rows = graph.degraded
    source = np.repeat(np.arange(graph.size, dtype=np.int32), np.diff(rows.start))
    cone[rows.end[cone[source]]] = True
    return cone


def _distance(now: States, cis: Ints) -> Ints:
    return np.where(now.fell[cis] >= 0, now.fell[cis], now.hurt[cis]).astype(np.int32)


def _order(graph: ImpactGraph, now: States, down: NDArray[np.bool_], degraded: NDArray[np.bool_]) -> Ints:
    """Down before degraded, then tier, distance and id."""
    cis = np.flatnonzero(down | degraded).astype(np.int32)
    tier = graph.topology.tier[cis].astype(np.int16)
    tier[tier == UNKNOWN_TIER] = UNKNOWN
    return cis[np.lexsort((cis, _distance(now, cis), tier, degraded[cis]))]


def _margins(graph: ImpactGraph, now: States) -> Ints:
    """alive − need of each CI's worst group that lost a member; a large number where none did."""
    margin = np.full(graph.size, np.iinfo(np.int32).max, np.int32)
    groups = np.flatnonzero(now.lost > 0)
    np.minimum.at(margin, graph.needs.owner[groups], graph.needs.budget[groups] - now.lost[groups])
    return margin


def _listed(graph: ImpactGraph, now: States, page: Ints) -> tuple[Affected, ...]:
    if not len(page):
        return ()
    margins = _margins(graph, now)
    doubtful = _down_without_the_missing(graph, now)
    listed = []
    for ci in page.tolist():
        fallen_here = now.fell[ci] >= 0
        cause = now.cause if fallen_here else now.hurt_by
        margin = 0 if fallen_here else int(margins[ci])
        listed.append(
            Affected(
                ci=ci,
                state="down" if fallen_here else "degraded",
                distance=int(now.fell[ci] if fallen_here else now.hurt[ci]),
                path=path_back(graph, ci, int(cause[ci]), now.cause),
                margin=None if margin == np.iinfo(np.int32).max else margin,
                if_unknown_lost="down" if doubtful is not None and not fallen_here and doubtful[ci] else None,
            )
        )
    return tuple(listed)


def _down_without_the_missing(graph: ImpactGraph, now: States) -> NDArray[np.uint8] | None:
    """What would be down if every CI that is missing were lost as well; None where nothing is missing."""
    if not len(graph.missing):
        return None
    return fallen(graph, np.concatenate((now.failed, graph.missing)))


def _summary(graph: ImpactGraph, down: NDArray[np.bool_], degraded: NDArray[np.bool_], reachable: int) -> Summary:
    topology = graph.topology
    by_class: dict[str, dict[str, int]] = {}
    by_tier: dict[str, dict[str, int]] = {}
    for state, hit in (("down", down), ("degraded", degraded)):
        classes = np.bincount(topology.class_of[hit], minlength=len(topology.classes))
        for at in np.flatnonzero(classes):
            by_class.setdefault(topology.classes[at], {"down": 0, "degraded": 0})[state] = int(classes[at])
        tiers, counts = np.unique(topology.tier[hit], return_counts=True)
        for tier, count in zip(tiers.tolist(), counts.tolist(), strict=True):
            if tier != UNKNOWN_TIER:
                by_tier.setdefault(str(tier), {"down": 0, "degraded": 0})[state] = count
    return Summary(
        down=int(down.sum()),
        degraded=int(degraded.sum()),
        reachable=reachable,
        by_class=dict(sorted(by_class.items())),
        by_tier=dict(sorted(by_tier.items())),
        services=_services(graph, down, degraded),
    )


def _services(graph: ImpactGraph, down: NDArray[np.bool_], degraded: NDArray[np.bool_]) -> tuple[ServiceImpact, ...]:
    topology = graph.topology
    kinds = [at for at, name in enumerate(topology.classes) if name in SERVICE_CLASSES]
    hit = np.flatnonzero((down | degraded) & np.isin(topology.class_of, kinds)).tolist()
    found = [
        ServiceImpact(ci, "down" if down[ci] else "degraded", tier_of(graph, ci), graph.owners.get(ci)) for ci in hit
    ]
    return tuple(
        sorted(
            found,
            key=lambda service: (
                service.state == "degraded",
                UNKNOWN if service.tier is None else service.tier,
                topology.names[service.ci],
                service.ci,
            ),
        )
    )


def tier_of(graph: ImpactGraph, ci: int) -> int | None:
    """A CI's tier, None where nobody said."""
    tier = int(graph.topology.tier[ci])
    return None if tier == UNKNOWN_TIER else tier


def numbers_of(graph: ImpactGraph, ids: Sequence[str]) -> list[int]:
    """Numbers of CIs by id. Raises KeyError for an id that the topology does not hold."""
    return [graph.number[id_] for id_ in ids]
