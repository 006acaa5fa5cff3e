"""What can go wrong with what we are told, named by whose fault it is.

CmdbError
├── Invalid            the statement itself is wrong: say what, and what would be right
├── UnknownReference   nothing bears this reference
│   ├── Purged         it is an id of something that was forgotten
│   └── AmbiguousReference   several things bear it; `candidates` says which
└── Contradiction      people have decided otherwise; `decisions` says which
"""

from dataclasses import dataclass


class CmdbError(Exception):
    """Root of every error of the core."""


class Invalid(CmdbError):
    """A statement that cannot be accepted; the message says what is wrong and what is allowed."""


class UnknownReference(CmdbError):
    """No CI bears the reference."""


class Purged(UnknownReference):
    """An id of a CI that was retired long ago and forgotten; it will never mean another."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A CI that a reference may mean."""

    id: str
    name: str
    ci_class: str
    realm: str
    lifecycle: str


class AmbiguousReference(UnknownReference):
    """More than one CI bears the reference; none is guessed."""

    def __init__(self, message: str, candidates: tuple[Candidate, ...]) -> None:
        super().__init__(message)
        self.candidates = candidates


class Contradiction(CmdbError):
    """A decision that cannot hold beside standing ones."""

    def __init__(self, message: str, decisions: tuple[str, ...]) -> None:
        super().__init__(message)
        self.decisions = decisions
