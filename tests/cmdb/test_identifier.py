"""Identifiers: one spelling for one value, and nothing that identifies nobody."""

import pytest

from cmdb.errors import Invalid
from cmdb.identifier import IDENTIFIER_KINDS, identifier, is_scoped, linking_key


@pytest.mark.parametrize(
    ("kind", "spellings"),
    [
        ("mac", ["8C-85-90-01-02-03", "8c85.9001.0203", "8c:85:90:01:02:03", "8C8590010203"]),
        ("serial", ["c02 xk1", "C02XK1", " C02XK1 "]),
        ("fqdn", ["DB1.Corp.Example.", "db1.corp.example"]),
        ("hostname", ["LAP-042$", "lap-042"]),
        ("uuid", ["{4C4C4544-0051-3510-8052-B4C04F4A3132}", "4c4c4544-0051-3510-8052-b4c04f4a3132"]),
        ("ip", ["10.0.0.1", "::ffff:10.0.0.1"]),
        ("ip", ["FE80:0::0:1".replace("FE80", "2001"), "2001::1"]),
    ],
)
def test_one_value_has_one_spelling(kind: str, spellings: list[str]) -> None:
    normal = {identifier(IDENTIFIER_KINDS, kind, spelling) for spelling in spellings}
    assert len(normal) == 1
    assert None not in normal


def test_both_byte_orders_of_a_uuid_share_a_linking_key() -> None:
    kind = IDENTIFIER_KINDS["uuid"]
    one, other = "4c4c4544-0051-3510-8052-b4c04f4a3132", "44454c4c-5100-1035-8052-b4c04f4a3132"
    assert linking_key(kind, one, "a") == linking_key(kind, other, "a")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("serial", "To be filled by O.E.M."),
        ("serial", "Default string"),
        ("serial", "None"),
        ("serial", "0"),
        ("serial", "XXXXXXXX"),
        ("uuid", "00000000-0000-0000-0000-000000000000"),
        ("uuid", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
        ("mac", "00:00:00:00:00:00"),
        ("mac", "ff:ff:ff:ff:ff:ff"),
        ("mac", "02:42:ac:11:00:02"),
        ("mac", "da:a1:19:00:11:22"),
        ("mac", "00:00:0c:07:ac:01"),
        ("mac", "00:00:5e:00:01:0a"),
        ("mac", "ac:de:48:00:11:22"),
        ("ip", "127.0.0.1"),
        ("hostname", "localhost"),
    ],
)
def test_a_value_that_everybody_has_identifies_nobody(kind: str, value: str) -> None:
    assert identifier(IDENTIFIER_KINDS, kind, value) is None


@pytest.mark.parametrize(
    ("kind", "value"), [("mac", "not a mac"), ("ip", "10.0.0.256"), ("uuid", "12"), ("colour", "x")]
)
def test_what_is_no_value_of_its_kind_is_refused_with_what_would_be(kind: str, value: str) -> None:
    with pytest.raises(Invalid, match=r"wanted|known|not an IP"):
        identifier(IDENTIFIER_KINDS, kind, value)


@pytest.mark.parametrize(
    ("kind", "value", "scoped"),
    [
        ("ip", "10.0.0.1", True),
        ("fqdn", "printer.local", True),
        ("fqdn", "printer", True),
        ("fqdn", "db1.corp.example", False),
        ("serial", "ABC", False),
    ],
)
def test_addresses_and_local_names_mean_something_in_their_realm_only(kind: str, value: str, scoped: bool) -> None:
    assert is_scoped(IDENTIFIER_KINDS[kind], value) is scoped


def test_no_value_can_pass_for_another_one_of_another_realm() -> None:
    kind = IDENTIFIER_KINDS["dn"]
    assert linking_key(kind, "cn=a|b", "c") != linking_key(kind, "cn=a", "b|c")


@pytest.mark.parametrize(
    "spelling", ["10.0.0.5:5432", " 10.0.0.5:5432 ", "::ffff:10.0.0.5:5432", "[::ffff:10.0.0.5]:05432"]
)
def test_a_socket_is_an_address_and_a_port_and_proves_nothing(spelling: str) -> None:
    assert identifier(IDENTIFIER_KINDS, "socket", spelling) == ("socket", "10.0.0.5:5432")
    assert identifier(IDENTIFIER_KINDS, "socket", "[FD00::5]:80") == ("socket", "[fd00::5]:80")
    assert identifier(IDENTIFIER_KINDS, "socket", "127.0.0.1:80") is None
    assert IDENTIFIER_KINDS["socket"].bits == 0
    for wrong in ("10.0.0.5", "10.0.0.5:0", "10.0.0.5:99999", "db:5432"):
        with pytest.raises(Invalid):
            identifier(IDENTIFIER_KINDS, "socket", wrong)
