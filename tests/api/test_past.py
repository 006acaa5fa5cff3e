"""Looking back over HTTP: as the store stood, and what is different."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.past_held import PastHeld
from api.wiring import System
from cmdb.graph_patch import DocumentWrite
from cmdb.time import to_rfc3339
from graph.past import HORIZON
from graph.store import Search
from http_api import DAY, line, needs, problem
from past_story import QUESTIONS, tell_a_story, without_times

Login = Callable[..., TestClient]
Tell = Callable[..., dict[str, Any]]


# -- as the store stood ----------------------------------------------------------------------------------------------


def test_known_at_answers_what_was_answered_then(viewer: TestClient, tell: Tell, clock: Any) -> None:
    told_at: dict[int, tuple[int, list[Any]]] = {}

    def told(*lines: Any) -> dict[str, Any]:
        answer = tell(*lines)
        told_at[answer["revision"]] = (clock.at, [viewer.get(asked) for asked in QUESTIONS])
        clock.at += 1_000_000
        return answer

    tell_a_story(told, clock)
    assert len(told_at) == 7
    for revision, (at, answers) in told_at.items():
        for known_at in (str(revision), to_rfc3339(at)):
            for asked, then in zip(QUESTIONS, answers, strict=True):
                now = viewer.get(f"{asked}{'&' if '?' in asked else '?'}known_at={known_at}")
                assert now.status_code == then.status_code, (asked, revision, now.text, then.text)
                assert without_times(now.json()) == without_times(then.json()), (asked, revision)
                if now.status_code == 200 and "revision" in now.json():
                    assert now.json()["revision"] == revision


def test_nothing_was_known_before_anything_was_told(viewer: TestClient, tell: Tell, clock: Any) -> None:
    tell_a_story(tell, clock)
    for before in ("0", "2001-01-01T00:00:00Z"):
        assert viewer.get("/v1/cis", params={"known_at": before}).json()["items"] == []
        problem(viewer.get("/v1/cis/name:web", params={"known_at": before}), 404, "unknown-reference")
    for ahead in ("3000-01-01T00:00:00Z",):
        assert without_times(viewer.get("/v1/cis/name:web", params={"known_at": ahead}).json()) == without_times(
            viewer.get("/v1/cis/name:web").json()
        )


def test_an_id_means_what_it_meant(viewer: TestClient, tell: Tell, clock: Any, id_of: Callable[[str], str]) -> None:
    tell(
        {**line("a", identifiers={"serial": "S1AB"}), "source": "ad"},
        {**line("b", identifiers={"fqdn": "x.corp.example"}), "source": "mdm"},
    )
    a, b = id_of("name:a"), id_of("name:b")
    apart = viewer.get("/v1/events").json()["revision"]
    clock.at += DAY
    tell({**line("a", identifiers={"serial": "S1AB", "fqdn": "x.corp.example"}), "source": "ad"})
    assert a != b
    assert viewer.get(f"/v1/cis/{a}").json()["id"] == viewer.get(f"/v1/cis/{b}").json()["id"]
    for id_ in (a, b):
        assert viewer.get(f"/v1/cis/{id_}", params={"known_at": apart}).json()["id"] == id_


def test_a_name_that_an_address_no_longer_shows_meant_it_then(viewer: TestClient, tell: Tell, clock: Any) -> None:
    def scanned(**identifiers: str) -> int:
        clock.at += 10 * DAY
        address = {"source": "nmap", "record": "10.0.0.9", "class": "device"}
        return int(tell({**address, "identifiers": {"ip": "10.0.0.9", **identifiers}})["revision"])

    then = scanned(hostname="printer-9")
    scanned()
    asked = {"ref": "hostname:printer-9"}
    assert viewer.get("/v1/cis", params=asked).status_code == 404
    assert viewer.get("/v1/cis", params={**asked, "known_at": then}).json()["name"] == "printer-9"


def test_a_past_page_goes_on_in_the_past(viewer: TestClient, tell: Tell, clock: Any) -> None:
    then = tell(*(line(f"n{i}") for i in range(9)))["revision"]
    clock.at += DAY
    tell(*({**line(f"n{i}"), "name": f"renamed{i}"} for i in range(0, 9, 2)), line("n99"))
    seen, place = [], None
    while True:
        asked = {"limit": 2, "known_at": then, **({"cursor": place} if place else {})}
        page = viewer.get("/v1/cis", params=asked).json()
        seen += [ci["name"] for ci in page["items"]]
        if (place := page["next"]) is None:
            break
    assert seen == [f"n{i}" for i in range(9)]


def test_pages_of_a_time_that_is_still_to_come_are_of_what_was_known_at_the_first(
    viewer: TestClient, tell: Tell, clock: Any
) -> None:
    tell(*(line(f"n{i}") for i in range(4)))
    asked = {"limit": 2, "known_at": to_rfc3339(clock.at + DAY)}
    first = viewer.get("/v1/cis", params=asked).json()
    tell({**line("n0"), "name": "n9"}, line("n8"))
    second = viewer.get("/v1/cis", params={**asked, "cursor": first["next"]}).json()
    assert [ci["name"] for ci in first["items"] + second["items"]] == ["n0", "n1", "n2", "n3"]
    assert second["next"] is None


def test_what_is_held_of_the_past_is_bounded(system: System, tell: Tell, clock: Any) -> None:
    tell(*(line(f"n{i}") for i in range(20)))
    then = system.store.revision()[0]
    clock.at += DAY
    tell(*(line(f"n{i}", attributes={"os": "x"}) for i in range(20)))
    held = PastHeld(system.store, system.vocabulary, most=100)
    names = [f"n{i}" for i in range(20)]
    for words in ((), ("n1",), ("n2",), ("n3",)):
        found = held.page(then, None, Search(words=words), after=None, limit=50)
        assert [one.name for one in found] == sorted(n for n in names if not words or n.startswith(words[0]))
        assert held.held() <= 100


@pytest.mark.parametrize("when", ["yesterday", "2024-01-01", "-1", "99999", "1.5", "", "²"])
def test_a_time_that_is_none_is_refused(viewer: TestClient, tell: Tell, when: str) -> None:
    tell(line("a"))
    for path in ("/v1/cis", "/v1/cis/name:a", "/v1/cis/name:a/impact"):
        problem(viewer.get(path, params={"known_at": when}), 422, "invalid")


def test_what_is_no_longer_kept_is_purged(viewer: TestClient, system: System, tell: Tell, clock: Any) -> None:
    chapters = tell_a_story(tell, clock)
    system.store.put(DocumentWrite(*HORIZON, {"revision": chapters[1]}))
    for path in ("/v1/cis", "/v1/cis/name:db", "/v1/cis/name:db/impact"):
        problem(viewer.get(path, params={"known_at": chapters[0]}), 410, "purged")
        assert viewer.get(path, params={"known_at": chapters[1]}).status_code in (200, 404)


def test_a_limited_reader_sees_no_more_of_the_past(tell: Tell, login: Login, clock: Any) -> None:
    then = tell(line("a", realm="berlin", relations=needs("b")), line("b"))["revision"]
    clock.at += DAY
    tell(line("a", realm="berlin", attributes={"os": "x"}), line("b", attributes={"os": "x"}))
    berlin = login("viewer", realms=("berlin",))
    assert [ci["name"] for ci in berlin.get("/v1/cis", params={"known_at": then}).json()["items"]] == ["a"]
    assert berlin.get("/v1/cis/name:a", params={"known_at": then}).status_code == 200
    problem(berlin.get("/v1/cis/name:b", params={"known_at": then}), 404, "unknown-reference")


# -- what is different -----------------------------------------------------------------------------------------------


def test_a_difference_names_what_came_went_and_changed(viewer: TestClient, tell: Tell, clock: Any) -> None:
    first, second, third = tell_a_story(tell, clock)
    found = viewer.get("/v1/graph/diff", params={"from": first, "to": second}).json()
    assert {"came", "went", "changed", "relations", "next"} <= found.keys()
    assert [ci["name"] for ci in found["came"]] == ["app"]
    assert found["went"] == []
    db = viewer.get("/v1/cis/name:database-1", params={"known_at": second}).json()["id"]
    changed = {one["key"]: (one["before"], one["after"]) for one in found["changed"] if one["ci"] == db}
    assert changed == {
        "name": ("db", "database-1"), "os": ("v1", "v2"), "tier": (1, None),
        "identifier.fqdn": (["db.corp.example"], None),
    }  # fmt: skip
    assert all(set(one) >= {"ci", "key", "before", "after"} for one in found["changed"])
    assert {one["type"] for one in found["relations"]["came"]} == {"depends_on"}
    assert len(found["relations"]["came"]) == 2
    assert len(found["relations"]["went"]) == 1  # nobody bears the name any more that it went by
    back = viewer.get("/v1/graph/diff", params={"from": second, "to": first}).json()
    assert (back["came"], back["went"]) == (found["went"], found["came"])
    assert back["relations"]["went"] == found["relations"]["came"]
    assert viewer.get("/v1/graph/diff", params={"from": third}).json() == {
        "from": third, "to": third, "came": [], "went": [], "changed": [],
        "relations": {"came": [], "went": [], "changed": []}, "next": None,
    }  # fmt: skip
    ended = viewer.get("/v1/graph/diff", params={"from": second, "to": third}).json()
    assert {(one["name"], one["after"]) for one in ended["changed"] if one["key"] == "lifecycle"} == {
        ("cache", "missing")
    }
    assert len(ended["relations"]["went"]) == 2


def test_a_difference_is_paged_without_gap_or_repeat(viewer: TestClient, tell: Tell, clock: Any) -> None:
    tell_a_story(tell, clock)

    def flat(page: dict[str, Any]) -> list[Any]:
        lists = [page["came"], page["went"], page["changed"], *page["relations"].values()]
        return [entry for several in lists for entry in several]

    whole = flat(viewer.get("/v1/graph/diff", params={"from": "2001-01-01T00:00:00Z", "limit": 1000}).json())
    seen: list[Any] = []
    place = None
    while True:
        asked = {"from": "2001-01-01T00:00:00Z", "limit": 2, **({"cursor": place} if place else {})}
        page = viewer.get("/v1/graph/diff", params=asked).json()
        assert len(flat(page)) <= 2
        seen += flat(page)
        tell(line(f"meanwhile {len(seen)}"))
        if (place := page["next"]) is None:
            break
    assert seen == whole


def test_a_difference_shows_the_realms_of_its_reader_only(tell: Tell, login: Login) -> None:
    tell(line("a", realm="berlin", relations=needs("a2", "b@x")), line("a2", realm="berlin"), line("b", realm="paris"))
    found = login("viewer", realms=("berlin",)).get("/v1/graph/diff", params={"from": "0"}).json()
    assert sorted(ci["name"] for ci in found["came"]) == ["a", "a2"]
    assert len(found["relations"]["came"]) == 1


@pytest.mark.parametrize("asked", [{}, {"from": "x"}, {"from": "1", "to": "x"}, {"from": "7"}, {"from": "0", "x": "1"}])
def test_a_difference_between_no_times_is_refused(viewer: TestClient, tell: Tell, asked: dict[str, str]) -> None:
    tell(line("a"))
    problem(viewer.get("/v1/graph/diff", params=asked), 422, "invalid")


def test_the_past_of_an_impact_is_named_by_number_or_text_and_may_lie_before_everything(
    viewer: TestClient, tell: Tell
) -> None:
    revision = tell(line("a", name="db"))["revision"]
    for known_at in (revision, str(revision)):
        assert viewer.post("/v1/impact", json={"fail": ["name:db"], "known_at": known_at}).status_code == 200
    asked = viewer.post("/v1/impact", json={"fail": ["name:db"], "as_of": "2001-01-01T00:00:00Z"})
    assert "ask again" not in problem(asked, 404, "unknown-reference")["detail"]


def test_a_difference_names_what_came_and_has_been_absorbed_since(
    viewer: TestClient, tell: Tell, id_of: Callable[[str], str]
) -> None:
    first = tell(line("a", identifiers={"serial": "S1AB"}))["revision"]
    second = tell({**line("b", identifiers={"mac": "8c:85:90:01:02:03"}), "source": "other"})["revision"]
    absorbed = id_of("record:other:b")
    tell({**line("b", identifiers={"mac": "8c:85:90:01:02:03", "serial": "S1AB"}), "source": "other"})
    assert id_of("record:other:b") != absorbed
    found = viewer.get("/v1/graph/diff", params={"from": first, "to": second}).json()
    assert [ci["id"] for ci in found["came"]] == [absorbed]
    back = viewer.get("/v1/graph/diff", params={"from": second, "to": first}).json()
    assert (back["came"], back["went"]) == ([], found["came"])
