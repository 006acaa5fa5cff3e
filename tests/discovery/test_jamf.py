"""Jamf Pro: its inventory read page by page; a count that does not add up and a refusal retire nothing."""

from collections.abc import Iterator
from typing import Any

import pytest

from discovery.run import Parts
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.source import Reading
from discovery.sources import SOURCES
from graph.store import Search
from lab.jamf_server import JamfServer, jamf_server
from lab.json_service import Answer

MINUTE = 60 * 1_000_000


def mac(number: int) -> dict[str, Any]:
    return {
        "id": str(number), "udid": f"4C4C4544-0000-4000-8000-{number:012d}",
        "general": {"name": f"mac-{number}", "lastContactTime": "2024-09-30T08:00:00.123Z", "assetTag": "A1",
                    "platform": "Mac", "remoteManagement": {"managed": True}, "lastReportedIp": "10.1.2.3"},
        "hardware": {"serialNumber": f"C02XK{number:03d}", "macAddress": f"8C:85:90:01:02:{number:02X}", "make": "Apple",
                     "model": "MacBook Pro", "totalRamMegabytes": 16_384, "coreCount": 10},
        "operatingSystem": {"name": "macOS", "version": "15.1", "build": "24B83"},
        "userAndLocation": {"username": "ann", "email": "ann@corp.example"},
        "storage": {"bootDriveAvailableSpaceMegabytes": 100, "disks": [{"sizeMegabytes": 500}, {"sizeMegabytes": 1}]},
    }  # fmt: skip


def phone(number: int) -> dict[str, Any]:
    return {
        "mobileDeviceId": str(number), "deviceType": "iOS",
        "general": {"udid": f"00008110-{number:016X}", "displayName": "Ann's iPad", "osVersion": "18.1",
                    "lastInventoryUpdateDate": "2024-09-29T08:00:00Z", "supervised": True},
        "hardware": {"serialNumber": f"DMP{number:05d}", "wifiMacAddress": "8C:85:90:0A:0B:0C", "model": "iPad Pro",
                     "capacityMb": 128_000},
        "network": {"imei": "35 990 101 234567 9"},
        "userAndLocation": {"username": "ann@corp.example"},
    }  # fmt: skip


@pytest.fixture
def server() -> Iterator[JamfServer]:
    with jamf_server() as running:
        running.computers = [mac(number) for number in range(1, 6)]
        running.mobile_devices = [phone(1)]
        yield running


def read(parts: Parts, server: JamfServer, **more: Any) -> RunReport:
    parts.now.at += MINUTE  # type: ignore[attr-defined]
    stated = {"base_url": server.root, "client_id": "client", "client_secret": "secret", "patience": 1, **more}
    source = SOURCES["jamf"]
    return run_source(parts, source, source.settings.model_validate(stated))


def lifecycles(parts: Parts) -> set[str]:
    return {ci.lifecycle for ci in parts.store.search(Search(lifecycles=()), after=None, limit=1000)}


def scopes(report: RunReport) -> dict[str, bool]:
    return {scope.scope.partition("/")[2]: scope.complete for scope in report.scopes}


def test_both_inventories_are_read_page_by_page(parts: Parts, server: JamfServer) -> None:
    report = read(parts, server, page_size=2)
    assert (report.status, report.accepted, report.rejected) == ("complete", 6, 0)
    found = {ci.name: ci for ci in parts.store.search(Search(lifecycles=()), after=None, limit=100)}
    shown = parts.store.item(found["mac-1"].id)
    assert shown is not None
    facts = {name: fact.value for name, fact in shown.ci.facts.items()}
    assert facts.items() >= {
        "os": "macOS 15.1", "memory_bytes": 16 << 30, "storage.total_bytes": 501_000_000, "managed": True,
        "owner": "ann@corp.example", "ip_address": "10.1.2.3",
    }.items()  # fmt: skip
    borne = {one.kind: one.value for one in shown.ci.identifiers}
    assert borne == {
        "jamf_udid": "4c4c4544-0000-4000-8000-000000000001", "uuid": "4c4c4544-0000-4000-8000-000000000001",
        "serial": "C02XK001", "mac": "8c:85:90:01:02:01", "hostname": "mac-1",
    }  # fmt: skip
    assert (shown.ci.ci_class, shown.ci.last_seen) == ("workstation", 1_727_683_200_123_000)
    pad = parts.store.item(found["Ann's iPad"].id)
    assert pad is not None
    assert (pad.ci.ci_class, pad.ci.facts["os"].value) == ("mobile_device", "iPadOS 18.1")
    assert ("imei", "359901012345679") in {(one.kind, one.value) for one in pad.ci.identifiers}


def test_a_server_that_gives_smaller_pages_is_read_to_the_end(parts: Parts, server: JamfServer) -> None:
    server.most = 2
    assert read(parts, server, page_size=100).accepted == 6


def test_a_count_that_does_not_add_up_retires_nothing(parts: Parts, server: JamfServer) -> None:
    read(parts, server)
    server.computers.pop()
    server.uncounted = 1
    report = read(parts, server)
    assert (report.status, report.missed, lifecycles(parts)) == ("partial", 0, {"live"})
    assert "4 records came of the 5" in str(report.scopes[0].reason)


def test_what_is_no_longer_there_is_missed(parts: Parts, server: JamfServer) -> None:
    read(parts, server)
    server.computers.pop()
    report = read(parts, server)
    assert (report.status, report.missed) == ("complete", 1)


def test_a_token_that_ends_on_the_way_is_renewed(parts: Parts, server: JamfServer) -> None:
    server.fail("computers-inventory", Answer(401, {}), times=1, skip=1)
    assert read(parts, server, page_size=2).status == "complete"
    assert server.count("oauth/token") == 2


def test_a_token_is_renewed_before_its_end(parts: Parts, server: JamfServer) -> None:
    server.lasts = 0
    assert read(parts, server, page_size=2).status == "complete"
    assert server.count("oauth/token") > 2


def test_a_server_that_knows_only_a_later_address_is_read(parts: Parts, server: JamfServer) -> None:
    server.version = 3
    assert read(parts, server).accepted == 6


def test_a_privilege_that_is_missing_leaves_the_other_inventory_alone(parts: Parts, server: JamfServer) -> None:
    read(parts, server)
    server.granted.discard("Read Computers")
    report = read(parts, server)
    assert report.status == "partial"
    assert scopes(report) == {"computers": False, "mobile_devices": True}
    assert (report.missed, lifecycles(parts)) == (0, {"live"})


FAILURES = {
    "401": Answer(401, {}), "404": Answer(404, {}), "429": Answer(429, {}), "503": Answer(503, {}, {"Retry-After": "1"}),
    "cut json": Answer(200, b'{"totalCount": 5, "res'), "html": Answer(200, b"<html>", kind="text/html"),
    "no count": Answer(200, {"results": []}), "no results": Answer(200, {"totalCount": 5}),
    "cut short": Answer(200, {"totalCount": 5}, cut=3), "list": Answer(200, []),
    "no gzip": Answer(200, b"plain", {"Content-Encoding": "gzip"}),
}  # fmt: skip


@pytest.mark.parametrize("failure", FAILURES)
def test_a_page_that_fails_retires_nothing(parts: Parts, server: JamfServer, failure: str) -> None:
    read(parts, server)
    server.fail("computers-inventory.*[?&]page=1", FAILURES[failure])
    report = read(parts, server, page_size=2)
    assert (report.status, report.missed, lifecycles(parts)) == ("partial", 0, {"live"})
    assert not scopes(report)["computers"]


def test_a_wrong_secret_fails_the_run_and_shows_up_nowhere(parts: Parts, server: JamfServer) -> None:
    report = read(parts, server, client_secret="s3cr3t")
    assert report.status == "failed"
    assert "signing in" in report.errors[0]
    assert "s3cr3t" not in repr(report)


@pytest.mark.parametrize(
    ("stated", "word"),
    [
        ({}, "base_url missing"),
        ({"base_url": "https://corp.example"}, "client_id and client_secret"),
        ({"base_url": "http://corp.example", "token": "t"}, "https is wanted"),
    ],
)
def test_settings_that_cannot_work_say_what_to_change(parts: Parts, stated: dict[str, str], word: str) -> None:
    report = run_source(parts, SOURCES["jamf"], SOURCES["jamf"].settings.model_validate(stated))
    assert report.status == "failed"
    assert word in report.errors[0]


def test_only_the_sections_wanted_are_asked_for(parts: Parts, server: JamfServer) -> None:
    read(parts, server, sections="storage", scope="computers")
    (asked,) = (line for line in server.asked if "computers-inventory" in line)
    assert asked.count("section=") == 3
    assert "section=STORAGE" in asked


def test_check_says_privilege_by_privilege_what_to_grant(server: JamfServer) -> None:
    server.granted.discard("Read Mobile Devices")
    check = SOURCES["jamf"].check
    assert check is not None
    settings = SOURCES["jamf"].settings.model_validate(
        {"base_url": server.root, "client_id": "client", "client_secret": "secret"}
    )
    found = {right.name: right for right in check(settings, Reading(lambda: 0))}
    assert {name: right.ok for name, right in found.items()} == {
        "login": True, "Read Computers": True, "Read Mobile Devices": False,
    }  # fmt: skip
    assert "privilege Read Mobile Devices" in found["Read Mobile Devices"].fix
