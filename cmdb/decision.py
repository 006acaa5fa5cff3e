"""What a person decided about identity: these sightings are one, or these are not. Beats weights and vetoes."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Verdict = Literal["one", "apart"]


@dataclass(frozen=True, slots=True)
class Decision:
    """Kept on sightings, so that it survives every pass; `a` and `b` are sighting keys, a < b."""

    id: str
    a: str
    b: str
    verdict: Verdict
    author: str
    reason: str
    decided_at: int


class Ruling(NamedTuple):
    """One pair of a decision, kept on the records of both sightings.

    A sighting is named by the id that it brought, which stays with it when its record is reused for something else.
    """

    decision: str
    a: str
    b: str
    verdict: Verdict
    keep: str | None
    """the id that the CI bears from now on, where a person said so"""
    decided_at: int


def decided_key(ruling: Ruling) -> str:
    """The linking key under which the records of what a person called one find each other."""
    return f"decided|{ruling.decision}|"
