"""The feed of events: which of them a caller sees, and how they are sent as they come."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import NamedTuple

import anyio
from starlette.concurrency import run_in_threadpool

from api.answers import json_bytes
from api.looking_back import is_feed_cut
from api.problems import Problem
from api.tokens import Caller
from api.views import past_event
from api.wiring import System
from cmdb.reference import realm_of
from graph.as_it_stood import each_ci_at
from graph.store import PastEvent, ReadTransaction

Place = tuple[int, int]
"""(revision, seq) of the last event that the reader has"""

BEGINNING: Place = (0, -1)
WHOLE_REVISION = 2**62
"""a seq behind every event of a revision"""
AT_ONCE = 500
"""events read from the store in one go"""
BETWEEN_LOOKS = 0.5
"""seconds between two looks at the store's revision"""
SIGN_OF_LIFE = 15.0
"""seconds of silence after which a comment is sent, so that nobody on the way takes the line for dead"""


class Feed(NamedTuple):
    """Some of what comes after a place."""

    events: tuple[PastEvent, ...]
    place: Place
    """where to go on: behind everything looked at, shown or not"""
    more: bool
    """whether something follows already"""


def place_from(text: str) -> Place:
    """`<revision>` or `<revision>.<seq>`. Raises Problem for anything else."""
    revision, dot, seq = text.partition(".")
    if not (_is_number(revision) and (not dot or _is_number(seq))):
        raise Problem("invalid", f"after {text!r} is wrong: <revision> or <revision>.<seq> is wanted, such as 812.3")
    return int(revision), int(seq) if dot else WHOLE_REVISION


def check_is_there(system: System, place: Place) -> None:
    """Raises Problem for a place behind the last revision: a reader that waited there would miss all until then."""
    last = system.store.revision()[0]
    if place[0] > last:
        raise Problem(
            "invalid",
            f"revision {place[0]} is not there yet: the last one is {last}; where the store was restored or replaced, "
            "begin anew with after=0",
        )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def spelled_place(place: Place) -> str:
    """The other way round."""
    revision, seq = place
    if place == BEGINNING:
        return "0"
    return str(revision) if seq >= WHOLE_REVISION else f"{revision}.{seq}"


def feed(system: System, caller: Caller, after: Place, limit: int) -> Feed:
    """The first events behind a place that the caller sees, at most `limit`."""
    shown: list[PastEvent] = []
    place = after
    while True:
        found = system.store.events(place, max(limit, AT_ONCE) + 1 if caller.realms else limit + 1)
        for event in _seen(system, caller, found):
            if len(shown) == limit:
                return Feed(tuple(shown), (shown[-1].revision, shown[-1].seq), more=True)
            shown.append(event)
        if not caller.realms or not found:
            return Feed(tuple(shown), _place_of(shown[-1]) if shown and not caller.realms else place, more=False)
        place = _place_of(found[-1])


def _place_of(event: PastEvent) -> Place:
    return event.revision, event.seq


def _seen(system: System, caller: Caller, events: Sequence[PastEvent]) -> Sequence[PastEvent]:
    """What a record said is of its realm; what has no record is seen by whoever saw its CI when it happened.

    By today's realms a place in the feed would hide today what it shows tomorrow, behind a reader who has passed it.
    """
    if not caller.realms:
        return events
    seen = system.store.read(lambda look, _: _in_sight(look, caller, [event for event in events if not event.record]))
    return [
        event
        for event in events
        if (caller.sees(realm_of(event.record)) if event.record else (event.ci, event.revision) in seen)
    ]


def _in_sight(look: ReadTransaction, caller: Caller, events: Iterable[PastEvent]) -> set[tuple[str, int]]:
    """(CI, revision) of those whose CI stood in a realm of the caller's then; one that went, just before."""
    places = {(event.ci, event.revision) for event in events}
    stood = each_ci_at(look, places | {(ci, revision - 1) for ci, revision in places})
    return {
        (ci, revision)
        for ci, revision in places
        if (then := stood.get((ci, revision)) or stood.get((ci, revision - 1))) is not None
        and any(caller.sees(realm) for realm in then.realms)
    }


async def stream(system: System, caller: Caller, after: Place, still: Callable[[], object]) -> AsyncIterator[bytes]:
    """The feed as server-sent events, without end: each event with its place as `id`.

    `still` raises Problem once the caller's token is no good any more; the stream then ends. It ends as well with its
    reader, and when the server stops: the web server then cancels it.
    """
    place, silent, seen = after, 0.0, -1
    yield b"retry: 2000\n\n"
    if await run_in_threadpool(is_feed_cut, system, after[0]):
        yield b": truncated history: events of what was purged since are lacking\n\n"
    while True:
        revision = (await run_in_threadpool(system.store.revision))[0]
        while revision != seen:
            found = await run_in_threadpool(feed, system, caller, place, AT_ONCE)
            if found.events:
                yield b"".join(_message(event) for event in found.events)
                silent = 0.0
            place = found.place
            if not found.more:
                seen = revision
        await anyio.sleep(BETWEEN_LOOKS)
        silent += BETWEEN_LOOKS
        if silent >= SIGN_OF_LIFE:
            try:
                await run_in_threadpool(still)
            except Problem:
                return
            yield b": still here\n\n"
            silent = 0.0


def _message(event: PastEvent) -> bytes:
    """JSON holds no line break, so one `data` line carries it."""
    place = spelled_place(_place_of(event)).encode()
    return b"id: " + place + b"\ndata: " + json_bytes(past_event(event)) + b"\n\n"
