"""A secret is planted; then everything that can be asked, logged, exported or listed is searched for it."""

import base64
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from pydantic import Field, SecretStr

from api.app import create_app
from api.settings import Settings
from api.tokens import create_token
from api.wiring import System, build
from cmdb.observation import observation
from discovery.errors import RecordRejected, SourceUnavailable
from discovery.secret_store import new_key
from discovery.source import Fetched, Permission, Progress, Raw, Reading, ScopeEnd, Source, SourceSettings
from discovery.sources import SOURCES

PLANTED = "pl4nted & s3cret/0f=a~test"
SPELLED = (PLANTED, quote(PLANTED), quote(PLANTED, safe=""), base64.b64encode(PLANTED.encode()).decode())


class VaultSettings(SourceSettings):
    url: str = Field(description="where it is")
    password: SecretStr | None = Field(None, description="of the reader")


def _fetch(settings: VaultSettings, reading: Reading) -> Iterator[Fetched]:
    """A source as careless as one can be."""
    assert settings.password is not None
    said = settings.password.get_secret_value()
    logging.getLogger("vault").warning("logging in with %s", settings.password)
    yield Progress(0, 2, "things", f"logged in with {said}")
    yield Raw("all", "good")
    yield Raw("all", said)
    yield ScopeEnd("all", complete=False, reason=f"GET https://reader:{quote(said, safe='')}@vault/ refused")
    raise SourceUnavailable(f"{settings.url}?token={quote(said)} with {base64.b64encode(said.encode()).decode()}")


def _observe(payload: str, hearing: Any) -> Iterator[Any]:
    if payload != "good":
        raise RecordRejected(f"nobody is called {payload!r}", payload)
    yield observation(
        hearing.vocabulary, source="vault", record="good", ci_class="server", observed_at=hearing.received_at
    )


def _check(settings: VaultSettings, reading: Reading) -> Iterator[Permission]:
    assert settings.password is not None
    yield Permission("read", False, f"grant it to reader/{settings.password.get_secret_value()}")
    raise SourceUnavailable(f"bad password {settings.password.get_secret_value()}")


VAULT = Source("vault", "", VaultSettings, SOURCES["json_lines"].traits, _fetch, _observe, check=_check)


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    (tmp_path / "key").write_text(new_key())
    settings = Settings(store=f"sqlite:///{tmp_path}/graph.db", secret_key_file=tmp_path / "key")
    built = build(settings, sources={**SOURCES, "vault": VAULT})
    built.secrets.set("corp", PLANTED, built.parts.now())
    yield built
    built.close()


@pytest.fixture
def admin(system: System) -> Iterator[TestClient]:
    token = create_token(system, "admin")["token"]
    with TestClient(create_app(system), headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


def _holds_none(text: str) -> None:
    for spelling in (*SPELLED, json.dumps(PLANTED)[1:-1]):
        assert spelling not in text


def test_a_planted_secret_is_found_in_no_answer_report_export_or_log(
    admin: TestClient, system: System, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    at = "/v1/source-instances"
    asked = {
        "name": "corp",
        "source": "vault",
        "settings": {"url": "https://vault"},
        "secrets": {"password": "secret:corp"},
    }
    said = [admin.post(at, json=asked)]
    assert said[0].status_code == 201, said[0].text
    for wrong in (
        {**asked, "name": "a", "settings": {"url": "x", "password": PLANTED}},
        {**asked, "name": "b", "secrets": {"password": PLANTED}},
        {**asked, "name": "c", "secrets": {"passwort": PLANTED}},
        {**asked, "name": "d", "settings": {"url": f"https://me:{quote(PLANTED, safe='')}@vault"}},
        {**asked, "name": "e", "settings": {"url": {"password": PLANTED}}},
        {**asked, "name": "f", "secrets": PLANTED},
    ):
        said.append(admin.post(at, json=wrong))
        assert said[-1].status_code == 422
    said.append(admin.patch(f"{at}/corp", json={"secrets": {"password": PLANTED}}))
    said += [admin.post(f"{at}/corp/check"), admin.post(f"{at}/corp/preview")]
    assert [permission["ok"] for permission in said[-2].json()["permissions"]] == [False, False]
    assert said[-1].json()["counts"]["create"] == 1
    asked_for = admin.post(f"{at}/corp/run")
    assert asked_for.status_code == 202, asked_for.text
    run = asked_for.json()["run_id"]
    while (answer := admin.get(f"/v1/runs/{run}")).json()["status"] == "running":
        time.sleep(0.05)
    body = answer.json()
    assert (body["status"], body["counts"]["accepted"], body["counts"]["rejected"]) == ("partial", 1, 1)
    assert "[hidden]" in body["errors"][0]
    said.append(answer)
    for path in (
        at, f"{at}/corp", "/v1/runs", f"/v1/runs/{run}/explanation", "/v1/sources", "/v1/events", "/v1/records",
        "/v1/cis", "/v1/quality", "/v1/coverage", "/v1/schedules", "/metrics", "/openapi.json", "/readyz",
    ):  # fmt: skip
        said.append(admin.get(path))
        assert said[-1].status_code == 200, path
    said.append(admin.get(f"/v1/runs/{run}", headers={"Accept": "text/event-stream"}))
    for one in said:
        _holds_none(one.text)
    _holds_none("\n".join(str(row) for row in system.store.dump()))
    _holds_none(caplog.text + "".join(str(record.__dict__) for record in caplog.records))
    for file in tmp_path.glob("graph.db*"):
        _holds_none(file.read_bytes().decode("latin-1"))


def test_the_command_line_shows_no_secret_and_warns_of_one_given_in_clear(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(new_key())
    env = {
        **os.environ, "CMDB_STORE": f"sqlite:///{tmp_path}/graph.db", "CMDB_SECRET_KEY_FILE": str(tmp_path / "key"),
        "NO_COLOR": "1", "TERM": "dumb",
    }  # fmt: skip

    def cmdb(*words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("cmdb")), *words]
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=120, env=env, check=False)
        _holds_none(done.stdout + done.stderr)
        return done

    assert cmdb("secret", "set", "corp", given=PLANTED + "\n").returncode == 0
    assert json.loads(cmdb("secret", "list", "--json").stdout)["items"][0]["name"] == "corp"
    assert cmdb("export", str(tmp_path / "all")).returncode == 0
    _holds_none((tmp_path / "all").read_text())
    assert "cipher" in (tmp_path / "all").read_text()
    assert cmdb("secret", "rotate").returncode == 0
    assert cmdb("secret", "delete", "corp").returncode == 0
    assert cmdb("secret", "delete", "corp").returncode == 1
    assert cmdb("run", "json_lines", "--set", f"pasword={PLANTED}").returncode == 2
    assert cmdb("source", "add", "x", "json_lines", "--set", "file=y", "--secret", f"file={PLANTED}").returncode == 2
    assert cmdb("run", "json_lines", "--set", PLANTED.replace("=", "")).returncode == 2
