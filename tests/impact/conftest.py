"""Small estates drawn in a few words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from graph.encoding import to_json
from graph.topology import Topology
from graph.topology_building import CIRow, RelationRow, WaitingRow, build_topology

Edge = tuple[Any, ...]
"""(from, to) and then options: group, need, effect, type, human"""


@pytest.fixture
def draw() -> Callable[..., Topology]:
    """A topology from edges `"a>b"` style tuples; ids are the names."""

    def drawn(
        edges: Sequence[Mapping[str, Any]],
        *,
        classes: Mapping[str, str] | None = None,
        lifecycles: Mapping[str, str] | None = None,
        tiers: Mapping[str, int] | None = None,
        loose: Sequence[Mapping[str, Any]] = (),
        more: Sequence[str] = (),
    ) -> Topology:
        names = {edge["from"] for edge in edges} | {edge["to"] for edge in edges} | set(more)
        cis = [
            CIRow(
                name, name, (classes or {}).get(name, "server"), (tiers or {}).get(name),
                (lifecycles or {}).get(name, "live"), None, 0,
            )
            for name in sorted(names)
        ]  # fmt: skip
        relations = [
            RelationRow(
                edge["from"], edge["to"], edge.get("type", "depends_on"),
                to_json([[edge.get("group"), edge.get("need", 0), edge.get("human", False)]]),
                edge.get("effect", "down"), 0.8, edge.get("confidence", 0.9), edge.get("human", False), False,
            )
            for edge in edges
        ]  # fmt: skip
        waiting = [
            WaitingRow(
                end["from"], "test",
                {"v": [[0, 1, "", 0, [], [], "", "", False, [], [],
                        [["depends_on", True, end["reference"], end.get("group"), end.get("need", 0)]]]],
                 "e": [None]},
            )
            for end in loose
        ]  # fmt: skip
        return build_topology(1, cis, relations, waiting)

    return drawn


@pytest.fixture
def estate() -> Callable[[int], dict[str, Any]]:
    """A random small estate with cycles, groups, shares, retired, missing and undiscovered members."""

    def random_estate(seed: int) -> dict[str, Any]:
        dice = np.random.default_rng(seed)
        n = int(dice.integers(2, 11))
        names = [f"c{i}" for i in range(n)]
        edges = []
        for _ in range(int(dice.integers(1, 3 * n))):
            one, other = dice.choice(n, 2, replace=False)
            edge: dict[str, Any] = {"from": names[one], "to": names[other]}
            if dice.random() < 0.55:
                edge["group"] = str(dice.choice(["g", "h"]))
                if dice.random() < 0.6:
                    edge["need"] = int(dice.choice([1, 2, 3, -50, -34, -100]))
                    edge["human"] = bool(dice.random() < 0.2)
            edge["effect"] = str(dice.choice(["down", "down", "down", "degraded", "none"]))
            edge["type"] = str(dice.choice(["depends_on", "runs_on"]))
            edges.append(edge)
        loose = [
            {"from": str(dice.choice(names)), "reference": f"name:x{i}", "group": str(dice.choice(["g", "k"])),
             "need": int(dice.choice([0, 2]))}
            for i in range(int(dice.integers(0, 3)))
        ]  # fmt: skip
        lifecycles = {name: str(dice.choice(["live", "live", "live", "missing", "retired"])) for name in names}
        tiers = {name: int(dice.integers(0, 3)) for name in names if dice.random() < 0.5}
        return {"edges": edges, "lifecycles": lifecycles, "tiers": tiers, "loose": loose, "more": names}

    return random_estate
