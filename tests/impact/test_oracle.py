"""The certain answer equals what the rules say when they are followed by hand, on thousands of estates."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from impact.blast_radius import blast_radius
from impact.dependencies import dependencies
from impact.impact_graph import ImpactGraph, orient
from impact.propagation import fallen, swept
from impact.single_points_of_failure import explained, single_points_of_failure

SEEDS = range(3_000)


class ByHand:
    """`model.md` 5 and 6, read aloud: dictionaries and sets, nothing clever."""

    def __init__(self, estate: dict[str, Any]) -> None:
        self.estate = estate
        self.here = {name for name in estate["more"] if estate["lifecycles"][name] != "retired"}
        groups: dict[tuple[str, str], dict[str, Any]] = {}
        for edge in estate["edges"]:
            if edge["from"] in self.here and edge["effect"] == "down" and edge.get("group"):
                self._into(groups, edge["from"], edge["group"], edge["to"], edge)
        for end in estate["loose"]:
            if end["from"] in self.here:
                self._into(groups, end["from"], end["group"], end["reference"], end)
        self.requirements: list[tuple[str, set[str], int]] = []
        """(dependent, members alive when nothing has failed, need)"""
        self.grouped = {(owner, member) for (owner, _), group in groups.items() for member in group["members"]}
        for (owner, _), group in groups.items():
            size = len(group["members"])
            counts = [(human, self._count(need, size)) for human, need in group["needs"]]
            said = [count for human, count in counts if human] or [count for _, count in counts]
            need = min(max(said, default=1) or 1, size)
            living = {m for m in group["members"] if m in self.here or m.startswith("name:")}
            self.requirements.append((owner, living, min(need, len(living))))
        for edge in estate["edges"]:
            single = edge["effect"] == "down" and not edge.get("group")
            pair = (edge["from"], edge["to"])
            if single and edge["from"] in self.here and edge["to"] in self.here and pair not in self.grouped:
                self.requirements.append((edge["from"], {edge["to"]}, 1))
        self.hurts = {
            (edge["from"], edge["to"])
            for edge in estate["edges"]
            if edge["effect"] == "degraded" and {edge["from"], edge["to"]} <= self.here
        }

    @staticmethod
    def _into(groups: dict[Any, Any], owner: str, name: str, member: str, said: dict[str, Any]) -> None:
        group = groups.setdefault((owner, name), {"members": set(), "needs": []})
        group["members"].add(member)
        if said.get("need"):
            group["needs"].append((said.get("human", False), said["need"]))

    @staticmethod
    def _count(need: int, size: int) -> int:
        return need if need > 0 else math.ceil(-need * size / 100)

    def rounds(self, failed: set[str]) -> dict[str, int]:
        fell = dict.fromkeys(failed, 0)
        turn = 0
        while True:
            turn += 1
            falling = {
                owner
                for owner, members, need in self.requirements
                if owner not in fell and need and len(members - fell.keys()) < need
            }
            if not falling:
                return fell
            fell.update(dict.fromkeys(falling, turn))

    def degraded(self, fell: dict[str, int]) -> dict[str, int]:
        hurt: dict[str, int] = {}
        for owner, members, _ in self.requirements:
            for member in members & fell.keys():
                if owner not in fell:
                    hurt[owner] = min(hurt.get(owner, 99), fell[member] + 1)
        for one, other in self.hurts:
            if other in fell and one not in fell:
                hurt[one] = min(hurt.get(one, 99), fell[other] + 1)
        return hurt

    def margin(self, ci: str, fell: dict[str, int]) -> int | None:
        margins = [
            len(members - fell.keys()) - need
            for owner, members, need in self.requirements
            if owner == ci and members & fell.keys() and need
        ]
        return min(margins, default=None)

    def needing(self, sources: set[str]) -> set[str]:
        reached, todo = set(sources), list(sources)
        while todo:
            at = todo.pop()
            for owner, members, _ in self.requirements:
                if at in members and owner not in reached:
                    reached.add(owner)
                    todo.append(owner)
        return reached

    def reach(self, sources: set[str]) -> set[str]:
        reached = self.needing(sources)
        return reached | {one for one, other in self.hurts if other in reached}


def _numbers(graph: ImpactGraph, names: Any) -> list[int]:
    return [graph.number[name] for name in names]


@pytest.mark.parametrize("chunk", range(6))
def test_the_answer_is_what_the_rules_say(chunk: int, draw: Callable[..., Any], estate: Callable[..., Any]) -> None:
    for seed in SEEDS[chunk::6]:
        drawn = estate(seed)
        graph, truth = orient(draw(**drawn)), ByHand(drawn)
        names = graph.topology.ids
        dice = np.random.default_rng(seed)
        failed = {str(name) for name in dice.choice(sorted(truth.here) or ["c0"], int(dice.integers(1, 3)))}
        fell = truth.rounds(failed)
        hurt = truth.degraded(fell)
        seeds = graph.places(np.array(_numbers(graph, failed), np.int32))
        assert {names[i] for i in np.flatnonzero(fallen(graph, seeds)[graph.place])} == fell.keys(), seed
        start = np.zeros(graph.size, np.uint8)
        start[seeds] = 1
        assert {names[i] for i in np.flatnonzero(swept(graph, start)[graph.place])} == fell.keys(), seed
        answer = blast_radius(graph, _numbers(graph, failed), limit=1000)
        assert {names[a.ci]: a.distance for a in answer.affected if a.state == "down"} == {
            ci: turn for ci, turn in fell.items() if ci not in failed
        }, seed
        assert {names[a.ci]: a.distance for a in answer.affected if a.state == "degraded"} == hurt, seed
        assert {names[a.ci]: a.margin for a in answer.affected if a.state == "degraded"} == {
            ci: truth.margin(ci, fell) for ci in hurt
        }, seed
        assert (answer.summary.down, answer.summary.degraded) == (len(fell) - len(failed), len(hurt)), seed
        assert answer.summary.reachable == len(truth.reach(failed) - failed), seed
        for affected in answer.affected:
            assert len(affected.path) == affected.distance
            at = affected.path[0].to_ci
            assert names[at] in failed
            for step in affected.path:
                assert step.to_ci == at
                at = step.from_ci
            assert at == affected.ci


@pytest.mark.parametrize("chunk", range(3))
def test_single_points_are_those_whose_loss_alone_is_enough(
    chunk: int, draw: Callable[..., Any], estate: Callable[..., Any]
) -> None:
    for seed in SEEDS[chunk:900:3]:
        drawn = estate(seed)
        graph, truth = orient(draw(**drawn)), ByHand(drawn)
        for ci in sorted(truth.here):
            expected = {other for other in truth.here if other != ci and ci in truth.rounds({other})}
            found = single_points_of_failure(graph, graph.number[ci])
            assert {graph.topology.ids[i] for i in found} == expected, (seed, ci)
            for point in found.tolist():
                assert explained(graph, graph.number[ci], point).path[-1].from_ci == graph.number[ci]


def test_dependencies_are_everything_on_the_way_down(draw: Callable[..., Any], estate: Callable[..., Any]) -> None:
    for seed in SEEDS[:600]:
        drawn = estate(seed)
        graph, truth = orient(draw(**drawn)), ByHand(drawn)
        for ci in sorted(truth.here):
            answer = dependencies(graph, [graph.number[ci]], limit=1000)
            found = {graph.topology.ids[needed.ci] for needed in answer.needed}
            assert {other for other in truth.here if other != ci and ci in truth.needing({other})} == found
            assert all(len(needed.path) == needed.distance for needed in answer.needed)
