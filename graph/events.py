"""How rows of history, which hold the events of one record each, become single events, forwards and backwards."""

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


def latest_events(rows: Iterable[Sequence[Any]], before: tuple[int, int] | None, limit: int) -> tuple[PastEvent, ...]:
    """The last events before `before`, newest first, at most `limit`; `rows` from the newest, read only as needed."""
    found: list[PastEvent] = []
    for revision, first, observed_at, recorded_at, run, source, ci, record, events in rows:
        for seq, event in reversed(list(enumerate(decode_events(events), first))):
            if before is None or (revision, seq) < before:
                found.append(PastEvent(revision, seq, observed_at, recorded_at, run, source, ci, record, *event))
            if len(found) == limit:
                return tuple(found)
    return tuple(found)
