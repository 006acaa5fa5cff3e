"""A directory that is not there, does not trust us, or breaks off: said clearly, nothing retired, no secret told."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from discovery.run import Parts
from discovery.run_source import run_source
from discovery.source import Reading
from discovery.sources import SOURCES
from discovery.sources.ldap.settings import LdapSettings
from graph.store import Search
from lab.certificates import certificate_for
from lab.cutting_proxy import wire_to
from lab.samba_dc import BASE, READER, SambaDC

LDAP = SOURCES["ldap"]
WRONG = "not-the-password-1"

Settings = Callable[..., LdapSettings]


@pytest.fixture
def settings(domain_controller: SambaDC, clock: Any) -> Settings:
    clock.at = int(time.time() * 1_000_000)

    def made(**more: Any) -> LdapSettings:
        dc = domain_controller
        login = {"user": "administrator@lab.example", "password": dc.password, "ca_file": str(dc.ca_file)}
        return LdapSettings(**{"url": dc.url, "timeout": 5, **login, **more})

    return made


@pytest.fixture
def filled(parts: Parts, settings: Settings) -> Iterator[Parts]:
    """A store that has read the whole directory once; at the end all of it still stands."""
    assert run_source(parts, LDAP, settings()).status == "complete"
    before = live(parts)
    assert len(before) > 30
    parts.now.at += 60_000_000  # type: ignore[attr-defined]
    yield parts
    assert live(parts) == before


def live(parts: Parts) -> set[str]:
    return {ci.id for ci in parts.store.search(Search(lifecycles=("live",)), after=None, limit=10_000)}


def failed(parts: Parts, settings: LdapSettings) -> str:
    """What a run that failed says; never the password."""
    report = run_source(parts, LDAP, settings)
    assert report.status in ("failed", "partial"), report
    assert report.missed == 0
    assert not any(scope.complete for scope in report.scopes)
    said = " ".join((*report.errors, *report.notes, *(scope.reason or "" for scope in report.scopes)))
    assert not settings.password or settings.password.get_secret_value() not in said + repr(report)
    assert report.errors
    return said


# -- the way in ------------------------------------------------------------------------------------------------------


def test_nobody_there(filled: Parts, settings: Settings) -> None:
    with wire_to("127.0.0.1", 9) as port:
        pass
    said = failed(filled, settings(url=f"ldaps://127.0.0.1:{port}"))
    assert f"127.0.0.1:{port} does not answer" in said
    assert "refused" in said


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_somebody_who_never_answers_is_not_waited_for(filled: Parts, settings: Settings, scheme: str) -> None:
    with wire_to("", 0) as port:
        begun = time.monotonic()
        said = failed(filled, settings(url=f"{scheme}://127.0.0.1:{port}", timeout=1))
        assert time.monotonic() - begun < 20
    assert f"127.0.0.1:{port}" in said


def test_a_wrong_password_is_said_and_not_shown(filled: Parts, settings: Settings) -> None:
    assert "login refused: wrong user or password" in failed(filled, settings(password=WRONG))


def test_a_password_that_cannot_be_sent_and_a_name_that_is_none(filled: Parts, settings: Settings) -> None:
    assert "holds a character that cannot be sent" in failed(filled, settings(password="not-to-be-\x07shown"))
    assert "that is no name of a server" in failed(filled, settings(url=f"ldaps://{'a' * 300}.example"))


def test_a_user_without_a_password_is_not_let_in_as_nobody(filled: Parts, settings: Settings) -> None:
    assert "user without password" in failed(filled, settings(password=None))
    assert "user without password" in failed(filled, settings(password=""))
    assert "password without user" in failed(filled, settings(user=None))


def test_nobody_is_told_to_sign_in(filled: Parts, settings: Settings) -> None:
    assert "set user and password" in failed(filled, settings(user=None, password=None))


def test_a_certificate_that_nobody_vouches_for_is_refused(filled: Parts, settings: Settings, tmp_path: Path) -> None:
    said = failed(filled, settings(ca_file=str(certificate_for(tmp_path, "DNS:other").authority)))
    assert "its certificate is not trusted" in said
    assert "ca_file" in said
    assert "its certificate is not trusted" in failed(filled, settings(ca_file=None))


def test_a_certificate_for_another_name_is_refused(
    filled: Parts, settings: Settings, domain_controller: SambaDC
) -> None:
    with wire_to(domain_controller.place.address, 636, cut_after=1 << 30) as port:
        said = failed(filled, settings(url=f"ldaps://localhost:{port}"))
    assert "its certificate is for another name" in said


def test_verification_can_be_turned_off_and_is_then_talked_about(parts: Parts, settings: Settings) -> None:
    report = run_source(parts, LDAP, settings(ca_file=None, tls_verify=False))
    assert report.status == "complete"
    assert any("TLS was not verified" in note for note in report.notes)


def test_starttls_comes_before_the_login(parts: Parts, settings: Settings, domain_controller: SambaDC) -> None:
    assert run_source(parts, LDAP, settings(url=f"ldap://{domain_controller.place.address}")).status == "complete"


def test_a_server_that_wants_tls_says_so(filled: Parts, settings: Settings, domain_controller: SambaDC) -> None:
    said = failed(filled, settings(url=f"ldap://{domain_controller.place.address}", tls="none"))
    assert "it wants TLS" in said


def test_an_authority_that_is_not_there(filled: Parts, settings: Settings, tmp_path: Path) -> None:
    assert "no such file" in failed(filled, settings(ca_file=str(tmp_path / "missing.pem")))
    (tmp_path / "empty.pem").write_text("no certificate")
    assert "no certificates" in failed(filled, settings(ca_file=str(tmp_path / "empty.pem")))


# -- the reading -----------------------------------------------------------------------------------------------------


def test_a_wrong_base(filled: Parts, settings: Settings) -> None:
    said = failed(filled, settings(base="OU=Nowhere,DC=lab,DC=example"))
    assert "base OU=Nowhere,DC=lab,DC=example is not there" in said
    assert "DC=lab,DC=example" in said


def test_a_base_of_another_domain(filled: Parts, settings: Settings) -> None:
    assert "base" in failed(filled, settings(base="DC=other,DC=example"))


def test_a_base_that_is_no_name(filled: Parts, settings: Settings) -> None:
    assert "base" in failed(filled, settings(base="corp.example"))


@pytest.mark.parametrize("after", [4_000, 20_000, 40_000])
def test_a_reading_that_breaks_off_keeps_what_it_has_and_misses_nothing(
    filled: Parts, settings: Settings, domain_controller: SambaDC, after: int
) -> None:
    """Cut in the middle of the search: somewhere among some 100 kB."""
    with wire_to(domain_controller.place.address, 389, cut_after=after) as port:
        said = failed(filled, settings(url=f"ldap://127.0.0.1:{port}", tls_verify=False, page_size=5, full=True))
    assert f"127.0.0.1:{port}" in said
    assert run_source(filled, LDAP, settings()).status == "complete"


def test_a_domain_controller_that_is_dead(filled: Parts, settings: Settings, domain_controller: SambaDC) -> None:
    domain_controller.stop()
    try:
        assert "does not answer" in failed(filled, settings(timeout=2))
    finally:
        domain_controller.start()
    assert run_source(filled, LDAP, settings()).status == "complete"


def test_stopped_is_not_complete(filled: Parts, settings: Settings) -> None:
    report = run_source(filled, LDAP, settings(full=True), stopped=lambda: True)
    assert report.status == "partial"
    assert [scope.reason for scope in report.scopes] == ["stopped"]


# -- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["dc1", "http://dc1", "ldap://", "ldaps://dc1:99999", "ldaps://u:hidden-word@dc1", "ldap://dc1/hidden-word"],
)
def test_a_url_that_means_no_server_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ValidationError, match="url:") as refused:
        LdapSettings(url=url)
    assert "hidden-word" not in str(refused.value)


def test_a_password_of_the_wrong_kind_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as refused:
        LdapSettings(url="ldaps://dc1", user="a", password=["hidden-word"])
    assert "hidden-word" not in str(refused.value)


def test_plain_and_ldaps_contradict_each_other(filled: Parts, settings: Settings) -> None:
    assert "contradict" in failed(filled, settings(tls="none"))


# -- check -----------------------------------------------------------------------------------------------------------


def checked(settings: LdapSettings) -> dict[str, tuple[bool, str]]:
    assert LDAP.check is not None
    found = {p.name: (p.ok, p.fix) for p in LDAP.check(settings, Reading(lambda: 0))}
    assert all(ok or fix for ok, fix in found.values())
    assert settings.password is None or settings.password.get_secret_value() not in str(found)
    return found


def test_check_goes_step_by_step(settings: Settings) -> None:
    assert {name: ok for name, (ok, _) in checked(settings()).items()} == {
        "reach the server": True,
        "TLS with a trusted certificate": True,
        "sign in": True,
        f"read {BASE}": True,
        "read deleted objects": True,
    }


def test_check_names_the_step_that_fails(settings: Settings, domain_controller: SambaDC, tmp_path: Path) -> None:
    def last(made: LdapSettings) -> tuple[str, str]:
        *before, (name, (ok, fix)) = checked(made).items()
        assert not ok
        assert all(ok for _, (ok, _) in before)
        return name, fix

    with wire_to("127.0.0.1", 9) as port:
        pass
    assert last(settings(url=f"ldaps://127.0.0.1:{port}"))[0] == "reach the server"
    other = str(certificate_for(tmp_path, "DNS:other").authority)
    assert last(settings(ca_file=other))[0] == "TLS with a trusted certificate"
    starttls = f"ldap://{domain_controller.place.address}"
    assert last(settings(ca_file=other, url=starttls))[0] == "TLS with a trusted certificate"
    assert last(settings(password=WRONG))[0] == "sign in"
    assert last(settings(base="OU=Nowhere,DC=lab,DC=example"))[0] == "read OU=Nowhere,DC=lab,DC=example"
    assert last(settings(tls="none"))[0] == "settings"
    reader = settings(user=f"{READER}@lab.example", password=domain_controller.reader_password)
    name, fix = last(reader)
    assert name == "read deleted objects"
    assert 'dsacls "CN=Deleted Objects,DC=lab,DC=example"' in fix
