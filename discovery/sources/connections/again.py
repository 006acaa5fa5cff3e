"""How this host is looked at again: as it was the first time, and no other host."""

from collections.abc import Iterator, Mapping, Sequence

from discovery.source import Again, Fetched, Known, Reading, ScopeEnd
from discovery.sources.connections.fetch import fetch, record_of
from discovery.sources.connections.settings import ConnectionsSettings
from discovery.this_machine import this_machine

OTHER_HOST = "it is another machine: only a source that runs there can look"


def place_of(known: Known) -> str | None:
    """The host that a record belongs to."""
    return known.record.partition("/")[0]


def fetch_again(
    settings: ConnectionsSettings, wanted: Mapping[str, Sequence[Known]], reading: Reading
) -> Iterator[Fetched]:
    """This host if it is wanted; of the others only that they are elsewhere."""
    here = record_of(this_machine())
    for place in wanted:
        if place != here:
            yield ScopeEnd(place, complete=False, reason=OTHER_HOST)
    if here in wanted:
        yield from fetch(settings.model_copy(update={"polls": 1}), reading)


AGAIN = Again(place_of, fetch_again, alone=True, passing=frozenset({"connections"}))
