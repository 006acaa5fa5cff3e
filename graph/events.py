"""How rows of history, which hold the events of one record each, become a feed of single events."""

from collections.abc import Iterable, Sequence
from typing import Any

from graph.encoding import decode_events
from graph.store import PastEvent


def first_events(rows: Iterable[Sequence[Any]], after: tuple[int, int], limit: int) -> tuple[PastEvent, ...]:
    """The first events behind `after` (revision, seq), at most `limit`; `rows` in that order, read only as needed.

    A row: revision, seq of its first event, observed_at, recorded_at, run, source, ci, record, events as JSON.
    """
    found: list[PastEvent] = []
    for revision, first, observed_at, recorded_at, run, source, ci, record, events in rows:
        for seq, event in enumerate(decode_events(events), first):
            if (revision, seq) > after:
                found.append(PastEvent(revision, seq, observed_at, recorded_at, run, source, ci, record, *event))
            if len(found) == limit:
                return tuple(found)
    return tuple(found)
