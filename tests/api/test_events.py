"""The feed of events over HTTP: as pages, and as a stream that may be cut at any time."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import orjson
import pytest
import uvicorn
from fastapi.testclient import TestClient

from api.app import create_app
from api.tokens import create_token, revoke_token
from api.wiring import System
from cmdb.time import to_rfc3339
from http_api import DAY, line, problem

Login = Callable[..., TestClient]
Tell = Callable[..., dict[str, Any]]


def _places(events: list[dict[str, Any]]) -> list[tuple[int, int]]:
    return [(event["revision"], event["seq"]) for event in events]


def test_the_feed_goes_on_where_its_reader_stopped(viewer: TestClient, tell: Tell, clock: Any) -> None:
    for n in range(4):
        clock.at += DAY
        tell(*(line(f"r{i}", attributes={"os": f"v{n}", "x": n}) for i in range(3)))
    whole = viewer.get("/v1/events", params={"limit": 1000}).json()
    assert whole["next"] is None
    order = _places(whole["items"])
    assert order == sorted(set(order))
    assert len(order) == 3 + 3 * 6
    seen: list[dict[str, Any]] = []
    place = "0"
    while items := viewer.get("/v1/events", params={"after": place, "limit": 4}).json()["items"]:
        seen += items
        place = f"{items[-1]['revision']}.{items[-1]['seq']}"
    assert seen == whole["items"]
    assert place == whole["place"]
    paged, cursor = [], None
    while True:
        found = viewer.get("/v1/events", params={"limit": 5, **({"cursor": cursor} if cursor else {})}).json()
        paged += found["items"]
        if (cursor := found["next"]) is None:
            break
    assert paged == whole["items"]


def test_the_feed_alone_tells_what_is_live(admin: TestClient, tell: Tell, clock: Any) -> None:
    """What a directory has listed as dead for months comes without ever having been live; a part of it may, too."""
    long_ago = to_rfc3339(clock.at - 200 * DAY)
    tell(line("alive"), {**line("dead", observed_at=long_ago, read_at=to_rfc3339(clock.at)), "source": "ldap"})
    tell({**line("twin", observed_at=long_ago, read_at=to_rfc3339(clock.at)), "source": "intune"})
    both = {"keep": "name:twin", "absorb": "name:dead", "reason": "one machine"}
    merged = admin.post("/v1/merges", json=both).json()["merge_id"]
    admin.delete(f"/v1/merges/{merged}")
    states: dict[str, str] = {}
    for event in admin.get("/v1/events", params={"limit": 1000}).json()["items"]:
        if event["kind"] == "created" or (event["kind"] == "joined" and event["ci"] not in states):
            states[event["ci"]] = "live"
        elif event["kind"] == "lifecycle":
            states[event["ci"]] = event["after"]
    found = admin.get("/v1/cis").json()["items"]
    assert {ci["id"]: ci["lifecycle"] for ci in found} == states
    assert sorted(states.values()) == ["live", "missing", "missing"]


def test_after_a_revision_means_after_all_of_it(viewer: TestClient, tell: Tell) -> None:
    first = tell(line("a"), line("b"))["revision"]
    second = tell(line("a", attributes={"os": "x"}))["revision"]
    found = viewer.get("/v1/events", params={"after": first}).json()
    assert {event["revision"] for event in found["items"]} == {second}
    assert set(found["items"][0]) == {
        "revision", "seq", "observed_at", "recorded_at", "run", "source", "ci", "record", "kind", "key", "before",
        "after",
    }  # fmt: skip
    assert viewer.get("/v1/events", params={"after": second}).json()["items"] == []
    assert len(viewer.get("/v1/events", params={"after": f"{first}.0"}).json()["items"]) == 2


@pytest.mark.parametrize("after", ["x", "1.", ".1", "-1", "1.2.3", "", "1e3", "٣", "9" * 30])
def test_a_place_that_is_none_is_refused(viewer: TestClient, after: str) -> None:
    problem(viewer.get("/v1/events", params={"after": after}), 422, "invalid")


def test_the_feed_shows_the_realms_of_its_reader_only(tell: Tell, login: Login, clock: Any) -> None:
    tell(line("a"), line("b", realm="berlin"), line("c", realm="a|b%7C"))
    for n in range(3):
        clock.at += DAY
        tell(line("a", attributes={"n": n}), line("b", realm="berlin", attributes={"n": n}))
    berlin = login("viewer", realms=("berlin",))
    found = berlin.get("/v1/events", params={"limit": 2}).json()
    assert {event["record"] for event in found["items"]} == {"agent|berlin|b"}
    rest = berlin.get("/v1/events", params={"limit": 2, "cursor": found["next"]}).json()
    assert len(rest["items"]) == 2
    assert rest["next"] is None
    (odd,) = login("viewer", realms=("a|b%7C",)).get("/v1/events").json()["items"]
    assert odd["record"].endswith("|c")


def test_what_a_reader_of_some_realms_has_passed_never_changes_behind_it(tell: Tell, login: Login, clock: Any) -> None:
    """A CI may come into sight long after it went missing: what happened unseen stays so."""
    berlin = login("viewer", realms=("berlin",))

    def feed() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = berlin.get("/v1/events", params={"limit": 1000}).json()["items"]
        return items

    one = {"identifiers": {"serial": "C02XK1"}}
    tell(line("a", **one), line("other", realm="berlin"))
    tell({"source": "agent", "record": "a", "gone": True})
    seen = feed()
    assert {event["record"] for event in seen} == {"agent|berlin|other"}
    clock.at += DAY
    tell(line("b", realm="berlin", source="jamf", **one), line("other", realm="berlin", attributes={"n": 1}))
    joined = feed()
    assert joined[: len(seen)] == seen
    assert [event["kind"] for event in joined[len(seen) :]] == ["fact", "joined", "lifecycle"]
    tell({"source": "jamf", "realm": "berlin", "record": "b", "gone": True})
    assert [(event["kind"], event["after"]) for event in feed()[len(joined) :]] == [
        ("fact", True),
        ("lifecycle", "missing"),
    ]


@contextmanager
def _served(system: System) -> Iterator[str]:
    """The application on a port of this machine: a stream without end needs a real line that can be cut."""
    server = uvicorn.Server(uvicorn.Config(create_app(system), port=0, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def _follow(url: str, token: str, count: int, **more: Any) -> list[tuple[str, dict[str, Any]]]:
    """The first events of a stream with their ids; then the line is cut."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream", **more.pop("headers", {})}
    found: list[tuple[str, dict[str, Any]]] = []
    with httpx.stream("GET", f"{url}/v1/events", headers=headers, timeout=30, **more) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        place = ""
        for text in answer.iter_lines():
            if text.startswith("id: "):
                place = text[4:]
            elif text.startswith("data: "):
                found.append((place, orjson.loads(text[6:])))
                if len(found) == count:
                    break
    return found


def test_a_stream_that_was_cut_goes_on_without_gap_or_repeat(
    system: System, viewer: TestClient, tell: Tell, clock: Any
) -> None:
    token = create_token(system, "viewer")["token"]
    for n in range(3):
        clock.at += DAY
        tell(*(line(f"r{i}", attributes={"os": f"v{n}"}) for i in range(3)))
    with _served(system) as url:
        seen = _follow(url, token, 3)
        while len(seen) < 9:
            seen += _follow(url, token, 2, headers={"Last-Event-ID": seen[-1][0]}, params={"after": 0})
        later = threading.Timer(0.2, lambda: tell(line("late")))
        later.start()
        (last,) = _follow(url, token, 1, headers={"Last-Event-ID": seen[-1][0]})
        later.join()
    assert (last[1]["kind"], last[1]["record"]) == ("created", "agent|default|late")
    assert [event for _, event in [*seen, last]] == viewer.get("/v1/events").json()["items"]


def test_a_stream_shows_signs_of_life_and_ends_with_its_token(
    system: System, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.event_feed.SIGN_OF_LIFE", 0.1)
    monkeypatch.setattr("api.event_feed.BETWEEN_LOOKS", 0.05)
    token = create_token(system, "viewer")
    headers = {"Authorization": f"Bearer {token['token']}", "Accept": "text/event-stream"}
    with (
        _served(system) as url,
        httpx.stream("GET", f"{url}/v1/events", headers=headers, timeout=30) as answer,
    ):
        lines = answer.iter_lines()
        assert any(text.startswith(":") for text in lines)
        revoke_token(system, token["id"])
        assert all(not text or text.startswith(":") for text in lines)


@pytest.mark.parametrize("named", ["limit", "cursor"])
def test_a_stream_takes_no_place_of_a_page(viewer: TestClient, named: str) -> None:
    headers = {"Accept": "text/event-stream"}
    asked = viewer.get("/v1/events", params={named: "1"}, headers=headers)
    assert "Last-Event-ID" in problem(asked, 422, "invalid")["detail"]


def test_the_feed_says_where_relations_lead_from_the_first(
    viewer: TestClient, tell: Tell, id_of: Callable[[str], str]
) -> None:
    needs = [{"type": "depends_on", "to": "name:db"}, {"type": "depends_on", "to": "name:nowhere"}]
    tell(line("db"), line("app", relations=needs))
    items = viewer.get("/v1/events").json()["items"]
    (came,) = (event["after"] for event in items if event["record"] == "agent|default|app")
    assert [(one["to"], one["ci"]) for one in came["relations"]] == [
        ("name@default:db", id_of("name:db")),
        ("name@default:nowhere", None),
    ]


def test_the_feed_tells_that_what_came_is_gone_already(viewer: TestClient, tell: Tell) -> None:
    tell(line("a"), line("b"), {"source": "agent", "record": "b", "gone": True})
    items = viewer.get("/v1/events").json()["items"]
    gone = [(event["record"], event["after"]) for event in items if event["key"] == "record.gone"]
    assert gone == [("agent|default|b", True)]


def test_the_feed_tells_what_becomes_of_a_missing_thing_whose_record_is_used_for_another(
    admin: TestClient, tell: Tell, id_of: Callable[[str], str], clock: Any
) -> None:
    """Without a word of it whoever follows would take it to be no more: its last record has parted."""
    tell(line("asset-1", identifiers={"serial": "OLD1"}))
    former = id_of("record:agent:asset-1")
    tell({"source": "agent", "record": "asset-1", "gone": True})
    clock.at += 5 * DAY
    tell(line("asset-1", identifiers={"serial": "NEW2"}))
    assert admin.get(f"/v1/cis/{former}").json()["lifecycle"] == "missing"
    items = [one for one in admin.get("/v1/events").json()["items"] if one["ci"] == former]
    assert [(one["kind"], one["before"], one["after"]) for one in items[-2:]] == [
        ("parted", id_of("record:agent:asset-1"), None),
        ("lifecycle", "missing", "missing"),
    ]


def test_a_place_behind_the_last_revision_is_refused_rather_than_waited_at(viewer: TestClient) -> None:
    asked = viewer.get("/v1/events", params={"after": "999"})
    assert "after=0" in problem(asked, 422, "invalid")["detail"]


def test_the_feed_alone_tells_that_what_held_only_the_past_of_a_record_was_absorbed(
    admin: TestClient, tell: Tell, id_of: Callable[[str], str], clock: Any
) -> None:
    tell(line("asset-1", identifiers={"serial": "OLD1"}))
    former = id_of("record:agent:asset-1")
    clock.at += 5 * DAY
    tell(line("asset-1", identifiers={"serial": "NEW2"}), line("other"))
    assert id_of("record:agent:asset-1") != former
    said = admin.post("/v1/merges", json={"keep": "name:other", "absorb": former, "reason": "one asset"})
    assert said.status_code < 300, said.text

    def lifecycles() -> list[tuple[Any, Any]]:
        items = admin.get("/v1/events", params={"limit": 1000}).json()["items"]
        return [(one["before"], one["after"]) for one in items if one["ci"] == former and one["kind"] == "lifecycle"]

    assert lifecycles() == [("live", "missing"), ("missing", None)]
    assert admin.delete(f"/v1/merges/{said.json()['merge_id']}").status_code < 300
    assert lifecycles()[2:] == [(None, "missing")]
