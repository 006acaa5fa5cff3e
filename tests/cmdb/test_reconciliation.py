"""reconcile: whatever the order, batching or repetition, the graph is the same."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cmdb.draft import Context
from cmdb.identity_settings import DEFAULT_IDENTITY
from cmdb.observation import Claim, Observation
from cmdb.reconciliation import reconcile

Say = Callable[..., Observation]


def _claim(to: str, **more: Any) -> Claim:
    return Claim("depends_on", True, to, **more)


def _names(graph: Any) -> dict[str, str]:
    """CI → a name that does not depend on ids: the records it holds."""
    held: dict[str, list[str]] = {}
    for key, record in graph.stored.items():
        for place, ci in enumerate(reversed(record.cis)):
            held.setdefault(ci, []).append(f"{key}~{place}" if place else key)
    return {ci: " + ".join(sorted(sightings)) for ci, sightings in held.items()}


def _content(graph: Any) -> dict[str, Any]:
    """Everything that must not depend on order, up to the renaming of ids."""
    names = _names(graph)
    return {
        "cis": {
            names[ci.id]: (
                ci.ci_class,
                ci.name,
                ci.first_seen,
                ci.last_seen,
                ci.facts,
                ci.identifiers,
                names.get(ci.parent or ""),
            )
            for ci in graph.cis.values()
        },
        "relations": {
            (edge.type, names[edge.from_ci], names[edge.to_ci]): (edge.requirements, edge.effect, edge.witnesses)
            for edge in graph.edges.values()
        },
        "waiting": graph.waits,
    }


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
    outcome = take(graph, say("app", claims=(_claim("serial:DB99"),)))
    assert outcome.unresolved == 1
    assert not graph.edges
    assert take(graph, say("app", claims=(_claim("serial:DB99"),), day=1)).unresolved == 1
    take(graph, say("db", serial="DB99"))
    assert len(graph.edges) == 1
    assert not graph.waits


def test_a_second_bearer_of_a_name_unties_the_claim_until_one_is_left(say: Say, new_graph: Any, take: Any) -> None:
    graph = new_graph()
    take(graph, say("app", claims=(_claim("name:db"),)), say("db1", name="db"))
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
    told = {"holders": holders, "app": [say("app", claims=(_claim("ip:10.0.0.7"),), day=2)]}
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


def test_relations_follow_when_two_cis_become_one(say: Say, new_graph: Any, take: Any) -> None:
    graph = new_graph()
    take(graph, say("app", claims=(_claim("record:ad:1"),)), say("1", source="ad", fqdn="db.corp.example"))
    take(graph, say("2", source="jamf", serial="S1AB", claims=(_claim("record:agent:app"),)))
    assert len(graph.cis) == 3
    take(
        graph,
        say("2", source="jamf", serial="S1AB", fqdn="db.corp.example", day=1, claims=(_claim("record:agent:app"),)),
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
    take(graph, say("1", serial="S1AB"), say("2", claims=(_claim("serial:S1AB"),)))
    (ci,) = [ci.id for ci in graph.cis.values() if ci.identifiers]
    assert miss(graph, "agent|default|1").gone_missing == 1
    assert graph.cis[ci].lifecycle == "missing"
    assert len(graph.edges) == 1
    take(graph, say("1", serial="S1AB", day=1))
    assert graph.cis[ci].lifecycle == "live"


def test_what_its_source_calls_gone_witnesses_nothing(say: Say, new_graph: Any, take: Any) -> None:
    graph = new_graph()
    take(graph, say("1", claims=(_claim("record:agent:2"),)), say("2"))
    assert len(graph.edges) == 1
    take(graph, say("1", gone=True, day=1))
    assert not graph.edges
    take(graph, say("1", claims=(_claim("record:agent:2"),), day=2))
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


def _perhaps(dice: random.Random, **kinds: tuple[float, str, int]) -> dict[str, Any]:
    """Each kind with its probability, as one of so many values of its form."""
    return {
        kind: form.format(dice.randint(1, most)) for kind, (share, form, most) in kinds.items() if dice.random() < share
    }


def _scenario(say: Say, seed: int) -> list[Observation]:
    """A small hostile fleet: shared and worthless values, renamed hosts, reused records, parts, cross references."""
    dice = random.Random(seed)
    found = []
    for n in range(dice.randint(3, 14)):
        source = dice.choice(["nmap", "ad", "jamf", "agent"])
        day = dice.randint(0, 12) + n / 1000
        identifiers = _perhaps(
            dice, serial=(0.5, "SER{}", 4), hostname=(0.4, "host-{}", 3), fqdn=(0.3, "host-{}.corp.example", 3),
            mac=(0.4, "8c:85:90:00:00:0{}", 4),
        )  # fmt: skip
        record = f"r{dice.randint(1, 4)}"
        if source == "nmap":
            record = f"10.0.0.{dice.randint(1, 4)}"
            identifiers["ip"] = record
        elif dice.random() < 0.4:
            identifiers["ip"] = f"10.0.0.{dice.randint(1, 4)}"
        claims = tuple(
            Claim("depends_on", dice.random() < 0.7, reference, dice.choice([None, "g"]))
            for reference in dice.sample(
                [
                    "serial:SER1",
                    "name:host-1",
                    "hostname:host-2",
                    "ip:10.0.0.3",
                    "record:agent:r1",
                    "fqdn:host-3.corp.example",
                ],
                dice.randint(0, 3),
            )
        )
        if dice.random() < 0.25:
            found.append(
                say(f"part-{dice.randint(1, 3)}", source=source, ci_class="endpoint", day=day, name=f"tcp/{dice.choice([80, 443])}",
                    within=dice.choice(["serial:SER1", f"record:{source}:{record}", "hostname:host-1"]))
            )  # fmt: skip
        attributes = {"os": f"v{dice.randint(1, 3)}"} if dice.random() < 0.5 else {}
        found.append(
            say(
                record,
                source=source,
                ci_class=dice.choice(["server", "device"]),
                day=day,
                claims=claims,
                attributes=attributes,
                **identifiers,
            )
        )
    return found


def _batches(observations: list[Observation], dice: random.Random) -> list[list[Observation]]:
    batches: list[list[Observation]] = []
    for said in observations:
        if not batches or dice.random() < 0.4:
            batches.append([])
        batches[-1].append(said)
    return batches


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(seed=8997323)
@example(seed=12213)
@example(seed=20085)
@example(seed=20501)
@example(seed=5671)
@given(seed=st.integers(0, 10**9))
def test_order_batching_and_repetition_change_nothing(seed: int, say: Say, new_graph: Any, take: Any) -> None:
    dice = random.Random(seed)
    observations = _scenario(say, seed)
    graphs = []
    for attempt in range(3):
        graph = new_graph()
        shuffled = observations + (dice.sample(observations, 2) if attempt else [])
        if attempt:
            dice.shuffle(shuffled)
        for batch in _batches(shuffled, dice) if attempt else [observations]:
            take(graph, *batch, day=20)
        graphs.append(_content(graph))
    assert graphs[0] == graphs[1]
    assert graphs[0] == graphs[2]


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


def _weeks(say: Say, seed: int) -> list[Observation]:
    """A few things that say the same again for weeks, on addresses that go from one to the next."""
    dice = random.Random(seed)
    things: list[dict[str, Any]] = []
    for _ in range(dice.randint(2, 6)):
        address = f"10.0.0.{dice.randint(1, 2)}"
        thing: dict[str, Any] = {"record": address, "source": "nmap", "ip": address}
        if dice.random() < 0.6:
            thing = {"record": f"r{dice.randint(1, 3)}", "source": dice.choice(["agent", "ad"]), "ip": address}
            thing |= _perhaps(dice, serial=(0.4, "SER{}", 2))
        thing |= _perhaps(dice, mac=(0.5, "8c:85:90:00:00:0{}", 3), hostname=(0.3, "host-{}", 2))
        if dice.random() < 0.5:
            thing["attributes"] = {"os": f"v{dice.randint(1, 2)}"}
        if dice.random() < 0.2:
            thing["claims"] = (_claim(dice.choice(["ip:10.0.0.1", "hostname:host-1"])),)
        things.append(thing)
    days = [0, 1, 2, 3.5, 5, 8, 9, 12, 14, 16, 20]
    return [say(day=dice.choice(days) + n / 1000, **dice.choice(things)) for n in range(1, dice.randint(5, 11))]


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**9))
def test_what_is_said_day_by_day_comes_to_the_same_as_all_at_once(
    seed: int, say: Say, new_graph: Any, take: Any
) -> None:
    observations = _weeks(say, seed)
    at_once, daily = new_graph(), new_graph()
    take(at_once, *observations, day=21)
    for said in sorted(observations, key=lambda said: said.observed_at):
        take(daily, said, day=21)
    assert _content(at_once) == _content(daily)


def test_what_is_said_again_keeps_an_address_from_those_who_had_it_later(say: Say, new_graph: Any, take: Any) -> None:
    told = [
        say("late", source="mdm", day=5, ip="10.0.0.1", serial="SER1"),
        say("late", source="mdm", day=6, ip="10.0.0.2", serial="SER1"),
        say("early", source="agent", day=0.3, ip="10.0.0.1", serial="SER2"),
        say("client", source="app", day=2.7, claims=(_claim("ip:10.0.0.1"),)),
        say("early", source="agent", day=3, ip="10.0.0.1", serial="SER2"),
    ]
    at_once, one_by_one = new_graph(), new_graph()
    take(at_once, *told, day=21)
    for said in told:
        take(one_by_one, said, day=21)
    assert _content(at_once) == _content(one_by_one)


@pytest.mark.parametrize("seed", range(5))
def test_history_of_a_patch_names_only_cis_that_are_or_were(seed: int, say: Say, new_graph: Any, take: Any) -> None:
    graph = new_graph()
    known: set[str] = set()
    for said in _scenario(say, seed):
        take(graph, said)
        known |= graph.cis.keys()
    assert {group.ci for group in graph.events} <= known
