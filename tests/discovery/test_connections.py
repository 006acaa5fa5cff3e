"""What a host's connection table says, look by look: attribution, memory, and what is taken for a requirement."""

import socket
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdb.observation import Claim, Observation
from cmdb.vocabulary import vocabulary
from discovery.run import Parts
from discovery.run_source import run_source
from discovery.source import Bookmark, Hearing, Progress, Raw, Reading, ScopeEnd
from discovery.sources.connections import CONNECTIONS
from discovery.sources.connections.edges import Edge, Socket, edges, listening
from discovery.sources.connections.fetch import fetch
from discovery.sources.connections.observe import observe
from discovery.sources.connections.settings import ConnectionsSettings
from discovery.sources.connections.tally import DAY, MOST_EDGES, Tally, as_json, from_json, tallied

START = 20_000 * DAY
HOUR = DAY // 24
OWN = ("10.0.0.1", "127.0.0.1")
DB = ("10.0.0.5", 5432)
HALF_LIFE, APART = 14 * DAY, 300 * 1_000_000


def listens(program: str | None, port: int, address: str = "0.0.0.0") -> Socket:
    return Socket((address, port), None, program, listens=True)


def talks(program: str | None, far: tuple[str, int], port: int = 40_000, **more: Any) -> Socket:
    return Socket(("10.0.0.1", port), far, program, **more)


def ended(far: tuple[str, int], port: int = 40_000) -> Socket:
    return talks(None, far, port, closing=True)


def seen(rows: list[Socket], known: Iterable[Edge] = ()) -> set[Edge]:
    return set(edges(rows, listening(rows, OWN), list(known)))


# -- whose a connection is -------------------------------------------------------------------------------------------


def test_a_connection_that_is_over_belongs_to_who_listens_on_its_port() -> None:
    rows = [listens("nginx", 443), ended(("10.0.0.9", 51_000), 443)]
    assert seen(rows) == {Edge("nginx", False, "10.0.0.9", 443)}


def test_one_that_was_made_from_here_belongs_to_the_only_one_that_calls_there() -> None:
    assert seen([talks("shop", DB), ended(DB, 40_001)]) == {Edge("shop", True, *DB)}
    assert seen([ended(DB)], [Edge("shop", True, *DB)]) == {Edge("shop", True, *DB)}


def test_where_two_call_there_or_nobody_is_known_to_no_program_is_named() -> None:
    unknown = Edge(None, True, *DB)
    assert seen([ended(DB)]) == {unknown}
    assert unknown in seen([talks("shop", DB), talks("bill", DB, 40_001), ended(DB, 40_002)])
    assert unknown in seen([listens(None, 5432), ended(DB)])


@pytest.mark.parametrize("far", [("10.0.0.9", 51_000), ("10.0.0.9", 40_000)])
def test_where_neither_port_tells_who_called_the_row_is_left_out(far: tuple[str, int]) -> None:
    assert seen([ended(far, 8080)]) == seen([ended(far, 41_000)]) == set()


def test_a_port_that_two_programs_share_names_neither() -> None:
    rows = [listens("one", 80), listens("other", 80), ended(("10.0.0.9", 51_000), 80)]
    assert seen(rows) == set()


def test_a_program_is_reached_at_every_address_that_is_not_anothers() -> None:
    here = listening([listens("nginx", 80), listens("proxy", 80, "10.0.0.1")], OWN)
    assert here.sockets_of("proxy") == [("10.0.0.1", 80)]
    assert here.sockets_of("nginx") == [("127.0.0.1", 80)]


# -- memory ----------------------------------------------------------------------------------------------------------


def after(*polls: tuple[int, list[Edge]], tally: Tally | None = None) -> Tally:
    tally = tally or Tally()
    for at, found in polls:
        tally, _ = tallied(tally, found, at, half_life=HALF_LIFE, apart=APART)
    return tally


EDGE = Edge("shop", True, *DB)
some_edges = st.builds(
    Edge, st.sampled_from(["a", "b", None]), st.booleans(), st.sampled_from(["10.0.0.5", "fd00::5"]), st.integers(1, 5)
)
polls = st.lists(st.tuples(st.integers(0, 90 * DAY), st.lists(some_edges, max_size=6)), max_size=25).map(
    lambda found: [(START + at, seen) for at, seen in sorted(found, key=lambda poll: poll[0])]
)


@given(polls)
@settings(max_examples=60)
def test_what_is_remembered_survives_between_runs_and_never_contradicts_itself(found: list[Any]) -> None:
    whole = after(*found)
    half = after(*found[len(found) // 2 :], tally=from_json(as_json(after(*found[: len(found) // 2]))))
    assert whole.edges.keys() == half.edges.keys()
    for edge, kept in whole.edges.items():
        assert half.edges[edge].in_looks == kept.in_looks
        assert half.confidence(edge) == pytest.approx(whole.confidence(edge), abs=1e-4)
        assert 0 < kept.days.seen <= kept.days.looked + 1e-9
        assert 0 <= kept.in_looks <= whole.looks + whole.before
    assert from_json(as_json(whole)).edges.keys() == whole.edges.keys()


def test_polls_that_lie_close_together_are_one_look() -> None:
    close = after(*((START + second * 1_000_000, [EDGE]) for second in range(299)))
    assert (close.looks, close.edges[EDGE].in_looks) == (1, 1)
    assert after((START, [EDGE]), (START + APART, [EDGE])).edges[EDGE].in_looks == 2


def test_a_connection_grows_sure_by_the_days_it_is_seen_on_and_fades_without() -> None:
    once = after((START, [EDGE]))
    nightly = after(*((START + hour * HOUR, [EDGE] if hour % 24 == 3 else []) for hour in range(10 * 24)))
    gone = after(*((START + (10 + day) * DAY, []) for day in range(14)), tally=nightly)
    assert once.confidence(EDGE) == pytest.approx(2 / 3)
    assert nightly.confidence(EDGE) > 0.85
    assert 0.15 < gone.confidence(EDGE) < 0.35
    assert EDGE not in after((START + 70 * DAY, []), tally=nightly).edges


def test_when_the_program_is_known_at_last_the_unknown_one_is_forgotten() -> None:
    assert set(after((START, [EDGE._replace(program=None)]), (START + 1, [EDGE])).edges) == {EDGE}


def test_what_is_kept_of_one_host_is_bounded_and_the_oldest_goes_first() -> None:
    many = [Edge("crawler", True, f"10.{n >> 8}.{n & 255}.1", 443) for n in range(MOST_EDGES)]
    tally, dropped = tallied(after((START, many)), [EDGE], START + HOUR, half_life=HALF_LIFE, apart=APART)
    assert (len(tally.edges), dropped) == (MOST_EDGES, 1)
    assert EDGE in tally.edges


def test_what_another_version_kept_is_begun_anew() -> None:
    assert from_json({"version": 0}) == from_json(None) == Tally()


# -- what it says ----------------------------------------------------------------------------------------------------


def said(
    tally: Tally, rows: Iterable[Socket] = (), began: int = START, data_ports: tuple[int, ...] = ()
) -> dict[str, Observation]:
    at = listening(rows, OWN).at
    host = {
        "hostname": "web1", "fqdn": None, "agent_id": None, "serial": None, "uuid": None, "vendor": None, "model": None,
        "os": "Linux", "cpu_count": 2, "memory_bytes": 1, "addresses": list(OWN), "macs": [], "container": False,
    }  # fmt: skip
    raw = {
        "record": "web1", "host": host, "tally": as_json(tally), "began": began, "data_ports": list(data_ports),
        "listening": [[address, port, sorted(programs)] for (address, port), programs in at.items()],
    }  # fmt: skip
    return {one.record: one for one in observe(raw, Hearing(vocabulary(), "default", tally.at))}


def to(one: Observation, reference: str) -> Claim:
    (found,) = [claim for claim in one.claims if claim.reference.replace("@default", "") == reference]
    return found


def looks(edge: Edge, times: int) -> Tally:
    return after(*((START + look * HOUR, [edge]) for look in range(times)))


def test_a_program_that_keeps_its_data_elsewhere_is_proved_to_by_three_looks() -> None:
    for times, effect in ((1, "degraded"), (2, "degraded"), (3, "down")):
        shop = said(looks(EDGE, times))["web1/shop"]
        machine, program = to(shop, "ip:10.0.0.5"), to(shop, "socket:10.0.0.5:5432")
        assert (machine.type, program.type) == ("depends_on", "stores_in")
        assert machine.effect == program.effect == effect


def test_a_requirement_that_is_no_longer_seen_is_none_any_more() -> None:
    gone = after(*((START + day * DAY, []) for day in range(1, 15)), tally=looks(EDGE, 3))
    assert to(said(gone)["web1/shop"], "ip:10.0.0.5").effect == "degraded"


@pytest.mark.parametrize("edge", [
    Edge("shop", True, "10.0.0.5", 514), Edge("rsyslogd", True, "10.0.0.5", 5432), Edge("pg_dump", True, *DB),
    Edge("psql", True, *DB), Edge("ssh", True, "10.0.0.5", 22), Edge("saver", True, "10.0.0.5", 9103),
])  # fmt: skip
def test_what_looks_after_machines_is_never_a_requirement(edge: Edge) -> None:
    (claim,) = [claim for claim in said(looks(edge, 50))[f"web1/{edge.program}"].claims if claim.type != "runs_on"]
    assert (claim.type, claim.effect) == ("depends_on", "none")


@pytest.mark.parametrize("port", [443, 8080, 6379, 9200, 5672])
def test_what_may_be_done_without_is_degraded_however_often_it_is_seen(port: int) -> None:
    shop = said(looks(Edge("shop", True, "10.0.0.5", port), 50))["web1/shop"]
    assert {to(shop, end).effect for end in ("ip:10.0.0.5", f"socket:10.0.0.5:{port}")} == {"degraded"}
    more = said(looks(Edge("shop", True, "10.0.0.5", port), 50), data_ports=(port,))["web1/shop"]
    assert to(more, "ip:10.0.0.5").effect == "down"


def test_several_far_ends_at_one_data_port_stand_in_for_each_other() -> None:
    other = EDGE._replace(far="10.0.0.6")
    shop = said(after(*((START + look * HOUR, [EDGE, other]) for look in range(3))))["web1/shop"]
    machines = {to(shop, f"ip:10.0.0.{n}").group for n in (5, 6)}
    programs = {to(shop, f"socket:10.0.0.{n}:5432").group for n in (5, 6)}
    assert len(machines) == len(programs) == 1
    assert None not in machines | programs
    assert machines != programs


def test_a_program_says_where_it_is_reached_and_the_host_what_was_probably_not_seen() -> None:
    rows = [listens("postgres", 5432), listens("local", 7000, "127.0.0.1")]
    found = said(looks(EDGE, 5), rows)
    assert [i.value for i in found["web1/postgres"].identifiers if i.kind == "socket"] == ["10.0.0.1:5432"]
    assert not [i for i in found["web1/local"].identifiers if i.kind == "socket"]
    facts = dict(found["web1"].attributes)
    assert (facts["connections.unseen_share"], facts["connections.unseen_edges"]) == (0.0, 0.0)
    assert facts["connections.unseen_high"] == 0.6


def test_what_nobody_can_be_named_for_is_said_of_the_host() -> None:
    found = said(looks(EDGE._replace(program=None), 50))
    claim = to(found["web1"], "ip:10.0.0.5")
    assert (claim.type, claim.effect) == ("depends_on", "degraded")


# -- the real thing --------------------------------------------------------------------------------------------------


def test_a_reading_that_is_stopped_keeps_the_polls_it_made() -> None:
    polled: list[Any] = []
    reading = Reading(lambda: START, stopped=lambda: len(polled) >= 2)
    found = []
    for one in fetch(ConnectionsSettings(polls=1000, interval=0.1), reading):
        found.append(one)
        if isinstance(one, Progress):
            polled.append(one)
    assert [type(one) for one in found] == [Progress, Progress, Raw, Bookmark, ScopeEnd]
    (end,) = [one for one in found if isinstance(one, ScopeEnd)]
    assert (end.complete, end.reason) == (False, "stopped after 2 of 1000 polls")
    assert (polled[-1].done, polled[-1].total, polled[-1].unit) == (2, 1000, "polls")


def test_a_short_connection_is_seen_after_it_is_over_and_remembered_in_the_next_run(parts: Parts, clock: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        near = socket.create_connection(("127.0.0.1", port))
        far, _ = server.accept()
        near.close()
        far.close()
        run_source(parts, CONNECTIONS, ConnectionsSettings())
    clock.at += HOUR
    report = run_source(parts, CONNECTIONS, ConnectionsSettings(polls=2, interval=0.1))
    assert report.status in ("complete", "partial")
    kept = parts.store.documents("bookmark", after=None, limit=10)
    (mark,) = [from_json(document.body["value"]) for document in kept]
    assert Edge(None, True, "127.0.0.1", port) in mark.edges
    assert mark.looks == 2
