"""Small estates made to deceive, with known truth: whatever the order, every thing is one CI and no two are."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cmdb.observation import Observation
from office_estates import OFFICE_ESTATES

Say = Callable[..., Observation]
Told = Iterator[tuple[str | None, Observation]]
"""what is said, each with the thing it is truly of; None where it is of several, or of none that counts"""


def copies(say: Say) -> Told:
    """A machine and its copy at another site, with all that it bears, are two while both run."""
    for day in range(5):
        for site in ("prod", "dr") if day in (2, 3) else ("prod",):
            copied: dict[str, Any] = {"mac": "00:50:56:00:00:01", "ip": "10.0.0.5", "realm": site, "day": day}
            yield site, say(f"{site}-vm", source="vcenter", uuid="4" * 31 + "1", serial="VM1", hostname="app", **copied)
            yield site, say("10.0.0.5", source="nmap", ci_class="device", fqdn="app.corp.example", **copied)


def agents_copied_with_the_disk(say: Say) -> Told:
    """One agent's record, to which an original and its clone write in turn, ties them to nothing."""
    for day in range(6):
        for n, name in enumerate(("orig", "copy")):
            mac, ip, when = f"00:50:56:00:00:0{n}", f"10.0.{n}.5", day + n / 10
            yield name, say(f"vm-{n}", source="vcenter", serial="VM1", mac=mac, hostname=name, day=when)
            yield None, say("a1", hostname=name, serial="VM1", mac=mac, ip=ip, agent_id="a1", day=when)
            yield name, say(ip, source="nmap", ci_class="device", ip=ip, mac=mac, fqdn=f"{name}.corp.example", day=when)


def guests_that_read_what_was_copied(say: Say) -> Told:
    """An agent in a copied disk tells the serial and UUID of the original; the hypervisor knows each by its own."""
    for n, name in enumerate(("orig", "copy")):
        own = {"mac": f"00:50:56:00:00:0{n}", "hostname": name}
        for day in range(4):
            yield name, say(f"vm-{n}", source="vcenter", realm="fra", uuid=f"{n + 1}" * 31 + "f", day=day, **own)
            fqdn, copied = f"{name}.corp.example", {"serial": "VM1", "uuid": "1" * 31 + "f"}
            yield name, say(f"a{n}", source="rapid7", agent_id=f"a{n}", fqdn=fqdn, day=day, **own, **copied)


def a_place_in_the_directory_given_again(say: Say) -> Told:
    """The next machine of a name gets an account of its own where the account of the last one was."""
    for day in range(8):
        thing, n = ("old", 1) if day < 4 else ("new", 2)
        name = {"hostname": "pc1", "fqdn": "pc1.corp.example", "day": day}
        place = {"dn": "cn=pc1,dc=corp,dc=example", "ad_guid": f"{n}" * 32}
        yield thing, say(f"a{n}", agent_id=f"a{n}", mac=f"3c:52:82:00:00:0{n}", uuid=f"{n}" * 31 + "f", **name)
        yield thing, say(f"account {n}", source="ad", **name, **place)


def two_forests(say: Say) -> Told:
    """Two directories that use the same names, and a source that knows no realm."""
    for forest, serial in (("fa", "S1AA"), ("fb", "S2BB")):
        own = {"realm": forest, "fqdn": "pc1.corp.local", "hostname": "pc1"}
        yield forest, say(f"{forest}-account", source="ad", **own)
        yield forest, say("10.0.0.5", source="nmap", ci_class="device", ip="10.0.0.5", **own)
        yield forest, say(f"{forest}-inventory", source="sccm", serial=serial, **own)
        yield forest, say(f"{forest}-agent", hostname="pc1", serial=serial)


def one_certificate(say: Say) -> Told:
    """Servers that show one certificate, each at its own address, and the address in front of them."""
    certificate = "ab" * 32
    for n in range(3):
        ip, mac = f"10.0.0.{n}", f"3c:52:82:00:00:0{n}"
        yield f"web{n}", say(ip, source="nmap", ci_class="device", ip=ip, certificate_sha256=certificate)
        yield f"web{n}", say(f"w{n}", hostname=f"web{n}", mac=mac, ip=ip)
    yield None, say("10.0.0.9", source="nmap", ci_class="device", ip="10.0.0.9", certificate_sha256=certificate)


def a_board_with_another_serial(say: Say) -> Told:
    """After a repair the account is the repaired machine's; what was before the repair is what it was."""
    for day in range(9):
        serial, mac = ("S1AA", "3c:52:82:00:00:01") if day < 4 else ("S2BB", "3c:52:82:00:00:02")
        name = {"hostname": "lap", "day": day}
        yield "lap", say("account", source="ad", fqdn="lap.corp.example", **name)
        yield "lap", say("7", agent_id="a7", serial=serial, mac=mac, fqdn="lap.corp.example", **name)


def pairs_of_firewalls(say: Say) -> Told:
    """Each member has its own address, and lists the common one while it is active."""
    for day in range(4):
        for n in range(2):
            own, common = f"10.0.{n}.1", "10.0.9.1"
            own_name, active = f"fw-{n}", n == day // 2
            listed = {"ip": [own, common] if active else own, "mac": f"3c:52:82:00:00:0{n}"}
            yield own_name, say(own, source="snmp", ci_class="firewall", serial=f"FW{n}", name="fw", day=day, **listed)
            yield own_name, say(own, source="nmap", ci_class="device", ip=own, day=day, fqdn=f"fw-{n}.net.example")
            yield (
                own_name,
                say(f"s{n}", source="panorama", ci_class="firewall", serial=f"FW{n}", name=own_name, day=day),
            )
        yield None, say("10.0.9.1", source="nmap", ci_class="device", ip="10.0.9.1", day=day, fqdn="fw.net.example")


def pointers_not_taken_back(say: Say) -> Told:
    """A name that only an address answers under, while its holder calls itself otherwise, draws no account there."""
    for n, former in enumerate(("nb1", "nb0")):
        mac, ip, name = f"3c:52:82:00:00:0{n}", f"10.0.0.{n}", f"nb{n}"
        yield name, say(f"a{n}", hostname=name, mac=mac, ip=ip)
        yield name, say(ip, source="nmap", ci_class="device", ip=ip, mac=mac, fqdn=f"{former}.corp.example")
        yield name, say(f"account {n}", source="ad", hostname=name, fqdn=f"{name}.corp.example")


def a_telephone_of_the_same_name(say: Say) -> Told:
    """The next telephone of a person bears the name of the last, and so does the mailbox that both have used."""
    for day in range(8):
        thing, imei = ("old", "350000000000001") if day < 4 else ("new", "350000000000002")
        own = {"ci_class": "mobile_device", "hostname": "anna-phone", "day": day}
        yield thing, say(f"{thing}-mdm", source="jamf", imei=imei, **own)
        yield None, say("mailbox", source="exchange", **own)


def adapters_that_go_round(say: Say) -> Told:
    """USB adapters change hands every day; each address shows the adapter that its holder has that day."""
    for day in range(6):
        for n in range(4):
            adapter, ip = f"00:e0:4c:00:00:0{(n + day) % 4}", f"10.0.0.{n}"
            yield (
                f"s{n}",
                say(f"a{n}", hostname=f"s{n}", serial=f"SRV{n}", mac=[f"3c:52:82:00:00:0{n}", adapter], ip=ip, day=day),
            )
            shown = adapter if day % 2 else f"3c:52:82:00:00:0{n}"
            yield (
                f"s{n}",
                say(ip, source="nmap", ci_class="device", ip=ip, mac=shown, day=day, fqdn=f"s{n}.corp.example"),
            )


def a_lease_lent_in_between(say: Say) -> Told:
    """A scan finds a stranger's card at an address that a laptop had before it went on leave, and has again after."""
    for day in (0, 1, 5, 6):
        yield "laptop", say("a1", serial="S1AA", mac="3c:52:82:00:00:01", ip="10.0.0.7", hostname="ws1", day=day)
    stranger = {"ip": "10.0.0.7", "mac": "8c:85:90:00:00:02"}
    yield "stranger", say("10.0.0.7", source="nmap", ci_class="device", day=3, **stranger)


def instances_named_by_their_address(say: Say) -> Told:
    """Instances of a cloud that follow one another at an address bear one name, which is the address spelled out."""
    for n in range(4):
        for at in (n, n + 0.4):
            now = {"ip": "10.0.0.60", "day": at}
            yield f"i{n}", say(f"i{n}", source="aws", ci_class="virtual_machine", cloud_id=f"i-{n}", **now)
            yield f"i{n}", say(f"a{n}", ci_class="virtual_machine", agent_id=f"a{n}", hostname="ip-10-0-0-60", **now)
            fqdn = "ip-10-0-0-60.compute.internal"
            yield None, say("10.0.0.60", source="nmap", ci_class="device", fqdn=fqdn, **now)


def set_up_anew_under_another_name(say: Say) -> Told:
    """A machine gets a new name, account and agent; the old account's last contact is from before the agent's first."""
    for day in range(8):
        n, name = (1, "ws1") if day < 4 else (2, "wn1")
        fqdn = f"{name}.corp.example"
        yield "pc", say(f"a{n}", agent_id=f"a{n}", hostname=name, serial="S1AA", mac="3c:52:82:00:00:01", day=day)
        contact = {"ws1": -3, "wn1": 3.9}[name]
        yield "pc", say(f"account {n}", source="ad", hostname=name, fqdn=fqdn, ad_guid=f"{n}" * 32, day=contact)


def an_address_whose_card_is_first_seen_later(say: Say) -> Told:
    """A telephone gets a printer's address, and the scan, which saw no card there before, sees the telephone's."""
    for day in range(9):
        ip, card = "10.0.0.9", "00:08:2f:00:00:01"
        shown: dict[str, Any] = {"mac": card} if day > 3 else {}
        yield None, say(ip, source="nmap", ci_class="device", ip=ip, day=day, **shown)
        if day < 3:
            yield "printer", say("queue", source="queues", ci_class="printer", ip=ip, day=day)
        if day > 3:
            yield "phone", say("SEP1", source="cucm", ci_class="device", hostname="sep1", mac=card, ip=ip, day=day)


def an_address_lent_for_a_day(say: Say) -> Told:
    """A telephone has for a day an address that a printer has before and after."""
    for day in (0, 1, 2, 3, 7, 8):
        yield "printer", say("queue", source="queues", ci_class="printer", ip="10.0.0.9", day=day)
    for day, ip in ((2, "10.0.0.4"), (5, "10.0.0.9"), (6, "10.0.0.5")):
        yield "phone", say("SEP1", source="cucm", ci_class="device", mac="00:08:2f:00:00:01", ip=ip, day=day)


def cameras_with_one_serial(say: Say) -> Told:
    """Few of them, so that no placeholder is common; each tells the serial and a card of its own."""
    for n in range(3):
        own = {"ip": f"10.0.0.{n}", "mac": f"00:40:8c:00:00:0{n}"}
        for day in range(3):
            yield f"camera {n}", say(own["ip"], source="snmp", ci_class="device", serial="SN12345678", day=day, **own)
            yield f"camera {n}", say(own["ip"], source="nmap", ci_class="device", day=day, **own)


def servers_and_their_controllers(say: Say) -> Told:
    """The scan sees the controller's card, and of the servers none, or that of the router before them."""
    for n in range(8):
        card, controller = f"3c:52:82:00:00:0{n}", f"94:18:82:00:00:0{n}"
        ip, behind = f"10.0.0.{n}", f"10.0.9.{n}"
        shown: dict[str, Any] = {"mac": "00:1b:54:00:00:01"} if n > 1 else {}
        for day in range(3):
            own = {"serial": f"SRV{n}", "day": day}
            yield f"s{n}", say(f"a{n}", hostname=f"s{n}", mac=card, ip=ip, **own)
            yield f"s{n}", say(f"bay {n}", source="oneview", mac=[card, controller], ip=behind, **own)
            yield f"s{n}", say(ip, source="nmap", ci_class="device", ip=ip, day=day, **shown)
            yield f"s{n}", say(behind, source="nmap", ci_class="device", ip=behind, mac=controller, day=day)


def a_machine_that_goes_to_another_forest(say: Say) -> Told:
    """It gets a new name and account where another bears its former name; the scan sees its card all the time."""
    card = "3c:52:82:00:00:01"
    yield "pc", say("account b1", source="ad", realm="b", hostname="pc1", fqdn="pc1.beta.example", day=-3)
    yield "pc", say("account a9", source="ad", realm="a", hostname="pc9", fqdn="pc9.alpha.example", day=5)
    for day in range(10):
        name, fqdn = ("pc1", "pc1.beta.example") if day < 5 else ("pc9", "pc9.alpha.example")
        yield "pc", say("10.0.0.5", source="nmap", ci_class="device", ip="10.0.0.5", mac=card, fqdn=fqdn, day=day)
        yield "pc", say(f"s-{name}", source="sentinel", hostname=name, serial="S1AA", mac=card, day=day)
        own = {"hostname": "pc1", "fqdn": "pc1.alpha.example", "day": day}
        yield "namesake", say("a1", serial="S2BB", mac="3c:52:82:00:00:02", **own)
        yield "namesake", say("account a1", source="ad", realm="a", **own)


def a_namesake_without_its_domain(say: Say) -> Told:
    """Who bears only the label of a full name is no rival of who bears all of it."""
    for forest, day in (("beta", 0), ("alpha", 4)):
        own = {"hostname": "pc1", "fqdn": f"pc1.{forest}.example"}
        yield forest, say(f"{forest} account", source="ad", realm=forest, day=day, **own)
    for day in (0, 4):
        yield "alpha", say("a1", hostname="pc1", fqdn="pc1.alpha.example", serial="S1AA", day=day)
        yield None, say("s1", source="sentinel", hostname="pc1", serial="S2BB", day=day)


def names_in_every_spelling(say: Say) -> Told:
    """Sources put host names, full names, accounts and captions in one field."""
    for n in range(3):
        ip = f"10.0.0.{n}"
        yield f"db{n}", say(f"s{n}", source="scom", name=f"DB{n}.corp.example", ip=ip)
        yield f"db{n}", say(f"c{n}", source="citrix", name=f"CORP\\DB{n}", ip=ip)
        yield f"db{n}", say(f"m{n}", source="monitoring", hostname=f"db{n}.corp.example")
        yield f"db{n}", say(f"account {n}", source="ad", hostname=f"DB{n}$", fqdn=f"db{n}.corp.example")
        yield (
            f"printer{n}",
            say(f"q{n}", source="queues", ci_class="printer", name=f"\\\\print\\Floor {n}", ip=f"10.0.1.{n}"),
        )
        yield (
            f"printer{n}",
            say(f"10.0.1.{n}", source="snmp", ci_class="printer", serial=f"PR{n}", name=f"npi{n}", ip=f"10.0.1.{n}"),
        )


def serials_in_every_spelling(say: Say) -> Told:
    """Sources read the serial number from one field or another of the same label."""
    for n in range(3):
        own = {"hostname": f"ws{n}", "mac": f"3c:52:82:00:00:0{n}"}
        yield f"ws{n}", say(f"a{n}", serial=f"PF0ABCD{n}", **own)
        yield f"ws{n}", say(f"s{n}", source="sccm", serial=f"1S20XW004AGEPF0ABCD{n}", **own)
        plc = {"hostname": f"plc{n}", "mac": f"28:63:36:00:00:0{n}", "ci_class": "device"}
        yield f"plc{n}", say(f"c{n}", source="claroty", serial=f"SC-E7N1234{n}", **plc)
        yield f"plc{n}", say(f"n{n}", source="nozomi", serial=f"SCE7N1234{n}", **plc)


def serials_counted_from_one(say: Say) -> Told:
    """Two vendors have each a device 0042; one list knows the one, another the other."""
    yield "pump", say("A1", source="cmms", ci_class="device", name="Alaris pump 1", serial="0042")
    yield "monitor", say("s1", source="medigate", ci_class="device", serial="0042", mac="00:0a:b9:00:00:01")


def one_list_that_gives_an_address_in_turn(say: Say) -> Told:
    """Guests whose cards are random are known by the list that lends them addresses for hours."""
    for n in range(4):
        now = {"ip": "10.0.0.7", "day": n / 8}
        yield f"guest {n}", say(f"lease {n}", source="clearpass", ci_class="device", **now)
        yield None, say("10.0.0.7", source="nmap", ci_class="device", **now)


def a_card_that_the_former_holder_showed(say: Say) -> Told:
    """A scan that no longer sees a card: who has the address now is not who showed the card there."""
    card = "f0:18:98:00:00:01"
    for day, ip in ((0, "10.0.0.7"), (1, "10.0.0.8")):
        yield "first", say("c1", source="clearpass", ci_class="device", mac=card, ip=ip, day=day, hostname="lap1")
    yield "next", say("c2", source="clearpass", ci_class="device", ip="10.0.0.7", day=2, hostname="phone2")
    yield None, say("10.0.0.7", source="nmap", ci_class="device", ip="10.0.0.7", mac=card)
    yield None, say("10.0.0.7", source="nmap", ci_class="device", ip="10.0.0.7", day=2)


def a_list_of_cards_that_knows_no_addresses(say: Say) -> Told:
    """It knows the card that an address showed once; who lists the address now lists no card."""
    card, ip = "f0:18:98:00:00:01", "10.0.0.7"
    yield "first", say("j1", source="jamf", serial="C02XK001", mac=card, hostname="lap1")
    yield "next", say("c2", source="clearpass", ci_class="device", ip=ip, day=2)
    yield None, say(ip, source="nmap", ci_class="device", ip=ip, mac=card)
    yield None, say(ip, source="nmap", ci_class="device", ip=ip, day=2)


def a_name_from_before_the_card(say: Say) -> Told:
    """A telephone gets the address of another, whose name the scan saw there, and never the card."""
    for day in range(8):
        ip, card, former = "10.0.0.9", "00:08:2f:00:00:01", day < 4
        shown: dict[str, Any] = {"hostname": "sep2"} if former else {"mac": card}
        yield None, say(ip, source="nmap", ci_class="device", ip=ip, day=day, **shown)
        yield "first", say("SEP2", source="cucm", hostname="sep2", ip=ip if former else "10.0.0.8", day=day)
        yield "next", say("contract", source="contracts", serial="FCH1", mac=card, day=day)


def desktops_built_anew_every_night(say: Say) -> Told:
    """An agent and an account that outlive the virtual machine make the next one of its name no more the same."""
    for day in range(6):
        thing, card, ip = f"night {day}", f"00:50:56:00:00:0{day}", f"10.0.0.{day}"
        now: dict[str, Any] = {"ci_class": "virtual_machine", "hostname": "vdi1", "day": day}
        uuid = f"{day + 1}" * 31 + "f"
        yield thing, say(f"vm-{day}", source="vcenter", uuid=uuid, mac=card, ip=ip, **now)
        yield thing, say(ip, source="nmap", ci_class="device", ip=ip, mac=card, fqdn="vdi1.corp.example", day=day)
        yield None, say("a1", agent_id="a1", mac=card, ip=ip, **now)
        contact = day - day % 4
        yield None, say("account", source="ad", hostname="vdi1", fqdn="vdi1.corp.example", day=contact)


ESTATES = (
    copies, agents_copied_with_the_disk, guests_that_read_what_was_copied,
    a_place_in_the_directory_given_again, two_forests, one_certificate, a_board_with_another_serial, pairs_of_firewalls,
    pointers_not_taken_back, a_telephone_of_the_same_name, adapters_that_go_round, names_in_every_spelling,
    a_lease_lent_in_between, instances_named_by_their_address, set_up_anew_under_another_name,
    an_address_whose_card_is_first_seen_later, an_address_lent_for_a_day, cameras_with_one_serial,
    servers_and_their_controllers, a_machine_that_goes_to_another_forest, a_namesake_without_its_domain,
    serials_in_every_spelling,
    serials_counted_from_one,
    one_list_that_gives_an_address_in_turn,
    a_card_that_the_former_holder_showed,
    a_list_of_cards_that_knows_no_addresses,
    a_name_from_before_the_card,
    desktops_built_anew_every_night,
    *OFFICE_ESTATES,
)  # fmt: skip


@pytest.mark.parametrize("estate", ESTATES, ids=lambda estate: estate.__name__)
@pytest.mark.parametrize("order", range(4))
def test_every_thing_is_one_and_no_two_are(
    estate: Callable[[Say], Told], order: int, say: Say, new_graph: Any, take: Any
) -> None:
    told = list(estate(say))
    truth = {(one.source, one.realm, one.record): thing for thing, one in told}
    said, dice = [one for _, one in told], random.Random(order)
    if order:
        said += dice.sample(said, len(said) // 3)
        dice.shuffle(said)
    graph = new_graph()
    at = 0
    while at < len(said):
        size = dice.randint(1, 9) if order else len(said)
        take(graph, *said[at : at + size], day=20)
        at += size
    found = defaultdict(set)
    for record in graph.stored.values():
        thing = truth[record.source, record.realm, record.record]
        if thing is not None:
            found[record.ci].add(thing)
    assert all(len(things) == 1 for things in found.values())
    assert len(found) == len({thing for thing in truth.values() if thing is not None})
