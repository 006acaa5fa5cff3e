"""No two runs of a source read the same at once, also where their settings are not the same."""

from collections.abc import Callable
from typing import Any

import pytest

from cmdb.observation import Observation
from discovery.clock import beat, take_up_lost
from discovery.ending import finish
from discovery.job import Job, jobs
from discovery.means import Means
from discovery.run import LOST, AlreadyRunning, Errand, Parts, open_run, report, reports
from discovery.schedule import add, run_now, schedule
from discovery.source import Source
from discovery.source_instance import SourceInstance, scopes_of
from discovery.source_instance import add as add_instance
from discovery.sources import SOURCES
from discovery.sources.nmap.settings import NmapSettings, covers
from discovery.worker import LOOKS_AGAIN, execute
from machines import Machines

HOUR = 3600 * 1_000_000
Say = Callable[..., Observation]


def _opened(parts: Parts, place: str, *scopes: str, source: str = "nmap", realm: str = "default") -> str:
    return open_run(parts, source, realm, place, errand=Errand(place=place, scopes=scopes)).run_id


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("10.0.0.0/24", "10.0.0.128/25"),
        ("10.0.0.0/25", "10.0.0.0/24"),
        ("OU=Berlin,DC=corp,DC=example", "dc=corp, dc=example"),
        ("corp.example/users", "corp.example/users"),
    ],
)
def test_scopes_that_share_anything_are_not_read_at_once(parts: Parts, one: str, other: str) -> None:
    first = _opened(parts, "a", one)
    with pytest.raises(AlreadyRunning) as caught:
        _opened(parts, "b", "elsewhere", other)
    assert (caught.value.run_id, caught.value.wholly) == (first, False)
    finish(parts, first, complete=True)
    _opened(parts, "b", "elsewhere", other)


def test_scopes_that_share_nothing_are_read_at_once_and_so_are_other_realms_and_sources(parts: Parts) -> None:
    _opened(parts, "a", "10.0.0.0/25", "web.corp.example")
    _opened(parts, "b", "10.0.0.128/25", "db.corp.example")
    _opened(parts, "c", "10.0.0.0/24", realm="paris")
    _opened(parts, "d", "10.0.0.0/24", source="snmp")
    _opened(parts, "e")
    with pytest.raises(AlreadyRunning):
        _opened(parts, "f", "10.0.0.200")


def test_a_run_whose_process_died_is_in_nobodys_way_for_long(parts: Parts, clock: Any) -> None:
    dead = _opened(parts, "a", "10.0.0.0/24")
    other = _opened(parts, "b", "10.0.1.0/24")
    clock.at += LOST + 1
    _opened(parts, "c", "10.0.0.0/25")
    assert (report(parts, dead).status, report(parts, other).status) == ("failed", "running")
    take_up_lost(Means(parts, {}, lambda reference: reference))
    assert report(parts, other).status == "failed"
    _opened(parts, "d", "10.0.1.0/24")


def test_a_source_tells_what_it_will_read_without_asking_anybody() -> None:
    def of(source: str, **said: Any) -> tuple[str, ...]:
        return scopes_of(SOURCES[source], SOURCES[source].settings(**said))

    assert of("nmap", targets="10.0.0.0/24,Web.corp.example", exclude="10.0.0.128/25") == (
        "10.0.0.0/25",
        "web.corp.example",
    )
    assert of("nmap", xml="scan.xml") == ()
    assert of("ldap", url="ldaps://dc1", base="OU=Berlin,DC=corp") == ("OU=Berlin,DC=corp",)
    assert of("ldap", url="ldaps://dc1") == ()
    assert of("entra_id", tenant="Corp.example", scope="users") == ("corp.example/users",)
    assert of("intune", tenant="corp.example") == ("corp.example/managed_devices",)
    assert of("fleet", base_url="https://fleet.corp.example:8080") == ("fleet.corp.example:8080/hosts",)
    assert of("snmp", targets="10.0.0.1") == ("10.0.0.1/32",)
    assert of("jamf", base_url="https://corp.example", scope="computers") == ("corp.example/computers",)
    assert of("jamf", base_url="https://corp.example", scope="cars") == ()  # refused when it is read


@pytest.fixture
def networks(parts: Parts, say: Say) -> Means:
    """Two instances of one source, of which one reads a part of what the other does."""
    machines = Machines(say)
    plain = machines.as_source()
    source = Source(plain.name, "", NmapSettings, plain.traits, plain.fetch, plain.observe, covers=covers)
    means = Means(parts, {source.name: source}, lambda reference: reference)
    add_instance(means, SourceInstance("whole", source.name, settings={"targets": ["10.0.0.0/24"]}))
    add_instance(means, SourceInstance("half", source.name, settings={"targets": ["10.0.0.128/25"]}))
    return means


def test_a_run_waits_for_another_that_reads_a_part_of_it_and_is_read_then(networks: Means, clock: Any) -> None:
    parts = networks.parts
    half = add(networks, {"source_instance": "half", "interval": "1h"}).id
    clock.at += HOUR
    whole = run_now(networks, "whole")
    with pytest.raises(AlreadyRunning):
        run_now(networks, "half")
    told: list[Job] = []
    beat(networks, "me", lambda job: told.append(job) is None)
    later, first = sorted(told, key=lambda job: job.instance)
    assert execute(networks, later.id, "me") is None
    last = schedule(networks, half).last
    assert last is not None
    assert last["outcome"] == "waiting"
    assert whole.run_id in last["why"]
    assert execute(networks, first.id, "me") == report(parts, whole.run_id)
    clock.at += LOOKS_AGAIN
    beat(networks, "me", lambda job: execute(networks, job.id, "me") is not None)
    assert [run.instance for run in reports(parts, after=None, limit=10)] == ["half", "whole"]
    assert {run.status for run in reports(parts, after=None, limit=10)} == {"complete"}
    assert list(jobs(parts.store)) == []
