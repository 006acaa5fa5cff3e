"""How single records are looked at again: the inventory is asked for their UDIDs, or their numbers, and no others."""

import re
from collections.abc import Iterator, Mapping, Sequence

from discovery.clients.answer import Refused, Unreadable
from discovery.clients.http import JsonClient
from discovery.clients.links import server_name
from discovery.source import Again, Fetched, Known, Raw, Reading, ScopeEnd, places_in
from discovery.sources.jamf.observe import record_of
from discovery.sources.jamf.settings import JamfSettings, Part, open_jamf, sections_of, wanted

AT_ONCE = 50
"""records in one question: it stands in an address, which has to stay short"""
MOST = 2_000
"""records on a page, the most that Jamf gives"""
_PLAIN = re.compile(r"(?:[a-z_]+/)?[A-Za-z0-9-]+\Z")
"""what can stand in a filter as it is"""


def place_of(known: Known) -> str | None:
    """The record itself, if a run told which inventory it is in."""
    return known.record if known.scope is not None and _PLAIN.match(known.record) else None


def fetch_again(settings: JamfSettings, asked: Mapping[str, Sequence[Known]], reading: Reading) -> Iterator[Fetched]:
    """The records of this server, each a place of its own."""
    server = server_name(settings.base_url)
    found = {part.name: places_in(f"{server}/{part.name}", asked) for part in wanted(settings)}
    if not any(found.values()):
        return
    with open_jamf(settings, reading) as client:
        for part in wanted(settings):
            by_number = [record for record in found[part.name] if "/" in record]
            by_udid = [record for record in found[part.name] if "/" not in record]
            for kind, records in (("udid", by_udid), (part.sort.partition(":")[0], by_number)):
                for begin in range(0, len(records), AT_ONCE):
                    if reading.stopped():
                        return
                    yield from _some(client, settings, reading, part, kind, records[begin : begin + AT_ONCE])


def _some(
    client: JsonClient, settings: JamfSettings, reading: Reading, part: Part, kind: str, records: Sequence[str]
) -> Iterator[Fetched]:
    values = ",".join(f'"{record.rpartition("/")[2]}"' for record in records)
    question = [("page", "0"), ("page-size", str(MOST)), ("filter", f"{kind}=in=({values})"), ("sort", part.sort)]
    question += [("section", section) for section in sections_of(settings, part)]
    try:
        rows = _rows(_asked(client, part, question), part, records)
    except (Refused, Unreadable) as no:
        yield from (ScopeEnd(record, complete=False, reason=str(no)) for record in records)
        return
    now = reading.now()
    for record, row in rows:
        yield Raw(record, {"kind": part.name, "row": row, "read_at": now})
    yield from (ScopeEnd(record, complete=True) for record in records)


def _asked(client: JsonClient, part: Part, question: Sequence[tuple[str, str]]) -> dict[str, object]:
    """From the first version of the address that this server knows."""
    for path in part.paths[:-1]:
        try:
            return client.get(path, question)
        except Refused as refused:
            if refused.status != 404:
                raise
    return client.get(part.paths[-1], question)


def _rows(answer: Mapping[str, object], part: Part, records: Sequence[str]) -> list[tuple[str, object]]:
    """(record, row). Raises Unreadable for an answer to another question, from which nothing is gone."""
    rows, total = answer.get("results"), answer.get("totalCount")
    if not isinstance(rows, list) or not isinstance(total, int) or total > len(rows):
        raise Unreadable(f"{part.name}: an answer without results or totalCount, or with too few")
    spelled = {record.casefold(): record for record in records}
    found = [(spelled.get((record_of(row, part.name) or "").casefold()), row) for row in rows]
    known = [(record, row) for record, row in found if record is not None]
    if len(known) < len(rows):
        raise Unreadable(f"{part.name}: records came that were not asked for: does this server know the filter?")
    return known


AGAIN = Again(place_of, fetch_again, whole=True, passing=frozenset({"storage.free_bytes", "ip_address"}))
