"""What an installation is told, and how it says that it cannot be."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.commands import app
from api.settings import Settings

SECRET = "pl4nted-s3cret"


@pytest.mark.parametrize(
    ("toml", "environment", "said"),
    [
        (None, {}, "cannot be read: No such file"),
        ("store = ", {}, "it is no TOML"),
        (f'store_password = ["{SECRET}"]', {}, "store_password"),
        ("hold_share = 2.0", {}, "hold_share: Input should be less than or equal to 1"),
        ('stoer = "sqlite:///x.db"', {}, "unknown settings stoer; known: store,"),
        ("", {"CMDB_PORT": "many"}, "port"),
        ("", {"CMDB_PORT": "65536"}, "port"),
        ("", {"CMDB_STORE_PASSWORD_FILE": "/nowhere/password"}, "/nowhere/password cannot be read"),
    ],
)
def test_settings_that_cannot_be_are_said_in_one_line_without_their_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toml: str | None, environment: dict[str, str], said: str
) -> None:
    if toml is not None:
        (tmp_path / "cmdb.toml").write_text(toml)
    monkeypatch.setenv("CMDB_CONFIG", str(tmp_path / "cmdb.toml"))
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path}/cmdb.db")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    refused = CliRunner().invoke(app, ["find"])
    assert refused.exit_code == 2
    assert said in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    assert SECRET not in refused.output


def test_a_variable_that_is_empty_is_as_good_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path}/cmdb.db")
    monkeypatch.setenv("CMDB_SECRET_KEY_FILE", "")
    monkeypatch.setenv("CMDB_STORE_PASSWORD_FILE", "")
    assert CliRunner().invoke(app, ["token", "list"]).exit_code == 0
    assert Settings().secret_keys() == ()
    assert Settings().password() is None


def test_the_environment_speaks_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cmdb.toml").write_text(
        f'store = "sqlite:///{tmp_path}/file.db"\n[sources.ldap]\nurl = "ldaps://dc1"\n'
    )
    monkeypatch.setenv("CMDB_CONFIG", str(tmp_path / "cmdb.toml"))
    assert CliRunner().invoke(app, ["token", "list"]).exit_code == 0
    assert (tmp_path / "file.db").exists()
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path}/environment.db")
    assert CliRunner().invoke(app, ["token", "list"]).exit_code == 0
    assert (tmp_path / "environment.db").exists()
