"""identify: whose an address is that shows no card now, and which sources know a thing by one record."""

from collections.abc import Callable

from cmdb.identification import Match, identify
from cmdb.identity_settings import DEFAULT_IDENTITY
from cmdb.observation import Observation
from cmdb.sighting import Sighting
from cmdb.vocabulary import Vocabulary

Say = Callable[..., Observation]
See = Callable[..., list[Sighting]]
Groups = Callable[..., list[list[str]]]
CARD = "3c:52:82:00:00:01"


def test_an_address_is_not_its_former_holders_where_an_agent_has_it_now(say: Say, groups: Groups) -> None:
    slot = {"source": "nmap", "ci_class": "device", "ip": "10.0.0.5"}
    found = groups(
        say("10.0.0.5", mac=CARD, day=0, **slot),
        say("10.0.0.5", day=1, **slot),
        say("before", mac=CARD, serial="S1AA", ip="10.0.0.5", day=0),
        say("before", mac=CARD, serial="S1AA", ip="10.0.0.6", day=1),
        say("after", serial="S2BB", ip="10.0.0.5", day=1),
    )
    assert found == [["10.0.0.5"], ["after"], ["before"]]


def test_a_name_not_taken_back_draws_no_address_to_who_is_elsewhere(say: Say, groups: Groups) -> None:
    found = groups(
        say("10.0.0.5", source="nmap", ci_class="device", ip="10.0.0.5", fqdn="nb1.corp.example"),
        say("nb1", fqdn="nb1.corp.example", serial="S1AA", ip="10.0.0.6"),
        say("nb2", fqdn="nb2.corp.example", serial="S2BB", ip="10.0.0.5"),
    )
    assert found == [["10.0.0.5"], ["nb1"], ["nb2"]]


def test_a_card_that_an_address_has_not_shown_for_days_is_gone_from_it(say: Say, groups: Groups) -> None:
    slot = {"source": "nmap", "ci_class": "device", "ip": "10.0.0.5"}
    agent = say("a", mac=CARD, serial="S1AA", day=0)
    assert groups(say("10.0.0.5", mac=CARD, **slot), say("10.0.0.5", day=2, **slot), agent) == [["10.0.0.5", "a"]]
    assert groups(say("10.0.0.5", mac=CARD, **slot), say("10.0.0.5", day=3, **slot), agent) == [["10.0.0.5"], ["a"]]


def test_a_card_goes_at_once_from_an_address_that_goes_from_name_to_name(say: Say, groups: Groups) -> None:
    slot = {"source": "nmap", "ci_class": "device", "ip": "10.0.0.5"}
    found = groups(
        say("10.0.0.5", mac=CARD, fqdn="nb1.corp.example", day=0, **slot),
        say("10.0.0.5", fqdn="nb2.corp.example", day=1, **slot),
        say("nb1", mac=CARD, fqdn="nb1.corp.example", day=1),
        say("nb2", serial="S2BB", fqdn="nb2.corp.example", day=1),
    )
    assert found == [["10.0.0.5", "nb2"], ["nb1"]]


def test_a_renamed_machine_keeps_what_it_showed_under_its_old_name(say: Say, groups: Groups) -> None:
    found = groups(
        say("a", hostname="old", mac=CARD, day=0),
        say("a", hostname="new", mac="3c:52:82:00:00:02", day=1),
        say("seen", source="inventory", mac=CARD, day=0),
    )
    assert found == [["a", "seen"]]


def test_a_record_that_goes_back_and_forth_between_names_says_only_what_it_said_last(say: Say, groups: Groups) -> None:
    found = groups(
        say("a", hostname="one", mac=CARD, day=0),
        say("a", hostname="two", mac="3c:52:82:00:00:02", day=1),
        say("a", hostname="one", mac=CARD, day=2),
        say("b", source="inventory", mac=CARD, serial="S1AA", day=2),
        say("c", source="inventory", mac="3c:52:82:00:00:02", serial="S2BB", day=2),
    )
    assert found == [["a", "b"], ["c"]]


def test_one_record_read_at_two_sites_is_one_and_two_records_are_two(say: Say, groups: Groups) -> None:
    hardware = {"serial": "S1AA", "mac": CARD, "hostname": "lap"}
    same = [say("7", realm=site, day=day, **hardware) for site in ("berlin", "paris") for day in (0, 1)]
    assert groups(*same) == [["7", "7"]]
    assert groups(say("7", realm="berlin", **hardware), say("8", realm="paris", **hardware)) == [["7"], ["8"]]


def test_who_fell_silent_is_no_rival_of_who_is_heard(words: Vocabulary, say: Say, see: See) -> None:
    def asked(silent_until: float) -> Match:
        name = {"hostname": "lap", "fqdn": "lap.corp.example"}
        days = [0, 1, 2, 3, 4, 5]
        said = [say("old", serial="S1AA", day=day, **name) for day in days if day <= silent_until]
        said += [say("new", source="other", serial="S2BB", day=day, **name) for day in days]
        said += [say("account", source="ad", day=day, **name) for day in days]
        return identify(see(*said), words, DEFAULT_IDENTITY)

    assert sorted(map(len, asked(1).groups)) == [1, 2]
    assert not asked(1).reviews
    assert sorted(map(len, asked(5).groups)) == [1, 1, 1]
