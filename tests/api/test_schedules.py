"""Schedules over HTTP, and the clock that serves them."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from http_api import line, ndjson, problem

Login = Callable[..., TestClient]
AT = "/v1/schedules"


@pytest.fixture
def berlin(admin: TestClient, tmp_path: Path) -> str:
    file = tmp_path / "estate.jsonl"
    file.write_bytes(ndjson(line("web"), line("db")))
    asked = {"name": "berlin", "source": "json_lines", "realm": "berlin", "settings": {"file": str(file)}}
    assert admin.post("/v1/source-instances", json=asked).status_code == 201
    return "berlin"


def _add(admin: TestClient, **said: Any) -> dict[str, Any]:
    answer = admin.post(AT, json={"source_instance": "berlin", **said})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def _ended(client: TestClient, run_id: str) -> dict[str, Any]:
    while True:
        run: dict[str, Any] = client.get(f"/v1/runs/{run_id}").json()
        if run["status"] != "running":
            return run
        time.sleep(0.05)


@pytest.mark.usefixtures("berlin")
def test_a_schedule_is_kept_changed_and_forgotten(admin: TestClient) -> None:
    made = _add(admin, cron="30 2 * * *", time_zone="Europe/Berlin", jitter="10m",
                blackouts=[{"from": "08:00", "to": "18:00", "days": ["mon"]}])  # fmt: skip
    assert (made["cron"], made["interval"], made["jitter"], made["enabled"], made["last"]) == (
        "30 2 * * *", None, 600, True, None,
    )  # fmt: skip
    assert made["next_at"].startswith("2024-10-0")
    assert admin.get(AT).json() == {"items": [made], "next": None}
    changed = admin.patch(f"{AT}/{made['id']}", json={"interval": 3600, "jitter": None, "window": None}).json()
    assert (changed["cron"], changed["interval"], changed["jitter"]) == (None, 3600, 0)
    off = admin.patch(f"{AT}/{made['id']}", json={"enabled": False}).json()
    assert (off["enabled"], off["next_at"]) == (False, None)
    assert admin.get(f"{AT}/{made['id']}").json() == off
    assert admin.delete(f"{AT}/{made['id']}").status_code == 204
    problem(admin.get(f"{AT}/{made['id']}"), 404, "unknown-reference")


@pytest.mark.usefixtures("berlin")
def test_what_is_wrong_with_a_schedule_is_said(admin: TestClient) -> None:
    for said, about in (
        ({}, "either cron"),
        ({"cron": "x"}, "five fields"),
        ({"interval": 60, "time_zone": "Mars"}, "Europe/Berlin"),
        ({"interval": 60, "full": True}, "always reads everything"),
        ({"interval": 60, "retries": 99}, "retries: 0 to 10"),
        ({"interval": 60, "evry": 1}, "evry"),
    ):
        detail = problem(admin.post(AT, json={"source_instance": "berlin", **said}), 422, "invalid")["detail"]
        assert about in detail
    problem(admin.post(AT, json={"source_instance": "paris", "interval": 60}), 404, "unknown-reference")


@pytest.mark.usefixtures("berlin")
def test_a_schedule_can_be_run_now_and_its_run_followed(admin: TestClient) -> None:
    made = _add(admin, interval="1h")
    answer = admin.post(f"{AT}/{made['id']}/run")
    assert answer.status_code == 202, answer.text
    run = _ended(admin, answer.json()["run_id"])
    assert (run["status"], run["counts"]["accepted"], run["source"], run["realm"]) == (
        "complete", 2, "json_lines", "berlin",
    )  # fmt: skip
    assert (run["instance"], run["schedule"], run["attempt"]) == ("berlin", made["id"], 1)
    last = admin.get(f"{AT}/{made['id']}").json()["last"]
    assert (last["outcome"], last["run_id"]) == ("started", run["run_id"])
    again = admin.post("/v1/source-instances/berlin/run").json()
    assert _ended(admin, again["run_id"])["counts"]["unchanged"] == 2


def test_only_an_admin_decides_when_something_is_read(login: Login, berlin: str) -> None:
    made = _add(login("admin"), interval="1h")
    for role in ("viewer", "steward", "responder"):
        client = login(role)
        assert client.get(AT).json()["items"] == [made]
        for method, path in (("POST", AT), ("PATCH", f"{AT}/{made['id']}"), ("DELETE", f"{AT}/{made['id']}"),
                             ("POST", f"{AT}/{made['id']}/run")):  # fmt: skip
            problem(client.request(method, path, json={}), 403, "forbidden")
    elsewhere = login("admin", realms=("paris",))
    assert elsewhere.get(AT).json()["items"] == []
    problem(elsewhere.post(f"{AT}/{made['id']}/run"), 404, "unknown-reference")
    problem(elsewhere.post(AT, json={"source_instance": berlin, "interval": 60}), 404, "unknown-reference")
