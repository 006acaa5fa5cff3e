"""What a person decided about identity: these sightings are one, or these are not. Beats weights and vetoes."""

from collections.abc import Iterable
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


class Pair(NamedTuple):
    """Two sightings, by the ids they brought, and what is said of them."""

    a: str
    b: str
    verdict: Verdict


def contradicted(wanted: Iterable[Pair], standing: Iterable[Ruling]) -> tuple[str, ...]:
    """Ids of the standing decisions that cannot hold beside these pairs, sorted.

    What is one is one through any number of others; what is apart may not be one by any way.
    """
    standing = tuple(standing)
    said = [*wanted, *(Pair(ruling.a, ruling.b, ruling.verdict) for ruling in standing)]
    one_with: dict[str, str] = {}

    def top(end: str) -> str:
        while (above := one_with.get(end, end)) != end:
            end = above
        return end

    for pair in said:
        if pair.verdict == "one" and top(pair.a) != top(pair.b):
            one_with[top(pair.a)] = top(pair.b)
    broken = {top(pair.a) for pair in said if pair.verdict == "apart" and top(pair.a) == top(pair.b)}
    return tuple(sorted({ruling.decision for ruling in standing if broken & {top(ruling.a), top(ruling.b)}}))


def decided_key(ruling: Ruling) -> str:
    """The linking key under which the records of what a person called one find each other."""
    return f"decided|{ruling.decision}|"
