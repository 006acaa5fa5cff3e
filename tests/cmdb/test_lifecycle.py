"""Absence of one CI: every row of the table of classes, several sources at once, and what time alone does."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cmdb.ci_class import DAY, HOUR
from cmdb.lifecycle import GONE, NO_CONTACT, NOT_FOUND, WITH_ITS_HOLDER, presence
from cmdb.sighting import Correction, Sighting
from cmdb.vocabulary import Vocabulary

See = Callable[..., list[Sighting]]


@pytest.fixture
def after(words: Vocabulary) -> Callable[..., tuple[Any, ...]]:
    """(lifecycle, because) at a day of sightings with these misses."""

    def found(sightings: list[Sighting], ci_class: str, day: float, *misses: int, **more: Any) -> tuple[Any, ...]:
        missed = [one._replace(misses=n) for one, n in zip(sightings, misses, strict=True)] if misses else sightings
        return tuple(presence(missed, words.classes[ci_class], words, int(day * DAY), **more)[:2])

    return found


STEADY = ["server", "storage", "hypervisor", "switch", "router", "firewall", "load_balancer", "access_point"]
PORTABLE = ["workstation", "mobile_device", "printer"]
EVERYTHING_ELSE = ["device", "application", "database", "directory", "network", "cluster", "kubernetes_cluster"]
BY_DECLARATION = [
    "business_service", "service_offering", "technical_service", "external_service", "team", "site", "room", "rack",
    "power_feed",
]  # fmt: skip


@pytest.mark.parametrize("ci_class", [*STEADY, *EVERYTHING_ELSE])
def test_most_things_are_missing_after_one_miss_and_retired_after_three_and_14_days(
    ci_class: str, say: Any, see: See, after: Any
) -> None:
    seen = see(say("1", ci_class=ci_class, source="agent"))
    assert after(seen, ci_class, 400, 0) == ("live", None)
    assert after(seen, ci_class, 1, 1) == ("missing", NOT_FOUND)
    assert after(seen, ci_class, 100, 2) == ("missing", NOT_FOUND)
    assert after(seen, ci_class, 13, 3) == ("missing", NOT_FOUND)
    assert after(seen, ci_class, 14, 3) == ("retired", NOT_FOUND)


def test_a_virtual_machine_is_retired_after_two_misses_and_7_days(say: Any, see: See, after: Any) -> None:
    seen = see(say("1", ci_class="virtual_machine"))
    assert after(seen, "virtual_machine", 30, 1)[0] == "missing"
    assert after(seen, "virtual_machine", 6, 2)[0] == "missing"
    assert after(seen, "virtual_machine", 7, 2)[0] == "retired"


@pytest.mark.parametrize("ci_class", ["container", "workload"])
def test_a_container_is_retired_an_hour_after_its_miss(ci_class: str, say: Any, see: See, after: Any) -> None:
    seen = see(say("1", ci_class=ci_class))
    assert after(seen, ci_class, 0.5 / 24, 1)[0] == "missing"
    assert after(seen, ci_class, HOUR / DAY, 1)[0] == "retired"


@pytest.mark.parametrize("ci_class", ["user", "group", "service_account"])
def test_an_account_is_missing_after_one_miss_or_when_it_is_gone_and_retired_after_30_days(
    ci_class: str, say: Any, see: See, after: Any
) -> None:
    seen = see(say("1", ci_class=ci_class, source="ad"))
    assert after(seen, ci_class, 500, 0)[0] == "live"
    assert after(seen, ci_class, 29, 1) == ("missing", NOT_FOUND)
    gone = [one._replace(gone=True) for one in seen]
    assert after(gone, ci_class, 29) == ("missing", GONE)
    assert after(gone, ci_class, 30) == ("retired", GONE)


@pytest.mark.parametrize("ci_class", PORTABLE)
def test_a_laptop_is_missing_after_a_directorys_miss_or_30_days_without_contact(
    ci_class: str, say: Any, see: See, after: Any
) -> None:
    seen = see(say("1", ci_class=ci_class, source="ad"))
    assert after(seen, ci_class, 29, 0) == ("live", None)
    assert after(seen, ci_class, 30, 0) == ("missing", NO_CONTACT)
    assert after(seen, ci_class, 1, 1) == ("missing", NOT_FOUND)
    assert after(seen, ci_class, 89, 1)[0] == "missing"
    assert after(seen, ci_class, 90, 1)[0] == "retired"


@pytest.mark.parametrize("ci_class", PORTABLE)
def test_silence_to_a_scan_alone_never_makes_a_laptop_missing(ci_class: str, say: Any, see: See, after: Any) -> None:
    scanned = see(say("10.0.0.1", ci_class=ci_class, source="nmap"))
    assert after(scanned, ci_class, 1000, 50) == ("live", None)
    both = see(say("10.0.0.1", ci_class=ci_class, source="nmap"), say("1", ci_class=ci_class, source="jamf"))
    assert after(both, ci_class, 20, 5, 0) == ("live", None)
    assert after(both, ci_class, 20, 5, 1) == ("missing", NOT_FOUND)
    assert after(both, ci_class, 20, 0, 1) == ("live", None), "the scan sees it now"


@pytest.mark.parametrize("ci_class", STEADY)
def test_an_account_nobody_uses_is_missing_for_want_of_contact_and_never_retired_while_it_is_listed(
    ci_class: str, say: Any, see: See, after: Any
) -> None:
    listed = see(say("1", ci_class=ci_class, source="ad"))
    assert after(listed, ci_class, 89)[0] == "live"
    assert after(listed, ci_class, 90) == ("missing", NO_CONTACT)
    assert after(listed, ci_class, 5000) == ("missing", NO_CONTACT)
    with_a_scan = see(say("1", ci_class=ci_class, source="ad"), say("10.0.0.1", ci_class=ci_class, source="nmap"))
    assert after(with_a_scan, ci_class, 5000, 0, 9) == ("missing", NO_CONTACT)


def test_contact_age_counts_only_where_the_source_knows_contact(say: Any, see: See, after: Any) -> None:
    (agent,) = see(say("1", source="agent"))
    assert after([agent], "server", 5000)[0] == "live"
    told_apart = agent._replace(said=replace(agent.said, read_at=40 * DAY))
    assert after([told_apart], "server", 100) == ("missing", NO_CONTACT)


@pytest.mark.parametrize("ci_class", BY_DECLARATION)
def test_a_service_is_never_missing_by_itself_and_retired_when_its_source_says_so(
    ci_class: str, say: Any, see: See, after: Any
) -> None:
    seen = see(say("1", ci_class=ci_class))
    assert after(seen, ci_class, 9999, 99) == ("live", None)
    assert after([one._replace(gone=True) for one in seen], ci_class, 0) == ("retired", GONE)


@pytest.mark.parametrize("ci_class", ["software", "endpoint", "interface", "certificate", "module"])
def test_a_part_is_retired_after_three_misses_or_with_what_it_is_on(
    ci_class: str, say: Any, see: See, after: Any
) -> None:
    seen = see(say("1", ci_class=ci_class, day=5))
    assert after(seen, ci_class, 5, 1)[0] == "missing"
    assert after(seen, ci_class, 5, 3)[0] == "retired"
    assert after(seen, ci_class, 6, 0, holder_until=5 * DAY) == ("retired", WITH_ITS_HOLDER)
    assert after(seen, ci_class, 6, 0, holder_until=4 * DAY) == ("live", None), "seen after its holder's last sign"


def test_one_live_sighting_keeps_a_ci_live_and_one_that_is_listed_keeps_it_from_being_retired(
    say: Any, see: See, after: Any
) -> None:
    seen = see(say("1", source="agent"), say("2", source="cloud"))
    assert after(seen, "server", 400, 9, 0) == ("live", None)
    assert after(seen, "server", 400, 9, 2)[0] == "missing"
    assert after(seen, "server", 400, 9, 3)[0] == "retired"


def test_a_person_keeps_alive_only_what_nobody_else_reported(say: Any, see: See, after: Any) -> None:
    seen = see(say("1", source="agent"), say("2", source="human"))
    assert after(seen, "server", 400, 3, 0)[0] == "retired"
    assert after(seen[1:], "server", 400, 0) == ("live", None)
    assert after([seen[1]._replace(gone=True)], "server", 1) == ("missing", GONE)
    until = Correction("", "ann", "on loan", expires_at=10 * DAY)
    assert after([seen[1]._replace(correction=until)], "server", 9) == ("live", None)
    assert after([seen[1]._replace(correction=until)], "server", 10) == ("missing", GONE)


def test_due_is_the_moment_when_the_answer_moves(say: Any, see: See, words: Vocabulary) -> None:
    """At each `due` something has moved, and just before it nothing had."""
    seen = see(say("1", ci_class="workstation", source="ad"), say("2", ci_class="workstation", source="jamf", day=3))
    for misses in ((0, 0), (1, 1), (1, 0), (0, 1)):
        missed = [one._replace(misses=n) for one, n in zip(seen, misses, strict=True)]
        declared = words.classes["workstation"]
        now, moves = 4 * DAY, 0
        found = presence(missed, declared, words, now)
        while found.due is not None:
            assert found.due > now
            before = presence(missed, declared, words, found.due - 1)
            now = found.due
            found = presence(missed, declared, words, now)
            assert before[:2] != found[:2]
            moves += 1
        assert moves == 1
        assert presence(missed, declared, words, 10_000 * DAY)[:2] == found[:2]
