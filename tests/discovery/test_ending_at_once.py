"""A run that two end at the same time is ended once: a client that lost patience asks again while the first still works."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cmdb.observation import Observation
from discovery.ending import cancel, finish, release
from discovery.run import Parts, open_run, report, take
from discovery.run_report import RunReport
from graph.store import GraphStore

Say = Callable[..., Observation]
End = Callable[[Parts, str], RunReport]


class Overtaken:
    """A store where somebody else is quicker, once, before the n-th write."""

    def __init__(self, store: GraphStore, nth: int, other: Callable[[], Any]) -> None:
        self.store, self.left, self.other = store, nth, other

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def write(self, work: Callable[[Any], Any]) -> Any:
        self.left -= 1
        if self.left == 0:
            self.other()
        return self.store.write(work)


def _finish(parts: Parts, run_id: str) -> RunReport:
    return finish(parts, run_id, complete=True)


def _misses(parts: Parts) -> dict[str, int]:
    records = parts.store.survey(lambda look: list(look.records()))
    return {record.record: record.misses for record in records}


def _to_be_ended(parts: Parts, say: Say) -> str:
    """A run that found one of three."""
    first = open_run(parts, "agent", "default", "s")
    take(parts, first.run_id, [say(name, name=name) for name in "abc"])
    finish(parts, first.run_id, complete=True)
    run = open_run(parts, "agent", "default", "s")
    take(parts, run.run_id, [say("a", name="a")])
    return run.run_id


@pytest.mark.parametrize("nth", range(1, 5))
@pytest.mark.parametrize("least", [1, 10], ids=["held", "complete"])
def test_a_run_that_is_finished_twice_at_once_misses_once(parts: Parts, say: Say, nth: int, least: int) -> None:
    parts = replace(parts, hold_least=least)
    run = _to_be_ended(parts, say)
    quicker: list[RunReport] = []
    store: Any = Overtaken(parts.store, nth, lambda: quicker.append(_finish(parts, run)))
    slower = _finish(replace(parts, store=store), run)
    missed = 0 if least == 1 else 1
    assert _misses(parts) == {"a": 0, "b": missed, "c": missed}
    assert slower == report(parts, run)
    assert slower.status == ("held" if least == 1 else "complete")
    assert all(done == slower for done in quicker)
    assert (slower.missed, slower.gone_missing) == (2 * missed, 2 * missed)


@pytest.mark.parametrize("nth", range(1, 4))
def test_a_held_run_that_is_released_twice_at_once_misses_once(parts: Parts, say: Say, nth: int) -> None:
    parts = replace(parts, hold_least=1)
    run = _to_be_ended(parts, say)
    assert _finish(parts, run).status == "held"
    store: Any = Overtaken(parts.store, nth, lambda: release(parts, run))
    assert release(replace(parts, store=store), run).status == "complete"
    assert _misses(parts) == {"a": 0, "b": 1, "c": 1}


@pytest.mark.parametrize("nth", range(1, 5))
def test_a_run_that_is_cancelled_while_it_is_finished_stays_as_the_first_of_them_left_it(
    parts: Parts, say: Say, nth: int
) -> None:
    run = _to_be_ended(parts, say)
    before: list[RunReport] = []

    def cancelled() -> None:
        if report(parts, run).status == "running":
            before.append(cancel(parts, run))

    store: Any = Overtaken(parts.store, nth, cancelled)
    done = _finish(replace(parts, store=store), run)
    assert done == report(parts, run)
    assert done.status == ("partial" if before else "complete")


@pytest.mark.parametrize("nth", range(1, 6))
def test_a_held_run_that_is_released_while_the_next_one_ends_is_released_or_superseded(
    parts: Parts, say: Say, nth: int
) -> None:
    parts = replace(parts, hold_least=1)
    held = _to_be_ended(parts, say)
    assert _finish(parts, held).status == "held"
    run = open_run(parts, "agent", "default", "s")
    take(parts, run.run_id, [say(name, name=name) for name in "abc"])

    def released() -> None:
        if report(parts, held).status == "held":
            assert release(parts, held).status == "complete"

    store: Any = Overtaken(parts.store, nth, released)
    assert _finish(replace(parts, store=store), run.run_id).status == "complete"
    assert report(parts, held).status == ("complete" if nth == 1 else "superseded")
    assert _misses(parts) == {"a": 0, "b": 0, "c": 0}
