"""Two switches that see each other: what LLDP, CDP, bridge and ARP tables, stacks and modules become."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from cmdb.observation import Observation
from discovery.run import Parts, open_run, take
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.sources import SOURCES
from discovery.unread_networks import Known, Read
from graph.store import FoundCI, ItemView, Search
from graph.survey import Survey
from lab.snmp_replay import COMMUNITY, RECORDINGS, Replay, oid, recording, replay

Say = Callable[..., Observation]
MINUTE = 60 * 1_000_000
SOURCE = SOURCES["snmp"]
ACCESS, CORE = "127.0.0.21", "127.0.0.22"
WORKSTATION = "00:00:5e:00:53:a1"
NO_KEYS = ("1.3.6.1.2.1.47", "1.3.6.1.2.1.17.1.1")
"""without them nothing but its cards, addresses and short name tells a device"""


@pytest.fixture
def switches() -> Iterator[dict[str, Replay]]:
    with ExitStack() as running:
        first = running.enter_context(replay(recording(RECORDINGS / "acc-1.snmprec"), ACCESS))
        second = running.enter_context(replay(recording(RECORDINGS / "core-1.snmprec"), CORE, first.port))
        yield {ACCESS: first, CORE: second}


def read(parts: Parts, switches: dict[str, Replay], **more: Any) -> RunReport:
    parts.now.at += MINUTE  # type: ignore[attr-defined]
    stated = {
        "targets": list(switches), "port": switches[ACCESS].port, "community": COMMUNITY, "timeout": 10,
        "packets_per_second": 10_000, "heard": False, **more,
    }  # fmt: skip
    return run_source(parts, SOURCE, SOURCE.settings.model_validate(stated))


def everything(parts: Parts, *classes: str) -> list[FoundCI]:
    return list(parts.store.search(Search(classes=classes), after=None, limit=1000))


def view(parts: Parts, name: str) -> ItemView:
    (one,) = [one for one in everything(parts) if one.name == name]
    found = parts.store.item(one.id)
    assert found is not None
    return found


def fact(parts: Parts, name: str, attribute: str) -> Any:
    said = view(parts, name).ci.facts.get(attribute)
    return None if said is None else said.value


def ends(parts: Parts, name: str, relation: str = "connects_to") -> set[str]:
    """Names of what a CI is tied to, whichever of the two says so."""
    around = view(parts, name)
    return {
        around.neighbours[one.to_ci if one.from_ci == around.ci.id else one.from_ci]
        for one in around.relations
        if one.type == relation
    }


DEVICES = {"acc-1": "switch", "core-1.lab.example": "switch", "ap-1": "device", "SEP00005E005340": "device"}


def devices(parts: Parts) -> dict[str, str]:
    found = [one for one in everything(parts) if one.ci_class not in ("interface", "module")]
    assert len({one.name for one in found}) == len(found), found
    return {one.name: one.ci_class for one in found}


def test_who_is_read_and_who_is_only_told_of_are_one_device_each(parts: Parts, switches: dict[str, Replay]) -> None:
    report = read(parts, switches)
    assert report.status == "complete", report.as_body()
    assert devices(parts) == DEVICES
    revision = parts.store.revision()
    again = read(parts, switches)
    assert (again.status, again.created, again.updated) == ("complete", 0, 0)
    assert devices(parts) == DEVICES
    assert revision <= parts.store.revision()


def test_a_neighbour_that_is_read_later_is_the_one_that_was_told_of(parts: Parts, switches: dict[str, Replay]) -> None:
    read(parts, switches, targets=ACCESS)
    assert devices(parts) == {"acc-1": "switch", "core-1.lab.example": "device", "SEP00005E005340": "device"}
    read(parts, switches, targets=CORE)
    assert devices(parts) == DEVICES


def test_ports_are_linked_to_who_named_himself_there(parts: Parts, switches: dict[str, Replay]) -> None:
    read(parts, switches)
    assert ends(parts, "Gi0/4") == {"core-1.lab.example"}
    assert ends(parts, "Gi0/3") == {"SEP00005E005340"}
    assert ends(parts, "Ethernet1/1") == {"acc-1"}
    assert ends(parts, "Ethernet2/1") == {"uplink"}
    assert ends(parts, "uplink", "part_of") == {"ap-1"}


def test_the_only_card_behind_a_port_is_linked_to_it_once_somebody_knows_whose_it_is(
    parts: Parts, switches: dict[str, Replay], say: Say
) -> None:
    report = read(parts, switches)
    assert ends(parts, "Gi0/1") == ends(parts, "Gi0/2") == set()
    assert report.unresolved
    machine = say("pc-7", ci_class="workstation", name="pc-7", identifiers=[("mac", WORKSTATION)])
    run = open_run(parts, "agent", "default", "agent")
    take(parts, run.run_id, [machine], [], scope="agent")
    assert ends(parts, "Gi0/1") == {"pc-7"}
    assert ends(parts, "Gi0/2") == set()  # two cards behind it: something silent is in between


def test_the_network_of_who_was_only_heard_of_is_known_to_exist(parts: Parts, switches: dict[str, Replay]) -> None:
    read(parts, switches, targets=ACCESS)
    known = Known(Read([("default", ACCESS)]))

    def look(survey: Survey) -> None:
        for ci in survey.cis():
            known.take(ci)
        for end in survey.ends(""):
            known.take_end(end, link=True)

    parts.store.survey(look)
    (network,) = known.unread()
    assert str(network.network) == "10.20.0.0/24"
    assert {"interfaces", "neighbours"} <= network.seen_in.keys()


def test_who_answered_under_an_address_is_a_device_and_who_falls_silent_is_not_missed(
    parts: Parts, switches: dict[str, Replay]
) -> None:
    assert SOURCE.settings.model_validate({}).model_dump()["heard"] is True
    assert read(parts, switches, heard=True).status == "complete"
    (heard,) = devices(parts).keys() - DEVICES.keys()
    assert heard.endswith(WORKSTATION)
    assert devices(parts)[heard] == "device"
    assert ends(parts, "Gi0/1") == {heard}
    assert {held.kind: held.value for held in view(parts, heard).ci.identifiers} == {
        "mac": WORKSTATION, "ip": "10.20.0.21",
    }  # fmt: skip
    switches[ACCESS].hidden = (oid("1.3.6.1.2.1.4.22"), oid("1.3.6.1.2.1.17"))
    read(parts, switches, heard=True, full=True)
    assert {one.lifecycle for one in everything(parts) if one.name == heard} == {"live"}


def test_one_chassis_is_the_device_and_several_are_modules_of_it(parts: Parts, switches: dict[str, Replay]) -> None:
    read(parts, switches)
    assert {one.name for one in everything(parts, "module")} == {
        "module LAB1MOD0001", "chassis LAB2CORE001", "chassis LAB2CORE002",
    }  # fmt: skip
    assert ends(parts, "acc-1", "part_of") >= {"module LAB1MOD0001"}
    assert ends(parts, "core-1.lab.example", "part_of") >= {"chassis LAB2CORE001", "chassis LAB2CORE002"}
    serials = {held.value for held in view(parts, "acc-1").ci.identifiers if held.kind == "serial"}
    assert serials == {"LAB1ACC0001"}


def test_a_device_says_what_it_is_and_what_runs_on_it(parts: Parts, switches: dict[str, Replay]) -> None:
    read(parts, switches)
    said = {name: fact(parts, "acc-1", name) for name in ("vendor", "model", "os", "version", "location")}
    assert said == {
        "vendor": "Cisco", "model": "LAB-C3560-4", "os": "Cisco IOS 15.2(4)E10", "version": "15.2(4)E10",
        "location": "building 2, floor 1",
    }  # fmt: skip
    assert fact(parts, "Vl10", "addresses") == ("10.20.0.2/24",)
    assert [fact(parts, "Gi0/4", name) for name in ("speed_mbps", "alias", "up", "type")] == [
        10_000, "to the core", True, "ethernet",
    ]  # fmt: skip


def test_what_is_unplugged_is_linked_no_longer(parts: Parts, switches: dict[str, Replay]) -> None:
    read(parts, switches)
    switches[ACCESS].hidden = (oid("1.3.6.1.4.1.9.9.23.1.2.1.1"),)
    switches[ACCESS].hidden += tuple(oid(f"1.3.6.1.2.1.17.4.3.1.2.0.0.94.0.83.{last}") for last in (1, 64, 97))
    assert read(parts, switches, targets=ACCESS).status == "complete"
    assert ends(parts, "Gi0/3") == ends(parts, "Gi0/4") == set()
    lost = [one for one in everything(parts) if one.name == "SEP00005E005340"]
    assert [one.lifecycle for one in lost] == ["missing"]
    (core,) = [one for one in everything(parts) if one.name == "core-1.lab.example"]
    assert core.lifecycle == "live"


def test_one_device_with_two_addresses_is_one(parts: Parts) -> None:
    values = recording(RECORDINGS / "acc-1.snmprec")
    with replay(values, ACCESS) as first, replay(values, CORE, first.port) as second:
        first.hidden = second.hidden = tuple(oid(text) for text in NO_KEYS)
        assert read(parts, {ACCESS: first, CORE: second}).status == "complete"
        assert devices(parts).keys() == {"acc-1", "core-1.lab.example", "SEP00005E005340"}
