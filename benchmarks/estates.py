"""Estates to measure on: drawn from a seed, as large as wanted, and the same on every machine."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from graph.topology import EFFECTS, LIFECYCLES, NO_GROUP, UNKNOWN_TIER, Topology

LAYERS = (
    ("business_service", 0.01, "depends_on"),
    ("application", 0.24, "depends_on"),
    ("container", 0.15, "runs_on"),
    ("database", 0.08, "stores_in"),
    ("virtual_machine", 0.27, "hosted_on"),
    ("server", 0.18, "depends_on"),
    ("storage", 0.04, "depends_on"),
    ("switch", 0.03, "depends_on"),
)
"""class, share of the CIs, and how its CIs need those of the layers below; the last needs nothing"""
NEXT_LAYER = 0.95
"""share of the relations that end in the layer right below; the others end anywhere below"""
SKEW = 3.0
"""how much more some providers are needed than others: the share u of the rank order is asked for as u ** SKEW"""
OWNER_TEAMS = 40


def layered_estate(
    cis: int, relations: int, *, seed: int, grouped: float = 0.0, closing: float = 0.001, revision: int = 1
) -> Topology:
    """An estate of `cis` CIs and exactly `relations` distinct relations, all of which bring their `from` down.

    `grouped` is the share of the relations that stand in redundancy groups (need 1, 2 or half of the members, or
    unsaid), `closing` the share that runs upwards and closes cycles. Ids are in no helpful order. Raises ValueError
    where so many distinct relations do not fit.
    """
    dice = np.random.default_rng(seed)
    bounds = np.rint(np.cumsum([0.0] + [share for _, share, _ in LAYERS]) * cis).astype(np.int64)
    layer = np.repeat(np.arange(len(LAYERS)), np.diff(bounds))
    one, other = _pairs(dice, layer, bounds, relations, closing)
    group = _groups(dice, one, grouped)
    need = np.zeros(relations, np.int32)
    need[group != NO_GROUP] = dice.choice(np.array([0, 1, 1, 2, -50], np.int32), int((group != NO_GROUP).sum()))
    number = dice.permutation(cis).astype(np.int32)
    order = np.lexsort((number[other], number[one]))  # as a store gives them: by id of one end, then of the other
    one, other, group, need = one[order], other[order], group[order], need[order]
    class_of = np.empty(cis, np.int16)
    class_of[number] = layer
    type_names = sorted({name for _, _, name in LAYERS})
    type_of_layer = np.array([type_names.index(name) for _, _, name in LAYERS], np.int16)
    tier = np.full(cis, UNKNOWN_TIER, np.int8)
    services = np.flatnonzero(class_of == 0)
    tier[services] = dice.integers(0, 4, len(services))
    width = len(str(cis))
    return Topology(
        revision=revision,
        ids=[f"ci{at:0{width}d}" for at in range(cis)],
        names=[f"{LAYERS[kind][0]}-{at}" for at, kind in enumerate(class_of.tolist())],
        classes=[name for name, _, _ in LAYERS],
        class_of=class_of,
        tier=tier,
        lifecycle=np.full(cis, LIFECYCLES.index("live"), np.int8),
        owners={at: f"team-{at % OWNER_TEAMS}" for at in services.tolist()},
        network_roots=np.empty(0, np.int32),
        from_ci=number[one],
        to_ci=number[other],
        types=type_names,
        type_of=type_of_layer[layer[one]],
        groups=["a", "b"],
        group_of=group,
        need=need,
        effect=np.full(relations, EFFECTS.index("down"), np.int8),
        strength=np.full(relations, 0.9, np.float32),
        confidence=np.full(relations, 0.95, np.float32),
        human=np.zeros(relations, np.bool_),
        stale=np.zeros(relations, np.bool_),
        loose_ends=(),
    )


def most_needed(topology: Topology) -> int:
    """The CI of the lowest layer that most relations end at: its failure reaches nearly everything."""
    times = np.bincount(topology.to_ci, minlength=len(topology.ids))
    times[topology.class_of != len(LAYERS) - 1] = 0
    return int(times.argmax())


def batches(column: NDArray[np.int32], other: NDArray[np.int32], size: int) -> Iterator[list[tuple[int, int]]]:
    """The pairs as lists of tuples, for drivers that take them so."""
    for begin in range(0, len(column), size):
        yield list(zip(column[begin : begin + size].tolist(), other[begin : begin + size].tolist(), strict=True))


def _pairs(
    dice: np.random.Generator, layer: NDArray[np.int64], bounds: NDArray[np.int64], wanted: int, closing: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    cis, lowest = len(layer), len(LAYERS) - 1
    kept = np.empty(0, np.int64)
    for _ in range(20):
        count = int((wanted - len(kept)) * 1.1) + 100
        one = dice.integers(0, bounds[lowest], count)
        below = layer[one] + 1
        deeper = (dice.random(count) * (lowest + 1 - below)).astype(np.int64) + below
        target = np.where(dice.random(count) < NEXT_LAYER, below, deeper)
        size = np.diff(bounds)[target]
        other = bounds[target] + (size * dice.random(count) ** SKEW).astype(np.int64)
        turned = dice.random(count) < closing
        key = np.where(turned, other * cis + one, one * cis + other)
        kept = np.unique(np.concatenate((kept, key)))
        if len(kept) >= wanted:
            chosen = np.sort(dice.choice(kept, wanted, replace=False))
            return chosen // cis, chosen % cis
    raise ValueError(f"{wanted} distinct relations do not fit between {cis} CIs")


def _groups(dice: np.random.Generator, one: NDArray[np.int64], grouped: float) -> NDArray[np.int32]:
    """A group is only worth the name with two members: relations join in neighbouring pairs of one CI."""
    group = np.full(len(one), NO_GROUP, np.int32)
    first = np.flatnonzero((one[1:] == one[:-1]) & (dice.random(max(len(one) - 1, 0)) < grouped * 0.62))
    name = dice.integers(0, 2, len(one)).astype(np.int32)
    group[first] = name[one[first] % len(one)]
    group[first + 1] = group[first]
    return group
