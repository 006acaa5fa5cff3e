"""Small estates in which an office deceives identity: docks, telephones, directories, names that lag behind."""

from collections.abc import Callable, Iterator
from typing import Any

from cmdb.observation import Observation

Say = Callable[..., Observation]
Told = Iterator[tuple[str | None, Observation]]


def a_dock_at_another_desk(say: Say) -> Told:
    """Who listed a dock's card on Monday, and was heard since without it, does not answer there on Thursday."""
    for day in range(6):
        listed = ["3c:52:82:00:00:01", "00:e0:4c:00:00:09"] if day == 1 else "3c:52:82:00:00:01"
        yield "lap1", say("a1", hostname="lap1", serial="S1AA", mac=listed, day=day + 0.7)
        yield "lap2", say("a2", hostname="lap2", serial="S2BB", mac="3c:52:82:00:00:02", day=day + 0.7)
        for name in ("lap1", "lap2"):
            yield name, say(f"account {name}", source="ad", hostname=name, fqdn=f"{name}.corp.example", day=day + 0.6)
    shown: dict[str, Any] = {"ip": "10.0.0.7", "mac": "00:e0:4c:00:00:09", "fqdn": "lap2.corp.example"}
    yield "lap2", say("10.0.0.7", source="nmap", ci_class="device", day=4.4, **shown)


def a_dock_and_an_agent_set_up_anew(say: Say) -> Told:
    """Nor does the machine whose former agent listed it, and whose present one does not."""
    for day in range(6):
        listed = ["3c:52:82:00:00:01", "00:e0:4c:00:00:09"] if day == 1 else "3c:52:82:00:00:01"
        agent, name = ("a1", "lap1") if day < 2 else ("a3", "lap3")
        yield "lap1", say(agent, hostname=name, serial="S1AA", mac=listed, agent_id=agent, day=day + 0.7)
        yield "lap2", say("account", source="ad", hostname="lap2", fqdn="lap2.corp.example", day=day + 0.6)
    shown: dict[str, Any] = {"ip": "10.0.0.7", "mac": "00:e0:4c:00:00:09", "fqdn": "lap2.corp.example"}
    yield "lap2", say("10.0.0.7", source="nmap", ci_class="device", day=2.4, **shown)


def a_name_announced_on_the_link(say: Say) -> Told:
    """`mb1.local` is what a machine calls itself beside the name that it has in a domain."""
    for day in range(4):
        yield "mb1", say("a1", fqdn="mb1.local", serial="C02AA", day=day)
        yield "mb1", say("udid", source="jamf", name="mb1", hostname="mb1", serial="C02AA", day=day)
    shown = {"realm": "leeds", "ip": "10.0.0.5", "fqdn": "mb1.corp.example"}
    yield "mb1", say("10.0.0.5", source="nmap", ci_class="device", day=2, **shown)


def virtual_machines_from_inside(say: Say) -> Told:
    """What the hypervisor calls a virtual machine is a server to its account, which was last heard of days ago."""
    for day in range(6):
        name = "vm1.corp.example"
        yield "vm1", say("vm-1", source="vcenter", ci_class="virtual_machine", fqdn=name, uuid="4" * 31 + "1", day=day)
    yield "vm1", say("account", source="ad", hostname="vm1", fqdn="vm1.corp.example", day=-6)


def telephones_that_call_themselves_alike(say: Say) -> Told:
    """Cards that their holders made up, each another, are of as many things, whatever all of them are called."""
    for day in range(4):
        for n in range(4):
            ip, when = f"10.0.0.{n}", day + n / 1000
            shown: dict[str, Any] = {"mac": f"{n}2:1b:44:0{n}:00:0{day}", "fqdn": "iphone.corp.example"}
            yield f"phone {n}", say(ip, source="nmap", ci_class="device", ip=ip, day=when, **shown)


def a_server_of_a_hypervisor_with_two_cards(say: Say) -> Told:
    """What a hypervisor made up begins alike: one full name at two addresses is still one server's."""
    for day in range(4):
        for n in range(2):
            ip = f"10.0.0.{n}"
            shown: dict[str, Any] = {"mac": f"52:54:00:00:00:0{n}", "fqdn": "db1.corp.example"}
            yield "db1", say(ip, source="nmap", ci_class="device", ip=ip, day=day + n / 1000, **shown)


def an_address_that_was_anothers_before(say: Say) -> Told:
    """That an address answered for its former holder while another one answered for the present one forbids nothing."""
    for day in range(5):
        for name in ("lap1", "lap2"):
            yield name, say(f"account {name}", source="ad", hostname=name, fqdn=f"{name}.corp.example", day=day + 0.6)
        holder = "lap1" if day < 3 else "lap2"
        shown: dict[str, Any] = {"source": "nmap", "ci_class": "device", "day": day + 0.4}
        yield "lap2", say("10.0.0.5", ip="10.0.0.5", fqdn=f"{holder}.corp.example", **shown)
        if day < 3:
            yield "lap2", say("10.0.0.6", ip="10.0.0.6", fqdn="lap2.corp.example", **shown)
        else:  # docked, and on the wireless network as well
            yield "lap2", say("10.0.0.7", ip="10.0.0.7", fqdn="lap2.corp.example", **shown)


def a_dock_that_was_anothers_before(say: Say) -> Told:
    """Nor does it forbid anything that a dock's address answered for its former user meanwhile."""
    for day in range(4):
        renamed = "lap2" if day < 2 else "lap3"
        for n, name in enumerate(("lap1", renamed)):
            thing = "lap1" if n == 0 else "lap3"
            yield thing, say(f"account {n}", source="ad", hostname=name, fqdn=f"{name}.corp.example", day=day + 0.6)
            own = [f"3c:52:82:00:00:0{n}", *(["00:e0:4c:00:00:09"] if day == 3 * n else [])]
            yield thing, say(f"a{n}", hostname=name, serial=f"S{n}AA", mac=own, day=day + 0.7)
    shown: dict[str, Any] = {"source": "nmap", "ci_class": "device", "mac": "00:e0:4c:00:00:09", "ip": "10.0.0.5"}
    yield "lap3", say("10.0.0.5", fqdn="lap1.corp.example", day=0.4, **shown)
    yield "lap3", say("10.0.0.5", fqdn="lap3.corp.example", day=3.4, **shown)
    shown |= {"mac": "00:e0:4c:00:00:07", "ip": "10.0.0.6", "fqdn": "lap2.corp.example"}
    yield "lap3", say("10.0.0.6", day=0.4, **shown)


def a_card_under_a_former_name(say: Say) -> Told:
    """An address shows the card that one always lists, under the full name of another, who has a card of his own."""
    for day in range(6):
        for n, name in enumerate(("lap1", "lap2")):
            yield name, say(f"account {name}", source="ad", hostname=name, fqdn=f"{name}.corp.example", day=day + 0.6)
            yield name, say(f"a{n}", hostname=name, serial=f"S{n}AA", mac=f"3c:52:82:00:00:0{n}", day=day + 0.7)
    shown: dict[str, Any] = {"ip": "10.0.0.7", "mac": "3c:52:82:00:00:00", "fqdn": "lap2.corp.example"}
    yield "lap1", say("10.0.0.7", source="nmap", ci_class="device", day=2.4, **shown)


OFFICE_ESTATES = (
    a_dock_at_another_desk,
    a_dock_and_an_agent_set_up_anew,
    a_name_announced_on_the_link,
    virtual_machines_from_inside,
    telephones_that_call_themselves_alike,
    a_server_of_a_hypervisor_with_two_cards,
    an_address_that_was_anothers_before,
    a_dock_that_was_anothers_before,
    a_card_under_a_former_name,
)
