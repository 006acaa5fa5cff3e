"""look_again: what a source says now of single records, asked way by way. Nothing is kept, and no bookmark moves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from cmdb.observation import Observation
from discovery.attempt import Attempt
from discovery.bookmarks import bookmark
from discovery.errors import RecordRejected
from discovery.hiding import Hide, hiding, secrets_in
from discovery.run import Parts
from discovery.source import Again, Fetched, Hearing, Known, Raw, Reading, ScopeEnd, Source
from discovery.way_again import Way

NOT_IN_TIME = "it was not reached in time"
ONLY_SOME = "what is read there never lists everything: that it is not in it says nothing"

Places = Mapping[str, Sequence[Known]]


@dataclass(slots=True)
class Said:
    """What a source said this time of the records of one realm."""

    observations: dict[str, Observation] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    """record or place → why it could not be understood"""
    unread: dict[str, str] = field(default_factory=dict)
    """place → why some way did not read it to its end"""
    read: set[str] = field(default_factory=set)
    """places that some way read to their end"""


def look_again(
    parts: Parts, source: Source, realm: str, places: Places, ways: Sequence[Way], stopped: Callable[[], bool]
) -> Said:
    """Ask every way until each record was told of: one that is not found on one may be on the next.

    Never raises for what the source did.
    """
    said = Said()
    for way in ways:
        left = {
            place: some for place, some in places.items() if any(one.record not in said.observations for one in some)
        }
        if not left:
            break
        why = way.barred or (NOT_IN_TIME if stopped() else None)
        if why is not None:
            _note(said, way, left, why)
        else:
            assert source.again is not None
            _Look(parts, source, source.again, realm, way, left, said).go(stopped)
    return said


class _Look:
    """One way, asked about the places that are left."""

    def __init__(
        self, parts: Parts, source: Source, again: Again, realm: str, way: Way, places: Places, said: Said
    ) -> None:
        self.parts, self.source, self.again, self.realm = parts, source, again, realm
        self.way, self.places, self.said = way, places, said
        self.wanted = {one.record for some in places.values() for one in some}
        self.hearing = Hearing(parts.vocabulary, realm, parts.now())
        self.ended: set[str] = set()

    def go(self, stopped: Callable[[], bool]) -> None:
        hide = hiding(secrets_in(self.way.settings))
        attempt = Attempt(hide)
        marks: Callable[[str], Any] = partial(bookmark, self.parts.store, self.source.name, self.realm)
        reading = Reading(self.parts.now, stopped, marks, hurried=True)
        whole = False
        with attempt:
            for fetched in self.again.fetch(self.way.settings, self.places, reading):
                self.take(fetched, hide)
            whole = True
        if attempt.interrupted:
            raise KeyboardInterrupt
        if not whole or stopped():
            left = {place: some for place, some in self.places.items() if place not in self.ended}
            _note(self.said, self.way, left, attempt.error or NOT_IN_TIME)

    def take(self, fetched: Fetched, hide: Hide) -> None:
        """Of what is told only what was asked for: a place may hold much more."""
        if isinstance(fetched, Raw):
            self.hear(fetched, hide)
        elif isinstance(fetched, ScopeEnd) and fetched.scope in self.places:
            self.ended.add(fetched.scope)
            if fetched.complete and not fetched.delta:
                self.said.read.add(fetched.scope)
            else:
                why = hide(fetched.reason or NOT_IN_TIME) if not fetched.complete else ONLY_SOME
                self.said.unread[fetched.scope] = _named(self.way, why)

    def hear(self, raw: Raw, hide: Hide) -> None:
        try:
            for one in self.source.observe(raw.payload, self.hearing):
                if one.record in self.wanted:
                    self.said.observations[one.record] = one
        except RecordRejected as refused:
            self.said.refused[refused.record or raw.scope] = hide(refused.reason)


def _note(said: Said, way: Way, left: Places, why: str) -> None:
    """That a way could not be gone says something of the places that it may lead to, and of no others."""
    for place, some in left.items():
        if any(way.may_hold(one.scope) for one in some):
            said.unread[place] = _named(way, why)


def _named(way: Way, why: str) -> str:
    return why if way.name is None else f"{way.name}: {why}"
