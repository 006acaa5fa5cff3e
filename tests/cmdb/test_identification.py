"""identify: the cases by which every CMDB is judged."""

from collections.abc import Callable
from itertools import permutations

import pytest

from cmdb.decision import Decision
from cmdb.identification import Match, identify
from cmdb.identity_settings import DEFAULT_IDENTITY
from cmdb.observation import Observation
from cmdb.sighting import Sighting
from cmdb.vocabulary import Vocabulary

Say = Callable[..., Observation]
See = Callable[..., list[Sighting]]


@pytest.fixture
def match(words: Vocabulary, see: See) -> Callable[..., Match]:
    def matched(*observations: Observation, decisions: tuple[Decision, ...] = ()) -> Match:
        return identify(see(*observations), words, DEFAULT_IDENTITY, decisions=decisions)

    return matched


def _groups(match: Match) -> list[list[str]]:
    return sorted(sorted(member.said.record for member in group) for group in match.groups)


def test_a_serial_that_two_sources_share_makes_one(say: Say, match: Callable[..., Match]) -> None:
    found = match(say("a", source="ad", serial="C02XK1"), say("j", source="jamf", serial="c02xk1"))
    assert _groups(found) == [["a", "j"]]


def test_a_reimaged_laptop_is_one(say: Say, match: Callable[..., Match]) -> None:
    old = say("old", source="ad", ci_class="workstation", day=1, hostname="lap-1", ad_guid="a" * 31 + "1")
    new = say("new", source="ad", ci_class="workstation", day=20, hostname="lap-1", ad_guid="a" * 31 + "2")
    mdm = say("m", source="jamf", ci_class="workstation", day=20, hostname="lap-1", serial="C02XK1")
    mdm_before = say("m", source="jamf", ci_class="workstation", day=1, hostname="lap-1", serial="C02XK1")
    assert _groups(match(old, new, mdm_before, mdm)) == [["m", "new", "old"]]


def test_a_hostname_used_again_on_other_hardware_is_two(say: Say, match: Callable[..., Match]) -> None:
    found = match(
        say("1", source="ad", day=1, hostname="pos-01", serial="AAA1"),
        say("2", source="jamf", day=30, hostname="pos-01", serial="BBB2"),
    )
    assert _groups(found) == [["1"], ["2"]]


def test_clones_that_live_together_are_two(say: Say, match: Callable[..., Match]) -> None:
    uuid = "4c4c4544-0051-3510-8052-b4c04f4a3132"
    found = match(
        say("vm-1", uuid=uuid, serial="VMW-1", mac="00:50:56:00:00:01"),
        say("vm-2", uuid=uuid, serial="VMW-1", mac="00:50:56:00:00:02"),
    )
    assert _groups(found) == [["vm-1"], ["vm-2"]]


def test_one_address_in_two_realms_is_two(say: Say, match: Callable[..., Match]) -> None:
    found = match(
        say("1", source="nmap", realm="berlin", ip="10.0.0.1"), say("2", source="agent", realm="paris", ip="10.0.0.1")
    )
    assert _groups(found) == [["1"], ["2"]]


def test_a_scan_and_an_agent_at_one_address_at_one_time_are_one(say: Say, match: Callable[..., Match]) -> None:
    found = match(
        say("10.0.0.1", source="nmap", ip="10.0.0.1", ci_class="device"), say("h", ip=["10.0.0.1", "10.9.9.9"])
    )
    assert _groups(found) == [["10.0.0.1", "h"]]


def test_an_address_seen_days_apart_joins_nothing_by_itself(say: Say, match: Callable[..., Match]) -> None:
    found = match(say("10.0.0.1", source="nmap", ip="10.0.0.1", day=0), say("h", ip="10.0.0.1", day=5))
    assert _groups(found) == [["10.0.0.1"], ["h"]]


def test_a_bare_name_asks_a_person(say: Say, match: Callable[..., Match]) -> None:
    found = match(say("1", hostname="web1", realm="a"), say("2", source="edr", hostname="web1", realm="a"))
    assert _groups(found) == [["1"], ["2"]]
    assert [(review.a, review.b) for review in found.reviews] == [("agent|a|1", "edr|a|2")]


def test_a_name_that_a_domain_guarantees_joins(say: Say, match: Callable[..., Match]) -> None:
    found = match(say("1", source="ad", hostname="web1"), say("2", source="edr", hostname="WEB1"))
    assert _groups(found) == [["1", "2"]]


def test_a_dock_joins_no_laptops(say: Say, match: Callable[..., Match]) -> None:
    dock = "00:e0:4c:68:00:01"
    laptops = [say(f"l{i}", ci_class="workstation", hostname=f"lap-{i}", serial=f"SN{i}", mac=dock) for i in range(4)]
    seen = say("10.0.0.7", source="nmap", ci_class="device", mac=dock, ip="10.0.0.7")
    assert _groups(match(*laptops, seen)) == [["10.0.0.7"], ["l0"], ["l1"], ["l2"], ["l3"]]


def test_a_telephone_is_never_a_server(say: Say, match: Callable[..., Match]) -> None:
    found = match(say("1", source="jamf", ci_class="mobile_device", serial="S1AB"), say("2", serial="S1AB"))
    assert _groups(found) == [["1"], ["2"]]


def test_a_service_is_its_name_within_its_realm(say: Say, match: Callable[..., Match]) -> None:
    found = match(
        say("1", source="a", ci_class="business_service", name="Payments"),
        say("2", source="b", ci_class="business_service", name=" payments "),
        say("3", source="b", ci_class="technical_service", name="payments"),
        say("4", source="b", ci_class="business_service", name="payments", realm="paris"),
    )
    assert _groups(found) == [["1", "2"], ["3"], ["4"]]


def test_a_value_on_too_many_records_links_nothing(say: Say, match: Callable[..., Match]) -> None:
    crowd = [say(f"r{i}", source=f"s{i}", uuid="4c4c4544-0051-3510-8052-b4c04f4a3132") for i in range(51)]
    assert len(match(*crowd).groups) == 51


def test_a_person_beats_evidence_both_ways(say: Say, match: Callable[..., Match]) -> None:
    one, other = say("1", source="ad", serial="S1AB"), say("2", source="jamf", serial="S1AB")
    apart = Decision("d1", "ad|default|1", "jamf|default|2", "apart", "ann", "seen both", 0)
    assert _groups(match(one, other, decisions=(apart,))) == [["1"], ["2"]]
    strangers = say("1", source="ad", serial="S1AB"), say("2", source="jamf", serial="S9ZZ")
    together = Decision("d2", "ad|default|1", "jamf|default|2", "one", "ann", "new board", 0)
    assert _groups(match(*strangers, decisions=(together,))) == [["1", "2"]]


def test_the_order_of_sightings_changes_nothing(say: Say, see: See, words: Vocabulary) -> None:
    seen = see(
        say("1", source="ad", hostname="web1", fqdn="web1.corp.example"),
        say("2", source="jamf", serial="S1AB", hostname="web1"),
        say("3", source="nmap", ip="10.0.0.1", fqdn="web1.corp.example"),
        say("4", source="agent", serial="S1AB", ip="10.0.0.1"),
        say("5", source="agent", serial="S2CD", hostname="web1", day=3),
    )
    results = {
        str(sorted(sorted(m.key for m in group) for group in identify(list(order), words, DEFAULT_IDENTITY).groups))
        for order in permutations(seen)
    }
    assert len(results) == 1


def test_nobody_is_asked_whose_an_account_is_that_outlives_what_is_built_anew(
    say: Say, match: Callable[..., Match]
) -> None:
    nights = [
        say(f"vm-{night}", source="vcenter", day=night, hostname="vdi1", uuid=f"{night + 1}" * 31 + "f")
        for night in range(4)
    ]
    agent = [say("a1", day=night, agent_id="a1", mac=f"00:50:56:00:00:0{night}") for night in (0, 2)]
    account = say("account", source="ad", day=2.1, hostname="vdi1", fqdn="vdi1.corp.example")
    found = match(*nights, *agent, account)
    assert _groups(found) == [["a1"], ["account", "vm-2"], ["vm-0"], ["vm-1"], ["vm-3"]]
    assert not found.reviews


def test_nobody_is_asked_about_a_name_that_is_an_address(say: Say, match: Callable[..., Match]) -> None:
    found = match(
        say("n1", source="kubernetes", hostname="ip-10-0-1-27", realm="eks"), say("a1", hostname="ip-10-0-1-27")
    )
    assert _groups(found) == [["a1"], ["n1"]]
    assert not found.reviews


def test_one_contact_is_no_lifetime_so_two_of_a_name_hours_apart_are_two(say: Say, match: Callable[..., Match]) -> None:
    account = say("account", source="ad", realm="fa", hostname="pc1", day=-4)
    once = [say(f"a{n}", hostname="pc1", serial=f"S{n}AA", day=n / 5) for n in range(2)]
    heard_on = [say(f"a{n}", hostname="pc1", serial=f"S{n}AA", day=1 + n / 5) for n in range(2)]
    apart = [["a0"], ["a1"], ["account"]]
    assert _groups(match(account, *once)) == apart
    assert _groups(match(account, *once, *heard_on)) == apart


def test_accounts_of_one_name_in_two_forests_make_the_name_nobodys(say: Say, match: Callable[..., Match]) -> None:
    accounts = [
        say(f"account {realm}", source="ad", realm=realm, hostname="pc1", day=n / 5)
        for n, realm in enumerate(("fa", "fb"))
    ]
    agent = say("a1", hostname="pc1", mac="3c:52:82:00:00:01", day=0.1)
    managed = say("m1", source="jamf", hostname="pc1", mac="3c:52:82:00:00:02", day=0.1)
    assert _groups(match(*accounts, agent, managed)) == [["a1"], ["account fa"], ["account fb"], ["m1"]]
