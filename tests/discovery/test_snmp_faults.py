"""SNMP agents that fall silent, cut, lie, go in circles or refuse: no failure takes anything away."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from discovery.run import Parts
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.source import Reading
from discovery.sources import SOURCES
from graph.store import Search
from lab import snmp_replay
from lab.snmp_replay import COMMUNITY, RECORDINGS, Replay, oid, recording, replay

MINUTE = 60 * 1_000_000
SOURCE = SOURCES["snmp"]
IF_MIB = (oid("1.3.6.1.2.1.2"), oid("1.3.6.1.2.1.31"))
IN_THE_WALK = 30
"""requests after which it is well under way, of some 40"""
TROUBLES: dict[Callable[..., Any], tuple[str, ...]] = {
    snmp_replay.silence: ("no answer", "stopped answering"),
    snmp_replay.cut_short: ("no answer", "stopped answering"),
    snmp_replay.circle: ("circles",),
    snmp_replay.way_back: ("circles", "tells nothing of itself"),
    snmp_replay.nothing_fits: ("tooBig",),
    snmp_replay.general_error: ("genErr",),
    snmp_replay.not_for_you: ("authorizationError",),
}
"""what goes wrong → what is said of it"""
AT_ONCE = (snmp_replay.silence, snmp_replay.circle, snmp_replay.general_error)
"""what is tried with the first question too"""


@pytest.fixture
def switch() -> Iterator[Replay]:
    with replay(recording(RECORDINGS / "acc-1.snmprec")) as agent:
        yield agent


def settings(switch: Replay, **more: Any) -> Any:
    stated = {
        "targets": "127.0.0.1", "port": switch.port, "community": COMMUNITY, "timeout": 10, "retries": 0,
        "packets_per_second": 10_000, **more,
    }  # fmt: skip
    return SOURCE.settings.model_validate(stated)


def read(parts: Parts, switch: Replay, **more: Any) -> RunReport:
    parts.now.at += MINUTE  # type: ignore[attr-defined]
    return run_source(parts, SOURCE, settings(switch, **more))


def standing(parts: Parts) -> set[tuple[str, str]]:
    """(name, lifecycle) of everything."""
    found = parts.store.search(Search(lifecycles=("live", "missing", "retired")), after=None, limit=1000)
    return {(one.name, one.lifecycle) for one in found}


def test_an_agent_that_fails_is_said_to_and_takes_nothing_away(parts: Parts, switch: Replay) -> None:
    assert read(parts, switch).status == "complete"
    before = standing(parts)
    for trouble, said in TROUBLES.items():
        for after in (0, IN_THE_WALK) if trouble in AT_ONCE else (IN_THE_WALK,):
            switch.fails(trouble, after)
            report = read(parts, switch, timeout=0.3 if "no answer" in said else 10)
            case = f"{trouble.__name__} after {after}: {report.scopes}"
            assert (report.status, report.missed, report.gone_missing, report.retired) == ("partial", 0, 0, 0), case
            (scope,) = [scope for scope in report.scopes if not scope.complete]
            assert scope.scope == "127.0.0.1"
            assert any(word in str(scope.reason) for word in said), case
            assert standing(parts) == before, case
    switch.fails(snmp_replay.sound)
    assert read(parts, switch).status == "complete"
    assert standing(parts) == before


@pytest.mark.parametrize("trouble", [snmp_replay.much_does_not_fit, snmp_replay.no_bulk], ids=lambda one: one.__name__)
def test_an_agent_that_can_only_say_a_little_at_once_is_read_to_its_end(
    parts: Parts, switch: Replay, trouble: Callable[..., Any]
) -> None:
    read(parts, switch)
    before = standing(parts)
    switch.fails(trouble)
    assert read(parts, switch, timeout=1).status == "complete"
    assert standing(parts) == before


def test_a_login_that_may_see_less_than_before_takes_no_interface_away(parts: Parts, switch: Replay) -> None:
    read(parts, switch)
    before = standing(parts)
    switch.hidden = IF_MIB
    report = read(parts, switch)
    assert (report.status, report.missed) == ("partial", 0)
    assert "interface" in str(report.scopes)
    assert standing(parts) == before


def test_check_names_what_a_login_may_not_see(switch: Replay) -> None:
    assert SOURCE.check is not None
    switch.hidden = IF_MIB
    said = list(SOURCE.check(settings(switch), Reading(lambda: 0)))
    assert [permission.ok for permission in said] == [True, True, False]
    assert "1.3.6.1.2.1.2" in said[-1].fix


def test_a_login_that_may_see_nothing_takes_nothing_away(parts: Parts, switch: Replay) -> None:
    read(parts, switch)
    before = standing(parts)
    switch.hidden = ((1,),)
    report = read(parts, switch)
    assert (report.status, report.missed) == ("partial", 0)
    assert "system group" in str(report.scopes)
    assert standing(parts) == before


def test_a_port_that_is_gone_is_missed_at_once(parts: Parts, switch: Replay) -> None:
    read(parts, switch)
    switch.hidden = tuple(oid(f"1.3.6.1.2.1.{column}.103") for column in ("2.2.1.2", "31.1.1.1.1"))
    assert read(parts, switch).status == "complete"
    assert ("Gi0/3", "missing") in standing(parts)
    assert ("Gi0/2", "live") in standing(parts)


def test_a_device_that_lost_what_it_can_say_for_good_is_taken_as_it_is_when_told_to(
    parts: Parts, switch: Replay
) -> None:
    read(parts, switch)
    switch.hidden = IF_MIB
    assert read(parts, switch).status == "partial"
    assert read(parts, switch, full=True).status == "complete"
    assert ("Gi0/2", "missing") in standing(parts)


def test_a_wrong_community_is_never_answered_and_the_right_one_never_shown(parts: Parts, switch: Replay) -> None:
    report = read(parts, switch, community="another-one", timeout=0.3)
    assert report.status == "partial"
    assert "community" in str(report.scopes)
    assert "another-one" not in str(report.as_body())
