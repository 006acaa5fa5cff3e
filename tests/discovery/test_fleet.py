"""Fleet: hosts read page by page, held against the server's own count."""

from collections.abc import Iterator
from typing import Any

import pytest

from discovery.run import Parts
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.source import Reading
from discovery.sources import SOURCES
from graph.store import Search
from lab.fleet_server import FleetServer
from lab.json_service import Answer, serving

MINUTE = 60 * 1_000_000


@pytest.fixture
def server() -> Iterator[FleetServer]:
    running = FleetServer()
    with serving(running):
        yield running


def read(parts: Parts, server: FleetServer, **more: Any) -> RunReport:
    parts.now.at += MINUTE  # type: ignore[attr-defined]
    source = SOURCES["fleet"]
    stated = {"base_url": server.root, "token": "right", "patience": 1, "page_size": 2, **more}
    return run_source(parts, source, source.settings.model_validate(stated))


def test_every_host_is_read_with_what_identifies_it(parts: Parts, server: FleetServer) -> None:
    assert (read(parts, server).status, len(server.hosts)) == ("complete", 5)
    found = {one.name: one.id for one in parts.store.search(Search(), after=None, limit=10)}
    view = parts.store.item(found["db1"])
    assert view is not None
    facts = {name: fact.value for name, fact in view.ci.facts.items()}
    assert facts.items() >= {"os": "Ubuntu 24.04 LTS", "disk_encrypted": False, "storage.free_share": 0.25}.items()
    assert {one.kind for one in view.ci.identifiers} == {"uuid", "serial", "mac", "fqdn"}
    assert (view.ci.ci_class, view.ci.last_seen) == ("device", 1_727_683_200_000_000)


def test_a_count_that_does_not_add_up_retires_nothing(parts: Parts, server: FleetServer) -> None:
    read(parts, server)
    server.hosts.pop()
    server.uncounted = 1
    assert (read(parts, server).status, read(parts, server).missed) == ("partial", 0)
    server.uncounted = 0
    assert (read(parts, server).status, read(parts, server).missed) == ("complete", 1)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
def test_a_page_that_fails_retires_nothing(parts: Parts, server: FleetServer, status: int) -> None:
    read(parts, server)
    server.fail("page=1", Answer(status, {}))
    report = read(parts, server)
    assert (report.status, report.accepted, report.missed) == ("partial", 2, 0)


def test_an_answer_without_hosts_is_no_empty_fleet(parts: Parts, server: FleetServer) -> None:
    read(parts, server)
    server.fail("hosts", Answer(200, {"message": "welcome"}))
    assert (read(parts, server).status, read(parts, server).missed) == ("failed", 0)


def test_check_says_what_to_grant(server: FleetServer) -> None:
    server.role = ""
    check = SOURCES["fleet"].check
    assert check is not None
    settings = SOURCES["fleet"].settings.model_validate({"base_url": server.root, "token": "right"})
    assert [(right.name, right.ok) for right in check(settings, Reading(lambda: 0))] == [
        ("login", True),
        ("Observer: list hosts", False),
    ]
