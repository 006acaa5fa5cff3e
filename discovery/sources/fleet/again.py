"""How single hosts are looked at again: the list is searched for their UUIDs, one question each."""

from collections.abc import Iterator, Mapping, Sequence

from discovery.clients.answer import Refused, Unreadable
from discovery.clients.http import JsonClient
from discovery.source import Again, Fetched, Known, Raw, Reading, ScopeEnd, places_in
from discovery.sources.fleet.fetch import HOSTS, FleetSettings, open_fleet, scope_of
from discovery.sources.fleet.observe import record_of


def place_of(known: Known) -> str | None:
    """The record itself, if a run told of it and it has a UUID to search for."""
    return known.record if known.scope is not None and "/" in known.record else None


def fetch_again(settings: FleetSettings, wanted: Mapping[str, Sequence[Known]], reading: Reading) -> Iterator[Fetched]:
    """The hosts of this server, each a place of its own."""
    records = places_in(scope_of(settings), wanted)
    if not records:
        return
    with open_fleet(settings, reading) as client:
        for record in records:
            if reading.stopped():
                return
            try:
                yield from _host(client, settings, reading, record)
            except (Refused, Unreadable) as no:
                yield ScopeEnd(record, complete=False, reason=str(no))


def _host(client: JsonClient, settings: FleetSettings, reading: Reading, record: str) -> Iterator[Fetched]:
    uuid = record.rpartition("/")[0]
    question = [("page", "0"), ("per_page", str(settings.page_size)), ("order_key", "id"), ("query", uuid)]
    answer = client.get(HOSTS, question)
    rows = answer.get("hosts") or []
    if "hosts" not in answer or not isinstance(rows, list):
        raise Unreadable("an answer without hosts")
    for row in rows:
        if record_of(row) == record:
            yield Raw(record, {"row": row, "read_at": reading.now()})
            yield ScopeEnd(record, complete=True)
            return
    more = len(rows) >= settings.page_size
    yield ScopeEnd(record, complete=not more, reason=f"more than {len(rows)} hosts fit {uuid}" if more else None)


AGAIN = Again(place_of, fetch_again, whole=True, passing=frozenset({"storage.free_share", "ip_address"}))
