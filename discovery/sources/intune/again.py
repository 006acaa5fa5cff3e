"""How single managed devices are looked at again: by their ids."""

from collections.abc import Iterator, Mapping, Sequence

from discovery.clients.graph_login import open_graph
from discovery.clients.graph_single import place_of, single
from discovery.source import Again, Fetched, Known, Raw, Reading, ScopeEnd, places_in
from discovery.sources.intune.fetch import DEVICES, PROPERTIES, IntuneSettings, scope_of


def fetch_again(settings: IntuneSettings, wanted: Mapping[str, Sequence[Known]], reading: Reading) -> Iterator[Fetched]:
    """The devices of this tenant, each a place of its own, with the properties that a reading asks for."""
    ids = places_in(scope_of(settings), wanted)
    if not ids:
        return
    with open_graph(settings, reading) as graph:
        for one in single(graph, DEVICES, PROPERTIES, ids, reading.stopped):
            if one.row is not None:
                yield Raw(one.id, {"row": one.row, "read_at": reading.now()})
            yield ScopeEnd(one.id, complete=one.unread is None, reason=one.unread)


AGAIN = Again(place_of, fetch_again, whole=True, passing=frozenset({"storage.free_bytes"}))
