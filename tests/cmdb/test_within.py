"""Within what a thing is follows from what is said now, and from nothing else."""

from collections.abc import Callable
from typing import Any

import pytest

from cmdb.observation import Observation

Say = Callable[..., Observation]


def _within(graph: Any, record: str) -> str | None:
    """The record that the CI of a record is within."""
    parent = graph.cis[graph.stored[record].ci].parent
    return None if parent is None else next(key for key, held in graph.stored.items() if held.ci == parent)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("at_once", [True, False])
def test_what_bears_the_name_that_it_is_within_is_within_another(
    say: Say, new_graph: Any, take: Any, order: tuple[int, ...], at_once: bool
) -> None:
    graph = new_graph()
    saids = [
        say("child", ci_class="interface", hostname="web", within="hostname:web", day=9),
        say("parent", source="other", ci_class="interface", hostname="web"),
    ]
    told = [saids[at] for at in order]
    for batch in [told] if at_once else [[one] for one in told]:
        take(graph, *batch, day=9)
    assert _within(graph, "agent|default|child") == "other|default|parent"
    assert not graph.waits


def test_what_bears_the_name_alone_waits_for_another(say: Say, new_graph: Any, take: Any) -> None:
    graph = new_graph()
    take(graph, say("child", ci_class="interface", hostname="web", within="hostname:web"))
    assert _within(graph, "agent|default|child") is None
    assert graph.waits


@pytest.mark.parametrize("at_once", [True, False])
def test_who_no_longer_says_within_what_it_is_is_within_nothing(
    say: Say, new_graph: Any, take: Any, at_once: bool
) -> None:
    graph = new_graph()
    take(graph, say("host", name="host"))
    said = [say("app", ci_class="application", within="name:host"), say("app", ci_class="application", day=1)]
    for batch in [said] if at_once else [[one] for one in said]:
        take(graph, *batch, day=1)
    assert _within(graph, "agent|default|app") is None
    take(graph, said[0], day=2)
    assert _within(graph, "agent|default|app") is None
