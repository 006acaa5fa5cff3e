"""What a client sees of absence, of time, and of words by configuration."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.cli.commands import app
from api.settings import Settings
from api.tokens import create_token
from api.wiring import System, build
from cmdb.errors import Invalid
from discovery.tick import tick
from graph.store import VocabularyMismatch
from http_api import DAY, ndjson

ROBOTS = """\
[classes.robot]
area = "hardware"
family = "device"
description = "A machine that moves by itself."

[classes.robot.absence]
contact_age = "7d"

[identifier_kinds.asset_tag]
description = "The tag on the case."
one_valued = true

[relation_types.feeds]
description = "A tank and the pump that feeds it."
effect = "down"

[sources.plant]
knows_contact = true
"""


@pytest.fixture
def words(tmp_path: Path) -> Path:
    file = tmp_path / "words.toml"
    file.write_text(ROBOTS)
    return file


def test_a_ci_says_why_it_is_not_live_and_what_contradicts_its_status(
    admin: TestClient, tell: Callable[..., Any], id_of: Callable[[str], str]
) -> None:
    serial = {"identifiers": {"serial": "S1AB"}}
    tell(
        {"source": "erp", "record": "1", "class": "server", **serial, "attributes": {"status": "decommissioned"}},
        {"source": "agent", "record": "1", "class": "server", **serial},
    )
    body = admin.get(f"/v1/cis/{id_of('serial:S1AB')}").json()
    assert (body["lifecycle"], body["lifecycle_because"]) == ("live", None)
    assert body["contradiction"] == "decommissioned, but it answers"
    tell({"source": "agent", "record": "1", "gone": True}, {"source": "erp", "record": "1", "gone": True})
    body = admin.get(f"/v1/cis/{id_of('serial:S1AB')}").json()
    assert (body["lifecycle"], body["lifecycle_because"], body["contradiction"]) == ("missing", "gone", None)


def test_a_correction_stands_until_its_day(
    admin: TestClient, tell: Callable[..., Any], id_of: Callable[[str], str], system: System, clock: Any
) -> None:
    tell({"source": "agent", "record": "1", "class": "server", "name": "a", "attributes": {"tier": 3}})
    ci = id_of("name:a")
    until = "2024-10-05T00:00:00Z"  # the test's clock stands at 2024-10-04
    asked = {"attributes": {"tier": 0}, "reason": "it pays our wages", "expires_at": until}
    assert admin.patch(f"/v1/cis/{ci}", json=asked).json()["tier"] == 0
    clock.at += DAY
    tick(system.parts)
    fact = admin.get(f"/v1/cis/{ci}").json()["facts"]["tier"]
    assert (fact["value"], fact["source"], fact["outvoted"]) == (3, "agent", [])


def test_words_of_the_file_can_be_said_asked_for_and_listed(tmp_path: Path, words: Path, clock: Any) -> None:
    system = build(Settings(store=f"sqlite:///{tmp_path}/graph.db", vocabulary=words), clock=clock)
    token = create_token(system, "admin")["token"]
    with TestClient(create_app(system), headers={"Authorization": f"Bearer {token}"}) as client:
        lines = ndjson(
            {
                "source": "plant", "record": "r2", "class": "robot", "name": "r2",
                "identifiers": {"asset_tag": "T-1"}, "relations": [{"type": "feeds", "to": "name:tank"}],
            },
            {"source": "plant", "record": "tank", "class": "server", "name": "tank"},
        )  # fmt: skip
        assert client.post("/v1/observations", content=lines).json()["rejected"] == []
        assert client.get("/v1/cis", params={"ref": "asset_tag:t-1"}).json()["class"] == "robot"
        assert client.get("/v1/cis", params={"ref": "robot.name:r2"}).status_code == 200
        assert [c["name"] for c in client.get("/v1/cis", params={"class": "robot"}).json()["items"]] == ["r2"]
        assert "robot" in {c["name"] for c in client.get("/v1/classes").json()["items"]}
        assert "feeds" in {r["name"] for r in client.get("/v1/relation-types").json()["items"]}
        affected = client.get("/v1/cis/name:tank/impact").json()["affected"]
        assert [(ci["name"], ci["state"]) for ci in affected] == [("r2", "down")]
        clock.at += 7 * DAY
        tick(system.parts)
        assert client.get("/v1/cis/asset_tag:t-1").json()["lifecycle_because"] == "no contact"
    system.close()
    with pytest.raises(VocabularyMismatch, match="class robot"):
        build(Settings(store=f"sqlite:///{tmp_path}/graph.db"))


def test_a_wrong_file_is_refused_with_its_line_before_anything_is_opened(tmp_path: Path, words: Path) -> None:
    words.write_text(ROBOTS.replace('"7d"', '"soon"'))
    with pytest.raises(Invalid, match=r"words\.toml:7: contact_age: 'soon' is no duration"):
        build(Settings(store=f"sqlite:///{tmp_path}/graph.db", vocabulary=words))
    assert not (tmp_path / "graph.db").exists()
    with pytest.raises(Invalid, match="cannot be read"):
        build(Settings(store=f"sqlite:///{tmp_path}/graph.db", vocabulary=tmp_path / "nowhere.toml"))


def test_the_command_line_uses_the_same_words_and_ticks(
    tmp_path: Path, words: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path}/graph.db")
    monkeypatch.setenv("CMDB_VOCABULARY", str(words))
    lines = tmp_path / "robots.jsonl"
    lines.write_bytes(
        ndjson(
            {"source": "plant", "record": "r2", "class": "robot", "name": "r2", "observed_at": "2020-01-01T00:00:00Z"}
        )
    )
    run = CliRunner()
    assert run.invoke(app, ["ingest", str(lines)]).exit_code == 0
    shown = run.invoke(app, ["show", "name:r2", "--json"])
    assert json.loads(shown.stdout)["lifecycle_because"] == "no contact"
    ticked = run.invoke(app, ["tick", "--json"])
    assert (ticked.exit_code, json.loads(ticked.stdout)["folded"]) == (0, 0)
    assert run.invoke(app, ["tick"]).exit_code == 0
    monkeypatch.delenv("CMDB_VOCABULARY")
    refused = run.invoke(app, ["show", "name:r2"])
    assert refused.exit_code == 1
    words.write_text("[classes.robot")
    monkeypatch.setenv("CMDB_VOCABULARY", str(words))
    assert run.invoke(app, ["show", "name:r2"]).exit_code == 2
    examined = run.invoke(app, ["doctor", "--json"])
    checks = {check["name"]: check for check in json.loads(examined.stdout)["checks"]}
    assert (examined.exit_code, checks["vocabulary"]["ok"]) == (1, False)
