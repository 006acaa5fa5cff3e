"""How services are looked at again: the one question that tells of all of them is asked once more."""

from collections.abc import Iterator, Mapping, Sequence

from discovery.read_whole import scope_of, told_of
from discovery.source import Again, Fetched, Known, Reading
from discovery.sources.otel_service_graph.fetch import fetch
from discovery.sources.otel_service_graph.settings import ServiceGraphSettings


def fetch_again(
    settings: ServiceGraphSettings, wanted: Mapping[str, Sequence[Known]], reading: Reading
) -> Iterator[Fetched]:
    """Every service that was seen in the window, where they are this server's or this file's."""
    yield from told_of(fetch(settings, reading), wanted)


AGAIN = Again(scope_of, fetch_again, whole=True)
