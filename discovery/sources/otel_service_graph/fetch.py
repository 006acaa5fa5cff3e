"""Reads the service graph from a Prometheus server, or from a file in its text format."""

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from discovery.clients.answer import Refused, Unreadable
from discovery.clients.asking import parts_wanted, patience_of
from discovery.clients.http import JsonClient
from discovery.clients.links import server_name, service_root
from discovery.clients.token import fixed_token
from discovery.errors import SourceMisconfigured, SourceUnavailable
from discovery.source import Fetched, Progress, Raw, Reading, ScopeEnd
from discovery.sources.otel_service_graph.edges import FAILED, TOTAL, Counted, services
from discovery.sources.otel_service_graph.settings import ServiceGraphSettings

QUERY = "/api/v1/query"
PART = "services"
LABELS = (
    "client, server, connection_type, client_service_namespace, server_service_namespace, "
    "client_k8s_namespace_name, server_k8s_namespace_name, client_namespace, server_namespace"
)


def fetch(settings: ServiceGraphSettings, reading: Reading) -> Iterator[Fetched]:
    """Each service that called or was called in the window, in the one scope `<server or file>/services`."""
    parts_wanted(settings, [PART])
    counted = Counted()
    if settings.file:
        scope = f"{os.path.basename(settings.file)}/{PART}"
        reason = _read_file(settings.file, counted, reading)
    else:
        with open_prometheus(settings, reading) as client:
            scope = f"{server_name(client.root)}{urlsplit(client.root).path}/{PART}"
            try:
                reason = _ask(client, settings.window, counted)
            except SourceUnavailable as failed:
                yield ScopeEnd(scope, complete=False, reason=str(failed))
                raise
    found = services(counted.edges())
    if reason is None and not found:
        reason = f"no {TOTAL} with calls: are the service graph metrics made, and is the window long enough?"
    if reason is None and counted.nameless:
        reason = f"{counted.nameless} samples name no client or no server"
    for service in found:
        yield Raw(scope, service)
    yield Progress(len(found), len(found), "services")
    yield ScopeEnd(scope, complete=reason is None, reason=reason)


def open_prometheus(settings: ServiceGraphSettings, reading: Reading) -> JsonClient:
    """The server, ready to be asked; nothing is sent yet. Raises SourceMisconfigured."""
    if not settings.base_url:
        raise SourceMisconfigured("base_url missing: the address of a Prometheus server, or `file` with a saved text")
    token = settings.token.get_secret_value().strip() if settings.token else ""
    root = service_root(settings.base_url, secret=bool(token))
    client = JsonClient(root, patience_of(settings, reading), now=reading.now, timeout=settings.timeout)
    if token:
        client.log_in(fixed_token(token))
    return client


def ask(client: JsonClient, query: str) -> tuple[list[Any], list[str]]:
    """(samples, the server's warnings). Raises Unreadable for anything that is no instant vector."""
    answer = client.get(QUERY, [("query", query)])
    stated = answer.get("data")
    data = stated if isinstance(stated, dict) else {}
    rows = data.get("result")
    if answer.get("status") != "success" or not isinstance(rows, list) or data.get("resultType") != "vector":
        raise Unreadable(f"{client.root}{QUERY}: no samples in the answer; is this a Prometheus server?")
    warnings = answer.get("warnings")
    return rows, [str(one) for one in warnings] if isinstance(warnings, list) else []


def _ask(client: JsonClient, window: str, counted: Counted) -> str | None:
    """Why the answer is not whole; None where it is."""
    warned: list[str] = []
    for metric in (TOTAL, FAILED):
        # A counter's first sample is no increase to Prometheus: a series that was born in the window counts whole.
        born = f"last_over_time({metric}[{window}]) unless {metric} offset {window}"
        query = f"sum by ({LABELS}) (({born}) or increase({metric}[{window}]))"
        try:
            rows, warnings = ask(client, query)
        except Refused as no:
            if metric == TOTAL or no.status not in (400, 422):
                raise
            continue
        warned += warnings
        for row in rows:
            try:
                labels = {str(name): str(value) for name, value in row["metric"].items()}
                counted.add(metric, labels, float(row["value"][1]))
            except (KeyError, IndexError, TypeError, ValueError, AttributeError):
                raise Unreadable(f"{client.root}{QUERY}: a sample that cannot be read") from None
    # A query over several servers is answered although one of them is away, with a warning.
    return f"the answer may not be whole: {'; '.join(warned)[:500]}" if warned else None


def _read_file(path: str, counted: Counted, reading: Reading) -> str | None:
    """Why the file is not whole; None where it is. Its counters count since the process that wrote them began."""
    from prometheus_client.parser import text_fd_to_metric_families

    try:
        with open(path, encoding="utf-8") as text:
            for family in text_fd_to_metric_families(text):
                if reading.stopped():
                    return "stopped"
                for sample in family.samples:
                    if sample.name in (TOTAL, FAILED):
                        counted.add(sample.name, sample.labels, float(sample.value))
        with open(path, "rb") as ending:
            ending.seek(0, os.SEEK_END)
            if ending.tell():
                ending.seek(-1, os.SEEK_END)
                if ending.read(1) != b"\n":
                    return "the file is cut off: its last line does not end"
    except OSError as wrong:
        raise SourceMisconfigured(f"{path}: {wrong.strerror or wrong}") from None
    except (ValueError, IndexError, KeyError) as wrong:
        return f"a line is no Prometheus text: {type(wrong).__name__}; what came before it was read"
    return None
