"""Looking back over HTTP: as it is believed to have been, now or by what was known at another time."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.wiring import System
from cmdb.time import to_rfc3339
from http_api import DAY, line, ndjson, needs, problem
from past_story import QUESTIONS, tell_a_story, without_times

Tell = Callable[..., dict[str, Any]]


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
        assert without_times(posted) == without_times(answer.json())
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

    tell_a_story(told, clock)
    clock.at += DAY
    for hours, os in ((28, "late"), (58, "later")):
        told(
            line(
                "web", relations=needs("app"), attributes={"os": os}, observed_at=to_rfc3339(start + hours * DAY // 24)
            )
        )
    told(line("db", identifiers={"serial": "S1AB"}), line("jdb", identifiers={"fqdn": "db.corp.example"}))
    assert len({str(without_times(one.json())) for several in believed.values() for one in several}) > 20
    for revision, answers in believed.items():
        for path, then in zip(asked, answers, strict=True):
            now = viewer.get(f"{path}&known_at={revision}")
            assert now.status_code == then.status_code, (path, revision, now.text, then.text)
            assert without_times(now.json()) == without_times(then.json()), (path, revision)


def test_both_times_agree_with_each_alone_where_the_other_says_nothing(
    viewer: TestClient, tell: Tell, clock: Any
) -> None:
    start = clock.at
    chapters = tell_a_story(tell, clock)
    ahead = to_rfc3339(clock.at + DAY)

    def both(path: str, **times: Any) -> Any:
        answer = (
            viewer.get(path, params=times)
            if "?" not in path
            else viewer.get(path + "".join(f"&{key}={value}" for key, value in times.items()))
        )
        return answer.status_code, without_times(answer.json())

    for path in QUESTIONS:
        for hours in (30, 60):
            as_of = to_rfc3339(start + hours * DAY // 24)
            assert both(path, as_of=as_of, known_at=chapters[-1]) == both(path, as_of=as_of), (path, hours)
        for revision in chapters:
            assert both(path, as_of=ahead, known_at=revision) == both(path, known_at=revision), (path, revision)


def test_a_past_answer_of_impact_says_what_had_been_looked_at_then(
    viewer: TestClient, admin: TestClient, tell: Tell, clock: Any
) -> None:
    def read(complete: bool, *lines: dict[str, Any]) -> None:
        run = admin.post("/v1/runs", json={"source": "agent", "scope": "rack 7"}).json()["run_id"]
        admin.post(f"/v1/runs/{run}/observations", content=ndjson(*lines))
        clock.at += 1_000_000
        assert admin.post(f"/v1/runs/{run}/finish", json={"complete": complete}).status_code == 200

    answers: dict[int, tuple[int, Any]] = {}

    def note() -> None:
        answer = viewer.get("/v1/cis/name:db/impact").json()
        answers[answer["revision"]] = (clock.at, answer["coverage"])
        clock.at += DAY

    read(False, line("db", identifiers={"serial": "S1AB"}), line("web", relations=needs("db")))
    note()
    read(True, line("db", identifiers={"serial": "S1AB"}), line("web", relations=needs("db")))
    note()
    shares = {f"connections.unseen_{name}": 0.25 for name in ("share", "low", "high")}
    tell(line("db", identifiers={"serial": "S1AB"}, attributes=shares) | {"source": "connections"})
    note()
    read(False)
    note()
    assert [bool(coverage["unscanned_scopes"]) for _, coverage in answers.values()] == [True, False, False, True]
    assert [len(coverage["never_looked"]) for _, coverage in answers.values()] == [2, 2, 1, 1]
    assert [len(coverage["unseen_relations"]) for _, coverage in answers.values()] == [0, 0, 1, 1]
    for revision, (at, coverage) in answers.items():
        for then in (
            {"known_at": revision},
            {"as_of": to_rfc3339(at)},
            {"known_at": revision, "as_of": to_rfc3339(at)},
        ):
            assert viewer.get("/v1/cis/name:db/impact", params=then).json()["coverage"] == coverage, (revision, then)


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
