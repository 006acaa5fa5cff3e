"""What the ldap source promises about servers that are no Active Directory, kept against a real OpenLDAP."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from discovery.run import Parts
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.source import Reading
from discovery.sources import SOURCES
from discovery.sources.ldap.settings import LdapSettings
from graph.store import ItemView, Search
from lab.slapd_server import ADMIN, SUFFIX, SlapdServer, slapd_server
from lab.unavailable import real

LDAP = SOURCES["ldap"]

ENTRIES = f"""\
dn: {SUFFIX}
objectClass: dcObject
objectClass: organization
dc: lab
o: Laboratory

dn: ou=people,{SUFFIX}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{SUFFIX}
objectClass: organizationalUnit
ou: groups

dn: uid=amy,ou=people,{SUFFIX}
objectClass: inetOrgPerson
objectClass: posixAccount
cn: Amy Wong
sn: Wong
uid: amy
mail: amy@lab.example
title: Intern
manager: cn=Jörg Müller\\, Dr.,ou=people,{SUFFIX}
uidNumber: 1001
gidNumber: 500
homeDirectory: /home/amy
userPassword: never-to-be-read

dn: cn=Jörg Müller\\, Dr.,ou=people,{SUFFIX}
objectClass: inetOrgPerson
cn: Jörg Müller, Dr.
sn: Müller
mail: joerg@lab.example

dn: uid=bob,ou=people,{SUFFIX}
objectClass: account
objectClass: posixAccount
objectClass: shadowAccount
cn: bob
uid: bob
uidNumber: 1002
gidNumber: 501
homeDirectory: /home/bob
shadowExpire: 1

dn: cn=backup,ou=people,{SUFFIX}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: backup
userPassword: never-to-be-read

dn: cn=crew,ou=groups,{SUFFIX}
objectClass: groupOfNames
cn: crew
owner: uid=amy,ou=people,{SUFFIX}
member: UID=amy, OU=People, {SUFFIX}
member: cn=J\\C3\\B6rg M\\C3\\BCller\\2C Dr.,ou=people,{SUFFIX}
member: cn=all,ou=groups,{SUFFIX}

dn: cn=all,ou=groups,{SUFFIX}
objectClass: groupOfUniqueNames
cn: all
uniqueMember: cn=crew,ou=groups,{SUFFIX}
uniqueMember: uid=bob,ou=people,{SUFFIX}#'0101'B

dn: cn=staff,ou=groups,{SUFFIX}
objectClass: posixGroup
cn: staff
gidNumber: 500
memberUid: bob
memberUid: nobody-of-that-name

dn: cn=empty,ou=groups,{SUFFIX}
objectClass: posixGroup
cn: empty
gidNumber: 777
"""


@pytest.fixture(scope="module")
def server() -> Iterator[SlapdServer]:
    with real(slapd_server(ENTRIES)) as running:
        yield running


def settings_for(server: SlapdServer, **more: Any) -> LdapSettings:
    login = {"user": ADMIN, "password": server.password, "ca_file": str(server.ca_file)}
    return LdapSettings(**{"url": server.secure_url, "timeout": 5, **login, **more})


def run(parts: Parts, settings: LdapSettings) -> RunReport:
    parts.now.at += 60_000_000  # type: ignore[attr-defined]
    return run_source(parts, LDAP, settings)


def names(parts: Parts, *classes: str, lifecycles: tuple[str, ...] = ("live",)) -> set[str]:
    return {
        ci.name for ci in parts.store.search(Search(classes=classes, lifecycles=lifecycles), after=None, limit=1000)
    }


def view(parts: Parts, name: str) -> ItemView:
    (found,) = [c for c in parts.store.search(Search(lifecycles=()), after=None, limit=1000) if c.name == name]
    seen = parts.store.item(found.id)
    assert seen is not None
    return seen


def others(parts: Parts, name: str, kind: str, *, outgoing: bool) -> set[str]:
    """Names at the other end of its relations of a type."""
    seen = view(parts, name)
    ends = [(r.from_ci, r.to_ci) if outgoing else (r.to_ci, r.from_ci) for r in seen.relations if r.type == kind]
    return {seen.neighbours[there] for here, there in ends if here == seen.ci.id}


def test_people_programs_groups_and_branches_are_told_apart(parts: Parts, server: SlapdServer) -> None:
    report = run(parts, settings_for(server, page_size=2))
    assert (report.status, report.reasons) == ("complete", ())
    assert names(parts, "user") == {"Amy Wong", "Jörg Müller, Dr.", "bob"}
    assert names(parts, "service_account") == {"backup"}
    assert names(parts, "group") == {"crew", "all", "staff", "empty"}
    assert names(parts, "organizational_unit") == {"people", "groups"}
    assert names(parts, "directory") == {"lab.example"}
    assert view(parts, "Amy Wong").ci.facts["title"].value == "Intern"
    assert view(parts, "bob").ci.facts["enabled"].value is False


def test_memberships_are_found_however_they_are_spelled(parts: Parts, server: SlapdServer) -> None:
    run(parts, settings_for(server))
    assert others(parts, "crew", "member_of", outgoing=False) == {"Amy Wong", "Jörg Müller, Dr.", "all"}
    assert others(parts, "all", "member_of", outgoing=False) == {"crew", "bob"}
    assert others(parts, "staff", "member_of", outgoing=False) == {"bob", "Amy Wong"}
    assert others(parts, "Amy Wong", "managed_by", outgoing=True) == {"Jörg Müller, Dr."}
    assert others(parts, "crew", "managed_by", outgoing=True) == {"Amy Wong"}


def test_no_password_is_asked_for(server: SlapdServer) -> None:
    read = [repr(found) for found in LDAP.fetch(settings_for(server), Reading(lambda: 0))]
    assert len(read) > 10
    assert "never-to-be-read" not in "".join(read)


def test_two_readings_give_the_same(parts: Parts, server: SlapdServer) -> None:
    run(parts, settings_for(server))
    again = run(parts, settings_for(server, url=server.url))
    assert (again.status, again.created, again.updated, again.missed) == ("complete", 0, 0, 0)


def test_what_is_deleted_goes_missing_and_a_new_name_makes_no_new_thing(parts: Parts) -> None:
    with real(slapd_server(ENTRIES)) as server:
        import ldap3

        run(parts, settings_for(server))
        before = view(parts, "Amy Wong").ci.id
        with ldap3.Connection(server.url.replace("ldap://", ""), ADMIN, server.password, auto_bind=True) as change:
            assert change.delete(f"uid=bob,ou=people,{SUFFIX}")
            assert change.modify_dn(f"uid=amy,ou=people,{SUFFIX}", "uid=amy2", delete_old_dn=False)
        report = run(parts, settings_for(server))
        assert report.status == "complete"
        assert names(parts, "user", lifecycles=("missing",)) == {"bob"}
        assert view(parts, "Amy Wong").ci.id == before


def test_one_branch_says_nothing_of_the_others(parts: Parts, server: SlapdServer) -> None:
    run(parts, settings_for(server))
    report = run(parts, settings_for(server, base=f"ou=groups,{SUFFIX}"))
    assert (report.status, report.missed) == ("complete", 0)
    assert names(parts, "user") == {"Amy Wong", "Jörg Müller, Dr.", "bob"}


def test_a_size_limit_is_no_end(parts: Parts) -> None:
    with real(slapd_server(ENTRIES, more="limits anonymous size.prtotal=5")) as server:
        settings = settings_for(server, user=None, password=None, page_size=2)
        report = run(parts, settings)
        assert report.status == "partial"
        assert "sizeLimitExceeded" in (report.scopes[0].reason or "")
        assert names(parts)


def test_a_referral_is_not_followed_and_the_branch_not_complete(parts: Parts) -> None:
    elsewhere = f"""
dn: ou=far,{SUFFIX}
objectClass: referral
objectClass: extensibleObject
ou: far
ref: ldap://192.0.2.1/ou=far,{SUFFIX}
"""
    with real(slapd_server(ENTRIES + elsewhere)) as server:
        report = run(parts, settings_for(server))
        assert report.status == "partial"
        assert f"ldap://192.0.2.1/ou=far,{SUFFIX}" in (report.scopes[0].reason or "")
        whole = run(parts, settings_for(server, base=f"ou=far,{SUFFIX}"))
        assert whole.status == "failed"
        assert "192.0.2.1" in " ".join(whole.errors)


def test_a_password_is_never_sent_over_a_wire_without_tls_unless_somebody_says_so(parts: Parts) -> None:
    """A server without TLS: what it is sent is seen by whoever listens."""
    with real(slapd_server(ENTRIES)) as server:
        config = server.folder / "slapd.conf"
        assert config.exists()
        spoken = run(parts, settings_for(server, url=server.url, tls="none"))
        assert spoken.status == "complete"
        assert any("TLS was not verified" in note for note in spoken.notes)


def test_check_of_a_plain_server(server: SlapdServer) -> None:
    assert LDAP.check is not None
    found = list(LDAP.check(settings_for(server, url=server.url), Reading(lambda: 0)))
    assert [p.name for p in found if p.ok] == [
        "reach the server",
        "TLS with a trusted certificate",
        "sign in",
        f"read {SUFFIX}",
    ]


def test_a_recorded_directory_of_others_is_understood(parts: Parts) -> None:
    """LDIF files of somebody else's test server, in the folder that CMDB_TEST_LDIF names."""
    named = os.environ.get("CMDB_TEST_LDIF")
    if not named:
        pytest.skip("CMDB_TEST_LDIF names no folder of LDIF files")
    suffix = "dc=planetexpress,dc=com"
    top = f"dn: {suffix}\nobjectClass: dcObject\nobjectClass: organization\ndc: planetexpress\no: Planet Express\n"
    files = [file for file in sorted(Path(named).glob("*.ldif")) if file.name[:1].isdigit()]
    ldif = "\n".join([top, *(file.read_text() for file in files)])
    with real(slapd_server(ldif, suffix=suffix)) as server:
        login = settings_for(server, user=f"cn=admin,{suffix}")
        report = run(parts, login)
        assert (report.status, report.reasons, report.unresolved) == ("complete", (), 0)
        assert names(parts, "group") == {"admin_staff", "ship_crew"}
        assert len(names(parts, "user")) == sum("people_" in file.name for file in files)
        assert len(others(parts, "ship_crew", "member_of", outgoing=False)) == 3
