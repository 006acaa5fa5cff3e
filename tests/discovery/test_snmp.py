"""SNMP against a real agent: v2c and v3, and what is silent or refused misses nothing."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from discovery.run import Parts
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.source import Bookmark, Raw, Reading, ScopeEnd
from discovery.sources import SOURCES
from discovery.sources.snmp.fetch import told
from discovery.sources.snmp.tables import COLUMNS
from graph.store import Search
from lab.snmp_agent import COMMUNITY, KEY, USER, SnmpAgent, snmpd
from lab.unavailable import Unavailable, skip_or_fail

MINUTE = 60 * 1_000_000
SOURCE = SOURCES["snmp"]
V3 = {"user": USER, "auth_key": KEY, "priv_key": KEY}


@pytest.fixture(scope="module")
def agent() -> Iterator[SnmpAgent]:
    try:
        with snmpd() as running:
            yield running
    except Unavailable as reason:
        skip_or_fail(reason)


def stated(agent: SnmpAgent, **more: Any) -> Any:
    said = {"targets": "127.0.0.1", "port": agent.port, "timeout": 1, "retries": 0, "packets_per_second": 1000}
    return SOURCE.settings.model_validate({**said, **more})


def read(parts: Parts, agent: SnmpAgent, **more: Any) -> RunReport:
    parts.now.at += MINUTE  # type: ignore[attr-defined]
    return run_source(parts, SOURCE, stated(agent, **more))


def found(parts: Parts) -> dict[str, str]:
    return {one.name: one.ci_class for one in parts.store.search(Search(), after=None, limit=100)}


@pytest.mark.parametrize("login", [{"community": COMMUNITY}, V3], ids=["v2c", "v3"])
def test_a_device_and_its_interfaces_are_read(parts: Parts, agent: SnmpAgent, login: dict[str, str]) -> None:
    report = read(parts, agent, **login)
    assert report.status == "complete", report.as_body()
    known = found(parts)
    assert known["lab-agent.corp.example"] == "device"
    assert known["lo"] == "interface"


@pytest.mark.parametrize(
    "login",
    [{"community": "wrong"}, {**V3, "auth_key": "wrong-phrase"}, {**V3, "user": "nobody"}, {**V3, "priv_key": "x" * 9}],
)
def test_a_login_that_is_not_accepted_misses_nothing(parts: Parts, agent: SnmpAgent, login: dict[str, str]) -> None:
    read(parts, agent, community=COMMUNITY)
    report = read(parts, agent, **login)
    assert report.status in ("partial", "failed")
    assert (report.missed, report.accepted) == (0, 0)
    assert all(one not in str(report.as_body()) for one in ("wrong-phrase", KEY))


def test_a_port_where_nobody_answers_misses_nothing(parts: Parts, agent: SnmpAgent) -> None:
    read(parts, agent, community=COMMUNITY)
    report = read(parts, agent, community=COMMUNITY, port=1)
    assert (report.status, report.missed) == ("partial", 0)


def test_a_device_with_more_rows_than_wanted_is_not_read_to_its_end(parts: Parts, agent: SnmpAgent) -> None:
    read(parts, agent, community=COMMUNITY)
    report = read(parts, agent, community=COMMUNITY, max_rows=1)
    assert (report.status, report.missed) == ("partial", 0)


def test_check_tells_a_login_that_is_accepted_from_one_that_is_not(agent: SnmpAgent) -> None:
    assert SOURCE.check is not None
    for community, ok in ((COMMUNITY, True), ("wrong", False)):
        first, *more = SOURCE.check(stated(agent, community=community), Reading(lambda: 0))
        assert first.ok is ok
        assert [permission.ok for permission in more] == ([True, True] if ok else [])


def test_nothing_outside_the_allow_list_is_asked(parts: Parts, agent: SnmpAgent) -> None:
    report = read(parts, agent, community=COMMUNITY, targets="192.0.2.1")
    assert report.status == "failed"
    assert "outside" in str(report.errors)


def test_a_walk_that_breaks_off_takes_nothing_back() -> None:
    def read(columns: Sequence[str], failed: list[str], never: Any) -> list[Any]:
        payload = {"address": "10.0.0.1", "system": {"name": "sw1"}, "columns": {name: {} for name in columns}}
        return list(told("10.0.0.1", payload, failed, never))

    everything = list(COLUMNS)
    whole = read(everything, [], None)
    assert [type(one) for one in whole] == [Raw, Bookmark, ScopeEnd]
    (end,) = read(everything[:3], ["it stopped answering"], whole[1].value)
    assert (end.complete, "stays as it was" in end.reason) == (False, True)
    never_gave = read(everything[:-1], ["the last: no answer"], None)
    again = read(everything[:-1], ["the last: no answer"], never_gave[1].value)
    assert [type(one) for one in again] == [Raw, Bookmark, ScopeEnd]
