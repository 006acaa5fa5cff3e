"""Since when a record has made a claim, whatever the order in which it was heard.

A claim that is made from the first contact on needs no note; one that came later, or is made no more, has one.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cmdb.observation import Claim, Observation

ClaimKey = tuple[str, bool, str]
"""type, direction and reference: what else a claim says may change without its being another"""


class FirstSaid(NamedTuple):
    """When a claim was first made (`observed_at`, microseconds UTC)."""

    type: str
    outgoing: bool
    reference: str
    at: int


def key_of(claim: Claim) -> ClaimKey:
    """By what a claim is known again."""
    return claim.type, claim.outgoing, claim.reference


def firsts_of(notes: Iterable[FirstSaid], said: Observation, first: int) -> dict[ClaimKey, int]:
    """Every claim that was ever made → when it first was: by the notes, what is said now and the first contact."""
    firsts = {key_of(claim): first for claim in said.claims}
    firsts.update((note[:3], note.at) for note in notes)
    return firsts


def notes_of(firsts: Mapping[ClaimKey, int], said: Observation, first: int) -> tuple[FirstSaid, ...]:
    """The other way round: what does not follow from what is said now and the first contact."""
    standing = {key_of(claim) for claim in said.claims}
    return tuple(sorted(FirstSaid(*key, at) for key, at in firsts.items() if at != first or key not in standing))


def earliest(several: Iterable[Mapping[ClaimKey, int]]) -> dict[ClaimKey, int]:
    """When each claim was first made, by several who heard it."""
    firsts: dict[ClaimKey, int] = {}
    for known in several:
        for key, at in known.items():
            firsts[key] = min(at, firsts.get(key, at))
    return firsts
