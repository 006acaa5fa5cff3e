"""Whether the service graph's metrics can be read."""

from collections.abc import Iterator

from discovery.clients.http import JsonClient
from discovery.clients.rights import Right, try_rights
from discovery.readable import read_permission
from discovery.source import Permission, Reading
from discovery.sources.otel_service_graph.edges import TOTAL
from discovery.sources.otel_service_graph.fetch import ask, open_prometheus
from discovery.sources.otel_service_graph.settings import ServiceGraphSettings

GRANT = "let this token query the metrics (GET /api/v1/query)"


def check(settings: ServiceGraphSettings, reading: Reading) -> Iterator[Permission]:
    """A Permission for the login and one for the query, or one for the file."""
    if settings.file:
        yield read_permission(settings.file)
        return

    def rights(client: JsonClient) -> list[Right]:
        return [Right("query metrics", lambda: ask(client, f"count({TOTAL})"), GRANT)]

    yield from try_rights(lambda: open_prometheus(settings, reading), rights, log_in="Set `token` to a bearer token.")
