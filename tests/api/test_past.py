"""Looking back over HTTP: as the store stood, as it is now believed to have been, and what is different."""

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

Login = Callable[..., TestClient]
Tell = Callable[..., dict[str, Any]]


# -- as the store stood ----------------------------------------------------------------------------------------------


def _tell_a_story(tell: Tell, clock: Any) -> list[int]:
    """A fleet in three chapters; the revision after each."""
    chapters = []
    clock.at += DAY
    tell(
        line("db", identifiers={"serial": "S1AB", "fqdn": "db.corp.example"}, attributes={"os": "v1", "tier": 1}),
        line("web", relations=needs("db")),
    )
    chapters.append(tell(line("cache", ci_class="database"))["revision"])
    clock.at += DAY
    tell(line("web", relations=needs("db", "cache", group="g")))
    chapters.append(
        tell(
            {**line("db"), "name": "database-1", "identifiers": {"serial": "S1AB"}, "attributes": {"os": "v2"}},
            line("app", relations=needs("web"), attributes={"environment": "production"}),
        )["revision"]
    )
    clock.at += DAY
    tell({"source": "agent", "record": "cache", "gone": True})
    tell(line("web", attributes={"os": "v3"}), {**line("jdb", identifiers={"serial": "S1AB"}), "source": "jamf"})
    chapters.append(tell(line("app", ci_class="database"))["revision"])
    return chapters


QUESTIONS = (
    "/v1/cis", "/v1/cis?q=d", "/v1/cis?class=server", "/v1/cis?seen_by=agent", "/v1/cis?lifecycle=retired",
    "/v1/cis?environment=production", "/v1/cis?identifier=serial:S1AB", "/v1/cis/name:db", "/v1/cis/name:database-1",
    "/v1/cis/serial:S1AB", "/v1/cis/record:agent:web", "/v1/cis/fqdn:db.corp.example", "/v1/cis/name:app",
    "/v1/cis/name:db/impact", "/v1/cis/name:database-1/impact", "/v1/cis/serial:S1AB/impact",
    "/v1/cis/name:app/impact?direction=dependencies",
)  # fmt: skip


def _without_times(answer: Any) -> Any:
    """Everything but last contact, what the answer says about itself, and what was looked at until now."""
    if isinstance(answer, dict):
        told = {"last_seen", "observed_at", "revision", "next", "coverage", "detail"}
        return {key: _without_times(value) for key, value in answer.items() if key not in told}
    return [_without_times(value) for value in answer] if isinstance(answer, list) else answer


def test_known_at_answers_what_was_answered_then(viewer: TestClient, tell: Tell, clock: Any) -> None:
    told_at: dict[int, tuple[int, list[Any]]] = {}

    def told(*lines: Any) -> dict[str, Any]:
        answer = tell(*lines)
        told_at[answer["revision"]] = (clock.at, [viewer.get(asked) for asked in QUESTIONS])
        clock.at += 1_000_000
        return answer

    _tell_a_story(told, clock)
    assert len(told_at) == 7
    for revision, (at, answers) in told_at.items():
        for known_at in (str(revision), to_rfc3339(at)):
            for asked, then in zip(QUESTIONS, answers, strict=True):
                now = viewer.get(f"{asked}{'&' if '?' in asked else '?'}known_at={known_at}")
                assert now.status_code == then.status_code, (asked, revision, now.text, then.text)
                assert _without_times(now.json()) == _without_times(then.json()), (asked, revision)
                if now.status_code == 200 and "revision" in now.json():
                    assert now.json()["revision"] == revision


def test_nothing_was_known_before_anything_was_told(viewer: TestClient, tell: Tell, clock: Any) -> None:
    _tell_a_story(tell, clock)
    for before in ("0", "2001-01-01T00:00:00Z"):
        assert viewer.get("/v1/cis", params={"known_at": before}).json()["items"] == []
        problem(viewer.get("/v1/cis/name:web", params={"known_at": before}), 404, "unknown-reference")
    for ahead in ("3000-01-01T00:00:00Z",):
        assert _without_times(viewer.get("/v1/cis/name:web", params={"known_at": ahead}).json()) == _without_times(
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


@pytest.mark.parametrize("pinned", [False, True])
def test_pages_of_what_is_believed_are_by_what_was_known_at_the_first(
    viewer: TestClient, system: System, tell: Tell, clock: Any, pinned: bool
) -> None:
    start = clock.at
    tell(*(line(f"n{i}") for i in range(9)))
    clock.at += 2 * DAY
    tell(*({**line(f"n{i}"), "name": f"renamed{i}"} for i in range(0, 9, 2)), line("late"))
    known = {"known_at": str(system.store.revision()[0])} if pinned else {}
    seen, place = [], None
    while True:
        asked = {"limit": 2, "as_of": to_rfc3339(start + DAY), **known, **({"cursor": place} if place else {})}
        page = viewer.get("/v1/cis", params=asked).json()
        seen += [ci["name"] for ci in page["items"]]
        if (place := page["next"]) is None:
            break
        assert system.past.held() > 0
        for name in (f"told later {len(seen)}", "n1", "n8"):
            tell({**line(name, observed_at=to_rfc3339(start + DAY // 2)), "name": f"{name} by another name"})
    assert seen == [f"n{i}" for i in range(9)]


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
    chapters = _tell_a_story(tell, clock)
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
    first, second, third = _tell_a_story(tell, clock)
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
    _tell_a_story(tell, clock)

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


# -- as it is now believed to have been ------------------------------------------------------------------------------


def test_as_of_hears_what_came_late_and_known_at_does_not(viewer: TestClient, tell: Tell, clock: Any) -> None:
    start = clock.at
    clock.at += 10 * DAY

    def said(day: int, os: str, *needed: str) -> dict[str, Any]:
        return line(
            "db", attributes={"os": os}, relations=needs(*needed), observed_at=to_rfc3339(start + day * DAY),
            identifiers={"serial": "S1AB"},
        )  # fmt: skip

    tell(line("disk", observed_at=to_rfc3339(start + DAY)), line("net", observed_at=to_rfc3339(start + 6 * DAY)))
    tell(said(1, "v1", "disk"))
    early = tell(said(7, "v7", "disk", "net"))["revision"]
    clock.at += DAY
    tell(said(4, "v4"))

    def os_of(**asked: Any) -> Any:
        return viewer.get("/v1/cis/name:db", params=asked).json()["facts"]["os"]["value"]

    assert os_of() == "v7"
    assert os_of(known_at=early) == "v7"
    for day, os in ((1, "v1"), (3, "v1"), (4, "v4"), (6, "v4"), (7, "v7"), (20, "v7")):
        at = to_rfc3339(start + day * DAY)
        assert os_of(as_of=at) == os, day
        found = viewer.get("/v1/cis", params={"attribute.os": os, "as_of": at}).json()["items"]
        assert [ci["name"] for ci in found] == ["db"]
    problem(viewer.get("/v1/cis/name:db", params={"as_of": to_rfc3339(start)}), 404, "unknown-reference")
    assert viewer.get("/v1/cis", params={"as_of": to_rfc3339(start)}).json()["items"] == []

    def falls_with(ref: str, day: int) -> list[str]:
        asked = {"as_of": to_rfc3339(start + day * DAY)}
        answer = viewer.get(f"/v1/cis/{ref}/impact", params=asked)
        assert answer.status_code == 200, answer.text
        posted = viewer.post("/v1/impact", json={"fail": [ref], **asked}).json()
        assert _without_times(posted) == _without_times(answer.json())
        return [ci["name"] for ci in answer.json()["affected"]]

    assert [falls_with("name:disk", day) for day in (1, 3, 4, 7)] == [["db"], ["db"], [], ["db"]]
    assert falls_with("name:net", 7) == ["db"]
    problem(
        viewer.get("/v1/cis/name:net/impact", params={"as_of": to_rfc3339(start + 3 * DAY)}), 404, "unknown-reference"
    )


def test_what_was_believed_then_of_an_earlier_time_is_answered_of_it_ever_after(
    viewer: TestClient, tell: Tell, clock: Any
) -> None:
    start = clock.at
    asked = [
        f"{path}{'&' if '?' in path else '?'}as_of={to_rfc3339(start + hours * DAY // 24)}"
        for path in QUESTIONS
        for hours in (30, 60)
    ]
    believed: dict[int, list[Any]] = {}

    def told(*lines: Any) -> dict[str, Any]:
        answer = tell(*lines)
        believed[answer["revision"]] = [viewer.get(path) for path in asked]
        return answer

    _tell_a_story(told, clock)
    clock.at += DAY
    for hours, os in ((28, "late"), (58, "later")):
        told(
            line(
                "web", relations=needs("app"), attributes={"os": os}, observed_at=to_rfc3339(start + hours * DAY // 24)
            )
        )
    told(line("db", identifiers={"serial": "S1AB"}), line("jdb", identifiers={"fqdn": "db.corp.example"}))
    assert len({str(_without_times(one.json())) for several in believed.values() for one in several}) > 20
    for revision, answers in believed.items():
        for path, then in zip(asked, answers, strict=True):
            now = viewer.get(f"{path}&known_at={revision}")
            assert now.status_code == then.status_code, (path, revision, now.text, then.text)
            assert _without_times(now.json()) == _without_times(then.json()), (path, revision)


def test_both_times_agree_with_each_alone_where_the_other_says_nothing(
    viewer: TestClient, tell: Tell, clock: Any
) -> None:
    start = clock.at
    chapters = _tell_a_story(tell, clock)
    ahead = to_rfc3339(clock.at + DAY)

    def both(path: str, **times: Any) -> Any:
        answer = (
            viewer.get(path, params=times)
            if "?" not in path
            else viewer.get(path + "".join(f"&{key}={value}" for key, value in times.items()))
        )
        return answer.status_code, _without_times(answer.json())

    for path in QUESTIONS:
        for hours in (30, 60):
            as_of = to_rfc3339(start + hours * DAY // 24)
            assert both(path, as_of=as_of, known_at=chapters[-1]) == both(path, as_of=as_of), (path, hours)
        for revision in chapters:
            assert both(path, as_of=ahead, known_at=revision) == both(path, known_at=revision), (path, revision)


def test_a_past_answer_of_impact_can_be_read_page_by_page(viewer: TestClient, tell: Tell, clock: Any) -> None:
    then = tell(line("core"), *(line(f"n{i}", relations=needs("core")) for i in range(5)))["revision"]
    at = clock.at
    clock.at += DAY
    tell(*(line(f"n{i}", attributes={"os": "x"}) for i in range(5)))
    assert viewer.get("/v1/cis/name:core/impact").json()["affected"] == []
    for when in ({"known_at": str(then)}, {"as_of": to_rfc3339(at)}):
        seen, place = [], None
        while True:
            asked = {"limit": 2, **when, **({"cursor": place} if place else {})}
            page = viewer.get("/v1/cis/name:core/impact", params=asked).json()
            assert page["summary"]["down"] == 5
            seen += [ci["name"] for ci in page["affected"]]
            if (place := page["next"]) is None:
                break
        assert sorted(seen) == [f"n{i}" for i in range(5)]
        assert viewer.get("/v1/cis/name:core/impact").json()["affected"] == []
