"""reconcile: whatever the order, batching or repetition, the graph is the same."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cmdb.draft import Context
from cmdb.identity_settings import DEFAULT_IDENTITY
from cmdb.observation import Observation
from cmdb.reconciliation import reconcile
from drawn_estates import claim_on, content_of, hostile_fleet

Say = Callable[..., Observation]


def test_an_observation_brings_a_ci_and_a_repetition_moves_only_times(say: Say, new_graph: Any, take: Any) -> None:
    graph = new_graph()
    assert take(graph, say("1", serial="S1AB")).fates == ("created",)
    again = take(graph, say("1", serial="S1AB", day=1))
    assert again.fates == ("unchanged",)
    assert not again.patch.records
    assert not again.patch.events
    assert [ci.last_seen for ci in graph.cis.values()] == [86_400_000_000]


def test_a_claim_waits_for_its_end_and_is_tied_when_it_appears(say: Say, new_graph: Any, take: Any) -> None:
    graph = new_graph()
    outcome = take(graph, say("app", claims=(claim_on("serial:DB99"),)))
    assert outcome.unresolved == 1
    assert not graph.edges
    assert take(graph, say("app", claims=(claim_on("serial:DB99"),), day=1)).unresolved == 1
    take(graph, say("db", serial="DB99"))
    assert len(graph.edges) == 1
    assert not graph.waits


def test_a_second_bearer_of_a_name_unties_the_claim_until_one_is_left(say: Say, new_graph: Any, take: Any) -> None:
    graph = new_graph()
    take(graph, say("app", claims=(claim_on("name:db"),)), say("db1", name="db"))
    assert len(graph.edges) == 1
    take(graph, say("db2", name="db", serial="X9YZ"))
    assert not graph.edges
    assert len(graph.waits) == 1
    take(graph, say("db2", name="other", serial="X9YZ", day=1))
    assert len(graph.edges) == 1


@pytest.mark.parametrize("last", ["app", "holders"])
def test_an_address_that_a_crowd_has_held_in_turn_means_none_of_them(
    say: Say, new_graph: Any, words: Any, last: str
) -> None:
    holders = [say(f"h{n}", serial=f"SER{n}", ip="10.0.0.7", day=n) for n in range(4)]
    told = {"holders": holders, "app": [say("app", claims=(claim_on("ip:10.0.0.7"),), day=2)]}
    for allowed, ends in ((4, 1), (3, 0)):
        graph = new_graph()
        for part in sorted(told, key=lambda name: name == last):
            ids = (f"{part}{n}" for n in range(9))
            few = Context(words, 0, lambda ids=ids: next(ids), replace(DEFAULT_IDENTITY, common_at=allowed))
            graph.apply(reconcile(told[part], graph, few).patch)
        assert len(graph.edges) == ends
        assert {graph.cis[edge.to_ci].name for edge in graph.edges.values()} <= {"h2"}


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_value_that_too_many_bear_weighs_nothing_on_any_of_them(
    say: Say, new_graph: Any, words: Any, size: int
) -> None:
    told = [say(f"r{n}", serial="IMAGE1", mac=f"8c:85:90:00:00:0{n}") for n in range(5)]
    graph, ids = new_graph(), (f"ci{n}" for n in range(9))
    few = Context(words, 0, lambda: next(ids), replace(DEFAULT_IDENTITY, common_at=3))
    for begin in range(0, len(told), size):
        graph.apply(reconcile(told[begin : begin + size], graph, few).patch)
    weights = {(held.kind, held.weight) for ci in graph.cis.values() for held in ci.identifiers}
    assert (len(graph.cis), weights) == (5, {("serial", 0.0), ("mac", 20)})


@pytest.mark.parametrize("size", [1, 4])
def test_a_value_that_several_bear_at_once_is_shown_as_worth_less(
    say: Say, new_graph: Any, take: Any, size: int
) -> None:
    told = [say(f"r{n}", serial="IMAGE1", hostname=f"host-{n}") for n in range(4)]
    graph = new_graph()
    for begin in range(0, len(told), size):
        take(graph, *told[begin : begin + size])
    weights = {(held.kind, held.weight) for ci in graph.cis.values() for held in ci.identifiers}
    assert weights == {("serial", DEFAULT_IDENTITY.prior_bits - 2), ("hostname", 12)}


def test_relations_follow_when_two_cis_become_one(say: Say, new_graph: Any, take: Any) -> None:
    graph = new_graph()
    take(graph, say("app", claims=(claim_on("record:ad:1"),)), say("1", source="ad", fqdn="db.corp.example"))
    take(graph, say("2", source="jamf", serial="S1AB", claims=(claim_on("record:agent:app"),)))
    assert len(graph.cis) == 3
    take(
        graph,
        say("2", source="jamf", serial="S1AB", fqdn="db.corp.example", day=1, claims=(claim_on("record:agent:app"),)),
    )
    assert len(graph.cis) == 2
    assert sorted((e.type, len(e.witnesses)) for e in graph.edges.values()) == [("depends_on", 1), ("depends_on", 1)]
    assert len(graph.aliases) == 1


def test_a_part_is_its_name_within_its_thing_whoever_says_it(say: Say, new_graph: Any, take: Any) -> None:
    graph = new_graph()
    take(
        graph,
        say("10.0.0.1/tcp/80", source="nmap", ci_class="endpoint", name="tcp/80", within="record:nmap:10.0.0.1"),
        say("10.0.0.1", source="nmap", ci_class="device", ip="10.0.0.1", fqdn="web.corp.example"),
    )
    take(graph, say("h", fqdn="web.corp.example"))
    take(graph, say("h:80", ci_class="endpoint", name="TCP/80", within="record:agent:h"))
    assert sorted(ci.ci_class for ci in graph.cis.values()) == ["endpoint", "server"]


def test_children_follow_their_thing_when_it_joins_another(say: Say, new_graph: Any, take: Any) -> None:
    graph = new_graph()
    take(graph, say("10.0.0.1", source="nmap", ci_class="device", mac="8c:85:90:01:02:03"))
    take(graph, say("e1", source="nmap", ci_class="endpoint", name="tcp/80", within="record:nmap:10.0.0.1"))
    take(graph, say("h", serial="S1AB"))
    take(graph, say("e2", ci_class="endpoint", name="tcp/80", within="record:agent:h"))
    assert len(graph.cis) == 4
    take(graph, say("h", serial="S1AB", mac="8c:85:90:01:02:03"))
    assert len(graph.cis) == 2


def test_a_record_used_again_is_a_newcomer_and_its_past_stays(say: Say, new_graph: Any, take: Any) -> None:
    graph = new_graph()
    take(graph, say("asset-1", serial="OLD1"))
    take(graph, say("asset-1", serial="NEW2", day=5))
    assert sorted(ci.lifecycle for ci in graph.cis.values()) == ["live", "missing"]


def test_a_ci_is_missing_when_no_record_is_left_and_live_again_under_its_id(
    say: Say, new_graph: Any, take: Any, miss: Any
) -> None:
    graph = new_graph()
    take(graph, say("1", serial="S1AB"), say("2", claims=(claim_on("serial:S1AB"),)))
    (ci,) = [ci.id for ci in graph.cis.values() if ci.identifiers]
    assert miss(graph, "agent|default|1").gone_missing == 1
    assert graph.cis[ci].lifecycle == "missing"
    assert len(graph.edges) == 1
    take(graph, say("1", serial="S1AB", day=1))
    assert graph.cis[ci].lifecycle == "live"


def test_what_its_source_calls_gone_witnesses_nothing(say: Say, new_graph: Any, take: Any) -> None:
    graph = new_graph()
    take(graph, say("1", claims=(claim_on("record:agent:2"),)), say("2"))
    assert len(graph.edges) == 1
    take(graph, say("1", gone=True, day=1))
    assert not graph.edges
    take(graph, say("1", claims=(claim_on("record:agent:2"),), day=2))
    assert len(graph.edges) == 1


def test_a_block_too_large_is_left_as_it_is(say: Say, new_graph: Any, take: Any, words: Any) -> None:
    graph = new_graph()
    macs = [f"8c:85:90:00:00:0{i}" for i in range(7)]
    take(graph, *(say(f"r{i}", source=f"s{i}", mac=macs[i : i + 2]) for i in range(6)))
    assert len(graph.cis) == 1
    small = Context(words, 0, lambda: "newcomer", replace(DEFAULT_IDENTITY, largest_block=4))
    late = [say("late", source="late", mac=macs[6]), say("r0", source="s0", mac=macs[:2], day=1, name="renamed")]
    graph.apply(reconcile(late, graph, small).patch)
    assert sorted(len(ci.records) for ci in graph.cis.values()) == [1, 6]


def test_a_block_too_large_gives_no_new_holder_of_an_address_the_former_ones_place(
    say: Say, new_graph: Any, take: Any, words: Any
) -> None:
    graph = new_graph()
    old, new = "8c:85:90:00:00:01", "8c:85:90:00:00:02"
    take(graph, say("10.0.0.9", source="nmap", ip="10.0.0.9", mac=old), say("h", mac=old, serial="S1AB"))
    take(graph, say("10.0.0.9", source="nmap", ip="10.0.0.9", mac=new, day=1), say("i", mac=new, serial="S2CD", day=1))
    small = Context(words, 0, lambda: "newcomer", replace(DEFAULT_IDENTITY, largest_block=1))
    third = say("10.0.0.9", source="nmap", ip="10.0.0.9", mac="8c:85:90:00:00:03", day=2)
    graph.apply(reconcile([third, say("h", mac=old, serial="S1AB", day=2, name="renamed")], graph, small).patch)
    holders = {ci.name: ci.records for ci in graph.cis.values()}
    assert holders["renamed"] == ("agent|default|h", "nmap|default|10.0.0.9")
    assert graph.stored["nmap|default|10.0.0.9"].ci == "newcomer"


def test_what_several_sources_repeat_of_one_thing_moves_nothing_but_times(say: Say, new_graph: Any, take: Any) -> None:
    def said(day: float) -> list[Observation]:
        card, address = "8c:85:90:00:00:01", "10.0.0.1"
        return [
            say("1", serial="SER1", mac=card, hostname="host-1", day=day, attributes={"os": "v1"}),
            say("x", source="ad", hostname="host-1", fqdn="host-1.corp.example", day=day, attributes={"os": "v2"}),
            say(address, source="nmap", ip=address, mac=card, day=day),
        ]

    graph = new_graph()
    take(graph, *said(1), day=2)
    patch = take(graph, *said(1.5), day=2).patch
    assert len(graph.cis) == 1
    assert (len(patch.touches), patch.records, patch.cis) == (3, (), ())


def test_a_value_gives_way_in_time_to_one_that_is_said_every_day(say: Say, new_graph: Any, take: Any) -> None:
    graph = new_graph()
    take(graph, say("1", serial="SER1", hostname="host-1", attributes={"os": "v1"}))
    found = set()
    for day in range(100):
        take(graph, say("x", source="ad", serial="SER1", hostname="host-1", day=day, attributes={"os": "v2"}), day=day)
        (item,) = graph.cis.values()
        found.add((day > 60, item.facts["os"].value))
    assert {(False, "v1"), (True, "v2")} <= found
    assert (True, "v1") not in found


def test_what_is_said_again_keeps_an_address_from_those_who_had_it_later(say: Say, new_graph: Any, take: Any) -> None:
    told = [
        say("late", source="mdm", day=5, ip="10.0.0.1", serial="SER1"),
        say("late", source="mdm", day=6, ip="10.0.0.2", serial="SER1"),
        say("early", source="agent", day=0.3, ip="10.0.0.1", serial="SER2"),
        say("client", source="app", day=2.7, claims=(claim_on("ip:10.0.0.1"),)),
        say("early", source="agent", day=3, ip="10.0.0.1", serial="SER2"),
    ]
    at_once, one_by_one = new_graph(), new_graph()
    take(at_once, *told, day=21)
    for said in told:
        take(one_by_one, said, day=21)
    assert content_of(at_once) == content_of(one_by_one)


@pytest.mark.parametrize("seed", range(5))
def test_history_of_a_patch_names_only_cis_that_are_or_were(seed: int, say: Say, new_graph: Any, take: Any) -> None:
    graph = new_graph()
    known: set[str] = set()
    for said in hostile_fleet(say, seed):
        take(graph, said)
        known |= graph.cis.keys()
    assert {group.ci for group in graph.events} <= known
