"""Samples of the service graph's metrics, added up into edges, and edges sorted by the services at their ends."""

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

TOTAL = "traces_service_graph_request_total"
FAILED = "traces_service_graph_request_failed_total"
NAMESPACES = ("service_namespace", "k8s_namespace_name", "namespace")
"""labels that hold a service's namespace, after `client_` or `server_`, the best first"""


class Edge(NamedTuple):
    """Who calls whom, and how it was seen: `connection` is empty for two services that both report."""

    client: str
    server: str
    connection: str


class Counted:
    """Calls by edge, one metric apart from the other."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, Edge], float] = {}
        self.nameless = 0
        """samples without a client or a server"""

    def add(self, metric: str, labels: Mapping[str, str], calls: float) -> None:
        """A sample; one that counts nothing says nothing."""
        if not math.isfinite(calls) or calls <= 0:
            return
        client, server = _named(labels, "client"), _named(labels, "server")
        if not client or not server:
            self.nameless += 1
            return
        key = metric, Edge(client, server, labels.get("connection_type", "").strip())
        self._calls[key] = self._calls.get(key, 0.0) + calls

    def edges(self) -> dict[Edge, float]:
        """Edge → calls. What failed is part of the total, and stands for it where the total is not there."""
        found: dict[Edge, float] = {}
        for (_, edge), calls in self._calls.items():
            found[edge] = max(found.get(edge, 0.0), calls)
        return found


def services(edges: Mapping[Edge, float]) -> list[dict[str, Any]]:
    """One raw record for each service, by name: whom it calls how often, and how it was seen as either end.

    `{"service", "calls": {server: n}, "as_client": [connection], "as_server": [connection]}`
    """
    found: dict[str, dict[str, Any]] = {}

    def service(name: str) -> dict[str, Any]:
        empty: dict[str, Any] = {"service": name, "calls": {}, "as_client": set(), "as_server": set()}
        return found.setdefault(name, empty)

    for edge, calls in edges.items():
        client, server = service(edge.client), service(edge.server)
        client["as_client"].add(edge.connection)
        server["as_server"].add(edge.connection)
        if edge.client != edge.server:
            client["calls"][edge.server] = client["calls"].get(edge.server, 0.0) + calls
    return [_plain(found[name]) for name in sorted(found)]


def _plain(service: dict[str, Any]) -> dict[str, Any]:
    return service | {side: sorted(service[side]) for side in ("as_client", "as_server")}


def _named(labels: Mapping[str, str], side: str) -> str:
    """`namespace/name`, or the name alone where no namespace is stated."""
    name = labels.get(side, "").strip()
    stated: Iterable[str] = (labels.get(f"{side}_{label}", "").strip() for label in NAMESPACES)
    namespace = next((one for one in stated if one), "")
    return f"{namespace}/{name}" if namespace and name else name
