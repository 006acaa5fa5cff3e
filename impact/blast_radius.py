"""blast_radius: everything that suffers when these fail, how badly, how far away, and by which path."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graph.topology import UNKNOWN_TIER
from impact.impact_graph import ImpactGraph
from impact.propagation import fallen, reachable
from impact.rounds import STANDS, States, margin, states_of, way_back
from impact.rows import Ints
from impact.stored_relations import Step, Steps
from impact.summary import Summary, summary_of

State = Literal["down", "degraded"]


class Affected(NamedTuple):
    """One CI that suffers. `distance` is the round in which it fell; `margin` as in the contract."""

    ci: int
    """number"""
    state: State
    distance: int
    path: tuple[Step, ...]
    """from a failed CI; as long as `distance`"""
    margin: int | None
    """alive − need of the worst requirement that lost a member; 0 when down; None where none lost one"""
    if_unknown_lost: Literal["down"] | None


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """The answer: the summary is whole, the list is a page of it. CIs by number."""

    failed: tuple[int, ...]
    summary: Summary
    affected: tuple[Affected, ...]
    total: int
    """how many are affected within the asked depth"""
    cut_by_depth: bool
    """whether `depth` left anything out of the list"""
    cone: NDArray[np.bool_]
    """everything that the failed can reach, themselves included: where coverage has to be asked about"""


def blast_radius(
    graph: ImpactGraph,
    failed: Collection[int],
    *,
    already_failed: Collection[int] = (),
    depth: int | None = None,
    offset: int = 0,
    limit: int = 200,
) -> BlastRadius:
    """What is down or suffers when these CIs (by number) fail on top of those that have failed already.

    Leaves out the failed, and what `already_failed` brings down alone. `depth` and `limit` cut the list, never the
    summary. O(edges of the cone + CIs); paths are made for the page only.
    """
    now = states(graph, {*failed, *already_failed})
    down = now.down[len(now.failed) :]
    if already_failed:
        before = states(graph, already_failed)
        down = down[before.fell[down] == STANDS]
    cone = reachable(graph, now.failed).view(np.bool_)
    order = _Order.of(now, down)
    listed = order if depth is None else order.within(depth)
    page = listed.page(offset, limit)
    return BlastRadius(
        failed=tuple(sorted(set(failed))),
        summary=summary_of(
            graph, graph.number_at[down], graph.number_at[now.degraded], int(np.count_nonzero(cone)) - len(now.failed)
        ),
        affected=_listed(now, page),
        total=len(listed.key),
        cut_by_depth=len(listed.key) < len(order.key),
        cone=cone[graph.place],
    )


def states(graph: ImpactGraph, failed: Collection[int]) -> States:
    """What these failures (CIs by number) do to the estate."""
    return states_of(graph, graph.places(np.array(sorted(failed), np.int32)))


def tier_of(graph: ImpactGraph, ci: int) -> int | None:
    """A CI's tier, None where nobody said."""
    tier = int(graph.topology.tier[ci])
    return None if tier == UNKNOWN_TIER else tier


@dataclass(frozen=True, slots=True)
class _Order:
    """Down before degraded, then tier (unknown last), distance and id, packed into one number a CI."""

    ci: Ints
    """places"""
    distance: Ints
    key: NDArray[np.int64]

    @staticmethod
    def of(now: States, down: Ints) -> "_Order":
        graph = now.graph
        ci = np.concatenate((down, now.degraded))
        distance = np.concatenate((now.fell[down], now.hurt[now.degraded]))
        number = graph.number_at[ci]
        # An unknown tier is -1: as an unsigned byte it comes after every known one.
        key = graph.topology.tier[number].view(np.uint8).astype(np.int64)
        key[len(down) :] += 256
        # Both fit 27 bits: a distance is less than the number of CIs, and arrays of more do not fit memory.
        key = (key << 27 | distance) << 27 | number
        return _Order(ci, distance, key)

    def within(self, depth: int) -> "_Order":
        near = self.distance <= depth
        return _Order(self.ci[near], self.distance[near], self.key[near])

    def page(self, offset: int, limit: int) -> Ints:
        """Places of one page; the rest is not put in order."""
        end = min(offset + limit, len(self.key))
        if offset >= end:
            return self.ci[:0]
        if end < len(self.key):
            first = np.argpartition(self.key, end - 1)[:end]
        else:
            first = np.arange(end)
        return self.ci[first[np.argsort(self.key[first])][offset:]]


def _listed(now: States, page: Ints) -> tuple[Affected, ...]:
    graph = now.graph
    standing = page[now.fell[page] == STANDS]
    doubtful = set(standing[_would_be_down(now)[standing] > 0].tolist()) if len(standing) and len(graph.missing) else ()
    steps = Steps(graph)
    listed = []
    for ci in page.tolist():
        is_down = now.fell[ci] != STANDS
        listed.append(
            Affected(
                ci=int(graph.number_at[ci]),
                state="down" if is_down else "degraded",
                distance=now.distance(ci),
                path=tuple(steps.along(graph.number_at[way_back(now, ci)[::-1]].tolist())),
                margin=0 if is_down else margin(now, ci),
                if_unknown_lost="down" if ci in doubtful else None,
            )
        )
    return tuple(listed)


def _would_be_down(now: States) -> NDArray[np.uint8]:
    """What would be down if every CI that is missing were lost as well."""
    return fallen(now.graph, np.concatenate((now.failed, now.graph.missing)))
