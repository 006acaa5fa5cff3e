"""What is believed, looked at again in the real world: a laboratory network, and this host."""

import random
import shutil
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.vocabulary import Vocabulary
from discovery.interval import wilson
from discovery.rechecking import RIGHT, UNKNOWN, WRONG, Rechecked, recheck
from discovery.run import Parts, take
from discovery.run_source import run_source
from discovery.source import Known, Source
from discovery.sources import SOURCES
from discovery.sources.connections import CONNECTIONS
from discovery.sources.connections.settings import ConnectionsSettings
from discovery.sources.nmap import NMAP
from discovery.sources.nmap.again import place_of
from discovery.sources.nmap.settings import NmapSettings
from discovery.way_again import Way
from graph.store import Search

needs_nmap = pytest.mark.skipif(shutil.which("nmap") is None, reason="nmap is not installed")
Say = Callable[..., Any]


@pytest.fixture
def again(parts: Parts) -> Callable[..., dict[str, Rechecked]]:
    """Rechecks every CI that a search finds: class and name → what came of it."""

    def looked(
        stopped: Callable[[], bool] = lambda: False, exclude: tuple[str, ...] = (), **query: Any
    ) -> dict[str, Rechecked]:
        found = parts.store.search(Search(**query), after=None, limit=1000)
        views = [view for ci in found if (view := parts.store.item(ci.id)) is not None]

        def ways(source: Source, realm: str) -> tuple[Way, ...]:
            return (Way(None, source.settings(realm=realm, **({"exclude": exclude} if source is NMAP else {}))),)

        rechecked = recheck(parts, SOURCES, views, ways, stopped=stopped)
        assert [one.ci.id for one in rechecked] == [ci.id for ci in found]
        return {f"{one.ci.ci_class} {one.records[0].record}": one for one in rechecked}

    return looked


@needs_nmap
@pytest.mark.network
def test_a_network_that_moved_on_is_told_from_what_was_believed(
    lab_network: Any, parts: Parts, clock: Any, again: Callable[..., dict[str, Rechecked]]
) -> None:
    clock.at = time.time_ns() // 1000
    settings = NmapSettings(targets=(lab_network.subnet,), exclude=(lab_network.scanner,), profile="quick")
    assert run_source(parts, NMAP, settings).status == "complete"
    revision = parts.store.revision()
    web, ssh, silent = (lab_network.host(name) for name in ("web", "ssh", "silent"))
    first = again()
    of_hosts = {key: one for key, one in first.items() if one.ci.ci_class in ("device", "endpoint")}
    assert len(of_hosts) > 5
    assert {one.verdict for one in of_hosts.values()} == {RIGHT}, [
        one for one in of_hosts.values() if one.verdict != RIGHT
    ]
    lab_network.stop("ssh")
    lab_network.move("web", "{}.{}.{}.201".format(*web.address.split(".")))
    later = again(exclude=(silent.address,))
    assert later[f"device {ssh.address}"].verdict == WRONG
    assert later[f"device {ssh.address}"].records[0].reason == "it is not found any more"
    assert later[f"endpoint {ssh.address}/tcp/22"].verdict == WRONG
    assert later[f"device {web.address}"].verdict == WRONG
    assert later[f"device {silent.address}"].verdict == UNKNOWN
    assert later[f"device {silent.address}"].records[0].reason == "it is excluded"
    assert later[f"device {lab_network.host('dns').address}"].verdict == RIGHT
    lab_network.move("web", ssh.address)
    (swapped,) = [one for key, one in again(classes=("device",)).items() if key == f"device {ssh.address}"]
    assert swapped.verdict == WRONG, "something else answers there"
    assert [difference.about for difference in swapped.records[0].differences] == ["identifier.mac"]
    assert parts.store.revision() == revision, "nothing was written"


@needs_nmap
@pytest.mark.nmap
def test_what_cannot_be_read_again_says_why(
    parts: Parts, say: Say, words: Vocabulary, again: Callable[..., dict[str, Rechecked]]
) -> None:
    take(
        parts,
        None,
        [
            say("pushed", name="pushed"),
            say("8.8.8.8", source="nmap", ci_class="device", identifiers=[("ip", "8.8.8.8")]),
            say("hop 10.0.0.1", source="nmap", ci_class="interface"),
            say("10.0.0.1/tcp/9100", source="nmap", ci_class="endpoint"),
            say("another host", source="connections", ci_class="device"),
        ],
    )
    reasons = {key: (one.verdict, one.records[0].reason) for key, one in again().items()}
    assert {verdict for verdict, _ in reasons.values()} == {UNKNOWN}
    assert reasons["server pushed"][1] == "nothing here can ask agent again"
    assert "outside what may be scanned" in str(reasons["device 8.8.8.8"][1])
    assert reasons["interface hop 10.0.0.1"][1] == "nmap cannot look at this by itself"
    assert reasons["endpoint 10.0.0.1/tcp/9100"][1] == "nmap cannot look at this by itself", (
        "fragile ports are left alone"
    )
    assert "another machine" in str(reasons["device another host"][1])


@needs_nmap
@pytest.mark.nmap
def test_source_instances_say_what_a_scan_may_ask_again(parts: Parts, say: Say, keep: Any, look: Any) -> None:
    addresses = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.9")
    take(parts, None, [say(f"{one}/tcp/9", source="nmap", ci_class="endpoint", name=one) for one in addresses])
    keep("nmap", targets="127.0.0.0/30", exclude="127.0.0.2")
    keep("nmap", name="saved", xml="/nowhere/scan.xml", realm="paris")
    found = {name: (one.verdict, one.records[0].reason) for name, one in look().items()}
    assert found["127.0.0.2"] == (UNKNOWN, "main: it is excluded")
    assert found["127.0.0.9"] == (UNKNOWN, "no source instance of nmap in realm default reads 127.0.0.9")
    assert found["127.0.0.1"] == (WRONG, "it is not found any more"), "nobody listens on that port"
    take(parts, None, [say("10.1.1.1", source="nmap", ci_class="device", name="paris", realm="paris")])
    assert "saved file" in str(look()["paris"].records[0].reason)


@needs_nmap
@pytest.mark.nmap
def test_what_is_not_reached_in_time_is_neither_right_nor_wrong(
    parts: Parts, say: Say, again: Callable[..., dict[str, Rechecked]]
) -> None:
    record = f"{socket.gethostname()}/127.0.0.1"
    take(parts, None, [say(record, source="nmap", ci_class="device", name="me")])
    (one,) = again(stopped=lambda: True).values()
    assert (one.verdict, one.records[0].reason) == (UNKNOWN, "it was not reached in time")


def test_this_host_is_compared_fact_by_fact(parts: Parts, again: Callable[..., dict[str, Rechecked]]) -> None:
    run_source(parts, CONNECTIONS, ConnectionsSettings())
    (here,) = again(classes=("device", "virtual_machine")).values()
    assert here.verdict == RIGHT
    assert here.records[0].facts >= 2


def test_a_fact_that_is_no_longer_so_is_shown_beside_what_is(
    parts: Parts, say: Say, clock: Any, again: Callable[..., dict[str, Rechecked]]
) -> None:
    run_source(parts, CONNECTIONS, ConnectionsSettings())
    (record,) = [
        p.record for p in parts.store.record_places("connections", None, after=None, limit=1000) if "/" not in p.record
    ]
    clock.at += 1_000_000
    take(parts, None, [say(record, source="connections", ci_class="device", name="me", attributes={"cpu_count": 4097})])
    (here,) = again(classes=("device", "virtual_machine")).values()
    assert here.verdict == WRONG
    (difference,) = here.records[0].differences
    assert (difference.about, difference.known) == ("cpu_count", 4097)


@pytest.mark.parametrize(
    ("record", "place"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("10.0.0.1/tcp/22", "10.0.0.1"),
        ("fd00::1/tcp/443", "fd00::1"),
        ("10.0.0.1/udp/53", None),
        ("10.0.0.1/tcp/9100", None),
        ("10.0.0.1/tcp/99999", None),
        ("10.0.0.1/software/OpenSSH", None),
        ("hop 10.0.0.1", None),
        ("certificate abc", None),
        ("no-such-host/127.0.0.1", None),
        ("--script=x", None),
        ("", None),
    ],
)
def test_only_hosts_and_tcp_ports_are_asked_again(record: str, place: str | None) -> None:
    assert place_of(Known(record, None)) == place


def test_the_interval_is_wilsons() -> None:
    assert wilson(0, 0) is None
    assert [round(bound, 4) for bound in wilson(8, 10) or ()] == [0.8, 0.4902, 0.9433]
    assert [round(bound, 4) for bound in wilson(10, 10) or ()] == [1.0, 0.7225, 1.0]
    assert [round(bound, 4) for bound in wilson(0, 10) or ()] == [0.0, 0.0, 0.2775]


@given(st.integers(1, 2000), st.data())
def test_the_interval_holds_its_share_and_stays_between_none_and_all(of: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, of))
    found = wilson(right, of)
    assert found is not None
    assert 0 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1


def test_where_most_of_a_small_estate_is_drawn_the_interval_is_wide_enough_all_the_same() -> None:
    chance = random.Random(7)
    for size, drawn, right in ((40, 30, 36), (200, 100, 190), (60, 60, 55)):
        estate = [True] * right + [False] * (size - right)
        held = 0
        for _ in range(1000):
            found = wilson(sum(chance.sample(estate, drawn)), drawn)
            held += found is not None and found.low <= right / size <= found.high
        assert held >= 950


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    chance = random.Random(7)
    for truth in (0.5, 0.9, 0.97):
        held = 0
        for _ in range(2000):
            right = sum(chance.random() < truth for _ in range(60))
            found = wilson(right, 60)
            held += found is not None and found.low <= truth <= found.high
        assert 0.92 <= held / 2000 <= 0.985
