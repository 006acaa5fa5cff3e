"""Section 2 over HTTP: finding, reading and correcting configuration items."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from api.cursors import CURSOR_LIFE, cursor
from http_api import DAY, line, needs, problem

Login = Callable[..., TestClient]
Tell = Callable[..., dict[str, Any]]


@pytest.fixture
def fleet(tell: Tell) -> None:
    tell(
        line("core-switch-1", "switch", identifiers={"serial": "SW-1", "mac": "8c:85:90:01:02:03", "ip": "10.0.0.1"}),
        line("db1", attributes={"environment": "production", "tier": 1, "owner": "data", "tags": {"rack": "7"}},
             identifiers={"fqdn": "db1.corp.example"}, relations=needs("core-switch-1")),
        line("db2", attributes={"environment": "test", "tier": 2, "status": "in_repair", "os": "Debian 12"}),
        line("O'Brien's laptop", "workstation", realm="berlin", identifiers={"ip": "10.0.0.1"}),
        {**line("db1.jamf"), "source": "jamf", "name": "db1", "identifiers": {"fqdn": "DB1.corp.example."},
         "attributes": {"os": "macOS"}},
        line("gone"),
    )  # fmt: skip
    tell({"source": "agent", "record": "gone", "gone": True})


def names(client: TestClient, **asked: Any) -> list[str]:
    answer = client.get("/v1/cis", params=asked)
    assert answer.status_code == 200, answer.text
    return [ci["name"] for ci in answer.json()["items"]]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({}, ["core-switch-1", "db1", "db2", "gone", "O'Brien's laptop"]),
        ({"q": "db"}, ["db1", "db2"]),
        ({"q": "corp DB1"}, ["db1"]),
        ({"q": "o'brien"}, ["O'Brien's laptop"]),
        ({"q": "core-switch-1"}, ["core-switch-1"]),
        ({"q": 'db" OR "core'}, []),
        ({"class": "server"}, ["db1", "db2", "gone"]),
        ({"class": ["switch", "workstation"]}, ["core-switch-1", "O'Brien's laptop"]),
        ({"class": "switch,workstation"}, ["core-switch-1", "O'Brien's laptop"]),
        ({"environment": "test"}, ["db2"]),
        ({"tier": 1}, ["db1"]),
        ({"owner": "data"}, ["db1"]),
        ({"status": "in_repair"}, ["db2"]),
        ({"realm": "berlin"}, ["O'Brien's laptop"]),
        ({"tag": "rack:7"}, ["db1"]),
        ({"tag": "rack:8"}, []),
        ({"attribute.os": "Debian 12"}, ["db2"]),
        ({"identifier": "serial:SW-1"}, ["core-switch-1"]),
        ({"identifier": "mac:8C-85-90-01-02-03"}, ["core-switch-1"]),
        ({"identifier": "ip:10.0.0.1"}, ["core-switch-1", "O'Brien's laptop"]),
        ({"identifier": "ip@berlin:10.0.0.1"}, ["O'Brien's laptop"]),
        ({"seen_by": "jamf"}, ["db1"]),
        ({"seen_by": "agent", "not_seen_by": "jamf", "class": "server"}, ["db2"]),
        ({"seen_before": "2020-01-01T00:00:00Z"}, []),
        ({"lifecycle": "missing"}, ["gone"]),
        ({"lifecycle": "live,retired", "q": "gone"}, []),
        ({"lifecycle": "live,missing", "q": "gone"}, ["gone"]),
        ({"environment": "test,production"}, ["db1", "db2"]),
        ({"tier": "1,2", "class": "server"}, ["db1", "db2"]),
        ({"owner": ["data", "nobody"]}, ["db1"]),
        ({"realm": "berlin,paris"}, ["O'Brien's laptop"]),
        ({"status": "in_repair,planned"}, ["db2"]),
        ({"not_seen_by": "jamf,other", "class": "server"}, ["db2", "gone"]),
        ({"seen_by": "jamf,other"}, ["db1"]),
        ({"seen_by": "jamf\\,other"}, []),
        ({"service": "name:db1"}, ["core-switch-1", "db1"]),
        ({"service": "name:db1", "class": "switch"}, ["core-switch-1"]),
        ({"service": "name:db2"}, ["db2"]),
        ({"lacks": "os", "class": "server"}, ["gone"]),
        ({"conflict": "os"}, []),
        ({"orphan": True}, ["db2", "gone", "O'Brien's laptop"]),
        ({"stale": True}, []),
        ({"incomplete": True, "class": "switch"}, ["core-switch-1"]),
    ],
)
def test_every_condition_narrows_the_search(
    viewer: TestClient, fleet: None, asked: dict[str, Any], wanted: list[str]
) -> None:
    assert sorted(names(viewer, **asked)) == sorted(wanted)


@pytest.mark.parametrize(
    "asked",
    [
        {"nonsense": 1},
        {"as_of": "yesterday"},
        {"as_of": "2024-01-01", "known_at": "2024-01-01T00:00:00Z"},
        {"class": "spaceship"},
        {"lifecycle": "zombie"},
        {"status": "broken"},
        {"tier": "high"},
        {"tier": 10**30},
        {"tier": "1,two"},
        {"format": "xml"},
        {"format": "csv", "limit": 5},
        {"format": "ndjson", "cursor": "x"},
        {"stale": "perhaps"},
        {"tag": "rack"},
        {"identifier": "shoe:42"},
        {"seen_before": "yesterday"},
        {"limit": 0},
        {"limit": 1001},
        {"limit": "all"},
        {"at_least": -1},
        {"q": "!?"},
        {"q": " ".join(f"w{n}" for n in range(100))},
        {"ref": "name:db1", "q": "db"},
        {"ref": "no reference"},
    ],
)
def test_a_search_that_makes_no_sense_is_refused_with_a_reason(
    viewer: TestClient, fleet: None, asked: dict[str, Any]
) -> None:
    problem(viewer.get("/v1/cis", params=asked), 422, "invalid")


def test_an_unknown_parameter_is_never_ignored(viewer: TestClient, fleet: None) -> None:
    for path in ("/v1/cis/name:db1", "/v1/cis/name:db1/history", "/v1/cis/name:db1/impact", "/v1/records", "/v1/runs",
                 "/v1/classes", "/v1/sources", "/v1/cis/name:db1/single-points-of-failure", "/metrics"):  # fmt: skip
        said = problem(viewer.get(path, params={"limti": 5}), 422, "invalid")
        assert "limti" in said["detail"]


def test_pages_follow_each_other_without_gap_or_repeat(viewer: TestClient, tell: Tell) -> None:
    tell(*(line(f"r{n}") | {"name": f"Host {n // 2}"} for n in range(25)))
    for limit in (1, 7, 25):
        seen, place = [], None
        while True:
            asked = {"q": "host", "limit": limit, **({"cursor": place} if place else {})}
            page = viewer.get("/v1/cis", params=asked).json()
            assert len(page["items"]) <= limit
            seen += [ci["id"] for ci in page["items"]]
            place = page["next"]
            if place is None:
                break
        assert len(seen) == len(set(seen)) == 25


def test_a_cursor_is_good_for_its_question_only(viewer: TestClient, login: Login, fleet: None, clock: Any) -> None:
    place = viewer.get("/v1/cis", params={"limit": 1}).json()["next"]
    assert viewer.get("/v1/cis", params={"limit": 2, "cursor": place}).status_code == 200
    berlin = login("viewer", realms=("berlin",))
    for client, path, asked in (
        (viewer, "/v1/cis", {"q": "db", "cursor": place}),
        (viewer, "/v1/records", {"cursor": place}),
        (berlin, "/v1/cis", {"cursor": place}),
        (viewer, "/v1/cis", {"cursor": place[:-2]}),
        (viewer, "/v1/cis", {"cursor": "ü"}),
        (viewer, "/v1/cis", {"cursor": ""}),
        (viewer, "/v1/runs", {"cursor": "AAAA"}),
        (viewer, "/v1/cis/name:db1/history", {"cursor": place}),
        (viewer, "/v1/cis/name:db1/impact", {"cursor": place}),
        (viewer, "/v1/cis/name:db1/single-points-of-failure", {"cursor": "x"}),
    ):
        problem(client.get(path, params=asked), 400, "bad-cursor")
    clock.at += CURSOR_LIFE + 1
    problem(viewer.get("/v1/cis", params={"cursor": place}), 410, "cursor-expired")


def test_a_forged_cursor_is_no_way_in(viewer: TestClient, fleet: None, clock: Any) -> None:
    for forged in ((1, 2), ("a",), ("a", 1), (), ("a", "b", "c")):
        place = cursor("/v1/cis?[]#[][]", forged, clock.at)
        problem(viewer.get("/v1/cis", params={"cursor": place}), 400, "bad-cursor")


@pytest.mark.parametrize(
    "ref",
    ["name:db1", "NAME:db1".lower(), "server.name:DB1", "fqdn:db1.corp.example", "fqdn:DB1.CORP.EXAMPLE.",
     "record:jamf:db1.jamf", "record@default:agent:db1"],
)  # fmt: skip
def test_one_ci_has_many_references(viewer: TestClient, fleet: None, id_of: Callable[[str], str], ref: str) -> None:
    wanted = id_of("name:db1")
    assert viewer.get("/v1/cis", params={"ref": ref}).json()["id"] == wanted
    assert viewer.get(f"/v1/cis/{quote(ref, safe='')}").json()["id"] == wanted
    assert viewer.get(f"/v1/cis/{wanted}").json()["id"] == wanted


def test_a_slash_in_a_reference_stays_in_its_segment(viewer: TestClient, tell: Tell) -> None:
    names_with_slashes = ["a/b", "a/impact", "a/history", "50% /x", "%2F", "a%2Fb", "x/corrections/os"]
    tell(*({**line(f"r{n}"), "name": name} for n, name in enumerate(names_with_slashes)))
    for name in names_with_slashes:
        path = f"/v1/cis/{quote(f'name:{name}', safe='')}"
        assert viewer.get(path).json()["name"] == name
        assert viewer.get(f"{path}/impact").json()["failed"][0]["name"] == name
        assert viewer.get(f"{path}/history").json()["items"]


def test_what_is_borne_by_two_is_not_guessed(viewer: TestClient, fleet: None) -> None:
    said = problem(viewer.get("/v1/cis/ip:10.0.0.1"), 409, "ambiguous-reference")
    assert {candidate["name"] for candidate in said["candidates"]} == {"core-switch-1", "O'Brien's laptop"}
    assert all(set(found) == {"id", "name", "class", "realm", "lifecycle"} for found in said["candidates"])
    assert viewer.get("/v1/cis/ip@berlin:10.0.0.1").json()["name"] == "O'Brien's laptop"
    assert viewer.get("/v1/cis/switch.ip:10.0.0.1").json()["name"] == "core-switch-1"


def test_one_record_in_two_realms_is_two(viewer: TestClient, tell: Tell) -> None:
    tell(*(line("r", realm=realm) for realm in ("default", "berlin", "berlin-2", "zz")), line("other", realm="a"))
    said = problem(viewer.get("/v1/cis/record:agent:r"), 409, "ambiguous-reference")
    assert len(said["candidates"]) == 4
    assert viewer.get("/v1/cis/record@berlin:agent:r").status_code == 200
    assert viewer.get("/v1/cis/record:agent:other").json()["records"][0]["realm"] == "a"


@pytest.mark.parametrize("ref", ["name:nobody", "never-was", "record:agent:none", "fqdn:nowhere.example", "name:%00"])
def test_what_nobody_bears_is_unknown(viewer: TestClient, fleet: None, ref: str) -> None:
    problem(viewer.get(f"/v1/cis/{ref}"), 404, "unknown-reference")


@pytest.mark.parametrize("ref", ["shoe:42", "spaceship.name:x", "name:", ":", "No Id", "mac:zz", "@:x", "%F0%9F%92%A9"])
def test_what_is_no_reference_is_refused(viewer: TestClient, ref: str) -> None:
    problem(viewer.get(f"/v1/cis/{ref}"), 422, "invalid")


def test_a_ci_says_who_said_what(viewer: TestClient, fleet: None) -> None:
    ci = viewer.get("/v1/cis/name:db1").json()
    assert (ci["class"], ci["lifecycle"], ci["name"]) == ("server", "live", "db1")
    assert ci["facts"]["os"]["value"] == "macOS"
    assert ci["facts"]["os"]["source"] == "jamf"
    assert ci["facts"]["tags.rack"]["value"] == "7"
    assert {record["source"] for record in ci["records"]} == {"agent", "jamf"}
    (relation,) = ci["relations"]
    assert (relation["type"], relation["direction"], relation["name"]) == ("depends_on", "out", "core-switch-1")
    assert relation["witnesses"][0]["record"] == "db1"
    switch = viewer.get("/v1/cis/name:core-switch-1").json()
    assert [found["direction"] for found in switch["relations"]] == ["in"]
    assert {held["kind"] for held in switch["identifiers"]} == {"serial", "mac", "ip"}
    for needed in ("first_seen", "last_seen", "status", "revision"):
        assert needed in ci


def test_a_correction_stands_until_it_is_withdrawn(viewer: TestClient, login: Login, fleet: None) -> None:
    steward = login("steward", name="ann")
    asked = {"attributes": {"os": "FreeBSD", "tags": {"a/b": "c"}}, "reason": "I looked"}
    corrected = steward.patch("/v1/cis/name:db1", json=asked).json()
    assert corrected["facts"]["os"]["value"] == "FreeBSD"
    assert corrected["facts"]["os"]["source"] == "human"
    assert [other["value"] for other in corrected["facts"]["os"]["outvoted"]] == ["macOS"]
    assert names(viewer, tag="a/b:c") == ["db1"]
    withdrawn = steward.delete("/v1/cis/name:db1/corrections/os")
    assert withdrawn.json()["facts"]["os"]["value"] == "macOS"
    assert steward.delete(f"/v1/cis/name:db1/corrections/{quote('tags.a/b', safe='')}").status_code == 200
    problem(steward.delete("/v1/cis/name:db1/corrections/os"), 404, "unknown-reference")


@pytest.mark.parametrize(
    "asked",
    [
        {"attributes": {"os": "x"}},
        {"attributes": {}, "reason": "r"},
        {"attributes": {"os": "x"}, "reason": " "},
        {"attributes": {"os": "x"}, "reason": "lone \ud800"},
        {"attributes": {"os": "lone \ud800"}, "reason": "r"},
        {"attributes": {"tags.\ud800": "x"}, "reason": "r"},
        {"attributes": {"Big Letters": "x"}, "reason": "r"},
        {"attributes": {"tier": "one"}, "reason": "r"},
        {"attributes": {"status": "broken"}, "reason": "r"},
        {"attributes": {"os": [1, "two"]}, "reason": "r"},
        {"attributes": {"os": 10**30}, "reason": "r"},
        {"attributes": {"os": "x"}, "reason": "r", "expires_at": "2001-01-01T00:00:00Z"},
        {"attributes": {"os": "x"}, "reason": "r", "expires_at": "soon"},
        {"attributes": {"os": "x"}, "reason": "r", "author": "somebody else"},
        {"attributes": [], "reason": "r"},
    ],
)
def test_a_correction_that_makes_no_sense_changes_nothing(login: Login, fleet: None, asked: dict[str, Any]) -> None:
    steward = login("steward")
    before = steward.get("/v1/cis/name:db1").json()

    answer = steward.patch("/v1/cis/name:db1", content=json.dumps(asked), headers={"Content-Type": "application/json"})
    problem(answer, 422, "invalid")
    assert steward.get("/v1/cis/name:db1").json() == before


def test_history_is_paged_newest_first(viewer: TestClient, tell: Tell, clock: Any) -> None:
    for n in range(6):
        clock.at += DAY
        tell(line("db", attributes={"os": f"v{n}", "model": f"m{n}"}))
    seen, place = [], None
    while True:
        asked = {"limit": 3, **({"cursor": place} if place else {})}
        page = viewer.get("/v1/cis/name:db/history", params=asked).json()
        seen += page["items"]
        place = page["next"]
        if place is None:
            break
    order = [(event["revision"], event["seq"]) for event in seen]
    assert order == sorted(order, reverse=True)
    assert len(set(order)) == len(order)
    newest = next(event for event in seen if event["key"] == "os")
    assert (newest["kind"], newest["before"], newest["after"], newest["source"]) == ("fact", "v4", "v5", "agent")


def test_records_say_which_ci_they_belong_to(viewer: TestClient, fleet: None, id_of: Callable[[str], str]) -> None:
    everything = viewer.get("/v1/records").json()["items"]
    assert {"source": "jamf", "realm": "default", "record": "db1.jamf", "ci": id_of("name:db1")} in everything
    jamf = viewer.get("/v1/records", params={"source": "jamf"}).json()["items"]
    assert [record["record"] for record in jamf] == ["db1.jamf"]
    berlin = viewer.get("/v1/records", params={"realm": "berlin"}).json()["items"]
    assert [record["record"] for record in berlin] == ["O'Brien's laptop"]


def test_what_is_declared_can_be_read(viewer: TestClient) -> None:
    classes = {found["name"] for found in viewer.get("/v1/classes").json()["items"]}
    assert {"server", "switch", "business_service", "certificate", "user"} <= classes
    types = {found["name"]: found for found in viewer.get("/v1/relation-types").json()["items"]}
    assert types["depends_on"]["effect"] == "down"
    assert types["authenticates_with"]["effect"] == "degraded"
    sources = {found["name"]: found for found in viewer.get("/v1/sources").json()["items"]}
    assert {"nmap", "json_lines", "connections"} <= sources.keys()
    assert "targets" in sources["nmap"]["settings"]


def test_a_read_waits_for_the_revision_it_asks_for(
    viewer: TestClient, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    revision = tell(line("a"))["revision"]
    assert viewer.get("/v1/cis", params={"at_least": revision}).status_code == 200

    def later() -> None:
        time.sleep(0.3)
        tell(line("b"))

    writer = threading.Thread(target=later)
    writer.start()
    assert names(viewer, at_least=revision + 1) == ["a", "b"]
    writer.join()
    monkeypatch.setattr("api.asking.PATIENCE", 0.1)
    answer = viewer.get("/v1/cis", params={"at_least": revision + 1000})
    problem(answer, 503, "not-ready")
    assert "retry-after" in answer.headers


def test_a_correction_says_one_thing_of_what_can_be_corrected(login: Callable[..., TestClient], tell: Tell) -> None:
    tell(line("a", name="db1"))
    steward = login("steward")
    for attributes in ({"name": "db2"}, {"class": "switch"}, {"a": {"b": 1}, "a.b": 2}):
        asked = {"attributes": attributes, "reason": "it is so"}
        problem(steward.patch("/v1/cis/name:db1", json=asked), 422, "invalid")
    assert steward.get("/v1/cis/name:db1").json()["facts"] == {}


def test_an_identifier_is_searched_for_with_its_kind(viewer: TestClient) -> None:
    assert "kind:value" in problem(viewer.get("/v1/cis?identifier=serial"), 422, "invalid")["detail"]


@pytest.mark.parametrize("condition", ["seen_by", "not_seen_by", "realm", "owner", "class", "q", "ref", "identifier"])
def test_no_condition_is_cut_at_a_character_that_no_store_keeps(
    admin: TestClient, tell: Callable[..., Any], condition: str
) -> None:
    tell(line("a"))
    problem(admin.get("/v1/cis", params={condition: "agent\x00x"}), 422, "invalid")
