"""Kubernetes: objects tied to each other, read page by page; what may not be listed or breaks off misses nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from discovery.run import Parts
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.source import Reading
from discovery.sources import SOURCES
from graph.store import Search
from lab.json_service import Answer, serving
from lab.kubernetes_server import KubernetesServer

MINUTE = 60 * 1_000_000
SOURCE = SOURCES["kubernetes"]


@pytest.fixture
def server() -> Iterator[KubernetesServer]:
    running = KubernetesServer()
    with serving(running):
        yield running


def read(parts: Parts, **stated: Any) -> RunReport:
    parts.now.at += MINUTE  # type: ignore[attr-defined]
    return run_source(parts, SOURCE, SOURCE.settings.model_validate({"patience": 1, **stated}))


def ask(parts: Parts, server: KubernetesServer, **stated: Any) -> RunReport:
    return read(parts, base_url=server.root, token="right", page_size=2, **stated)


def ids(parts: Parts) -> dict[str, tuple[str, str]]:
    return {one.name: (one.ci_class, one.id) for one in parts.store.search(Search(), after=None, limit=100)}


def outgoing(parts: Parts, name: str) -> set[tuple[str, str]]:
    view = parts.store.item(ids(parts)[name][1])
    assert view is not None
    return {(one.type, view.neighbours[one.to_ci]) for one in view.relations if one.from_ci == view.ci.id}


def test_every_object_is_read_and_tied_to_the_others(parts: Parts, server: KubernetesServer) -> None:
    report = ask(parts, server)
    assert report.status == "complete", report.as_body()
    assert {name: found[0] for name, found in ids(parts).items()} == {
        server.cluster_uid: "kubernetes_cluster", "node-1": "virtual_machine", "node-2": "server",
        "shop/web": "workload", "shop/web-1": "container", "shop/web-2": "container", "shop/web-3": "container",
        "shop/front": "virtual_address", "shop/gate": "endpoint",
    }  # fmt: skip
    pods = {"shop/web-1", "shop/web-2", "shop/web-3"}
    assert {("depends_on", pod) for pod in pods} < outgoing(parts, "shop/web")
    assert outgoing(parts, "shop/front") == {("balances_over", pod) for pod in pods}
    assert outgoing(parts, "shop/gate") == {("depends_on", "shop/front")}
    assert outgoing(parts, "shop/web-1") == {("hosted_on", "node-1")}


def test_a_pod_that_is_gone_is_missed(parts: Parts, server: KubernetesServer) -> None:
    ask(parts, server)
    server.objects["pods"].pop()
    report = ask(parts, server)
    assert (report.status, report.missed) == ("complete", 1)


@pytest.mark.parametrize("answer", [Answer(403, {}), Answer(410, {}), Answer(200, {"kind": "Status"})])
def test_a_kind_that_cannot_be_listed_misses_nothing_and_stops_no_other(
    parts: Parts, server: KubernetesServer, answer: Answer
) -> None:
    ask(parts, server)
    server.fail("/apis/apps/v1/deployments", answer)
    report = ask(parts, server)
    assert (report.status, report.missed) == ("partial", 0)
    assert [one.scope.split("/")[1] for one in report.scopes if not one.complete] == ["deployments"]


@pytest.mark.parametrize("answer", [Answer(200, {}, cut=1), Answer(200, b'{"items": [')], ids=["connection", "JSON"])
def test_an_answer_that_is_cut_off_misses_nothing(parts: Parts, server: KubernetesServer, answer: Answer) -> None:
    ask(parts, server)
    server.fail("/api/v1/pods", answer)
    report = ask(parts, server)
    assert (report.status, report.missed) == ("partial", 0)
    assert "pods" in [one.scope.split("/")[1] for one in report.scopes if not one.complete]


@pytest.mark.parametrize("kind", ["pods", "replicasets", "services", "nodes"])
def test_a_kind_that_can_no_longer_be_read_takes_no_tie_away(parts: Parts, server: KubernetesServer, kind: str) -> None:
    ask(parts, server)
    before = {name: outgoing(parts, name) for name in ("shop/web", "shop/front", "shop/gate", "shop/web-1")}
    server.fail("/replicasets" if kind == "replicasets" else f"/api/v1/{kind}", Answer(403, {}))
    for _ in range(2):
        report = ask(parts, server)
        assert (report.status, report.missed) == ("partial", 0)
        assert {name: outgoing(parts, name) for name in before} == before


def test_a_list_that_expires_once_is_begun_anew(parts: Parts, server: KubernetesServer) -> None:
    server.fail("/api/v1/pods.*continue", Answer(410, {}), times=1)
    assert ask(parts, server).status == "complete"
    assert "shop/web-3" in ids(parts)


@pytest.mark.parametrize("status", [401, 503])
def test_a_server_that_refuses_everything_misses_nothing(parts: Parts, server: KubernetesServer, status: int) -> None:
    ask(parts, server)
    server.fail("/", Answer(status, {}))
    report = ask(parts, server)
    assert (report.status, report.missed) == ("failed", 0)


@pytest.mark.parametrize("apart", [False, True], ids=["List", "one document each"])
def test_a_saved_file_says_the_same(parts: Parts, server: KubernetesServer, tmp_path: Path, apart: bool) -> None:
    every = server.documents()
    text = "\n".join(map(json.dumps, every)) if apart else json.dumps({"kind": "List", "items": every})
    (tmp_path / "all.json").write_text(text)
    assert read(parts, file=str(tmp_path / "all.json")).status == "complete"
    assert outgoing(parts, "shop/gate") == {("depends_on", "shop/front")}
    (tmp_path / "all.json").write_text(text[: len(text) // 2])
    report = read(parts, file=str(tmp_path / "all.json"))
    assert (report.status, report.missed) == ("partial", 0)


def test_check_names_the_kind_that_may_not_be_listed(server: KubernetesServer) -> None:
    server.fail("/apis/batch/v1/jobs", Answer(403, {}))
    assert SOURCE.check is not None
    settings = SOURCE.settings.model_validate({"base_url": server.root, "token": "right"})
    refused = [one for one in SOURCE.check(settings, Reading(lambda: 0)) if not one.ok]
    assert [one.name for one in refused] == ["list jobs"]
    assert "list jobs" in refused[0].fix
