"""The service graph from a real Prometheus: what its counters come to in the window, read by the source's own query."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from prometheus_client import CollectorRegistry, Counter, start_http_server

from discovery.run import Parts
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.source import Reading
from discovery.sources import SOURCES
from graph.store import Search
from lab.prometheus_server import prometheus_server
from lab.unavailable import real

SOURCE = SOURCES["otel_service_graph"]
LABELS = ("client", "server", "connection_type", "client_service_namespace")
HOUR = 3600


def _past(now: int) -> str:
    """A counter that stood at 1000 calls long ago and then counted 10 more, and one that stands still by now."""
    lines = ["# TYPE traces_service_graph_request counter"]
    for server in ("old", "still"):
        for at in range(now - 12 * HOUR, now - 3 * HOUR, 60):
            calls = 1000 + max(0, at - (now - 5 * HOUR)) // 720 * (server == "old")
            labels = f'client="shop/web",server="{server}",connection_type=""'
            lines.append(f"traces_service_graph_request_total{{{labels}}} {calls} {at}")
    return "\n".join([*lines, "# EOF", ""])


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Scrapes what a collector would show of six calls, four calls to a database, and two that failed."""
    registry = CollectorRegistry()
    total = Counter("traces_service_graph_request", "calls", LABELS, registry=registry)
    failed = Counter("traces_service_graph_request_failed", "calls that failed", LABELS, registry=registry)
    total.labels("web", "cart", "", "shop").inc(6)
    total.labels("cart", "redis", "database", "").inc(4)
    failed.labels("cart", "bank.example", "virtual_node", "").inc(2)
    page, _ = start_http_server(0, "127.0.0.1", registry)
    with ExitStack() as running:
        running.callback(page.server_close)
        running.callback(page.shutdown)
        address = f"127.0.0.1:{page.server_address[1]}"
        folder = tmp_path_factory.mktemp("prometheus")
        yield running.enter_context(real(prometheus_server(folder, address, _past(int(time.time())))))


def read(parts: Parts, prometheus: str, window: str) -> RunReport:
    said = {"base_url": prometheus, "window": window, "patience": 1}
    return run_source(parts, SOURCE, SOURCE.settings.model_validate(said))


def calls(parts: Parts) -> dict[tuple[str, str], float]:
    names = {one.id: one.name for one in parts.store.search(Search(), after=None, limit=100)}
    views = [parts.store.item(ci) for ci in names]
    return {
        (names[one.from_ci], names[one.to_ci]): one.confidence
        for view in views
        if view is not None
        for one in view.relations
        if one.type == "calls"
    }


def test_a_real_prometheus_says_who_calls_whom_and_how_often_in_the_window(parts: Parts, prometheus: str) -> None:
    report = read(parts, prometheus, "6h")
    assert (report.status, report.rejected) == ("complete", 0), report.as_body()
    found = {one.name: one.ci_class for one in parts.store.search(Search(), after=None, limit=100)}
    assert found == {
        "shop/web": "application", "cart": "application", "old": "application", "redis": "database",
        "bank.example": "external_service",
    }  # fmt: skip
    # Of the 1010 calls of `old` ten are of these six hours; what was born in them counts whole.
    assert calls(parts) == {
        ("shop/web", "cart"): 0.83, ("shop/web", "old"): 0.9, ("cart", "redis"): 0.83, ("cart", "bank.example"): 0.75,
    }  # fmt: skip


def test_what_was_called_before_the_window_only_is_not_said(parts: Parts, prometheus: str) -> None:
    assert read(parts, prometheus, "1h").status == "complete"
    assert ("shop/web", "old") not in calls(parts)
    assert len(calls(parts)) == 3


def test_a_real_prometheus_passes_the_check_and_a_wrong_query_is_refused(parts: Parts, prometheus: str) -> None:
    assert SOURCE.check is not None
    settings = SOURCE.settings.model_validate({"base_url": prometheus})
    assert all(one.ok for one in SOURCE.check(settings, Reading(lambda: 0)))
    refused = read(parts, f"{prometheus}/nowhere", "1h")
    assert (refused.status, refused.missed) == ("failed", 0)
