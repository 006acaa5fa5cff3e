"""What the laboratory promises about its directories."""

import pytest

from lab.directory_estate import Estate, members
from lab.samba_dc import READER, SambaDC
from lab.slapd_server import SUFFIX, slapd_server
from lab.unavailable import Unavailable, skip_or_fail


def test_a_domain_controller_can_be_stopped_and_started(domain_controller: SambaDC) -> None:
    assert READER in domain_controller.samba_tool("user", "list").splitlines()
    domain_controller.stop()
    domain_controller.start()
    assert "sAMAccountName: reader" in domain_controller.search(f"(sAMAccountName={READER})", "sAMAccountName")


def test_an_ldap_server_that_cannot_load_its_entries_says_why() -> None:
    try:
        with slapd_server(f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\ndc: lab\no: x\n"):
            pass
    except Unavailable as reason:
        skip_or_fail(reason)
    with pytest.raises(Unavailable, match="slapadd failed"), slapd_server("dn: nonsense\n"):
        pass


def test_the_estate_has_one_circle_of_groups() -> None:
    estate = Estate("OU=x", people=10, groups=4, largest=8, computers=0, silent=0)
    held = {number: [dn for dn in members(estate, number) if "OU=Groups" in dn] for number in range(4)}
    assert held == {0: [], **{n: [f"CN=g{n % 3 + 1},OU=Groups,OU=x"] for n in (1, 2, 3)}}
    assert len(members(estate, 0)) == 8
