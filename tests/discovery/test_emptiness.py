"""Why a run brought nothing: each way of bringing nothing has its reason, and says what to do."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cmdb.observation import Observation
from discovery.emptiness import Reason, reasons
from discovery.ending import cancel, finish
from discovery.errors import RecordRejected, SourceMisconfigured, SourceUnavailable
from discovery.lease import hold
from discovery.run import Errand, Parts, open_run, report, take
from discovery.run_source import run_source
from discovery.source import Fetched, Raw, Reading, ScopeEnd, Source, SourceSettings
from discovery.sources import SOURCES

Say = Callable[..., Observation]


@pytest.fixture
def why(parts: Parts, say: Say) -> Callable[..., dict[str, Reason]]:
    """Run a source that yields these, and explain it: kind → reason."""

    def explained(*yields: Any, name: str = "agent") -> dict[str, Reason]:
        def fetch(settings: SourceSettings, reading: Reading) -> Iterator[Fetched]:
            for one in yields:
                if isinstance(one, Exception):
                    raise one
                yield one

        def observe(raw: Any, hearing: Any) -> Iterator[Observation]:
            if raw is None:
                raise RecordRejected("it has no name", "x")
            yield say(raw, source=name)

        source = Source(name, "", SourceSettings, SOURCES["json_lines"].traits, fetch, observe)
        return {reason.kind: reason for reason in reasons(parts, run_source(parts, source, SourceSettings()))}

    return explained


Why = Callable[..., dict[str, Reason]]


def test_a_run_that_brought_something_has_no_reason(why: Why) -> None:
    assert why(Raw("all", "a"), ScopeEnd("all", complete=True)) == {}


@pytest.mark.parametrize(
    ("yields", "kind", "text"),
    [
        ((), "no_scope", "name nothing to read"),
        ((SourceMisconfigured("nothing is left of 10.0.0.0/8: allow it"),), "misconfigured", "allow it"),
        ((SourceUnavailable("no answer"),), "failed", "no answer"),
        ((ScopeEnd("OU=Berlin", complete=False, reason="no right to read it"),), "not_read_to_the_end", "no right"),
        ((ScopeEnd("OU=Berlin", complete=True),), "empty", "lists nothing in OU=Berlin"),
        ((ScopeEnd("all", complete=True, delta=True),), "nothing_moved", "nothing moved"),
        ((Raw("all", None), ScopeEnd("all", complete=True)), "all_rejected", "it has no name (1)"),
        ((Raw("all", None), Raw("all", "a"), ScopeEnd("all", complete=True)), "some_rejected", "1 of 2"),
    ],
)
def test_each_way_of_bringing_nothing_is_told_from_the_others(why: Why, yields: Any, kind: str, text: str) -> None:
    found = why(*yields)
    assert list(found) == [kind]
    assert text in found[kind].text
    assert found[kind].fix


def test_a_scan_that_nothing_answered_says_so(why: Why) -> None:
    found = why(ScopeEnd("10.0.0.0/24", complete=True), name="scan")
    assert found["nothing_answered"].text == "nothing answered in 10.0.0.0/24"


def test_what_was_known_already_is_no_fault(why: Why) -> None:
    why(Raw("all", "a"), ScopeEnd("all", complete=True))
    assert list(why(Raw("all", "a"), ScopeEnd("all", complete=True))) == ["all_known"]


def test_a_held_and_a_cancelled_run_say_what_they_wait_for(parts: Parts, say: Say) -> None:
    run = open_run(parts, "agent", "default", "all")
    take(parts, run.run_id, [say(f"r{n}") for n in range(20)])
    finish(parts, run.run_id, complete=True)
    held = finish(parts, open_run(parts, "agent", "default", "all").run_id, complete=True)
    assert reasons(parts, held)[0].kind == "held"
    cancelled = cancel(parts, open_run(parts, "agent", "default", "other").run_id)
    assert reasons(parts, cancelled)[0].kind == "cancelled"


def test_a_run_that_nobody_reads_says_what_to_start(parts: Parts, clock: Any) -> None:
    run = open_run(parts, "agent", "default", "all", errand=Errand(instance="corp", place="here"))
    (waiting,) = reasons(parts, report(parts, run.run_id))
    assert (waiting.kind, "cmdb serve" in waiting.fix) == ("waiting", True)
    hold(parts.store, "scheduler", "somebody", now=clock.at, lives=30_000_000)
    (waiting,) = reasons(parts, report(parts, run.run_id))
    assert (waiting.kind, "CMDB_RUNS_AT_ONCE" in waiting.fix) == ("waiting", True)
