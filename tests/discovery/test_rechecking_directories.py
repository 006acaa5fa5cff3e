"""What real directories are believed to say, asked again: right, changed, gone, and not to be read."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from discovery.rechecking import RIGHT, UNKNOWN, WRONG, Difference, Rechecked
from discovery.source_instance import edit
from lab.directory_estate import Estate, computer_name, in_parts, memberships, person_dn
from lab.samba_dc import BASE, READER, SambaDC
from lab.slapd_server import ADMIN, SUFFIX, SlapdServer, slapd_server
from lab.unavailable import real

Keep = Callable[..., Any]
Read = Callable[..., Any]
Look = Callable[..., dict[str, Rechecked]]
SECRET = {"password": "env:PASSWORD"}

ENTRIES = f"""\
dn: {SUFFIX}
objectClass: dcObject
objectClass: organization
dc: lab
o: Laboratory

dn: ou=people,{SUFFIX}
objectClass: organizationalUnit
ou: people

dn: uid=amy,ou=people,{SUFFIX}
objectClass: inetOrgPerson
cn: Amy Wong
sn: Wong
uid: amy
title: Intern

dn: uid=bob,ou=people,{SUFFIX}
objectClass: inetOrgPerson
cn: Bob
sn: Bob
uid: bob
"""


def verdicts(found: dict[str, Rechecked]) -> dict[str, str]:
    return {name: one.verdict for name, one in found.items()}


def reasons(found: dict[str, Rechecked]) -> set[str | None]:
    return {record.reason for one in found.values() for record in one.records}


@pytest.fixture
def estate(domain_controller: SambaDC, clock: Any) -> Iterator[Estate]:
    """A branch of this test's own; the directory's clock is the machine's, and ours has to be the same."""
    clock.at = int(time.time() * 1_000_000)
    made = Estate(f"OU=again,{BASE}", people=6, groups=2, largest=5, computers=4, silent=0, mark="again")
    for part in in_parts(made, clock.at / 1_000_000):
        domain_controller.add(part)
    domain_controller.modify(memberships(made))
    yield made
    domain_controller.samba_tool("ou", "delete", made.branch, "--force-subtree-delete")


@pytest.fixture
def keep_domain(
    domain_controller: SambaDC, keep: Keep, estate: Estate, passwords: dict[str, str]
) -> Callable[..., Any]:
    """A source instance of the branch; by default the administrator's."""

    def kept(**more: Any) -> Any:
        dc = domain_controller
        passwords.update({"env:ADMIN": dc.password, "env:READER": dc.reader_password})
        said = {"url": dc.url, "ca_file": str(dc.ca_file), "base": estate.branch, "timeout": 5}
        login = {"user": "administrator@lab.example", "secrets": {"password": "env:ADMIN"}}
        return keep("ldap", **{**said, **login, **more})

    return kept


def test_objects_of_active_directory_are_right_changed_gone_or_unreadable(
    domain_controller: SambaDC,
    keep_domain: Keep,
    read_instance: Read,
    look: Look,
    estate: Estate,
    passwords: dict[str, str],
) -> None:
    assert read_instance(keep_domain()).status == "complete"
    first = look()
    assert len(first) > 12
    assert set(verdicts(first).values()) == {RIGHT}, first
    moved, left = computer_name(estate, 0), computer_name(estate, 1)
    domain_controller.modify(
        f"dn: {person_dn(estate, 1)}\nchangetype: modify\nreplace: title\ntitle: Pilot\n\n"
        f"dn: {person_dn(estate, 2)}\nchangetype: modify\ndelete: mail\n\n"
        f"dn: CN={moved},OU=Machines,{estate.branch}\nchangetype: modify\nreplace: operatingSystem\n"
        "operatingSystem: Windows Server 2025 Datacenter\n\n"
        f"dn: CN={left},OU=Machines,{estate.branch}\nchangetype: modrdn\nnewrdn: CN={left}\ndeleteoldrdn: 1\n"
        f"newsuperior: OU=People,{estate.branch}\n\n"
        f"dn: {person_dn(estate, 5)}\nchangetype: delete\n"
    )
    found = look()
    assert [one.about for one in found[moved].records[0].differences] == ["os"]
    assert [one.about for one in found[left].records[0].differences] == ["parent"]
    gone = found["againu5"]
    assert (gone.verdict, gone.records[0].reason) == (WRONG, "its source says that it is gone")
    assert found["againu3"].verdict == found["againg1"].verdict == RIGHT
    passwords["env:ADMIN"] = "no longer right"
    found = look()
    assert set(verdicts(found).values()) == {UNKNOWN}
    assert "login refused" in str(reasons(found))
    assert "no longer right" not in str(found)


def test_a_login_that_sees_no_deletions_believes_what_the_branch_no_longer_shows(
    domain_controller: SambaDC, keep_domain: Keep, read_instance: Read, look: Look, estate: Estate, means: Any
) -> None:
    read_instance(keep_domain(user=f"{READER}@lab.example", secrets={"password": "env:READER"}))
    domain_controller.modify(f"dn: {person_dn(estate, 4)}\nchangetype: delete\n")
    found = look(classes=("user",))
    assert (found["againu4"].verdict, found["againu4"].records[0].reason) == (WRONG, "it is not found any more")
    assert found["againu3"].verdict == RIGHT
    edit(means, "main", {"settings": {"base": f"OU=Groups,{estate.branch}"}})
    found = look(classes=("user",))
    assert set(verdicts(found).values()) == {UNKNOWN}, "what is read now is a smaller branch"
    assert reasons(found) == {f"no source instance of ldap in realm default reads {estate.branch}"}


@pytest.fixture(scope="module")
def plain() -> Iterator[SlapdServer]:
    with real(slapd_server(ENTRIES)) as running:
        yield running


def test_objects_of_another_directory_are_right_changed_gone_or_unreadable(
    plain: SlapdServer, keep: Keep, read_instance: Read, look: Look, means: Any, passwords: dict[str, str]
) -> None:
    from ldap3 import MODIFY_REPLACE, Connection, Server

    passwords["env:PASSWORD"] = plain.password
    read_instance(keep("ldap", url=plain.secure_url, ca_file=str(plain.ca_file), user=ADMIN, timeout=5, secrets=SECRET))
    names = ("Amy Wong", "Bob", "people", "lab.example")
    assert verdicts(look()) == dict.fromkeys(names, RIGHT)
    with Connection(Server(plain.url), ADMIN, plain.password, auto_bind=True) as asking:
        assert asking.modify(f"uid=amy,ou=people,{SUFFIX}", {"title": [(MODIFY_REPLACE, ["Pilot"])]})
        assert asking.delete(f"uid=bob,ou=people,{SUFFIX}")
        socket = asking.socket
    socket.close()
    found = look()
    assert found["Amy Wong"].records[0].differences == (Difference("title", "Intern", "Pilot"),)
    assert (found["Bob"].verdict, found["people"].verdict) == (WRONG, RIGHT)
    edit(means, "main", {"settings": {"url": "ldaps://127.0.0.1:1"}})
    assert verdicts(look()) == dict.fromkeys(names, UNKNOWN)
