"""Section 1 over HTTP: observations come in, in runs or by themselves."""

import gzip
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.doorway import MAX_BATCH_BYTES
from api.idempotency import ANSWERS, forget_old_answers
from api.wiring import System
from discovery.run import MAX_BATCH
from http_api import DAY, line, ndjson, problem

Login = Callable[..., TestClient]


def opened(client: TestClient, **more: Any) -> str:
    answer = client.post("/v1/runs", json={"source": "agent", "scope": "all", **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["run_id"])


def ended(client: TestClient, run: str, *lines: dict[str, Any], complete: bool = True) -> dict[str, Any]:
    assert client.post(f"/v1/runs/{run}/observations", content=ndjson(*lines)).status_code == 200
    answer = client.post(f"/v1/runs/{run}/finish", json={"complete": complete})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def lifecycles(client: TestClient) -> dict[str, str]:
    return {ci["name"]: ci["lifecycle"] for ci in client.get("/v1/cis").json()["items"]}


def test_each_accepted_line_counts_once(admin: TestClient) -> None:
    a, b = line("a", observed_at="2024-10-01T00:00:00Z"), line("b", observed_at="2024-10-01T00:00:00Z")
    said = admin.post("/v1/observations", content=ndjson(a, b)).json()
    assert said == {
        "received": 2, "accepted": 2, "rejected": [], "created": 2, "updated": 0, "unchanged": 0, "reviews": 0,
        "revision": said["revision"],
    }  # fmt: skip
    later = {"observed_at": "2024-10-02T00:00:00Z"}
    said = admin.post("/v1/observations", content=ndjson(a | later, b | later | {"attributes": {"os": "Debian"}}))
    assert {key: said.json()[key] for key in ("created", "updated", "unchanged")} == {
        "created": 0, "updated": 1, "unchanged": 1,
    }  # fmt: skip


def test_bad_lines_reject_themselves_and_are_counted_from_one(admin: TestClient) -> None:
    body = b"\n".join(
        [
            json.dumps(line("good")).encode(),
            b"",
            b"{cut off",
            b'["no", "object"]',
            json.dumps(line("odd") | {"class": "spaceship"}).encode(),
            json.dumps(line("nul\x00")).encode(),
            b'{"source": "agent", "record": "\\ud800", "class": "server"}',
            b"\xff\xfe",
            json.dumps(line("future", observed_at="2999-01-01T00:00:00Z")).encode(),
            json.dumps(line("also good")).encode() + b"\r",
        ]
    )
    said = admin.post("/v1/observations", content=body).json()
    assert (said["received"], said["accepted"], said["created"]) == (9, 2, 2)
    assert [found["line"] for found in said["rejected"]] == [3, 4, 5, 6, 7, 8, 9]
    assert all(found["reason"] for found in said["rejected"])
    assert "spaceship" in said["rejected"][2]["reason"]


def test_a_byte_order_mark_before_the_first_line_is_no_part_of_it(admin: TestClient) -> None:
    said = admin.post("/v1/observations", content=b"\xef\xbb\xbf" + ndjson(line("a"), line("b"))).json()
    assert (said["accepted"], said["rejected"]) == (2, [])


@pytest.mark.parametrize("number", ["9223372036854775808", "18446744073709551617", "-9223372036854775809", "1" * 30])
def test_a_whole_number_beyond_64_bits_rejects_its_line_and_is_not_rounded(admin: TestClient, number: str) -> None:
    bad = json.dumps(line("a", attributes={"serials": ["x"], "n": 0})).replace(": 0", f": {number}").encode()
    said = admin.post("/v1/observations", content=bad + b"\n" + ndjson(line("b", attributes={"n": 1e30}))).json()
    assert said["accepted"] == 1
    assert "64 bits" in said["rejected"][0]["reason"]


@pytest.mark.parametrize("reference", ["name:db\x00", "record:agent:db\x00", "cloud_id:i-1\x00x"])
def test_a_reference_that_no_store_keeps_rejects_its_line(admin: TestClient, reference: str) -> None:
    lines = (
        line("app", relations=[{"type": "depends_on", "to": reference}]),
        line("port", "interface", within=reference),
    )
    answer = admin.post("/v1/observations", content=ndjson(*lines)).json()
    assert answer["accepted"] == 0
    assert all("U+0000" in rejected["reason"] for rejected in answer["rejected"])


def test_what_is_said_of_the_year_one_can_be_shown_again(admin: TestClient) -> None:
    first, before = "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"
    said = admin.post("/v1/observations", content=ndjson(line("a", observed_at=first), line("b", observed_at=before)))
    assert [found["line"] for found in said.json()["rejected"]] == [2]
    assert [ci["last_seen"] for ci in admin.get("/v1/cis").json()["items"]] == [first]


def test_a_batch_of_nothing_but_bad_lines_is_still_answered(admin: TestClient) -> None:
    said = admin.post("/v1/observations", content=b"no\nno\n")
    assert said.status_code == 200
    assert said.json()["received"] == len(said.json()["rejected"]) == 2


def test_an_empty_batch_says_that_nothing_came(admin: TestClient) -> None:
    said = admin.post("/v1/observations", content=b"\n\n").json()
    assert (said["received"], said["accepted"], said["rejected"]) == (0, 0, [])


def test_too_many_lines_and_too_many_bytes_are_refused_as_a_whole(admin: TestClient) -> None:
    problem(admin.post("/v1/observations", content=b"x\n" * (MAX_BATCH + 1)), 413, "too-large")
    assert admin.post("/v1/observations", content=b"x\n" * MAX_BATCH).status_code == 200
    problem(admin.post("/v1/observations", content=b" " * (MAX_BATCH_BYTES + 1)), 413, "too-large")
    chunks = (b" " * 1024 * 1024 for _ in range(17))
    problem(admin.post("/v1/observations", content=chunks), 413, "too-large")
    assert admin.get("/v1/cis").json()["items"] == []


def test_a_complete_run_lets_what_it_did_not_find_go_missing(admin: TestClient) -> None:
    ended(admin, opened(admin), line("a"), line("b"))
    report = ended(admin, opened(admin), line("a"))
    assert report["status"] == "complete"
    assert report["counts"]["missing"] == 1
    assert lifecycles(admin) == {"a": "live", "b": "missing"}


def test_a_run_that_is_finished_twice_says_the_same(admin: TestClient) -> None:
    run = opened(admin)
    first = ended(admin, run, line("a"))
    assert admin.post(f"/v1/runs/{run}/finish", json={"complete": False, "error": "x"}).json() == first
    assert admin.get(f"/v1/runs/{run}").json() == first


@pytest.mark.parametrize("ending", [{"complete": False}, {"complete": True, "error": "the disk was full"}])
def test_a_run_that_was_not_read_to_the_end_misses_nothing(admin: TestClient, ending: dict[str, Any]) -> None:
    ended(admin, opened(admin), line("a"))
    run = opened(admin)
    report = admin.post(f"/v1/runs/{run}/finish", json=ending).json()
    assert report["status"] == "partial"
    assert lifecycles(admin) == {"a": "live"}


@pytest.mark.parametrize("body", [b"x\n" * (MAX_BATCH + 1), b" " * (MAX_BATCH_BYTES + 1)], ids=["lines", "bytes"])
def test_a_batch_that_was_not_taken_makes_its_run_partial(admin: TestClient, body: bytes) -> None:
    ended(admin, opened(admin), line("a"), line("b"))
    run = opened(admin)
    problem(admin.post(f"/v1/runs/{run}/observations", content=body), 413, "too-large")
    assert ended(admin, run, line("a"))["status"] == "partial"
    assert lifecycles(admin) == {"a": "live", "b": "live"}


@pytest.mark.parametrize("packed", [True, False])
def test_a_packed_batch_is_refused_and_not_taken_for_a_bad_line(admin: TestClient, packed: bool) -> None:
    body, run = ndjson(line("a")), opened(admin)
    headers = {"Content-Encoding": "gzip" if packed else "identity"}
    answer = admin.post(
        f"/v1/runs/{run}/observations", content=gzip.compress(body) if packed else body, headers=headers
    )
    if packed:
        assert "Content-Encoding gzip" in problem(answer, 422, "invalid")["detail"]
    else:
        assert answer.json()["accepted"] == 1
    assert ended(admin, run, line("a"))["status"] == ("partial" if packed else "complete")


def test_a_batch_that_met_a_fault_of_ours_makes_its_run_partial(system: System, login: Login) -> None:
    def no_id() -> str:
        raise RuntimeError("no more ids")

    admin = login("admin")
    ended(admin, opened(admin), line("a"), line("b"))
    run = opened(admin)
    broken = create_app(replace(system, parts=replace(system.parts, new_id=no_id)))
    failing = TestClient(broken, headers=admin.headers, raise_server_exceptions=False)
    assert failing.post(f"/v1/runs/{run}/observations", content=ndjson(line("c"))).status_code == 500
    assert ended(admin, run, line("a"))["status"] == "partial"
    assert lifecycles(admin) == {"a": "live", "b": "live"}


def test_a_bad_line_of_a_known_record_keeps_it_and_the_run_complete(admin: TestClient) -> None:
    ended(admin, opened(admin), line("a"), line("b"))
    report = ended(admin, opened(admin), line("a"), line("b") | {"class": "spaceship"})
    assert report["status"] == "complete"
    assert report["counts"]["rejected"] == 1
    assert report["rejected"][0]["line"] == 2
    assert lifecycles(admin) == {"a": "live", "b": "live"}


def test_a_delta_misses_nothing(admin: TestClient) -> None:
    ended(admin, opened(admin), line("a"))
    assert ended(admin, opened(admin, full=False), line("b"))["status"] == "complete"
    assert lifecycles(admin) == {"a": "live", "b": "live"}


def test_an_ended_run_takes_no_more(admin: TestClient) -> None:
    run = opened(admin)
    assert admin.post(f"/v1/runs/{run}/cancel").json()["status"] == "partial"
    problem(admin.post(f"/v1/runs/{run}/observations", content=ndjson(line("a"))), 409, "run-ended")
    problem(admin.post(f"/v1/runs/{run}/cancel"), 409, "run-ended")
    problem(admin.post(f"/v1/runs/{run}/release"), 409, "run-ended")


def test_a_held_run_waits_for_a_steward(admin: TestClient, login: Login) -> None:
    ended(admin, opened(admin), *(line(f"s{n}") for n in range(20)))
    run = opened(admin)
    report = ended(admin, run, line("s0"))
    assert report["status"] == "held"
    assert report["held_because"]
    assert set(lifecycles(admin).values()) == {"live"}
    problem(login("collector", sources=("agent",)).post(f"/v1/runs/{run}/release"), 403, "forbidden")
    assert login("steward").post(f"/v1/runs/{run}/release").json()["status"] == "complete"
    assert list(lifecycles(admin).values()).count("missing") == 19


def test_a_run_nobody_knows(admin: TestClient) -> None:
    for path in ("observations", "finish", "cancel", "release"):
        problem(admin.post(f"/v1/runs/never/{path}", json={"complete": True}), 404, "unknown-reference")
    problem(admin.get("/v1/runs/never"), 404, "unknown-reference")


def test_runs_are_listed_newest_first_page_by_page(admin: TestClient, clock: Any) -> None:
    made = []
    for _ in range(5):
        clock.at += 1
        made.append(opened(admin))
    seen, cursor = [], None
    while True:
        page = admin.get("/v1/runs", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [run["run_id"] for run in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == made[::-1]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"source": "agent"},
        {"source": "", "scope": "s"},
        {"source": " ", "scope": "s"},
        {"source": 7, "scope": "s"},
        {"source": "agent", "scope": "s", "full": "yes"},
        {"source": "agent", "scope": "s\u0000"},
        {"source": "agent", "scope": "s", "nonsense": 1},
        [],
        None,
    ],
)
def test_a_run_that_makes_no_sense_is_not_opened(admin: TestClient, asked: Any) -> None:
    problem(admin.post("/v1/runs", json=asked), 422, "invalid")
    assert admin.get("/v1/runs").json()["items"] == []


# -- the same request twice ------------------------------------------------------------------------------------------


def test_the_same_key_and_body_is_done_once_and_answered_alike(admin: TestClient) -> None:
    key = {"Idempotency-Key": "one"}
    first = admin.post("/v1/observations", content=ndjson(line("a")), headers=key)
    again = admin.post("/v1/observations", content=ndjson(line("a")), headers=key)
    assert again.json() == first.json()
    assert again.json()["created"] == 1
    run = admin.post("/v1/runs", json={"source": "agent", "scope": "s"}, headers=key)
    assert admin.post("/v1/runs", json={"source": "agent", "scope": "s"}, headers=key).json() == run.json()
    assert len(admin.get("/v1/runs").json()["items"]) == 1


def test_a_key_with_another_body_is_refused(admin: TestClient) -> None:
    key = {"Idempotency-Key": "one"}
    admin.post("/v1/observations", content=ndjson(line("a")), headers=key)
    problem(admin.post("/v1/observations", content=ndjson(line("b")), headers=key), 422, "key-reused")
    assert set(lifecycles(admin)) == {"a"}


def test_keys_of_other_tokens_and_routes_do_not_meet(admin: TestClient, login: Login) -> None:
    key = {"Idempotency-Key": "one"}
    other = login("admin")
    for client, name in ((admin, "a"), (other, "b")):
        assert client.post("/v1/observations", content=ndjson(line(name)), headers=key).json()["created"] == 1
    run = opened(admin)
    answer = admin.post(f"/v1/runs/{run}/observations", content=ndjson(line("c")), headers=key)
    assert answer.json()["created"] == 1


def test_a_key_is_forgotten_after_a_day(admin: TestClient, system: System, clock: Any) -> None:
    key = {"Idempotency-Key": "one"}
    admin.post("/v1/observations", content=ndjson(line("a")), headers=key)
    clock.at += DAY + 1
    assert admin.post("/v1/observations", content=ndjson(line("b")), headers=key).json()["created"] == 1
    assert admin.post("/v1/observations", content=ndjson(line("b")), headers=key).json()["created"] == 1
    clock.at += DAY + 1
    forget_old_answers(system)
    assert system.store.documents(ANSWERS) == ()


def test_many_at_once_with_one_key_leave_one_run(admin: TestClient) -> None:
    answers = []

    def post() -> None:
        body = {"source": "agent", "scope": "s"}
        answers.append(admin.post("/v1/runs", json=body, headers={"Idempotency-Key": "one"}))

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {201, 409}
    for answer in answers:
        if answer.status_code == 409:
            problem(answer, 409, "key-in-use")
    assert len(admin.get("/v1/runs").json()["items"]) == 1


def test_what_failed_may_be_tried_again_with_its_key(admin: TestClient) -> None:
    key = {"Idempotency-Key": "one"}
    problem(admin.post("/v1/runs/never/finish", json={"complete": True}, headers=key), 404, "unknown-reference")
    run = opened(admin)
    problem(admin.post(f"/v1/runs/{run}/release", headers=key), 409, "run-ended")
    problem(admin.post(f"/v1/runs/{run}/release", headers=key), 409, "run-ended")
