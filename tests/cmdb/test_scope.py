"""Which scope lies inside which."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.scope import lies_in, overlap


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        ("10.0.1.0/24", "10.0.0.0/16"),
        ("10.0.1.7", "10.0.1.0/24"),
        ("10.0.1.3-9", "10.0.1.0/28"),
        ("10.0.1.250-10.0.2.3", "10.0.0.0/16"),
        ("10.0.0.0/24", "10.0.0.0/25, 10.0.0.128/25"),
        ("10.0.0.1 10.0.9.1", "10.0.0.0/16"),
        ("2001:db8:1::/48", "2001:db8::/32"),
        ("OU=Berlin,DC=corp", "DC=corp"),
        ("ou=berlin , dc=CORP", "DC=corp"),
        (r"CN=Smith\, John,OU=Berlin,DC=corp", "OU=Berlin,DC=corp"),
        ("CN=a+UID=7,DC=corp", "uid=7 + cn=A,DC=corp"),
        ("anything at all", "anything at all"),
    ],
)
def test_these_lie_inside(inner: str, outer: str) -> None:
    assert lies_in(inner, outer)
    assert overlap(inner, outer)
    assert overlap(outer, inner)


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        ("10.0.0.0/16", "10.0.1.0/24"),
        ("10.0.0.0/23", "10.0.0.0/25 10.0.1.0/24"),
        ("10.0.1.0/24", "2001:db8::/32"),
        ("OU=Berlin,DC=corp", "OU=lin,DC=corp"),
        ("DC=corp", "OU=Berlin,DC=corp"),
        (r"CN=Smith\,OU=Berlin,DC=corp", "OU=Berlin,DC=corp"),
        ("OU=Berlin,DC=corp,DC=example", "DC=corp"),
        ("tenant-7", "tenant"),
        ("Devices", "devices"),
        ("10.0.0.0/24 and more", "10.0.0.0/16"),
        ("DC=corp", ""),
    ],
)
def test_these_do_not(inner: str, outer: str) -> None:
    assert not lies_in(inner, outer)


def test_scopes_may_overlap_without_one_inside_the_other() -> None:
    assert overlap("10.0.0.0-10.0.0.9", "10.0.0.5-20")
    assert not overlap("10.0.0.0/24", "10.0.1.0/24")
    assert not overlap("OU=a,DC=x", "OU=b,DC=x")


@given(st.integers(0, 2**32 - 1), st.integers(0, 32), st.integers(0, 2**32 - 1), st.integers(0, 32))
def test_networks_are_compared_as_the_standard_library_does(a: int, m: int, b: int, n: int) -> None:
    one, other = ipaddress.IPv4Network((a, m), strict=False), ipaddress.IPv4Network((b, n), strict=False)
    assert lies_in(str(one), str(other)) == one.subnet_of(other)
    assert overlap(str(one), str(other)) == one.overlaps(other)


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_a_scope(one: str, other: str) -> None:
    assert lies_in(one, one)
    assert lies_in(one, other) in (True, False)
