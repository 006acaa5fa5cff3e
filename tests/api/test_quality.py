"""Quality over HTTP: each number, and the list behind it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.cli.commands import app
from http_api import DAY, line, needs, problem

Login = Callable[..., TestClient]
Tell = Callable[..., dict[str, Any]]


@pytest.fixture
def estate(tell: Tell, admin: TestClient, clock: Any) -> None:
    """Something of everything that can be wrong, from three sources in two realms."""
    old = "2024-01-01T00:00:00Z"
    tell(
        line("web", attributes={"os": "Debian 12", "owner": "shop", "environment": "production"}, relations=needs("db", "nobody")),
        line("db", attributes={"os": "Debian 11"}, identifiers={"serial": "DB1"}),
        line("db", attributes={"os": "RHEL 9", "model": "X"}, identifiers={"serial": "DB1"}) | {"source": "mdm, old"},
        line("clone1", identifiers={"serial": "CL1", "uuid": "4c4c4544-0051-3010-8053-b4c04f4e3132"}),
        line("clone2", identifiers={"serial": "CL2", "uuid": "4c4c4544-0051-3010-8053-b4c04f4e3132"}),
        line("clone3", realm="berlin", identifiers={"serial": "CL3", "uuid": "44454c4c-5100-1030-8053-b4c04f4e3132"}) | {"source": "mdm, old"},
        line("laptop", "workstation", observed_at=old, attributes={"os": "macOS"}) | {"source": "jamf"},
        line("lost", "switch", realm="berlin", observed_at=old, relations=needs("ghost1", "ghost2", type="connects_to")),
        line("eth0", "interface", within="name:web", attributes={"speed_mbps": 1000}),
        line("eth1", "interface", within="name:never"),
        line("team", "team"),
        line("pay", "business_service", attributes={"tier": 1}, relations=needs("web")),
        line("was", attributes={"os": "x"}),
    )  # fmt: skip
    tell({"source": "agent", "record": "was", "gone": True})
    clock.at += DAY
    tell(line("later"))


def length(client: TestClient, query: dict[str, Any], limit: int = 2) -> int:
    """How many items the list behind a number has, read page by page."""
    seen: list[str] = []
    cursor = None
    while True:
        asked = {**query["parameters"], "limit": limit, **({"cursor": cursor} if cursor else {})}
        answer = client.get(query["path"], params=asked)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        seen += [str(item) for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            assert len(seen) == len(set(seen))
            return len(seen)


def numbers(found: Any) -> Iterator[dict[str, Any]]:
    """Everything that has a count and a question, at any depth."""
    if isinstance(found, dict):
        if "query" in found:
            yield found
        for value in found.values():
            yield from numbers(value)
    elif isinstance(found, list):
        for value in found:
            yield from numbers(value)


@pytest.mark.parametrize("realm", [None, "berlin", "berlin,default"])
def test_every_number_opens_a_list_of_just_that_length(viewer: TestClient, estate: None, realm: str | None) -> None:
    found = viewer.get("/v1/quality", params={"realm": realm} if realm else {}).json()
    opened = list(numbers(found))
    assert len(opened) > 70
    lengths: dict[str, int] = {}
    for number in opened:
        key = str(number["query"])
        if key not in lengths:
            lengths[key] = length(viewer, number["query"])
        assert number["count"] == lengths[key], number
    assert {name: found[name]["count"] > 0 for name in ("orphans", "unresolved_ends", "completeness", "staleness")} == (
        dict.fromkeys(("orphans", "unresolved_ends", "completeness", "staleness"), True)
    )


def test_quality_is_counted_per_class_and_source(viewer: TestClient, estate: None) -> None:
    found = viewer.get("/v1/quality").json()
    assert found["revision"] == viewer.get("/readyz").json()["revision"]
    assert found["cis"]["count"] == 13
    servers = next(row for row in found["by_class"] if row["class"] == "server")
    assert servers["cis"]["count"] == 7
    lacking = {row["attribute"]: row["count"] for row in servers["completeness"]["attributes"]}
    assert lacking == {
        "cpu_count": 7,
        "environment": 6,
        "memory_bytes": 7,
        "model": 6,
        "os": 4,
        "owner": 6,
        "vendor": 7,
    }
    assert servers["completeness"]["share"] == round(1 - sum(lacking.values()) / 49, 4)
    assert servers["conflicts"]["count"] == 1
    assert [(row["attribute"], row["count"]) for row in servers["conflicts"]["attributes"]] == [("os", 1)]
    assert servers["staleness"] == {**servers["staleness"], "count": 0, "after_days": 90}
    assert servers["duplicates"]["count"] == 3, "three clones are three pairs, both byte orders are one value"
    by_source = {row["source"]: row for row in found["by_source"]}
    assert by_source["jamf"]["staleness"]["count"] == 1
    assert by_source["agent"]["unresolved_ends"]["count"] == 4
    assert by_source["mdm, old"]["duplicates"]["count"] == 2
    both = {(row["class"], row["source"]): row for row in found["by_class_and_source"]}
    assert both["server", "agent"]["duplicates"]["count"] == 3
    assert both["switch", "agent"]["unresolved_ends"]["count"] == 2
    assert both["business_service", "agent"]["completeness"]["count"] == 1
    assert found["duplicates"]["count"] == 3
    assert found["orphans"]["count"] == 9


def test_a_pair_names_what_it_shares(viewer: TestClient, estate: None) -> None:
    pairs = viewer.get("/v1/quality/duplicates").json()["items"]
    assert {frozenset((pair["a"]["name"], pair["b"]["name"])) for pair in pairs} == {
        frozenset(two) for two in (("clone1", "clone2"), ("clone1", "clone3"), ("clone2", "clone3"))
    }
    assert {shared["kind"] for pair in pairs for shared in pair["shared"]} == {"uuid"}


def test_an_unresolved_end_says_who_named_it(viewer: TestClient, estate: None) -> None:
    ends = viewer.get("/v1/quality/unresolved", params={"class": "server"}).json()["items"]
    (end,) = ends
    assert (end["name"], end["source"], end["record"], end["type"], end["direction"], end["reference"]) == (
        "web", "agent", "web", "depends_on", "out", "name@default:nobody",
    )  # fmt: skip
    inside = viewer.get("/v1/quality/unresolved", params={"class": "interface"}).json()["items"]
    assert [(end["type"], end["reference"]) for end in inside] == [("within", "name@default:never")]


def test_who_is_limited_to_a_realm_counts_what_stands_there(login: Login, estate: None) -> None:
    berlin = login("viewer", realms=("berlin",))
    found = berlin.get("/v1/quality").json()
    assert found["cis"]["count"] == 2
    assert found["duplicates"]["count"] == 0, "the other clones stand elsewhere"
    for number in numbers(found):
        assert number["count"] == length(berlin, number["query"])
    problem(berlin.get("/v1/quality", params={"realm": "default"}), 403, "forbidden")
    for path in ("/v1/quality/duplicates", "/v1/quality/unresolved"):
        problem(berlin.get(path, params={"realm": "default"}), 403, "forbidden")


def test_what_is_asked_of_people_counts_among_duplicates(viewer: TestClient, tell: Tell, login: Login) -> None:
    steward = login("steward")
    for name in ("web", "mail"):
        tell(
            line(f"{name}1", name=name, identifiers={"hostname": name}),
            line(f"{name}2", name=name, identifiers={"hostname": name}) | {"source": "other"},
        )
    waiting = steward.get("/v1/reviews").json()["items"]
    assert waiting
    found = viewer.get("/v1/quality").json()
    assert found["duplicates"]["open_reviews"]["count"] == len(waiting)
    for number in numbers(found):
        assert number["count"] == length(viewer, number["query"])
    listed = viewer.get("/v1/quality/reviews").json()["items"]
    assert {(one["review"], one["a"]["id"], one["b"]["id"]) for one in listed} == {
        (one["id"], one["a"], one["b"]) for one in waiting
    }
    steward.post(f"/v1/reviews/{waiting[0]['id']}", json={"decision": "keep_apart", "reason": "looked"})
    assert viewer.get("/v1/quality").json()["duplicates"]["open_reviews"]["count"] == len(waiting) - 1


def test_quality_moves_with_the_revision(viewer: TestClient, tell: Tell) -> None:
    assert viewer.get("/v1/quality").json()["cis"]["count"] == 0
    tell(line("a"))
    assert viewer.get("/v1/quality").json()["cis"]["count"] == 1
    tell(line("b"))
    assert viewer.get("/v1/quality").json()["orphans"]["count"] == 2


def test_a_question_of_quality_that_makes_no_sense_is_refused(viewer: TestClient, tell: Tell) -> None:
    for path in ("/v1/quality", "/v1/quality/duplicates", "/v1/quality/unresolved"):
        problem(viewer.get(path, params={"limti": 1}), 422, "invalid")
    problem(viewer.get("/v1/quality/duplicates", params={"class": "spaceship"}), 422, "invalid")
    problem(viewer.get("/v1/quality/unresolved", params={"class": "spaceship"}), 422, "invalid")
    problem(viewer.get("/v1/quality/unresolved", params={"cursor": "x"}), 400, "bad-cursor")


def test_the_command_line_shows_quality_coverage_and_a_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path}/cli.db")
    estate = tmp_path / "estate.jsonl"
    lines = [line("web", relations=needs("db")), line("eth0", "interface", identifiers={"ip": "10.9.0.1"})]
    estate.write_text("".join(json.dumps(one) + "\n" for one in lines))

    def cmdb(*words: str) -> Any:
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output
        return done.stdout

    cmdb("ingest", str(estate))
    assert json.loads(cmdb("quality", "--json"))["unresolved_ends"]["count"] == 1
    shown = cmdb("quality")
    assert "server" in shown
    assert "unresolved ends" in shown
    assert "agent" in cmdb("quality", "--source", "agent", "--class", "server")
    never = json.loads(cmdb("coverage", "--json"))["never_read"]
    assert [network["network"] for network in never["networks"]] == ["10.9.0.0/24"]
    assert "10.9.0.0/24" in cmdb("coverage")
    said = json.loads(cmdb("quality", "--sample", "5", "--json"))
    assert (said["drawn"], said["cannot_be_reread"]) == (2, 2)
    assert "cannot be re-read" in cmdb("quality", "--sample", "5", "--seed", "x")
    assert CliRunner().invoke(app, ["quality", "--class", "spaceship"]).exit_code == 2
