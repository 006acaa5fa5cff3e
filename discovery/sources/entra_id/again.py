"""How single directory objects are looked at again: by their ids, each in the collection it was listed in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from discovery.clients.graph_login import open_graph, tenant_name
from discovery.clients.graph_single import place_of, single
from discovery.clients.msgraph import Graph
from discovery.source import Again, Fetched, Known, Reading, ScopeEnd, places_in
from discovery.sources.entra_id.collections import Collection
from discovery.sources.entra_id.fetch import Tenant
from discovery.sources.entra_id.settings import EntraIdSettings, wanted


def fetch_again(settings: EntraIdSettings, asked: Mapping[str, Sequence[Known]], reading: Reading) -> Iterator[Fetched]:
    """The objects of this tenant, each a place of its own; whom a group holds is not asked, it is no fact of it."""
    tenant = tenant_name(settings)
    found = {collection.name: places_in(f"{tenant}/{collection.name}", asked) for collection in wanted(settings)}
    if not any(found.values()):
        return
    with open_graph(settings, reading) as graph:
        for collection in wanted(settings):
            of = replace(collection, also=None) if collection.also == "members" else collection
            yield from _objects(graph, reading, of, found[of.name])


def _objects(graph: Graph, reading: Reading, of: Collection, ids: Sequence[str]) -> Iterator[Fetched]:
    for one in single(graph, of.path, of.properties, ids, reading.stopped):
        if one.row is not None:
            yield from Tenant(graph, reading, of, one.id).objects([one.row], reading.now())
        yield ScopeEnd(one.id, complete=one.unread is None, reason=one.unread)


AGAIN = Again(place_of, fetch_again, whole=True)
