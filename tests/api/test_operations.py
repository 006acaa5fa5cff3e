"""Section 6, and what every request meets: hostile bodies, unknown routes, a store that is down."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from api.app import create_app
from api.doorway import MAX_QUESTION_BYTES
from api.wiring import System
from graph.store import StoreUnavailable
from http_api import line, problem

Login = Callable[..., TestClient]


def test_metrics_are_what_prometheus_reads(viewer: TestClient, tell: Callable[..., dict[str, Any]]) -> None:
    said = tell(line("a"), line("b"))
    found = {family.name: family.samples[0].value for family in
             text_string_to_metric_families(viewer.get("/metrics").text)}  # fmt: skip
    assert found["cmdb_configuration_items"] == 2
    assert found["cmdb_records"] == 2
    assert found["cmdb_revision"] == said["revision"]


def test_metrics_tell_quality_by_class(viewer: TestClient, tell: Callable[..., dict[str, Any]]) -> None:
    said = tell(line("a"), line("b", "switch"))
    found = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(viewer.get("/metrics").text)
        for sample in family.samples
    }
    assert found["cmdb_quality_revision",] == said["revision"]
    assert found["cmdb_quality", ("class", "server"), ("measure", "orphans")] == 1
    assert found["cmdb_quality", ("class", "switch"), ("measure", "incomplete")] == 1
    assert found["cmdb_quality", ("class", "switch"), ("measure", "stale")] == 0


def test_openapi_describes_every_route_and_who_may_call_it(login: Login) -> None:
    schema = login("collector", sources=("agent",)).get("/openapi.json").json()
    assert {"/v1/cis", "/v1/cis/{ref}", "/v1/cis/{ref}/impact", "/v1/impact", "/v1/runs", "/healthz"} <= set(
        schema["paths"]
    )
    assert schema["security"] == [{"token": []}]
    assert schema["paths"]["/healthz"]["get"]["security"] == []
    search = {parameter["name"] for parameter in schema["paths"]["/v1/cis"]["get"]["parameters"]}
    assert {"q", "class", "identifier", "tag", "seen_before", "limit", "cursor", "at_least"} <= search
    one = schema["paths"]["/v1/cis/{ref}"]["get"]
    assert [parameter["name"] for parameter in one["parameters"] if parameter["in"] == "path"] == ["ref"]
    for operations in schema["paths"].values():
        for operation in operations.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]


def test_what_can_be_read_can_be_asked_for_without_its_body(viewer: TestClient, stranger: TestClient) -> None:
    assert stranger.head("/healthz").status_code == 200
    whole, head = viewer.get("/v1/classes"), viewer.head("/v1/classes")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))
    endless = viewer.head("/v1/events", headers={"Accept": "text/event-stream"})
    assert endless.headers["content-type"].startswith("text/event-stream")
    assert viewer.head("/v1/cis/nothing").status_code == 404


def test_a_parameter_that_only_one_value_can_have_is_said_once(viewer: TestClient) -> None:
    asked = viewer.get("/v1/cis?limit=1&limit=2&class=server&class=switch")
    assert "limit: said more than once" in problem(asked, 422, "invalid")["detail"]


def test_an_unknown_route_and_an_unknown_method_are_problems(viewer: TestClient) -> None:
    assert "openapi.json" in problem(viewer.get("/v1/nothing"), 404, "unknown-reference")["detail"]
    problem(viewer.get("/docs"), 404, "unknown-reference")
    answer = viewer.put("/v1/cis")
    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["allow"] == "GET, HEAD"
    assert "it knows GET, HEAD" in answer.json()["detail"]
    assert viewer.delete("/v1/runs").headers["allow"] == "GET, HEAD, POST"
    assert viewer.put("/v1/cis/name%3Aa%2Fb").headers["allow"] == "GET, HEAD, PATCH"
    assert viewer.post("/metrics").headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"\xff\xfe\x00", "application/json"),
        (b'{"fail": ["name:x"]}', "text/plain"),
        (b"fail=name:x", "application/x-www-form-urlencoded"),
        (b"null", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"fail": ["name:\\ud800"]}', "application/json"),
        (b'{"fail": ["\\ud800"]}', "application/json"),
        (b'{"fail": [NaN]}', "application/json"),
        (b'{"\\ud800": 1}', "application/json"),
    ],
)
def test_a_body_that_is_no_question_is_refused(viewer: TestClient, body: bytes, kind: str) -> None:
    answer = viewer.post("/v1/impact", content=body, headers={"Content-Type": kind})
    said = problem(answer, 422, "invalid")["detail"]
    assert ("Content-Type: application/json" in said) == (kind != "application/json")


def test_where_a_body_stops_being_json_is_said(viewer: TestClient) -> None:
    answer = viewer.post("/v1/impact", content=b'{"fail": ', headers={"Content-Type": "application/json"})
    assert problem(answer, 422, "invalid")["detail"].startswith("body: no JSON after character 9: ")


def test_a_fault_is_named_in_the_words_of_its_author(admin: TestClient) -> None:
    asked = {"source_instance": "corp", "interval": 1.5}
    said = problem(admin.post("/v1/schedules", json=asked), 422, "invalid")["detail"]
    assert said.startswith("body.interval: ")
    assert "function" not in said


def test_a_question_that_is_too_large_is_not_read(viewer: TestClient) -> None:
    body = b'{"fail": ["' + b"x" * MAX_QUESTION_BYTES + b'"]}'
    problem(viewer.post("/v1/impact", content=body), 413, "too-large")
    chunks = (body[at : at + 65536] for at in range(0, len(body), 65536))
    answer = viewer.post("/v1/impact", content=chunks, headers={"Content-Type": "application/json"})
    problem(answer, 413, "too-large")


def test_deeply_nested_attributes_are_a_fault_of_their_line_only(admin: TestClient) -> None:
    deep = b'{"source":"agent","record":"deep","class":"server","attributes":' + b'{"a":' * 900 + b"1" + b"}" * 901
    good = b'{"source":"agent","record":"good","class":"server"}'
    said = admin.post("/v1/observations", content=deep + b"\n" + good)
    assert said.status_code == 200
    assert said.json()["accepted"] >= 1


def test_a_store_that_is_down_is_said_so(
    system: System, viewer: TestClient, stranger: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object, **__: object) -> Any:
        raise StoreUnavailable("the database does not answer: is it running?")

    for read in ("revision", "document", "search", "item", "bearers"):
        monkeypatch.setattr(type(system.store), read, down)
    for answer in (viewer.get("/v1/cis"), stranger.get("/readyz"), viewer.post("/v1/impact", json={"fail": ["x"]})):
        said = problem(answer, 503, "not-ready")
        assert "is it running" in said["detail"]
        assert int(answer.headers["retry-after"]) > 0
    assert stranger.get("/healthz").status_code == 200


def test_a_store_whose_file_is_gone_is_not_ready(tmp_path: Path, system: System) -> None:
    with TestClient(create_app(system)) as client:
        system.store.close()
        for file in tmp_path.glob("graph.db*"):
            file.unlink()
            file.mkdir()
        problem(client.get("/readyz"), 503, "not-ready")


def test_a_fault_of_ours_is_a_problem_without_its_inside(system: System, viewer: TestClient) -> None:
    def broken(*_: object) -> Any:
        raise ZeroDivisionError("secret detail")

    object.__setattr__(system, "graph", broken)
    client = TestClient(viewer.app, headers=dict(viewer.headers), raise_server_exceptions=False)
    answer = client.post("/v1/impact", json={"fail": ["name:x"]})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
