"""Settings of a source: where its secrets come from, and that nothing quotes them."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import Field, SecretStr, field_validator, model_validator

from cmdb.errors import Invalid
from discovery.run import Parts
from discovery.secret_reference import SecretsOf
from discovery.secret_store import SecretStore, new_key
from discovery.source import Source, SourceSettings
from discovery.source_settings import check_settings, clear_secrets, settings_of
from discovery.sources import SOURCES

PLANTED = "pl4nted&s3cret/ü"


class DirectorySettings(SourceSettings):
    url: str = Field(description="where it is")
    page: int = Field(100, ge=1)
    password: SecretStr | None = Field(None)
    ca_file: str | None = Field(None)

    @field_validator("password")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 4:
            raise ValueError(f"{value.get_secret_value()} is too short")
        return value

    @model_validator(mode="after")
    def _spoken(self) -> "DirectorySettings":
        if self.url == "wrong" and self.password is not None:
            raise ValueError(f"cannot log in with {self.password.get_secret_value()}")
        return self


def _source() -> Source:
    return Source(
        "corp_dir", "", DirectorySettings, SOURCES["json_lines"].traits, lambda s, r: iter(()), lambda p, h: ()
    )


def _nowhere(reference: str) -> str:
    raise Invalid(f"{reference} is not here")


def _password(said: dict[str, Any], resolve: Any = _nowhere, **more: Any) -> str | None:
    settings = settings_of(_source(), {"url": "ldaps://dc1", **said}, resolve, **more)
    return None if settings.password is None else str(settings.password.get_secret_value())


def test_a_secret_comes_from_the_first_place_that_has_one(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("from-file\n")
    named = tmp_path / "named"
    named.write_text("from-named")
    env = {"CMDB_CORP_DIR_PASSWORD": "from-env"}
    resolve = {"env:PW": "from-reference"}.__getitem__
    assert _password({"password": "in-clear", "password_file": str(file)}, environment=env) == "in-clear"
    assert _password({"password_file": str(file)}, references={"password": "env:PW"}, environment=env) == "from-file"
    assert _password({"password": "env:PW"}, resolve) == "from-reference"
    assert _password({}, resolve, references={"password": "env:PW"}, environment=env) == "from-reference"
    assert _password({}, environment=env) == "from-env"
    assert _password({}, environment={"CMDB_CORP_DIR_PASSWORD_FILE": str(named)}) == "from-named"
    assert _password({}) is None


def test_a_setting_that_ends_like_a_secret_file_is_left_alone() -> None:
    settings = settings_of(_source(), {"url": "x", "ca_file": "/etc/ca.pem"}, _nowhere)
    assert settings.ca_file == "/etc/ca.pem"


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ({"url": "x", "page": PLANTED, "password": PLANTED}, "page"),
        ({"url": "wrong", "password": PLANTED}, "cannot log in"),
        ({"url": "x", "password": {"value": PLANTED}}, "password"),
        ({"url": "x", "passwort": PLANTED}, "no such setting"),
        ({"password": PLANTED}, "url: is needed"),
        ({"url": "x", "password": "pw!"}, "too short"),
    ],
)
def test_an_error_names_the_setting_and_what_there_is_and_quotes_no_secret(said: dict[str, Any], about: str) -> None:
    with pytest.raises(Invalid) as caught:
        settings_of(_source(), said, _nowhere)
    text = str(caught.value)
    assert about in text
    assert "settings of corp_dir: realm, url, page, password, ca_file" in text
    assert PLANTED not in text
    assert "pw!" not in text
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_secret_in_clear_among_kept_settings_is_refused_without_being_quoted() -> None:
    for said in ({"password": PLANTED}, {"password_file": "/x"}, {"url": f"ldap://me:{PLANTED.split('/')[0]}@dc1"}):
        with pytest.raises(Invalid) as caught:
            check_settings(_source(), {"url": "x", **said}, {}, _nowhere)
        assert "pl4nted" not in str(caught.value)


def test_settings_whose_secret_is_only_to_be_had_elsewhere_are_checked_as_far_as_possible() -> None:
    check_settings(_source(), {"url": "x"}, {"password": "env:ON_THE_WORKER"}, _nowhere)
    with pytest.raises(Invalid, match="page"):
        check_settings(_source(), {"url": "x", "page": 0}, {"password": "env:ON_THE_WORKER"}, _nowhere)
    with pytest.raises(Invalid, match="no such secret; it has: password"):
        check_settings(_source(), {"url": "x"}, {"passwort": "env:PW"}, _nowhere)


def test_what_was_said_in_clear_is_known() -> None:
    assert clear_secrets(_source(), {"password": "x", "url": "y"}) == ("password",)
    assert clear_secrets(_source(), {"password": "secret:corp"}) == ()


def test_stored_secrets_are_read_with_any_key_and_written_with_the_first(parts: Parts) -> None:
    old, new = new_key(), new_key()
    SecretStore(parts.store, (old,)).set("corp", PLANTED, 1)
    both = SecretStore(parts.store, (new, old))
    assert both.get("corp") == PLANTED
    with pytest.raises(Invalid, match="another key"):
        SecretStore(parts.store, (new,)).get("corp")
    assert both.rotate() == 1
    assert SecretStore(parts.store, (new,)).get("corp") == PLANTED
    assert PLANTED not in str(list(parts.store.dump()))
    assert [secret.name for secret in both.names()] == ["corp"]
    assert both.delete("corp")
    assert not both.delete("corp")
    for keys in ((), ("no key",)):
        with pytest.raises(Invalid, match="cmdb secret key"):
            SecretStore(parts.store, keys).set("corp", PLANTED, 1)


def test_a_ciphertext_under_another_name_does_not_open(parts: Parts) -> None:
    from cmdb.graph_patch import DocumentWrite
    from discovery.secret_store import SECRETS

    kept = SecretStore(parts.store, (new_key(),))
    kept.set("mine", PLANTED, 1)
    stolen = parts.store.document(SECRETS, "mine")
    assert stolen is not None
    parts.store.put(DocumentWrite(SECRETS, "theirs", stolen.body))
    with pytest.raises(Invalid, match="another name"):
        kept.get("theirs")


def test_a_reference_leads_to_its_secret_or_says_what_to_do(parts: Parts, tmp_path: Path) -> None:
    stored = SecretStore(parts.store, (new_key(),))
    stored.set("corp", "kept", 1)
    (tmp_path / "pw").write_text("filed\n")
    resolve = SecretsOf({"PW": "surrounding", "CMDB_SECRET_KEY": "x"}, stored)
    assert [resolve(r) for r in ("env:PW", f"file:{tmp_path}/pw", "secret:corp")] == ["surrounding", "filed", "kept"]
    for reference in ("env:NOTHING", "file:/nowhere", PLANTED, "env:CMDB_SECRET_KEY", "env:CMDB_STORE_PASSWORD"):
        with pytest.raises(Invalid) as caught:
            resolve(reference)
        assert PLANTED not in str(caught.value)
