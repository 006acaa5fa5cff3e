"""Reads the inventories of a Jamf Pro server, page by page; a count that does not add up is no complete reading."""

import itertools
from collections.abc import Iterator
from functools import partial

from discovery.clients.answer import Refused, Unreadable
from discovery.clients.http import JsonClient
from discovery.clients.in_turn import in_turn
from discovery.clients.links import server_name
from discovery.source import Fetched, Progress, Raw, Reading, ScopeEnd
from discovery.sources.jamf.settings import JamfSettings, Part, open_jamf, sections_of, wanted


def fetch(settings: JamfSettings, reading: Reading) -> Iterator[Fetched]:
    """Each record as `{"kind", "row", "read_at"}`, in the scopes `<server>/computers` and `<server>/mobile_devices`."""
    parts = wanted(settings)
    with open_jamf(settings, reading) as client:
        server = server_name(settings.base_url)
        scopes = [(f"{server}/{part.name}", part) for part in parts]
        yield from in_turn([(scope, partial(_whole, client, settings, reading, part, scope)) for scope, part in scopes])


def _whole(client: JsonClient, settings: JamfSettings, reading: Reading, part: Part, scope: str) -> Iterator[Fetched]:
    yield from _part(client, settings, reading, part, scope)
    yield ScopeEnd(scope, complete=True)


def _part(client: JsonClient, settings: JamfSettings, reading: Reading, part: Part, scope: str) -> Iterator[Fetched]:
    """From the first version of the address that this server knows."""
    for path, older in zip(part.paths, (*part.paths[1:], None), strict=True):
        begun = False
        try:
            for fetched in _pages(client, settings, reading, part, scope, path):
                begun = True
                yield fetched
            return
        except Refused as refused:
            if refused.status != 404 or begun or older is None:
                raise


def _pages(
    client: JsonClient, settings: JamfSettings, reading: Reading, part: Part, scope: str, path: str
) -> Iterator[Fetched]:
    """Until as many records have come as the server counts, or no new ones come."""
    seen: set[str] = set()
    for page in itertools.count():
        question = [("page", str(page)), ("page-size", str(settings.page_size)), ("sort", part.sort)]
        question += [("section", section) for section in sections_of(settings, part)]
        answer = client.get(path, question)
        rows, total = answer.get("results"), answer.get("totalCount")
        if not isinstance(rows, list) or not isinstance(total, int) or isinstance(total, bool):
            raise Unreadable(f"{scope}: an answer without results or totalCount")
        now = reading.now()
        before = len(seen)
        for number, row in enumerate(rows):
            yield Raw(scope, {"kind": part.name, "row": row, "read_at": now})
            seen.add(number_of(row) or f"{page}/{number}")
        yield Progress(len(seen), total, part.name.replace("_", " "))
        if len(seen) >= total:
            return
        if len(seen) == before:
            raise Unreadable(f"{scope}: {len(seen)} records came of the {total} that the server counts")


def number_of(row: object) -> str | None:
    """The server's own number of a record."""
    if not isinstance(row, dict):
        return None
    found = row.get("id", row.get("mobileDeviceId"))
    return str(found) if isinstance(found, str | int) and str(found).strip() else None
