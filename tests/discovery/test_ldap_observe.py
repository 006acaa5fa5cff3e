"""What single entries come to: recordings of the attributes that domain controllers send, with made-up values."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cmdb.observation import Observation
from cmdb.vocabulary import vocabulary
from discovery.errors import RecordRejected
from discovery.source import Hearing
from discovery.sources.ldap.entry import Entry, Kind
from discovery.sources.ldap.observe import observe
from lab.directory_estate import filetime

NOW = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()) * 1_000_000
DAY = 86_400 * 1_000_000
GUID = bytes.fromhex("AE4F1DF8EC7DD011A76500A0C91E6BF6")
RECORD = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
DOMAIN = "21-1004336348-1177238915-682003330"
SID = bytes.fromhex("010500000000000515000000DCF4DC3B833D2B46828BA62801040000")
CREATED = b"20240102030405.0Z"


def ticks(days_ago: float) -> bytes:
    return str(filetime(NOW / 1e6 - days_ago * 86_400)).encode()


def entry(*classes: str, kind: Kind = "account", dn: str = "CN=x,OU=Berlin,DC=lab,DC=example", **values: Any) -> Entry:
    stated = {
        "objectclass": tuple(name.encode() for name in classes),
        "objectguid": (GUID,),
        "whencreated": (CREATED,),
        **{name: value if isinstance(value, tuple) else (value,) for name, value in values.items()},
    }
    known = {name: value for name, value in stated.items() if value != (None,)}
    return Entry(kind, dn, known, domain="00000000-1111-2222-3333-444444444444")


def heard(one: Entry) -> Observation:
    (said,) = observe(one, Hearing(vocabulary(), "default", NOW))
    return said


COMPUTER = ("top", "person", "organizationalPerson", "user", "computer")


# -- contact ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times", "days_ago"),
    [
        ({"lastlogon": ticks(3), "lastlogontimestamp": ticks(10), "pwdlastset": ticks(20)}, 3),
        ({"lastlogon": b"0", "lastlogontimestamp": ticks(10)}, 10),
        ({"lastlogon": b"0", "pwdlastset": ticks(20)}, 20),
        ({"lastlogon": ticks(-400), "lastlogontimestamp": ticks(10)}, 10),
    ],
)
def test_the_last_contact_is_the_latest_sign_of_life_and_none_from_the_future(
    times: dict[str, bytes], days_ago: int
) -> None:
    said = heard(entry(*COMPUTER, samaccountname=b"PC1$", **times))
    assert said.observed_at == NOW - days_ago * DAY
    assert said.read_at == NOW


@pytest.mark.parametrize("never", [{}, {"lastlogon": b"0"}, {"lastlogon": b"9223372036854775807", "pwdlastset": b"0"}])
def test_what_never_gave_a_sign_of_life_was_last_heard_of_when_it_was_made(never: dict[str, bytes]) -> None:
    said = heard(entry(*COMPUTER, samaccountname=b"PC1$", **never))
    assert said.observed_at == int(datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()) * 1_000_000


def test_groups_are_there_while_they_are_listed() -> None:
    assert heard(entry("group", samaccountname=b"crew")).observed_at == NOW


# -- what it is ------------------------------------------------------------------------------------------------------


def test_a_computer_is_named_without_its_dollar() -> None:
    said = heard(
        entry(
            *COMPUTER,
            samaccountname=b"DB1$",
            dnshostname=b"db1.lab.example",
            operatingsystem=b"Windows Server 2022 Datacenter",
            operatingsystemversion=b"10.0 (20348)",
            useraccountcontrol=b"4096",
            objectsid=SID,
            primarygroupid=b"515",
        )
    )
    assert (said.ci_class, said.name, said.record) == ("server", "DB1", RECORD)
    assert {(one.kind, one.value) for one in said.identifiers} == {
        ("ad_guid", RECORD),
        ("ad_sid", f"S-1-5-{DOMAIN}-1025"),
        ("dn", "cn=x,ou=berlin,dc=lab,dc=example"),
        ("hostname", "db1"),
        ("fqdn", "db1.lab.example"),
    }
    assert dict(said.attributes)["os"] == "Windows Server 2022 Datacenter 10.0 (20348)"
    assert {(c.type, c.outgoing, c.reference) for c in said.claims} == {
        ("member_of", True, f"ad_sid:S-1-5-{DOMAIN}-515"),
        ("authenticates_with", True, "ad_guid:00000000-1111-2222-3333-444444444444"),
    }


def test_a_disabled_computer_needs_no_directory() -> None:
    said = heard(entry(*COMPUTER, samaccountname=b"DB1$", useraccountcontrol=b"4098"))
    assert not said.claims
    assert dict(said.attributes)["enabled"] is False


@pytest.mark.parametrize(
    ("classes", "more", "kind"),
    [
        (("user",), {}, "user"),
        (("user",), {"serviceprincipalname": b"HTTP/x"}, "service_account"),
        (("user",), {"useraccountcontrol": b"2080"}, "service_account"),
        (("user", "inetOrgPerson"), {}, "user"),
        ((*COMPUTER, "msDS-ManagedServiceAccount"), {}, "service_account"),
        ((*COMPUTER, "msDS-GroupManagedServiceAccount"), {}, "service_account"),
        ((*COMPUTER, "msDS-DelegatedManagedServiceAccount"), {}, "service_account"),
        (COMPUTER, {"useraccountcontrol": b"532480"}, "server"),
        (("organizationalUnit",), {"ou": b"Berlin"}, "organizational_unit"),
    ],
)
def test_each_class_of_the_directory_is_one_of_ours(
    classes: tuple[str, ...], more: dict[str, bytes], kind: str
) -> None:
    assert heard(entry(*classes, samaccountname=b"x", **more)).ci_class == kind


def test_a_user_has_every_address_it_receives_mail_at() -> None:
    said = heard(
        entry(
            "user",
            samaccountname=b"ann",
            userprincipalname=b"ann@lab.example",
            mail=b"Ann@lab.example",
            proxyaddresses=(b"SMTP:ann@lab.example", b"smtp:lee@lab.example", b"X500:/o=corp", b"sip:ann@lab.example"),
            accountexpires=b"9223372036854775807",
            manager=b"<GUID=00000000-0000-0000-0000-0000000000aa>;<SID=S-1-5-21-1-2-3-4>;CN=Boss,DC=lab",
        )
    )
    assert [one.value for one in said.identifiers if one.kind == "email"] == ["ann@lab.example", "lee@lab.example"]
    assert dict(said.attributes)["expires_at"] is None
    assert [(c.type, c.reference) for c in said.claims] == [
        ("managed_by", "ad_guid:00000000-0000-0000-0000-0000000000aa")
    ]


# -- groups ----------------------------------------------------------------------------------------------------------


def test_members_are_known_by_what_survives_their_renaming_and_foreign_ones_by_sid() -> None:
    said = heard(
        entry(
            "group",
            samaccountname=b"crew",
            grouptype=b"-2147483640",
            member=(
                b"<GUID=00000000-0000-0000-0000-0000000000aa>;<SID=S-1-5-21-1-2-3-4>;CN=Ann,DC=lab",
                b"<GUID=00000000-0000-0000-0000-0000000000bb>;CN=Contact,DC=lab",
                b"<GUID=00000000-0000-0000-0000-0000000000cc>;<SID=S-1-5-21-7-8-9-1105>;"
                b"CN=S-1-5-21-7-8-9-1105,CN=ForeignSecurityPrincipals,DC=lab",
                b"<GUID=00000000-0000-0000-0000-0000000000dd>;CN=S-1-5-11,CN=ForeignSecurityPrincipals,DC=lab",
                b"CN=Without ids,DC=lab",
            ),
        )
    )
    assert {c.reference for c in said.claims if not c.outgoing and c.type == "member_of"} == {
        "ad_guid:00000000-0000-0000-0000-0000000000aa",
        "ad_guid:00000000-0000-0000-0000-0000000000bb",
        "ad_sid:S-1-5-21-7-8-9-1105",
        "dn@default:cn=without ids,dc=lab",
    }
    facts = dict(said.attributes)
    assert (facts["group_scope"], facts["security"]) == ("universal", True)
    assert facts["well_known_members"] == ("S-1-5-11",)


def test_a_group_that_every_domain_has_is_not_known_by_its_sid() -> None:
    said = heard(
        entry("group", samaccountname=b"Administrators", objectsid=bytes.fromhex("01020000000000052000000020020000"))
    )
    assert "ad_sid" not in {one.kind for one in said.identifiers}
    assert dict(said.attributes)["sid"] == "S-1-5-32-544"


# -- what cannot be understood ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ({"objectsid": b"\x01"}, "SID"),
        ({"pwdlastset": b"soon"}, "invalid literal"),
        ({"whencreated": b"yesterday"}, "no time"),
        ({"useraccountcontrol": b"?"}, "invalid literal"),
    ],
)
def test_a_broken_record_is_refused_under_its_name(broken: dict[str, bytes], says: str) -> None:
    with pytest.raises(RecordRejected, match=says) as refused:
        heard(entry(*COMPUTER, samaccountname=b"PC1$", **broken))
    assert refused.value.record == RECORD


@pytest.mark.parametrize("guid", [None, b"short"])
def test_a_record_without_its_key_is_refused_without_one(guid: bytes | None) -> None:
    with pytest.raises(RecordRejected) as refused:
        heard(entry(*COMPUTER, samaccountname=b"PC1$", objectguid=guid))
    assert refused.value.record is None


def test_what_is_of_no_class_that_was_asked_for_is_refused() -> None:
    with pytest.raises(RecordRejected, match="no class"):
        heard(entry("printQueue"))


def test_what_is_deleted_is_gone() -> None:
    said = heard(entry("user", kind="deleted"))
    assert (said.record, said.gone) == (RECORD, True)


def test_no_bytes_break_the_reading() -> None:
    said = heard(entry("user", samaccountname=b"\xff\xfe", description=b"\xc3\x28", displayname=b"a\x01b"))
    assert said.name == "\ufffd\ufffd"
