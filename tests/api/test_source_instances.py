"""Sources under names of their own: kept, checked, previewed; and a secret that comes out nowhere."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.wiring import System
from http_api import line, ndjson, problem

Login = Callable[..., TestClient]
AT = "/v1/source-instances"


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    file = tmp_path / "estate.jsonl"
    file.write_bytes(ndjson(line("web", identifiers={"serial": "S-1"}), line("db")))
    return file


def _add(admin: TestClient, file: Path, name: str = "berlin", **more: Any) -> dict[str, Any]:
    asked = {"name": name, "source": "json_lines", "realm": "berlin", "settings": {"file": str(file)}, **more}
    answer = admin.post(AT, json=asked)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_an_instance_is_kept_changed_and_forgotten(admin: TestClient, estate: Path) -> None:
    made = _add(admin, estate, zone="dmz")
    assert made == {
        "name": "berlin", "source": "json_lines", "realm": "berlin", "zone": "dmz", "settings": {"file": str(estate)},
        "secrets": {},
    }  # fmt: skip
    assert admin.get(AT).json() == {"items": [made], "next": None}
    changed = admin.patch(f"{AT}/berlin", json={"realm": "paris", "zone": None}).json()
    assert changed == {**made, "realm": "paris", "zone": None}
    assert admin.get(f"{AT}/berlin").json() == changed
    assert admin.delete(f"{AT}/berlin").status_code == 204
    problem(admin.get(f"{AT}/berlin"), 404, "unknown-reference")
    problem(admin.delete(f"{AT}/berlin"), 404, "unknown-reference")


def test_one_source_has_several_instances_with_realms_of_their_own(admin: TestClient, estate: Path) -> None:
    _add(admin, estate, "one", realm="one")
    _add(admin, estate, "two", realm="two")
    problem(
        admin.post(AT, json={"name": "one", "source": "json_lines", "settings": {"file": "x"}}), 409, "already-there"
    )
    assert [found["realm"] for found in admin.get(AT).json()["items"]] == ["one", "two"]
    first = admin.get(AT, params={"limit": 1}).json()
    assert [found["name"] for found in first["items"]] == ["one"]
    rest = admin.get(AT, params={"limit": 1, "cursor": first["next"]}).json()
    assert [found["name"] for found in rest["items"]] == ["two"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"name": "x", "source": "jsonlines", "settings": {}}, "unknown source 'jsonlines'; known: "),
        ({"name": "x", "source": "nmap", "settings": {"profile": "fast"}}, "profile: unknown profile; known: "),
        (
            {"name": "x", "source": "nmap", "settings": {"target": []}},
            "target: no such setting; settings of nmap: realm",
        ),
        ({"name": "x", "source": "json_lines", "settings": {}}, "file: is needed"),
        ({"name": "a b", "source": "connections"}, "name: "),
        ({"name": "nmap", "source": "connections"}, "another source's name"),
        ({"name": "x", "source": "nmap", "secrets": {"password": "env:PW"}}, "nmap has no such secret; it has: none"),
        ({"name": "x", "source": "nmap", "realm": "a", "settings": {"realm": "b"}}, "say it once"),
    ],
)
def test_what_cannot_work_is_refused_with_the_field_and_what_is_allowed(
    admin: TestClient, asked: dict[str, Any], said: str
) -> None:
    assert said in problem(admin.post(AT, json=asked), 422, "invalid")["detail"]
    assert admin.get(AT).json()["items"] == []


def test_a_change_that_cannot_work_changes_nothing(admin: TestClient, estate: Path) -> None:
    made = _add(admin, estate)
    problem(admin.patch(f"{AT}/berlin", json={"settings": {"file": None}}), 422, "invalid")
    problem(admin.patch(f"{AT}/berlin", json={"source": "nmap"}), 422, "invalid")
    assert admin.get(f"{AT}/berlin").json() == made


def test_only_an_admin_decides_what_is_read_with_which_login(login: Login, estate: Path) -> None:
    _add(login("admin"), estate)
    for role in ("viewer", "responder", "change_manager", "steward"):
        client = login(role)
        assert client.get(AT).status_code == 200
        for method, path in (("POST", AT), ("PATCH", f"{AT}/berlin"), ("DELETE", f"{AT}/berlin"),
                             ("POST", f"{AT}/berlin/check"), ("POST", f"{AT}/berlin/preview")):  # fmt: skip
            problem(client.request(method, path, json={}), 403, "forbidden")
    elsewhere = login("admin", realms=("paris",))
    assert elsewhere.get(AT).json()["items"] == []
    problem(elsewhere.get(f"{AT}/berlin"), 404, "unknown-reference")
    problem(elsewhere.post(AT, json={"name": "x", "source": "connections", "realm": "berlin"}), 403, "forbidden")
    hidden = {"name": "x", "source": "connections", "realm": "paris", "settings": {"realm": "berlin"}}
    problem(elsewhere.post(AT, json=hidden), 403, "forbidden")


def test_a_file_needs_no_more_than_to_be_there(admin: TestClient, estate: Path) -> None:
    _add(admin, estate)
    permissions = [{"name": "read the file", "ok": True, "fix": ""}]
    assert admin.post(f"{AT}/berlin/check").json() == {"ok": True, "permissions": permissions}


def test_check_says_that_a_secret_is_not_where_it_was_said_to_be(admin: TestClient) -> None:
    corp = {"url": "ldaps://127.0.0.1:1", "base": "DC=corp", "user": "reader"}
    admin.post(
        AT, json={"name": "corp", "source": "ldap", "settings": corp, "secrets": {"password": "env:NOT_SET_HERE"}}
    )
    found = admin.post(f"{AT}/corp/check").json()
    assert found["ok"] is False
    assert [(one["name"], one["ok"], "NOT_SET_HERE" in one["fix"]) for one in found["permissions"]] == [
        ("settings", False, True)
    ]


def test_a_preview_says_what_would_be_created_joined_changed_and_missed_and_writes_nothing(
    admin: TestClient, system: System, estate: Path
) -> None:
    _add(admin, estate)
    fresh = admin.post(f"{AT}/berlin/preview").json()
    assert fresh["counts"] == {"create": 2, "join": 0, "change": 0, "miss": 0, "rejected": 0}
    assert {made["name"] for made in fresh["create"]} == {"web", "db"}
    before = [
        line("known", source="inventory", realm="berlin", identifiers={"serial": "S-1"}, attributes={"os": "Debian"}),
    ]
    assert admin.post("/v1/observations", content=ndjson(*before)).status_code == 200
    revision = system.store.revision()
    dumped = list(system.store.dump())
    estate.write_bytes(ndjson(line("web", identifiers={"serial": "S-1"}, attributes={"model": "R640"})) + b"no json\n")
    found = admin.post(f"{AT}/berlin/preview").json()
    assert found["counts"]["join"] == 1
    (join,) = found["join"]
    assert join["name"] in ("web", "known")
    assert join["record"] == "agent|berlin|web"
    assert [piece["kind"] for piece in join["why"]["evidence"] if piece["weight"] > 0] == ["serial"]
    assert join["why"]["score"] >= join["why"]["threshold"]
    assert {(change["kind"], change["key"]) for change in found["change"]} >= {("fact", "model")}
    assert [refused["line"] for refused in found["rejected"]] == [2]
    assert system.store.revision() == revision
    assert list(system.store.dump()) == dumped


def test_a_source_that_cannot_be_read_is_said_so_in_its_preview(admin: TestClient, tmp_path: Path) -> None:
    _add(admin, tmp_path / "nothing.jsonl")
    found = admin.post(f"{AT}/berlin/preview").json()
    assert "nothing.jsonl" in found["error"]
    assert found["counts"]["miss"] == 0


def test_sources_show_their_settings_as_a_schema_with_the_secrets_marked(viewer: TestClient) -> None:
    from discovery.hiding import secret_fields
    from discovery.sources import SOURCES

    for shown in viewer.get("/v1/sources").json()["items"]:
        model = SOURCES[shown["name"]].settings
        assert set(shown["schema"]["properties"]) == set(model.model_fields)
        marked = {name for name, field in shown["schema"]["properties"].items() if field.get("secret")}
        assert marked == set(secret_fields(model)) == set(shown["secrets"])
    assert json.dumps(viewer.get("/v1/sources").json())
