"""Purged over HTTP and in the terminal: no id is unknown that once was known, and no past is silent about what it lacks."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.cli.commands import app
from api.wiring import System
from cmdb.graph_patch import DocumentWrite
from cmdb.time import to_rfc3339
from discovery.purge import RAN, purge, purge_daily
from discovery.tick import tick
from http_api import DAY, line, needs, problem

Login = Callable[..., TestClient]
Tell = Callable[..., dict[str, Any]]


@pytest.fixture
def retired(system: System, tell: Tell, clock: Any, id_of: Callable[[str], str]) -> dict[str, Any]:
    """`old` stood beside `db` and `web`, lost its last relation and was retired more than a year ago."""
    tell(
        line("old", realm="berlin", identifiers={"serial": "S1AB"}),
        line("db"),
        line("web", relations=[*needs("db"), *needs("old@berlin")]),
    )
    told = {"id": id_of("name:old"), "revision": system.store.revision()[0], "at": clock.at + 1}
    clock.at += DAY
    tell(line("web", relations=needs("db")), {"source": "agent", "realm": "berlin", "record": "old", "gone": True})
    for days in (30, 400):
        clock.at += days * DAY
        tick(system.parts)
    tell(line("db"), line("web", relations=needs("db")))
    return told


def test_a_purged_id_is_answered_as_purged_whenever_it_is_asked_for(
    viewer: TestClient, system: System, retired: dict[str, Any]
) -> None:
    id_ = retired["id"]
    assert viewer.get(f"/v1/cis/{id_}").json()["lifecycle"] == "retired"
    assert purge(system.parts, 365 * DAY).purged == 1
    pasts: list[dict[str, Any]] = [
        {}, {"known_at": retired["revision"]}, {"as_of": to_rfc3339(retired["at"])},
        {"known_at": retired["revision"], "as_of": to_rfc3339(retired["at"])},
    ]  # fmt: skip
    for then in pasts:
        for path in (f"/v1/cis/{id_}", f"/v1/cis/{id_}/impact"):
            assert "purged" in problem(viewer.get(path, params=then), 410, "purged")["detail"]
        problem(viewer.get("/v1/cis", params={"ref": id_, **then}), 410, "purged")
        problem(viewer.post("/v1/impact", json={"fail": [id_], **{k: str(v) for k, v in then.items()}}), 410, "purged")
    problem(viewer.get(f"/v1/cis/{id_}/history"), 410, "purged")
    problem(viewer.get(f"/v1/cis/{id_}/single-points-of-failure"), 410, "purged")
    problem(viewer.get("/v1/cis/name:old"), 404, "unknown-reference")
    problem(viewer.get("/v1/cis/neverthere"), 404, "unknown-reference")


def test_who_could_not_see_it_is_not_told_that_it_was_there(
    login: Login, system: System, retired: dict[str, Any]
) -> None:
    purge(system.parts, 365 * DAY)
    problem(login("viewer", realms=("berlin",)).get(f"/v1/cis/{retired['id']}"), 410, "purged")
    problem(login("viewer", realms=("paris",)).get(f"/v1/cis/{retired['id']}"), 404, "unknown-reference")


def test_a_past_that_lacks_what_was_purged_says_so(viewer: TestClient, system: System, retired: dict[str, Any]) -> None:
    then = {"known_at": str(retired["revision"])}
    asked = [("/v1/cis", then), ("/v1/cis", {"as_of": to_rfc3339(retired["at"])}), ("/v1/cis", {**then, "limit": "1"})]
    asked += [("/v1/cis/name:web", then), ("/v1/cis/name:db/impact", then)]
    asked += [("/v1/graph/diff", {"from": str(retired["revision"])}), ("/v1/events", {"after": "0"})]
    first = viewer.get("/v1/cis", params={**then, "limit": "1"}).json()
    for path, parameters in asked:
        assert not viewer.get(path, params=parameters).json().get("truncated"), path
    last = system.store.revision()[0]
    purge(system.parts, 365 * DAY)
    for path, parameters in asked:
        answer = viewer.get(path, params=parameters)
        assert answer.json()["truncated"] == "history", path
        assert retired["id"] not in answer.text or path == "/v1/events", path
    going_on = viewer.get("/v1/cis", params={**then, "limit": "1", "cursor": first["next"]}).json()
    assert [ci["name"] for ci in going_on["items"]] == ["web"], "nor does a list that was begun before show it"
    streamed = viewer.get("/v1/cis", params={**then, "format": "csv"})
    assert streamed.headers["CMDB-Truncated"] == "history"
    web = viewer.get("/v1/cis/name:web", params=then).json()
    assert [relation["name"] for relation in web["relations"]] == ["db"]
    now = system.store.revision()[0]
    assert now == last + 1
    for path, parameters in (("/v1/cis", {}), ("/v1/cis", {"known_at": str(now)}), ("/v1/events", {"after": str(now)})):
        assert "truncated" not in viewer.get(path, params=parameters).json()
    (event,) = viewer.get("/v1/events", params={"after": str(last)}).json()["items"]
    assert (event["ci"], event["kind"], event["before"], event["after"]) == (
        retired["id"], "lifecycle", "retired", "purged",
    )  # fmt: skip


def test_the_clock_purges_once_a_day_and_never_where_it_is_told_so(
    system: System, retired: dict[str, Any], clock: Any
) -> None:
    before = system.store.revision()[0]
    system.store.put(DocumentWrite(*RAN, {"at": clock.at - DAY}))
    assert not purge_daily(system.parts, 0)
    assert not purge_daily(system.parts, 3650)
    assert not purge_daily(system.parts, 365)
    assert system.store.revision()[0] == before, "it has looked today"
    clock.at += DAY
    assert not purge_daily(system.parts, 365)
    assert system.store.revision()[0] == before + 1


def test_the_command_line_says_what_goes_and_what_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path}/cli.db")
    file = tmp_path / "estate.jsonl"
    long_ago = "2020-01-01T00:00:00Z"
    lines = [line("a", observed_at=long_ago), line("b"), {"source": "agent", "record": "a", "gone": True}]
    file.write_text("".join(json.dumps(one) + "\n" for one in lines))
    run = CliRunner()
    assert run.invoke(app, ["ingest", str(file)]).exit_code == 0
    said = run.invoke(app, ["purge", "--preview", "--json"])
    assert said.exit_code == 0, said.output
    found = json.loads(said.output)
    assert (found["preview"], found["older_than_days"], found["purged"]) == (True, 365, 0), "it was retired just now"
    assert run.invoke(app, ["purge", "--older-than", "1"]).output.startswith("0 configuration items")
    monkeypatch.setenv("CMDB_PURGE_AFTER", "0")
    refused = run.invoke(app, ["purge"])
    assert refused.exit_code == 2
    assert "--older-than" in refused.output
