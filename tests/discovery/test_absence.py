"""Absence across runs: scopes inside scopes, several sources, held runs, and what time does between two runs."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cmdb.observation import Claim, Observation
from cmdb.vocabulary import SourceTraits, vocabulary
from discovery.by_hand import correct
from discovery.ending import close, finish, release
from discovery.run import Parts, RunEnded, open_run, report, take
from discovery.run_report import RunReport, ScopeReport
from discovery.tick import RULES, tick
from graph.store import ItemView, Search

Say = Callable[..., Observation]
DAY = 24 * 3600 * 1_000_000


def _lifecycles(parts: Parts) -> dict[str, str]:
    found = parts.store.search(Search(lifecycles=()), after=None, limit=1000)
    return {ci.name: ci.lifecycle for ci in found}


def _view(parts: Parts, name: str) -> ItemView:
    (found,) = (c for c in parts.store.search(Search(lifecycles=()), after=None, limit=1000) if c.name == name)
    view = parts.store.item(found.id)
    assert view is not None
    return view


def _run(parts: Parts, scope: str, *said: Observation, source: str = "agent", complete: bool = True) -> RunReport:
    run = open_run(parts, source, "default", scope)
    take(parts, run.run_id, said)
    return finish(parts, run.run_id, complete=complete)


# -- scopes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inner", "outer"), [("10.0.1.0/24", "10.0.0.0/16"), ("OU=Berlin,DC=corp", "dc=corp"), ("same", "same")]
)
def test_a_scope_that_was_read_to_the_end_speaks_for_those_inside_it(
    parts: Parts, say: Say, inner: str, outer: str
) -> None:
    _run(parts, inner, say("a", name="a"))
    assert _run(parts, outer).missed == 1
    assert _lifecycles(parts) == {"a": "missing"}


def test_what_was_not_to_be_asked_is_not_missed(parts: Parts, say: Say) -> None:
    said = [
        say(record, name=record, ci_class="device", source="nmap")
        for record in ("10.0.0.1", "10.0.0.9", "10.0.0.9/tcp/22", "here/10.0.0.9", "10.0.0.90", "web")
    ]
    _run(parts, "10.0.0.0/24", *said, source="nmap")
    run = open_run(parts, "nmap", "default", "10.0.0.0/16")
    ended = close(parts, run.run_id, [ScopeReport("10.0.0.0/16", True, left_out=("10.0.0.8/30", "10.9.0.0/24"))])
    assert (ended.status, ended.missed) == ("complete", 3)
    assert {name for name, lifecycle in _lifecycles(parts).items() if lifecycle == "live"} == {
        "10.0.0.9", "10.0.0.9/tcp/22", "here/10.0.0.9",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("held", "read"),
    [("10.0.0.0/16", "10.0.1.0/24"), ("DC=corp", "OU=Berlin,DC=corp"), ("ab", "a"), ("10.0.0.0/24", "10.0.1.0/24")],
)
def test_a_scope_says_nothing_of_what_is_not_inside_it(parts: Parts, say: Say, held: str, read: str) -> None:
    _run(parts, held, say("a", name="a"))
    assert _run(parts, read).missed == 0
    assert _lifecycles(parts) == {"a": "live"}


def test_a_record_belongs_to_the_scope_that_last_reported_it(parts: Parts, say: Say) -> None:
    _run(parts, "10.0.0.0/16", say("a", name="a"))
    _run(parts, "10.0.1.0/24", say("a", name="a"))
    _run(parts, "10.0.1.0/24")
    assert _lifecycles(parts) == {"a": "missing"}


def test_a_part_of_a_scope_that_was_not_read_to_the_end_misses_nothing(parts: Parts, say: Say) -> None:
    _run(parts, "10.0.1.0/24", say("a", name="a"))
    _run(parts, "10.0.2.0/24", say("b", name="b"))
    run = open_run(parts, "agent", "default", "10.0.0.0/16")
    scopes = [ScopeReport("10.0.0.0/16", True), ScopeReport("10.0.1.128/25", False, "timed out")]
    assert close(parts, run.run_id, scopes).status == "partial"
    assert _lifecycles(parts) == {"a": "live", "b": "missing"}


def test_nested_scopes_of_one_run_miss_a_record_once(parts: Parts, say: Say) -> None:
    _run(parts, "10.0.1.0/24", say("a", name="a"), say("b", name="b"))
    run = open_run(parts, "agent", "default", "10.0.0.0/16")
    ended = close(parts, run.run_id, [ScopeReport("10.0.0.0/16", True), ScopeReport("10.0.1.0/24", True)])
    assert ended.missed == 2
    assert parts.store.write(lambda tx: [r.misses for r in tx.scope_records("agent", "default", "10.0.1.0/24")]) == [
        1,
        1,
    ]


# -- several sources -------------------------------------------------------------------------------------------------


def test_one_source_that_still_finds_it_keeps_it_live(parts: Parts, say: Say) -> None:
    serial = {"identifiers": [("serial", "S1AB")]}
    _run(parts, "s", say("1", name="a", **serial))
    _run(parts, "s", say("x", name="a", source="cloud", **serial), source="cloud")
    _run(parts, "s")
    assert _lifecycles(parts) == {"a": "live"}
    _run(parts, "s", source="cloud")
    assert _lifecycles(parts) == {"a": "missing"}


def test_a_missed_witness_is_stale_and_counts_no_more_after_its_last_miss(parts: Parts, say: Say) -> None:
    _run(parts, "s", say("db", name="db"), source="cloud")
    _run(parts, "s", say("app", name="app", claims=[Claim("depends_on", True, "name:db")]))
    for stale, relations in ((True, 1), (True, 1), (False, 0)):
        _run(parts, "s")
        assert [relation.stale for relation in _view(parts, "app").relations] == [stale] * relations
    _run(parts, "s", say("app", name="app", claims=[Claim("depends_on", True, "name:db")]))
    assert [relation.stale for relation in _view(parts, "app").relations] == [False]


# -- held runs -------------------------------------------------------------------------------------------------------


def _many(say: Say, first: int, last: int, **more: Any) -> list[Observation]:
    return [say(f"n{i:02}", name=f"n{i:02}", **more) for i in range(first, last)]


def test_a_release_spares_what_was_reported_since(parts: Parts, say: Say) -> None:
    _run(parts, "s", *_many(say, 0, 30))
    held = _run(parts, "s")
    assert held.status == "held"
    take(parts, None, _many(say, 0, 5))
    assert release(parts, held.run_id).missed == 25
    assert list(_lifecycles(parts).values()).count("live") == 5
    with pytest.raises(RunEnded):
        release(parts, held.run_id)


def test_a_run_that_also_misses_too_much_is_held_in_place_of_the_one_before(parts: Parts, say: Say) -> None:
    _run(parts, "s", *_many(say, 0, 30))
    first = _run(parts, "s")
    second = _run(parts, "s", *_many(say, 0, 3))
    assert (report(parts, first.run_id).status, second.status) == ("superseded", "held")
    assert set(_lifecycles(parts).values()) == {"live"}
    assert release(parts, second.run_id).missed == 27


def test_a_run_of_a_wider_scope_replaces_a_held_one_and_of_another_does_not(parts: Parts, say: Say) -> None:
    _run(parts, "10.0.1.0/24", *_many(say, 0, 30))
    held = _run(parts, "10.0.1.0/24")
    _run(parts, "10.0.2.0/24", say("other", name="other"))
    _run(parts, "10.0.1.0/25")
    _run(parts, "10.0.1.0/24", complete=False)
    assert report(parts, held.run_id).status == "held"
    _run(parts, "10.0.0.0/16", *_many(say, 0, 30), say("other", name="other"))
    assert report(parts, held.run_id).status == "superseded"


def test_a_held_run_keeps_the_scopes_that_nobody_has_read_since(parts: Parts, say: Say) -> None:
    _run(parts, "x", *_many(say, 0, 20))
    _run(parts, "y", *_many(say, 20, 40))
    run = open_run(parts, "agent", "default", "both")
    held = close(parts, run.run_id, [ScopeReport("x", True), ScopeReport("y", True)])
    assert held.status == "held"
    _run(parts, "x", *_many(say, 0, 20))
    assert report(parts, run.run_id).status == "held"
    assert release(parts, run.run_id).missed == 20
    lifecycles = _lifecycles(parts)
    assert {lifecycles[f"n{i:02}"] for i in range(20)} == {"live"}
    assert {lifecycles[f"n{i:02}"] for i in range(20, 40)} == {"missing"}


def test_what_nobody_expects_to_be_there_holds_no_run(parts: Parts, say: Say) -> None:
    _run(parts, "s", *_many(say, 0, 30, attributes={"status": "in_stock"}))
    assert _run(parts, "s").status == "complete"


def test_the_share_that_holds_a_run_is_a_setting(parts: Parts, say: Say) -> None:
    _run(parts, "s", *_many(say, 0, 30))
    assert _run(replace(parts, hold_least=31), "s").status == "complete"


# -- time alone ------------------------------------------------------------------------------------------------------


@pytest.fixture
def directory(parts: Parts) -> Parts:
    """With a source that lists accounts with their last logon."""
    sources = {**parts.vocabulary.sources, "ad": SourceTraits(knows_contact=True)}
    return replace(parts, vocabulary=vocabulary(sources))


def test_an_account_nobody_uses_goes_missing_by_time_and_comes_back_by_contact(
    directory: Parts, say: Say, clock: Any
) -> None:
    def listed(at: int) -> Observation:
        return say("1", name="pc", source="ad", ci_class="workstation", at=at)

    logon = clock.at
    _run(directory, "DC=corp", listed(logon), source="ad")
    clock.at += 29 * DAY
    assert tick(directory).folded == 0
    clock.at += DAY
    assert tick(directory).gone_missing == 1
    view = _view(directory, "pc")
    assert (view.ci.lifecycle, view.ci.because) == ("missing", "no contact")
    for _ in range(5):
        clock.at += 100 * DAY
        _run(directory, "DC=corp", listed(logon), source="ad")
    assert _view(directory, "pc").ci.lifecycle == "missing", "it is still listed"
    _run(directory, "DC=corp", listed(clock.at), source="ad")
    assert (_view(directory, "pc").ci.lifecycle, _view(directory, "pc").ci.id) == ("live", view.ci.id)
    events = directory.store.history(view.ci.id, before=None, limit=100)
    moved = [(event.before, event.after) for event in reversed(events) if event.kind == "lifecycle"]
    assert moved == [("live", "missing"), ("missing", "live")]


def test_a_thing_first_listed_without_contact_is_missing_at_once(directory: Parts, say: Say, clock: Any) -> None:
    _run(directory, "s", say("1", name="pc", source="ad", ci_class="workstation", at=clock.at - 400 * DAY), source="ad")
    assert _lifecycles(directory) == {"pc": "missing"}


def test_contact_that_is_renewed_by_mere_repetition_puts_off_what_is_due(
    directory: Parts, say: Say, clock: Any
) -> None:
    for _ in range(10):
        _run(directory, "s", say("1", name="pc", source="ad", ci_class="workstation"), source="ad")
        clock.at += 20 * DAY
        tick(directory)
        assert _lifecycles(directory) == {"pc": "live"}
    clock.at += 10 * DAY
    tick(directory)
    assert _lifecycles(directory) == {"pc": "missing"}


def test_a_missing_thing_is_retired_by_time_alone(parts: Parts, say: Say, clock: Any) -> None:
    _run(parts, "s", say("1", name="vm", ci_class="virtual_machine"), say("2", name="other"))
    for _ in range(2):
        _run(parts, "s", say("2", name="other"))
    clock.at += 7 * DAY - 1
    assert tick(parts).folded == 0
    clock.at += 1
    before = parts.store.revision()[0]
    assert tick(parts).retired == 1
    assert parts.store.revision()[0] == before + 1
    assert tick(parts).folded == 0
    assert parts.store.revision()[0] == before + 1, "a tick with nothing to do writes nothing"
    assert _lifecycles(parts)["vm"] == "retired"


def test_the_end_of_any_run_is_a_tick(parts: Parts, say: Say, clock: Any) -> None:
    _run(parts, "s", say("1", name="vm", ci_class="virtual_machine"))
    for _ in range(2):
        _run(parts, "s")
    clock.at += 7 * DAY
    _run(parts, "elsewhere", source="cloud")
    assert _lifecycles(parts)["vm"] == "retired"


def test_a_correction_ends_by_time_alone(parts: Parts, say: Say, clock: Any) -> None:
    take(parts, None, [say("a", name="a", attributes={"tier": 3})])
    correct(parts, _view(parts, "a").ci.id, {"tier": 0}, author="ann", reason="x", expires_at=clock.at + DAY)
    assert _view(parts, "a").ci.facts["tier"].value == 0
    clock.at += DAY
    assert tick(parts).folded == 1
    fact = _view(parts, "a").ci.facts["tier"]
    assert (fact.value, fact.outvoted) == (3, ())
    assert tick(parts).folded == 0


def test_parts_are_retired_with_what_they_are_on_and_come_back_with_it(parts: Parts, say: Say, clock: Any) -> None:
    def host() -> Observation:
        return say("h", name="host", identifiers=[("serial", "S1AB")])

    def software() -> list[Observation]:
        within = {"ci_class": "software", "within": "serial:S1AB"}
        return [say("nginx", name="nginx", **within), say("curl", name="curl", **within)]

    _run(parts, "hosts", host())
    run = open_run(parts, "agent", "default", "packages", full=False)
    take(parts, run.run_id, software())
    finish(parts, run.run_id, complete=True)
    for _ in range(3):
        clock.at += 5 * DAY
        _run(parts, "hosts")
    assert _lifecycles(parts) == {"host": "retired", "nginx": "retired", "curl": "retired"}
    assert _view(parts, "nginx").ci.because == "what it is on is retired"
    take(parts, None, software()[:1])
    assert _lifecycles(parts)["nginx"] == "live", "seen after its holder's last sign of life"
    assert _lifecycles(parts)["curl"] == "retired"
    _run(parts, "hosts", host())
    assert _lifecycles(parts) == {"host": "live", "nginx": "live", "curl": "live"}


def test_other_rules_fold_everything_anew_and_a_crash_half_way_loses_nothing(parts: Parts, say: Say) -> None:
    for n in range(5):
        serial = {"identifiers": [("serial", f"S{n}AB")]}
        take(parts, None, [say(f"{n}", name=f"n{n}", attributes={"os": "agent's"}, **serial)])
        take(parts, None, [say(f"{n}", source="cloud", attributes={"os": "cloud's"}, **serial)])
    tick(parts)
    others = {**parts.vocabulary.sources, "cloud": SourceTraits(authority=0.1)}
    ruled = replace(parts, vocabulary=vocabulary(others))
    before = [_view(parts, f"n{n}").ci.facts["os"].value for n in range(5)]
    assert before == ["cloud's"] * 5
    assert tick(ruled, most=2, at_once=2).more
    halfway = parts.store.document(RULES, RULES)
    assert halfway is not None
    assert halfway.body["reached"] is not None
    assert not tick(ruled, at_once=2).more
    assert [_view(parts, f"n{n}").ci.facts["os"].value for n in range(5)] == ["agent's"] * 5
    revision = parts.store.revision()
    assert tick(ruled).folded == 0
    assert parts.store.revision() == revision
