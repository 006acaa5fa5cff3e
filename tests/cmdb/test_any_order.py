"""reconcile: order, batching and repetition change nothing, whatever is told of whatever estate."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cmdb.identity_settings import DEFAULT_IDENTITY
from cmdb.observation import Observation
from drawn_estates import content_of, hostile_fleet, in_batches, weeks_of_repetition

Say = Callable[..., Observation]

CROWDED_AT = pytest.mark.parametrize("crowded_at", [2, DEFAULT_IDENTITY.common_at])
"""records above which a value identifies nothing: the lower, the more values go over that line and come back"""


@CROWDED_AT
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(seed=8997323)
@example(seed=12213)
@example(seed=20085)
@example(seed=20501)
@example(seed=5671)
@example(seed=778941)
@given(seed=st.integers(0, 10**9))
def test_order_batching_and_repetition_change_nothing(
    seed: int, crowded_at: int, say: Say, new_graph: Any, take: Any
) -> None:
    line = replace(DEFAULT_IDENTITY, common_at=crowded_at)
    dice = random.Random(seed)
    observations = hostile_fleet(say, seed)
    graphs = []
    for attempt in range(3):
        graph = new_graph()
        shuffled = observations + (dice.sample(observations, 2) if attempt else [])
        if attempt:
            dice.shuffle(shuffled)
        for batch in in_batches(shuffled, dice) if attempt else [observations]:
            take(graph, *batch, day=20, settings=line)
        graphs.append(content_of(graph))
    assert graphs[0] == graphs[1]
    assert graphs[0] == graphs[2]


@CROWDED_AT
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**9))
def test_what_is_said_day_by_day_comes_to_the_same_as_all_at_once(
    seed: int, crowded_at: int, say: Say, new_graph: Any, take: Any
) -> None:
    line = replace(DEFAULT_IDENTITY, common_at=crowded_at)
    observations = weeks_of_repetition(say, seed)
    at_once, daily = new_graph(), new_graph()
    take(at_once, *observations, day=21, settings=line)
    for said in sorted(observations, key=lambda said: said.observed_at):
        take(daily, said, day=21, settings=line)
    assert content_of(at_once) == content_of(daily)
