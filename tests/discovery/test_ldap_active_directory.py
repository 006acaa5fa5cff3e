"""What the ldap source promises about Active Directory, kept against a real domain controller."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from discovery.run import Parts, take
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.source import Bookmark, Raw, Reading, ScopeEnd
from discovery.sources import SOURCES
from discovery.sources.ldap.active_directory import BranchReader
from discovery.sources.ldap.connection import connection_of
from discovery.sources.ldap.directory import Directory
from discovery.sources.ldap.fetch import branch
from discovery.sources.ldap.root import root_of
from discovery.sources.ldap.settings import LdapSettings, where_of
from graph.store import ItemView, Search
from lab.directory_estate import (
    Estate,
    computer_name,
    group_dn,
    in_parts,
    members,
    memberships,
    person_dn,
)
from lab.samba_dc import BASE, READER, SambaDC

LDAP = SOURCES["ldap"]
MINUTE = 60_000_000
DAY = 1440 * MINUTE

Settings = Callable[..., LdapSettings]


@pytest.fixture
def now(clock: Any) -> float:
    """The directory's clock is the machine's: ours has to be the same."""
    clock.at = int(time.time() * 1_000_000)
    return clock.at / 1_000_000


@pytest.fixture
def settings(domain_controller: SambaDC) -> Settings:
    def made(**more: Any) -> LdapSettings:
        dc = domain_controller
        login = {"user": "administrator@lab.example", "password": dc.password, "ca_file": str(dc.ca_file)}
        return LdapSettings(**{"url": dc.url, **login, **more})

    return made


@pytest.fixture
def as_reader(domain_controller: SambaDC, settings: Settings) -> Settings:
    def made(**more: Any) -> LdapSettings:
        return settings(user=f"{READER}@lab.example", password=domain_controller.reader_password, **more)

    return made


@pytest.fixture
def estate(domain_controller: SambaDC, now: float, request: pytest.FixtureRequest) -> Iterator[Estate]:
    """A branch of this test's own."""
    number = abs(hash(request.node.name)) % 10**6
    made = Estate(f"OU=t{number},{BASE}", people=40, groups=6, largest=30, computers=60, silent=18, mark=f"t{number}")
    for part in in_parts(made, now):
        domain_controller.add(part)
    domain_controller.modify(memberships(made))
    yield made
    domain_controller.samba_tool("ou", "delete", made.branch, "--force-subtree-delete")


def run(parts: Parts, settings: LdapSettings) -> RunReport:
    """A minute later than the last, by our clock."""
    parts.now.at += MINUTE  # type: ignore[attr-defined]
    return run_source(parts, LDAP, settings)


def complete(parts: Parts, settings: LdapSettings) -> RunReport:
    report = run(parts, settings)
    assert (report.status, report.errors, report.reasons) == ("complete", (), ()), report
    return report


def names(parts: Parts, *classes: str, lifecycles: tuple[str, ...] = ("live", "missing")) -> set[str]:
    query = Search(classes=classes, lifecycles=lifecycles)
    return {ci.name for ci in parts.store.search(query, after=None, limit=10_000)}


def view(parts: Parts, name: str, *classes: str) -> ItemView:
    (found,) = [
        ci
        for ci in parts.store.search(Search(classes=classes, lifecycles=()), after=None, limit=10_000)
        if ci.name == name
    ]
    seen = parts.store.item(found.id)
    assert seen is not None
    return seen


def members_of(parts: Parts, group: str) -> set[str]:
    """Names of everything that is a member of the group."""
    seen = view(parts, group, "group")
    return {seen.neighbours[r.from_ci] for r in seen.relations if r.type == "member_of" and r.to_ci == seen.ci.id}


def everything(parts: Parts) -> list[Any]:
    """All CIs with everything but times that a second reading may move."""
    found = []
    for ci in parts.store.search(Search(lifecycles=()), after=None, limit=10_000):
        seen = parts.store.item(ci.id)
        assert seen is not None
        facts = sorted((name, repr(fact.value)) for name, fact in seen.ci.facts.items())
        ends = sorted((r.type, r.from_ci, r.to_ci) for r in seen.relations)
        found.append((ci.id, ci.ci_class, ci.name, ci.lifecycle, facts, ends))
    return sorted(found)


def cn(dn: str) -> str:
    return dn.partition(",")[0][3:]


# -- what is there ---------------------------------------------------------------------------------------------------


def test_what_is_found_is_what_sambas_own_tools_list(
    parts: Parts, settings: Settings, estate: Estate, domain_controller: SambaDC
) -> None:
    dc = domain_controller
    complete(parts, settings(page_size=7, values_at_once=4))

    def listed(what: str) -> set[str]:
        return {line.removesuffix("$") for line in dc.samba_tool(what, "list").splitlines() if line}

    assert names(parts, "user", "service_account") == listed("user")
    assert names(parts, "group") == listed("group")
    assert names(parts, "server", "workstation") == listed("computer")
    for group in (
        *(f"{estate.mark}g{number}" for number in range(estate.groups)),
        "Domain Users",
        "Denied RODC Password Replication Group",
    ):
        told = {line.removesuffix("$") for line in dc.samba_tool("group", "listmembers", group).splitlines() if line}
        assert members_of(parts, group) == told, group


def test_ids_are_spelled_as_sambas_own_tools_spell_them(
    parts: Parts, settings: Settings, estate: Estate, domain_controller: SambaDC
) -> None:
    complete(parts, settings(base=estate.branch))
    for name, classes in ((f"{estate.mark}u0", ("user",)), (computer_name(estate, 0), ("server",))):
        wanted = f"(|(sAMAccountName={name})(sAMAccountName={name}$))"
        listed = domain_controller.search(wanted, "objectGUID", "objectSid").splitlines()
        ids = {line.partition(": ")[0]: line.partition(": ")[2] for line in listed if ": " in line}
        borne = {(i.kind, i.value) for i in view(parts, name, *classes).ci.identifiers}
        assert {("ad_guid", ids["objectGUID"]), ("ad_sid", ids["objectSid"])} <= borne


def test_a_group_with_more_members_than_one_answer_holds_is_read_to_its_end(
    parts: Parts, settings: Settings, estate: Estate
) -> None:
    complete(parts, settings(base=estate.branch, values_at_once=7))
    assert members_of(parts, f"{estate.mark}g0") == {cn(dn) for dn in members(estate, 0)}


def test_groups_may_hold_one_another_in_a_circle(parts: Parts, settings: Settings, estate: Estate) -> None:
    complete(parts, settings(base=estate.branch))
    for number in range(1, estate.groups):
        assert members_of(parts, f"{estate.mark}g{number}") == {cn(dn) for dn in members(estate, number)}


def test_managers_and_branches_and_the_directory_itself_are_told(
    parts: Parts, settings: Settings, estate: Estate
) -> None:
    complete(parts, settings(base=estate.branch))
    seen = view(parts, f"{estate.mark}u25", "user")
    assert ("managed_by", f"{estate.mark}u2") in {
        (r.type, seen.neighbours[r.to_ci]) for r in seen.relations if r.from_ci == seen.ci.id
    }
    assert {"People", "Groups", "Machines"} <= names(parts, "organizational_unit")
    machine = view(parts, computer_name(estate, 20), "server")
    assert ("authenticates_with", "lab.example") in {(r.type, machine.neighbours[r.to_ci]) for r in machine.relations}


def test_two_readings_in_full_give_the_same(parts: Parts, settings: Settings, estate: Estate) -> None:
    complete(parts, settings())
    before = everything(parts)
    again = complete(parts, settings(full=True))
    assert (again.created, again.missed) == (0, 0)
    assert everything(parts) == before


def test_accounts_of_programs_and_accounts_that_are_disabled_are_told_apart(
    parts: Parts, settings: Settings, estate: Estate, domain_controller: SambaDC
) -> None:
    domain_controller.add(
        f"dn: CN={estate.mark}gm,{estate.branch}\nobjectClass: msDS-GroupManagedServiceAccount\n"
        f"sAMAccountName: {estate.mark}gm$\nmsDS-ManagedPasswordInterval: 30\n"
    )
    domain_controller.modify(
        f"dn: {person_dn(estate, 1)}\nchangetype: modify\nadd: servicePrincipalName\n"
        f"servicePrincipalName: HTTP/{estate.mark}.lab.example\n\n"
        f"dn: {person_dn(estate, 2)}\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: 514\n\n"
        f"dn: {person_dn(estate, 3)}\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: 544\n"
    )
    complete(parts, settings(base=estate.branch))
    assert names(parts, "service_account") == {f"{estate.mark}gm", f"{estate.mark}u1"}
    assert view(parts, f"{estate.mark}u2").ci.facts["enabled"].value is False
    assert view(parts, f"{estate.mark}u3").ci.facts["enabled"].value is True
    assert view(parts, f"{estate.mark}u3").ci.facts["expires_at"].value is None


def test_members_that_stand_for_everybody_are_named_and_tied_to_nothing(
    parts: Parts, settings: Settings, estate: Estate, domain_controller: SambaDC
) -> None:
    domain_controller.modify(
        f"dn: {group_dn(estate, 2)}\nchangetype: modify\nadd: member\n"
        f"member: CN=S-1-5-11,CN=ForeignSecurityPrincipals,{BASE}\n"
    )
    report = complete(parts, settings(base=estate.branch))
    assert view(parts, f"{estate.mark}g2").ci.facts["well_known_members"].value == ("S-1-5-11",)
    assert report.status == "complete"


def test_the_directory_needs_one_of_its_domain_controllers(parts: Parts, settings: Settings) -> None:
    complete(parts, settings())
    seen = view(parts, "lab.example", "directory")
    (needed,) = [r for r in seen.relations if r.type == "depends_on"]
    assert (seen.neighbours[needed.to_ci], needed.need) == ("DC1", 1)
    assert "DC1" in names(parts, "server")


def test_a_domain_inside_the_branch_is_not_read_and_the_branch_not_complete(
    settings: Settings, domain_controller: SambaDC, now: float
) -> None:
    """As a forest's root answers: with a reference to the child that its partitions list."""
    child = f"DC=child,{BASE}"
    partition = f"dn: CN=CHILD,CN=Partitions,CN=Configuration,{BASE}\n"
    domain_controller.add(
        f"{partition}objectClass: crossRef\nnCName: {child}\ndnsRoot: child.lab.example\nnETBIOSName: CHILD\n"
        "systemFlags: 3\n",
        "--relax",
    )
    made = settings()
    with connection_of(made) as (connection, steps):
        for step in steps:
            step.act()
        directory = Directory(connection, where_of(made.url), made.page_size)
        directory.referrals = [f"ldap://child.lab.example/{child.replace('=', '%3D')}"]
        top = branch(directory, root_of(directory), BASE)
        reading = Reading(lambda: int(now * 1e6))
        found = list(BranchReader(directory, root_of(directory), made, reading, BASE, top, top).read())
    (end,) = [one for one in found if isinstance(one, ScopeEnd)]
    assert (end.complete, end.delta) == (False, False)
    assert f"{child}, a domain of its own" in (end.reason or "")
    assert [one for one in found if isinstance(one, Bookmark)], "deletions are told all the same"
    domain_controller.modify(f"{partition}changetype: delete\n", "--relax")


# -- contact ---------------------------------------------------------------------------------------------------------


def test_computers_without_logon_for_a_year_are_missing_without_contact_and_none_is_retired(
    parts: Parts, settings: Settings, estate: Estate
) -> None:
    complete(parts, settings(base=estate.branch))
    silent = {computer_name(estate, number) for number in range(estate.silent)}
    machines = ("server", "workstation")
    assert names(parts, *machines, lifecycles=("missing",)) == silent
    assert names(parts, *machines, lifecycles=("retired",)) == set()
    assert {view(parts, name, *machines).ci.because for name in silent} == {"no contact"}


def test_a_machine_that_the_directory_has_not_heard_of_for_a_year_outvotes_nobody(
    parts: Parts, settings: Settings, estate: Estate, say: Any
) -> None:
    complete(parts, settings(base=estate.branch))
    name = computer_name(estate, 1)
    guid = next(i.value for i in view(parts, name).ci.identifiers if i.kind == "ad_guid")
    take(parts, None, [say("x", source="agent", name=name, identifiers=[("ad_guid", guid)],
                           attributes={"os": "Debian 12"})])  # fmt: skip
    seen = view(parts, name)
    assert seen.ci.facts["os"].value == "Debian 12"
    assert seen.ci.lifecycle == "live"


# -- what has moved --------------------------------------------------------------------------------------------------


def test_the_second_reading_asks_only_for_what_has_moved(
    parts: Parts, settings: Settings, estate: Estate, domain_controller: SambaDC
) -> None:
    first = complete(parts, settings(base=estate.branch))
    quiet = complete(parts, settings(base=estate.branch))
    assert quiet.seen == 0
    assert "what has moved" in quiet.notes[-1]
    domain_controller.modify(
        f"dn: {person_dn(estate, 3)}\nchangetype: modify\nreplace: title\ntitle: Captain\n\n"
        f"dn: {group_dn(estate, 0)}\nchangetype: modify\ndelete: member\nmember: {person_dn(estate, 5)}\n"
    )
    moved = complete(parts, settings(base=estate.branch))
    assert moved.seen == 3 < first.seen  # two objects, and the directory
    assert view(parts, f"{estate.mark}u3", "user").ci.facts["title"].value == "Captain"
    assert members_of(parts, f"{estate.mark}g0") == {cn(dn) for dn in members(estate, 0)} - {f"{estate.mark}u5"}
    assert names(parts, "user", lifecycles=("live",)) == {f"{estate.mark}u{n}" for n in range(estate.people)}


def test_what_was_deleted_is_gone(parts: Parts, settings: Settings, estate: Estate, domain_controller: SambaDC) -> None:
    complete(parts, settings(base=estate.branch))
    domain_controller.samba_tool("user", "delete", f"{estate.mark}u7")
    domain_controller.samba_tool("computer", "delete", computer_name(estate, 30))
    domain_controller.samba_tool("group", "delete", f"{estate.mark}g3")
    complete(parts, settings(base=estate.branch))
    everybody = names(parts, lifecycles=("missing", "retired"))
    assert {f"{estate.mark}u7", computer_name(estate, 30), f"{estate.mark}g3"} <= everybody
    assert view(parts, f"{estate.mark}u7").ci.because == "gone"
    assert f"{estate.mark}u8" in names(parts, lifecycles=("live",))


def test_a_login_that_cannot_see_deletions_reads_in_full_and_says_so(
    parts: Parts, as_reader: Settings, estate: Estate, domain_controller: SambaDC
) -> None:
    complete(parts, as_reader(base=estate.branch))
    domain_controller.samba_tool("user", "delete", f"{estate.mark}u7")
    again = complete(parts, as_reader(base=estate.branch))
    assert again.seen > estate.people
    assert "cannot see deleted objects" in again.notes[-1]
    assert names(parts, "user", lifecycles=("missing",)) == {f"{estate.mark}u7"}


def test_what_leaves_the_branch_for_one_that_is_read_too_lives_on_and_else_goes_missing(
    parts: Parts, settings: Settings, estate: Estate, domain_controller: SambaDC
) -> None:
    here, there = f"OU=People,{estate.branch}", f"OU=Machines,{estate.branch}"
    complete(parts, settings(base=here))
    complete(parts, settings(base=there))
    who, other = f"{estate.mark}u9", f"{estate.mark}u8"
    before = view(parts, who).ci.id
    domain_controller.samba_tool("user", "move", who, there)
    domain_controller.samba_tool("user", "move", other, f"OU=Groups,{estate.branch}")
    complete(parts, settings(base=there))
    complete(parts, settings(base=here))
    assert names(parts, "user", lifecycles=("missing",)) == set()
    complete(parts, settings(base=here, full=True))
    assert names(parts, "user", lifecycles=("missing",)) == {other}
    domain_controller.samba_tool("user", "move", who, here)
    complete(parts, settings(base=here))
    assert (view(parts, who).ci.id, view(parts, who).ci.facts["parent"].value) == (before, here)


def test_a_branch_that_is_renamed_is_read_in_full_because_what_lies_in_it_was_not_touched(
    parts: Parts, settings: Settings, estate: Estate, domain_controller: SambaDC
) -> None:
    complete(parts, settings(base=estate.branch))
    domain_controller.samba_tool("ou", "rename", f"OU=People,{estate.branch}", f"OU=Staff,{estate.branch}")
    again = complete(parts, settings(base=estate.branch))
    assert "branches were moved" in again.notes[-1]
    assert again.missed == 0
    assert view(parts, f"{estate.mark}u1").ci.facts["parent"].value == f"OU=Staff,{estate.branch}"


def test_a_branch_that_comes_from_elsewhere_brings_what_lies_in_it_and_a_new_one_is_no_reason_to_read_all(
    parts: Parts, settings: Settings, estate: Estate, domain_controller: SambaDC
) -> None:
    base = f"OU=Machines,{estate.branch}"
    complete(parts, settings(base=base))
    domain_controller.samba_tool("ou", "create", f"OU=New,{base}")
    assert "what has moved" in complete(parts, settings(base=base)).notes[-1]
    assert "New" in names(parts, "organizational_unit")
    domain_controller.samba_tool("ou", "move", f"OU=People,{estate.branch}", base)
    assert "branches were moved" in complete(parts, settings(base=base)).notes[-1]
    assert len(names(parts, "user", lifecycles=("live",))) == estate.people


@pytest.mark.parametrize("key", ["service", "invocation", "base", "form"])
def test_another_server_or_a_restored_one_or_another_branch_is_read_in_full(
    settings: Settings, now: float, key: str
) -> None:
    """What was kept is of a database that is not this one."""

    def read(kept: Any) -> list[Any]:
        return list(LDAP.fetch(settings(), Reading(lambda: int(now * 1e6), bookmark=lambda scope: kept)))

    (mark,) = [found.value for found in read(None) if isinstance(found, Bookmark)]
    quiet = read(mark)
    assert [end.delta for end in quiet if isinstance(end, ScopeEnd)] == [True]
    other = read({**mark, key: "another"})
    assert [end.delta for end in other if isinstance(end, ScopeEnd)] == [False]
    assert len([raw for raw in other if isinstance(raw, Raw)]) > 30
    late = read({**mark, "full_at": mark["full_at"] - 8 * DAY})
    assert [end.delta for end in late if isinstance(end, ScopeEnd)] == [False]
