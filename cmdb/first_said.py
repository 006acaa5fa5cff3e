"""Since when a record has made a claim, whatever the order in which it was heard.

A claim that is made from the first contact on needs no note; one that came later, or is made no more, has one. What was
not made for `REMEMBERED` is forgotten, or a record that never stops changing would never stop growing: made again, it
is a new claim. Only what is told later than that can depend on the order.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cmdb.ci_class import DAY
from cmdb.observation import Claim, Observation

REMEMBERED = 90 * DAY
"""microseconds between two times that a claim is made, and before a record's last contact"""

ClaimKey = tuple[str, bool, str]
"""type, direction and reference: what else a claim says may change without its being another"""


class Span(NamedTuple):
    """The first and the last time (`observed_at`, microseconds UTC) that a claim was made."""

    first: int
    last: int


class FirstSaid(NamedTuple):
    """When a claim was made."""

    type: str
    outgoing: bool
    reference: str
    first: int
    last: int | None
    """None where it is made now: as long as the record says the same"""


def key_of(claim: Claim) -> ClaimKey:
    """By what a claim is known again."""
    return claim.type, claim.outgoing, claim.reference


def spans_of(notes: Iterable[FirstSaid], said: Observation, first: int) -> dict[ClaimKey, Span]:
    """Every claim that is remembered → when it was made: by the notes, what is said now and the first contact."""
    now = said.observed_at
    spans = {key_of(claim): Span(first, now) for claim in said.claims}
    spans.update((note[:3], Span(note.first, now if note.last is None else note.last)) for note in notes)
    return spans


def notes_of(spans: Mapping[ClaimKey, Span], said: Observation, first: int, last: int) -> tuple[FirstSaid, ...]:
    """The other way round: what does not follow from what is said now, the first and the last contact."""
    standing = {key_of(claim) for claim in said.claims}
    return tuple(
        sorted(
            FirstSaid(*key, span.first, None if key in standing else span.last)
            for key, span in spans.items()
            if (span.first != first if key in standing else span.last >= last - REMEMBERED)
        )
    )


def united(several: Iterable[Mapping[ClaimKey, Span]]) -> dict[ClaimKey, Span]:
    """When each claim was made, by several who heard it."""
    spans: dict[ClaimKey, Span] = {}
    for known in several:
        for key, span in known.items():
            other = spans.get(key)
            spans[key] = span if other is None else _together(*sorted((span, other)))
    return spans


def _together(one: Span, later: Span) -> Span:
    return later if later.first - one.last > REMEMBERED else Span(one.first, max(one.last, later.last))
