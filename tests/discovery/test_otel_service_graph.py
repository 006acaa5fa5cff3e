"""The service graph: services and calls from a server or a file, and what is not whole misses nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from discovery.run import Parts
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.source import Reading
from discovery.sources import SOURCES
from discovery.sources.otel_service_graph.observe import confidence
from graph.store import Search
from lab.json_service import Answer, Query, Service, serving

MINUTE = 60 * 1_000_000
SOURCE = SOURCES["otel_service_graph"]


def sample(client: str, server: str, calls: float, **labels: str) -> dict[str, Any]:
    return {"metric": {"client": client, "server": server, **labels}, "value": [0, str(calls)]}


class Prometheus(Service):
    """Answers instant queries, as documented."""

    def __init__(self) -> None:
        super().__init__()
        self.samples = [
            sample("user", "web", 5, connection_type="virtual_node"),
            sample("web", "cart", 1, client_service_namespace="", server_service_namespace="shop"),
            sample("cart", "redis", 400, connection_type="database", client_service_namespace="shop"),
            sample("cart", "orders", 9, connection_type="messaging_system", client_service_namespace="shop"),
            sample("cart", "api.bank.example", 3, connection_type="virtual_node", client_service_namespace="shop"),
            sample("web", "never", 0),
        ]
        self.warnings: list[str] = []

    def answer(self, method: str, path: str, query: Query, form: Query) -> Answer:
        if path != "/api/v1/query":
            return Answer(404, {})
        rows = [] if "failed" in query["query"][0] else self.samples
        body = {"status": "success", "data": {"resultType": "vector", "result": rows}, "warnings": self.warnings}
        return Answer(200, body)


@pytest.fixture
def server() -> Iterator[Prometheus]:
    running = Prometheus()
    with serving(running):
        yield running


def read(parts: Parts, **stated: Any) -> RunReport:
    parts.now.at += MINUTE  # type: ignore[attr-defined]
    return run_source(parts, SOURCE, SOURCE.settings.model_validate({"patience": 1, **stated}))


def ask(parts: Parts, server: Prometheus, **stated: Any) -> RunReport:
    return read(parts, base_url=server.root, token="right", **stated)


def found(parts: Parts) -> dict[str, str]:
    return {one.name: one.ci_class for one in parts.store.search(Search(), after=None, limit=100)}


def test_services_have_the_class_they_were_seen_as(parts: Parts, server: Prometheus) -> None:
    assert ask(parts, server).status == "complete"
    assert found(parts) == {
        "user": "external_service", "web": "application", "shop/cart": "application", "redis": "database",
        "orders": "technical_service", "api.bank.example": "external_service",
    }  # fmt: skip


def test_calls_are_observed_and_as_sure_as_they_were_often_seen(parts: Parts, server: Prometheus) -> None:
    ask(parts, server)
    ids = {one.name: one.id for one in parts.store.search(Search(), after=None, limit=100)}
    view = parts.store.item(ids["shop/cart"])
    assert view is not None
    said = {view.neighbours[one.from_ci if one.from_ci != view.ci.id else one.to_ci]: one for one in view.relations}
    assert {name: (one.type, one.basis) for name, one in said.items()} == dict.fromkeys(
        ("web", "redis", "orders", "api.bank.example"), ("calls", "observed")
    )


def test_the_more_calls_were_seen_the_surer_the_relation_and_it_moves_rarely() -> None:
    assert [confidence(n) for n in (0.4, 1, 2, 8, 15.9, 98, 1e12)] == [0.67, 0.67, 0.75, 0.9, 0.9, 0.99, 0.99]


def test_what_is_not_seen_in_the_window_is_missed(parts: Parts, server: Prometheus) -> None:
    ask(parts, server)
    server.samples = [row for row in server.samples if row["metric"]["server"] != "redis"]
    assert (report := ask(parts, server)).status == "complete"
    assert report.missed == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer(401, {}), Answer(403, {}), Answer(503, {}), Answer(200, {"status": "error"}), Answer(200, b"{", cut=1),
        Answer(200, {"status": "success", "data": {"resultType": "vector", "result": []}}),
        Answer(200, {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}}]}}),
    ],
)  # fmt: skip
def test_an_answer_that_is_refused_cut_or_empty_misses_nothing(
    parts: Parts, server: Prometheus, answer: Answer
) -> None:
    ask(parts, server)
    server.fail("query", answer)
    report = ask(parts, server)
    assert report.status in ("failed", "partial")
    assert report.missed == 0


def test_a_server_that_warns_has_not_said_all(parts: Parts, server: Prometheus) -> None:
    ask(parts, server)
    server.samples, server.warnings = server.samples[:2], ["one store is away"]
    report = ask(parts, server)
    assert (report.status, report.missed) == ("partial", 0)


TEXT = """# TYPE traces_service_graph_request_total counter
traces_service_graph_request_total{client="web",server="cart",connection_type=""} 12
traces_service_graph_request_total{client="cart",server="db",connection_type="database"} 3
# TYPE traces_service_graph_request_failed_total counter
traces_service_graph_request_failed_total{client="web",server="bank",connection_type="virtual_node"} 2
"""


def test_a_file_says_the_same_as_a_server(parts: Parts, tmp_path: Path) -> None:
    (tmp_path / "metrics.prom").write_text(TEXT)
    assert read(parts, file=str(tmp_path / "metrics.prom")).status == "complete"
    assert found(parts) == {"web": "application", "cart": "application", "db": "database", "bank": "external_service"}


@pytest.mark.parametrize("cut", [20, 120, 200, len(TEXT) - 1])
def test_a_file_that_is_cut_off_misses_nothing(parts: Parts, tmp_path: Path, cut: int) -> None:
    file = tmp_path / "metrics.prom"
    file.write_text(TEXT)
    read(parts, file=str(file))
    file.write_text(TEXT[:cut])
    report = read(parts, file=str(file))
    assert report.status in ("partial", "failed")
    assert report.missed == 0


def test_a_token_never_goes_over_plain_http_to_another_machine() -> None:
    settings = SOURCE.settings.model_validate({"base_url": "http://192.0.2.1:9090", "token": "right"})
    assert SOURCE.check is not None
    (permission,) = SOURCE.check(settings, Reading(lambda: 0))
    assert "https" in permission.fix
