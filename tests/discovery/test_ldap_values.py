"""Ids, times and names as directories write them, against published examples."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.sources.ldap.distinguished_name import Name, domain_name, name_from, normal, parent_of, parts_of
from discovery.sources.ldap.microsoft_values import (
    domain_of,
    filetime,
    generalized_time,
    guid_text,
    is_of_a_domain,
    sid_text,
    spelled_time,
)
from discovery.sources.ldap.operating_system import kind_of_machine


def micros(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp()) * 1_000_000  # type: ignore[misc, arg-type]


# -- ids -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        # The well-known GUID of the Users container, whose text in wellKnownObjects is its bytes in order (MS-ADTS 6.1.1.4).
        ("A9D1CA15768811D1ADED00C04FD8D5CD", "15cad1a9-8876-d111-aded-00c04fd8d5cd"),
        # The example of RFC 4122 laid out as MS-DTYP 2.3.4.2 says: three little-endian fields, then eight bytes.
        ("AE4F1DF8EC7DD011A76500A0C91E6BF6", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
        ("00112233445566778899AABBCCDDEEFF", "33221100-5544-7766-8899-aabbccddeeff"),
    ],
)
def test_a_guid_is_read_in_microsofts_byte_order(raw: str, text: str) -> None:
    assert guid_text(bytes.fromhex(raw)) == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        # Well-known SIDs of MS-DTYP 2.4.2.4.
        ("010100000000000100000000", "S-1-1-0"),
        ("01020000000000052000000020020000", "S-1-5-32-544"),
        ("01010000000000050B000000", "S-1-5-11"),
        ("010500000000000515000000A065CF7E784B9B5FE77C8770091C0100", "S-1-5-21-2127521184-1604012920-1887927527-72713"),
        ("010500000000000515000000DCF4DC3B833D2B46828BA62800020000", "S-1-5-21-1004336348-1177238915-682003330-512"),
        # An authority beyond 32 bits is written in hexadecimal (MS-DTYP 2.4.2.1).
        ("010101000000000000000000", "S-1-0x010000000000-0"),
    ],
)
def test_a_sid_is_read_as_it_is_written(raw: str, text: str) -> None:
    assert sid_text(bytes.fromhex(raw)) == text


@pytest.mark.parametrize("raw", [b"", b"\x01", b"\x02\x01" + bytes(10), b"\x01\x05" + bytes(10), bytes(16)])
def test_bytes_that_are_no_sid_are_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="SID"):
        sid_text(raw)


@pytest.mark.parametrize("length", [0, 15, 17])
def test_bytes_that_are_no_guid_are_refused(length: int) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        guid_text(bytes(length))


def test_a_sid_that_is_the_same_in_every_domain_identifies_nobody() -> None:
    assert is_of_a_domain("S-1-5-21-2127521184-1604012920-1887927527-72713")
    assert domain_of("S-1-5-21-1-2-3-513") == "S-1-5-21-1-2-3"
    assert not is_of_a_domain("S-1-5-32-544")
    assert domain_of("S-1-5-11") is None


# -- times -----------------------------------------------------------------------------------------------------------


def test_filetimes_count_from_1601() -> None:
    assert filetime(b"128271382742968750") == micros(2007, 6, 24, 5, 57, 54) + 296_875
    assert filetime(b"116444736010000000") == 1_000_000


@pytest.mark.parametrize("raw", [b"0", b"9223372036854775807", b"116444736000000000", b"1", b"-1"])
def test_never_is_no_time(raw: bytes) -> None:
    assert filetime(raw) is None


def test_generalized_times_are_read_and_written() -> None:
    at = micros(2026, 11, 21, 11, 42, 3)
    assert generalized_time(b"20261121114203.0Z") == generalized_time(b"20261121114203Z") == at
    assert generalized_time(b"16010101000000.0Z") is None
    assert generalized_time(b"202611211142Z") == micros(2026, 11, 21, 11, 42)
    assert spelled_time(at) == "20261121114203.0Z"


@pytest.mark.parametrize("raw", [b"", b"2026", b"20261121114203", b"20261121114203+0100", b"20261321114203Z"])
def test_what_is_no_time_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"time|month"):
        generalized_time(raw)


# -- names -----------------------------------------------------------------------------------------------------------


def test_an_extended_name_tells_the_ids_of_its_bearer() -> None:
    raw = b"<GUID=CE0B1C7E-dd55-4446-b99f-75051233fb8a>;<SID=S-1-5-21-1-2-3-1105>;CN=Lee\\, Ann,DC=lab"
    assert name_from(raw) == Name("CN=Lee\\, Ann,DC=lab", "ce0b1c7e-dd55-4446-b99f-75051233fb8a", "S-1-5-21-1-2-3-1105")
    assert name_from("CN=a,DC=lab") == Name("CN=a,DC=lab")


def test_a_foreign_security_principal_stands_for_a_sid() -> None:
    assert name_from("CN=S-1-5-11,CN=ForeignSecurityPrincipals,DC=lab").foreign_sid == "S-1-5-11"
    assert name_from("CN=crew,DC=lab").foreign_sid is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CN=Ann,  OU=Staff , DC=lab", "cn=ann,ou=staff,dc=lab"),
        ("cn=J\\C3\\B6rg,dc=lab", "cn=Jörg,dc=lab"),
        ("cn=Lee\\2C Ann,dc=lab", "cn=Lee\\, Ann,dc=lab"),
        ("cn=a;dc=lab", "cn=a,dc=lab"),
        ("cn=a,dc=lab#'0101'B", "cn=a,dc=lab"),
        ("cn=J.  J.\tFry,dc=lab", "CN=J. J. Fry,DC=lab"),
    ],
)
def test_spellings_of_one_name_are_one(one: str, other: str) -> None:
    assert normal(one) == normal(other)


def test_names_come_apart_where_a_comma_separates_and_nowhere_else() -> None:
    assert parts_of("CN=Lee\\, Ann,OU=a\\\\,DC=lab") == ["CN=Lee\\, Ann", "OU=a\\\\", "DC=lab"]
    assert parent_of("CN=Lee\\, Ann,DC=lab") == "DC=lab"
    assert parts_of("CN=broken\\") == ["CN=broken\\"]
    assert domain_name("DC=lab,dc=Example") == "lab.example"
    assert domain_name("o=corp") == "o=corp"


@given(st.text(max_size=40))
def test_no_text_stops_the_reading_of_a_name(text: str) -> None:
    normal(text), parent_of(text), domain_name(text), name_from(text)


# -- machines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("system", "kind"),
    [
        ("Windows Server 2022 Datacenter", "server"),
        ("Windows 2000 Server", "server"),
        ("Hyper-V Server", "server"),
        ("Red Hat Enterprise Linux Server", "server"),
        ("Red Hat Enterprise Linux Workstation", "workstation"),
        ("Ubuntu", "server"),
        ("Ubuntu Desktop", "workstation"),
        ("pc-linux-gnu", "workstation"),
        ("Samba", "server"),
        ("Windows 11 Enterprise", "workstation"),
        ("Windows XP Professional", "workstation"),
        ("Mac OS X", "workstation"),
        ("macOS", "workstation"),
        (None, "workstation"),
    ],
)
def test_a_computer_is_a_server_or_a_workstation_by_its_system(system: str | None, kind: str) -> None:
    assert kind_of_machine(system, controller=False) == kind
    assert kind_of_machine(system, controller=True) == "server"
