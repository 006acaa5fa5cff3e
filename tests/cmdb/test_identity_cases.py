"""identify: re-imaging, reuse, clones, virtual addresses, docks and byte orders, each with what surrounds it in life."""

import random
from collections.abc import Callable
from itertools import combinations

import pytest

from cmdb.decision import Decision
from cmdb.identification import identify
from cmdb.identifier import linking_key, swapped_uuid
from cmdb.identity_settings import DEFAULT_IDENTITY
from cmdb.linking import keys_borne, linking_keys
from cmdb.observation import Observation
from cmdb.sighting import Sighting
from cmdb.vocabulary import Vocabulary

Say = Callable[..., Observation]
See = Callable[..., list[Sighting]]
UUID = "4c4c4544-0051-3510-8052-b4c04f4a3132"


Groups = Callable[..., list[list[str]]]


def test_a_laptop_set_up_anew_under_another_name_is_one(say: Say, groups: Groups) -> None:
    hardware = {"serial": "5CG0001", "uuid": UUID, "mac": "3c:52:82:00:00:01"}
    found = groups(
        say("old", hostname="lap-1", ci_class="workstation", agent_id="a1", day=0, **hardware),
        say("old", hostname="lap-1", ci_class="workstation", agent_id="a1", day=3, **hardware),
        say("new", hostname="lap-2", ci_class="workstation", agent_id="a2", day=4, **hardware),
        say("new", hostname="lap-2", ci_class="workstation", agent_id="a2", day=8, **hardware),
        say("account-1", source="ad", ci_class="workstation", fqdn="lap-1.corp.example", hostname="lap-1", day=2),
        say("account-2", source="ad", ci_class="workstation", fqdn="lap-2.corp.example", hostname="lap-2", day=5),
    )
    assert found == [["account-1", "account-2", "new", "old"]]


def test_a_name_handed_to_the_next_machine_is_two_each_with_its_own_account(say: Say, groups: Groups) -> None:
    name = {"fqdn": "pc-7.corp.example", "hostname": "pc-7", "ci_class": "workstation"}
    found = groups(
        say("before", serial="AAA1", mac="3c:52:82:00:00:01", day=0, **name),
        say("before", serial="AAA1", mac="3c:52:82:00:00:01", day=4, **name),
        say("after", serial="BBB2", mac="3c:52:82:00:00:02", day=5, **name),
        say("after", serial="BBB2", mac="3c:52:82:00:00:02", day=9, **name),
        say("account before", source="ad", ad_guid="a" * 31 + "1", day=2, **name),
        say("account after", source="ad", ad_guid="a" * 31 + "2", day=7, **name),
    )
    assert found == [["account after", "after"], ["account before", "before"]]


def test_an_account_dead_for_months_does_not_take_the_new_machine_of_its_name(say: Say, groups: Groups) -> None:
    found = groups(
        say("dead", source="ad", fqdn="pc-7.corp.example", ad_guid="a" * 31 + "1", day=0),
        say("living", fqdn="pc-7.corp.example", serial="BBB2", day=90),
    )
    assert found == [["dead"], ["living"]]


def test_clones_stay_two_and_keep_what_is_each_ones_own(say: Say, groups: Groups) -> None:
    copied = {"serial": "VMWARE-1", "uuid": UUID, "ci_class": "virtual_machine"}
    found = groups(
        say("vm-1", hostname="app1", mac="00:50:56:00:00:01", **copied),
        say("vm-2", hostname="app2", mac="00:50:56:00:00:02", **copied),
        say("guest-1", source="vcenter", uuid=UUID, ci_class="virtual_machine", mac="00:50:56:00:00:01"),
        say("guest-2", source="vcenter", uuid=UUID, ci_class="virtual_machine", mac="00:50:56:00:00:02"),
    )
    assert found == [["guest-1", "vm-1"], ["guest-2", "vm-2"]]


def test_a_virtual_router_address_makes_no_two_routers_one(say: Say, groups: Groups) -> None:
    shared = "00:00:0c:07:ac:01"
    found = groups(
        say(
            "r1",
            source="snmp",
            ci_class="router",
            serial="R1",
            mac=[shared, "3c:52:82:00:00:01"],
            ip=["10.0.0.1", "10.0.0.2"],
        ),
        say(
            "r2",
            source="snmp",
            ci_class="router",
            serial="R2",
            mac=[shared, "3c:52:82:00:00:02"],
            ip=["10.0.0.1", "10.0.0.3"],
        ),
        say("10.0.0.1", source="nmap", ci_class="device", ip="10.0.0.1", mac=shared),
    )
    assert not any({"r1", "r2"} <= set(group) for group in found)


def test_machines_behind_one_translated_address_stay_apart(say: Say, groups: Groups) -> None:
    found = groups(
        *(
            say(
                f"l{n}",
                ci_class="workstation",
                hostname=f"lap-{n}",
                serial=f"SN{n}X",
                ip=["203.0.113.9", f"192.168.1.{n}"],
            )
            for n in (2, 3, 4)
        ),
        say("203.0.113.9", source="nmap", ci_class="device", ip="203.0.113.9"),
    )
    assert sorted(map(len, found)) == [1, 1, 1, 1]


def test_a_machine_that_lists_all_its_addresses_is_one_wherever_it_was_asked(say: Say, groups: Groups) -> None:
    card, two = "3c:52:82:00:00:01", ["10.0.0.1", "10.0.1.1"]
    both = [say(ip, source="nmap", ci_class="device", ip=two, mac=card) for ip in two]
    assert groups(*both) == [two]
    each = [say(ip, source="nmap", ci_class="device", ip=ip, mac=card) for ip in two]
    assert groups(*each) == [["10.0.0.1"], ["10.0.1.1"]]


def test_a_neighbour_that_was_told_of_without_an_address_is_who_answers_with_its_card(say: Say, groups: Groups) -> None:
    card = "3c:52:82:00:00:01"
    found = groups(
        say("10.0.0.1", source="nmap", ci_class="device", ip="10.0.0.1", mac=card),
        say("10.0.0.9/neighbour", source="nmap", ci_class="device", mac=card),
        say("10.0.0.9", source="nmap", ci_class="device", ip="10.0.0.9", mac="3c:52:82:00:00:09"),
    )
    assert found == [["10.0.0.1", "10.0.0.9/neighbour"], ["10.0.0.9"]]


def test_the_same_addresses_in_two_realms_are_never_one(say: Say, groups: Groups) -> None:
    records = [
        say(f"{source}-{realm}", source=source, realm=realm, ip="10.0.0.5", hostname="pos-01", ci_class="device")
        for source in ("nmap", "agent", "snmp")
        for realm in ("berlin", "paris")
    ]
    for group in groups(*records):
        assert not any(a.endswith("berlin") and b.endswith("paris") for a, b in combinations(group, 2))


def test_a_dock_that_goes_from_desk_to_desk_joins_nobody(say: Say, groups: Groups) -> None:
    dock = "00:e0:4c:68:00:01"
    found = groups(
        say("l1", ci_class="workstation", hostname="lap-1", serial="SN1X", mac=[dock, "3c:52:82:00:00:01"], day=0),
        say("l1", ci_class="workstation", hostname="lap-1", serial="SN1X", mac="3c:52:82:00:00:01", day=2),
        say("l2", ci_class="workstation", hostname="lap-2", serial="SN2X", mac="3c:52:82:00:00:02", day=0),
        say("l2", ci_class="workstation", hostname="lap-2", serial="SN2X", mac=[dock, "3c:52:82:00:00:02"], day=2),
        say("j1", source="jamf", ci_class="workstation", hostname="lap-1", mac="3c:52:82:00:00:01", day=1),
    )
    assert found == [["j1", "l1"], ["l2"]]


def test_an_address_that_passed_on_takes_no_former_holder_with_it(say: Say, groups: Groups) -> None:
    found = groups(
        say("10.0.0.9", source="nmap", ci_class="device", ip="10.0.0.9", fqdn="a.corp.example", day=0),
        say("10.0.0.9", source="nmap", ci_class="device", ip="10.0.0.9", fqdn="b.corp.example", day=1),
        say("a", source="ad", fqdn="a.corp.example", day=0),
        say("b", source="ad", fqdn="b.corp.example", day=1),
    )
    assert found == [["10.0.0.9", "b"], ["a"]]


def test_an_address_that_no_longer_shows_a_name_is_no_longer_what_bore_it(say: Say, groups: Groups) -> None:
    found = groups(
        say("10.0.0.9", source="nmap", ci_class="device", ip="10.0.0.9", fqdn="a.corp.example", day=0),
        say("10.0.0.9", source="nmap", ci_class="device", ip="10.0.0.9", day=4),
        say("a", source="ad", fqdn="a.corp.example", day=0),
        say("a", source="ad", fqdn="a.corp.example", day=4),
        say("b", ip="10.0.0.9", hostname="b", day=4),
    )
    assert found == [["10.0.0.9", "b"], ["a"]]


def test_two_that_were_plugged_into_one_dock_and_called_otherwise_are_two(say: Say, groups: Groups) -> None:
    dock = "00:e0:4c:68:00:01"
    found = groups(
        say("l1", ci_class="workstation", hostname="lap-1", mac=[dock, "3c:52:82:00:00:01"]),
        say("j2", source="jamf", ci_class="workstation", hostname="lap-2", mac=[dock, "3c:52:82:00:00:02"]),
        say("l3", ci_class="workstation", hostname="lap-3", mac=["00:e0:4c:68:00:03", "3c:52:82:00:00:03"]),
        say("j3", source="jamf", ci_class="workstation", hostname="annas-mac", mac="3c:52:82:00:00:03"),
    )
    assert found == [["j2"], ["j3", "l3"], ["l1"]]


def test_a_copy_shares_serial_and_hardware_address_with_the_first_and_is_two(say: Say, groups: Groups) -> None:
    copied = {"serial": "VMWARE-1", "uuid": UUID, "mac": "00:50:56:00:00:01", "ci_class": "virtual_machine"}
    assert groups(say("vm-1", realm="here", **copied), say("vm-2", realm="there", **copied)) == [["vm-1"], ["vm-2"]]


def test_a_machine_whose_board_was_swapped_keeps_its_address(say: Say, groups: Groups) -> None:
    seen = [
        observed
        for day, mac, uuid in ((0, "3c:52:82:00:00:01", UUID), (4, "3c:52:82:00:00:02", UUID[:-1] + "9"))
        for observed in (
            say("agent", agent_id="a1", hostname="db1", mac=mac, uuid=uuid, day=day),
            say("10.0.0.5", source="nmap", ci_class="device", ip="10.0.0.5", mac=mac, day=day),
        )
    ]
    assert groups(*seen) == [["10.0.0.5", "10.0.0.5", "agent", "agent"]]
    other = say("10.0.0.5", source="nmap", ci_class="device", ip="10.0.0.5", mac="3c:52:82:00:00:09", day=4)
    assert groups(*seen[:3], other) == [["10.0.0.5"], ["10.0.0.5", "agent", "agent"]]


def test_two_addresses_are_of_one_machine_whose_hardware_both_show(say: Say, groups: Groups) -> None:
    cards = ["3c:52:82:00:00:01", "3c:52:82:00:00:02"]
    found = groups(
        say("agent", hostname="db1", serial="CZJ1", mac=cards),
        say("controller", source="redfish", serial="CZJ1", mac="94:18:82:00:00:03"),
        say("10.0.0.5", source="nmap", ci_class="device", ip="10.0.0.5", mac=cards[0]),
        say("10.0.0.6", source="nmap", ci_class="device", ip="10.0.0.6", mac=cards[1]),
        say("10.0.0.7", source="nmap", ci_class="device", ip="10.0.0.7", mac="94:18:82:00:00:03"),
        say("10.0.0.8", source="nmap", ci_class="device", ip="10.0.0.8", fqdn="db1-old.corp.example"),
    )
    assert found == [["10.0.0.5", "10.0.0.6", "10.0.0.7", "agent", "controller"], ["10.0.0.8"]]


@pytest.mark.parametrize("name", ["10.0.0.9", "dhcp-10-0-0-9", "2001:db8::9"])
def test_a_name_made_of_an_address_speaks_against_no_other_name(say: Say, groups: Groups, name: str) -> None:
    found = groups(
        say("queue", source="print server", ci_class="printer", hostname=name, ip="10.0.0.9"),
        say("10.0.0.9", source="nmap", ci_class="printer", hostname="NPI12ab34", ip="10.0.0.9"),
    )
    assert found == [["10.0.0.9", "queue"]]


def test_an_address_for_a_name_joins_nothing_that_the_address_does_not(say: Say, groups: Groups) -> None:
    found = groups(
        say("a", source="ad", ci_class="printer", fqdn="10.0.0.9", hostname="10.0.0.9"),
        say("b", source="jamf", ci_class="printer", fqdn="10.0.0.9", hostname="10.0.0.9"),
    )
    assert found == [["a"], ["b"]]


def test_records_that_go_by_their_address_are_addresses_also_of_a_source_nobody_declared(
    say: Say, groups: Groups
) -> None:
    cards = ["3c:52:82:00:00:01", "3c:52:82:00:00:02"]
    found = groups(
        *(
            say(f"10.0.0.{9 - n if day else 8 + n}", source="leases", ci_class="device", hostname=f"pc-{n}", day=day,
                ip=f"10.0.0.{9 - n if day else 8 + n}", mac=cards[n])
            for day in (0, 3)
            for n in (0, 1)
        ),
        *(say(f"pc-{n}", hostname=f"pc-{n}", mac=cards[n], day=day) for day in (0, 3) for n in (0, 1)),
    )  # fmt: skip
    assert found == [["10.0.0.8", "10.0.0.9", "pc-0"], ["10.0.0.8", "10.0.0.9", "pc-1"]]


def test_a_uuid_read_in_the_other_byte_order_is_the_same(say: Say, groups: Groups) -> None:
    assert groups(say("1", uuid=UUID), say("2", source="jamf", uuid=swapped_uuid(UUID).upper())) == [["1", "2"]]


def test_linking_keys_are_spelled_as_references_are_looked_up(say: Say, see: See, words: Vocabulary) -> None:
    (sighting,) = see(
        say(
            "1",
            serial="a|b%c",
            uuid=UUID,
            mac="3c:52:82:00:00:01",
            ip="10.0.0.1",
            hostname="web",
            fqdn="web.corp.example",
            realm="x",
        )
    )
    spelled = {linking_key(words.identifier_kinds[k], v, "x") for k, v, _, _ in sighting.lifetimes}
    assert spelled <= keys_borne(sighting, words).keys() <= linking_keys(sighting, words)


def test_what_is_plainly_one_is_one_when_everything_is_weighed(say: Say, see: See, words: Vocabulary) -> None:
    nobody = Decision("d", "nobody|x|1", "nobody|x|2", "apart", "ann", "names no record here, so all is weighed", 0)
    for seed in range(60):
        dice = random.Random(seed)
        said = []
        for n in range(40):
            thing = dice.randrange(14)
            source = dice.choice(("nmap", "ad", "jamf", "agent", "edr"))
            bears = {
                "serial": f"SN{thing}X",
                "mac": f"3c:52:82:00:00:{dice.choice((thing, thing, thing + 1)):02x}",
                "hostname": f"h{dice.choice((thing, thing, thing // 2))}",
                "fqdn": f"h{thing}.corp.example",
                "ip": f"10.0.0.{dice.choice((thing, 1))}",
                "uuid": f"4c4c4544-0051-3510-8052-b4c04f4a31{thing:02d}",
            }
            shown = dice.sample(sorted(bears), dice.randrange(1, 4))
            realm = dice.choice(("default", "berlin"))
            day = dice.choice((0, 0.2, 1, 3, 9, 20))
            said.append(
                say(f"{source}{n % 20}", source=source, realm=realm, day=day, **{kind: bears[kind] for kind in shown})
            )
        seen = see(*said)
        quick = identify(seen, words, DEFAULT_IDENTITY).groups
        weighed = identify(seen, words, DEFAULT_IDENTITY, decisions=(nobody,)).groups
        assert quick == weighed, seed
