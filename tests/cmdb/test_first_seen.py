"""Since when a relation is seen: by what its witnesses said when, not by when we were told."""

from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest

from cmdb.ci_class import DAY
from cmdb.first_said import REMEMBERED, FirstSaid, Span, notes_of, spans_of
from cmdb.observation import Claim, Observation

Say = Callable[..., Observation]

DB, CACHE = (Claim("depends_on", True, f"name:{name}") for name in ("db", "cache"))


def _days(graph: Any) -> dict[str, float]:
    return {graph.cis[edge.to_ci].name: edge.first_seen / DAY for edge in graph.edges.values()}


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_relation_is_seen_since_any_of_its_witnesses_first_said_so(
    order: tuple[int, ...], at_once: bool, say: Say, new_graph: Any, take: Any
) -> None:
    told = [
        say("app", day=1, claims=(CACHE,)),
        say("app", day=2, claims=(DB,)),
        say("app", day=4, claims=(DB, CACHE)),
        say("app", day=3),
    ]
    graph = new_graph()
    take(graph, say("1", source="ad", name="db", day=9), say("2", source="ad", name="cache", day=9), day=9)
    for batch in [[told[n] for n in order]] if at_once else [[told[n]] for n in order]:
        take(graph, *batch, day=9)
    assert _days(graph) == {"db": 2, "cache": 1}


def test_what_another_thing_of_the_same_record_said_counts_for_nothing(say: Say, new_graph: Any, take: Any) -> None:
    graph = new_graph()
    take(graph, say("1", source="ad", name="db"))
    take(graph, say("app", day=1, serial="SER1", claims=(DB,)), say("app", day=5, serial="SER2", claims=(DB,)), day=5)
    assert _days(graph) == {"db": 5}


def test_a_relation_to_an_address_is_no_older_than_its_holder_there(say: Say, new_graph: Any, take: Any) -> None:
    calls = Claim("depends_on", True, "ip:10.0.0.5")
    told = [
        say("old", name="old", serial="SER1", ip="10.0.0.5", day=0),
        say("new", name="new", serial="SER2", ip="10.0.0.5", day=6),
        say("app", day=1, claims=(calls,)),
        say("app", day=7, claims=(calls,)),
    ]
    for order in permutations(told):
        graph = new_graph()
        for said in order:
            take(graph, said, day=7)
        assert _days(graph) == {"new": 6}


def test_a_claim_made_from_the_first_time_on_needs_no_note(say: Say) -> None:
    said, gone = say("app", day=8, claims=(DB, CACHE)), ("runs_on", True, "name:x")
    spans = spans_of((), said, 5)
    assert notes_of(spans, said, 5, 8 * DAY) == ()
    noted = notes_of({**spans, gone: Span(5, 6 * DAY)}, said, 5, 8 * DAY)
    assert noted == (FirstSaid(*gone, 5, 6 * DAY),)
    assert spans_of(noted, said, 5) == {**spans, gone: Span(5, 6 * DAY)}


@pytest.mark.parametrize(("days", "since"), [(60, 0), (120, 120)])
def test_a_claim_that_was_long_not_made_is_a_new_one(
    days: int, since: int, say: Say, new_graph: Any, take: Any
) -> None:
    graph = new_graph()
    take(graph, say("1", source="ad", name="db"), say("app", claims=(DB,)))
    for day in range(10, days, 10):
        take(graph, say("app", day=day), day=day)
    take(graph, say("app", day=days, claims=(DB,)), day=days)
    assert _days(graph) == {"db": since}
    assert REMEMBERED == 90 * DAY
