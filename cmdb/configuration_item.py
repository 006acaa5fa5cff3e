"""A configuration item: an id, and what follows from the sightings believed to be of the same thing."""

import re
from typing import Literal, NamedTuple

from cmdb.observation import Value

_WORD = re.compile(r"[^\W_]+")
LONGEST_WORD = 127
"""characters; Lucene cuts a longer word than 255 UTF-16 units in two, and its second half would be found by itself"""
_ASCII_WORDS = "".join(chr(at).lower() if chr(at).isalnum() else " " for at in range(128))
"""ASCII, folded, with blanks between the words: what the pattern finds, at a fifth of the time"""

Lifecycle = Literal["live", "missing", "retired"]


class OutvotedValue(NamedTuple):
    """A value that another one stands over, and the record that says it."""

    value: Value
    record: str


class Fact(NamedTuple):
    """The value that stands for one attribute, the record that says it, and the values it stands over.

    Times are not kept here: they are those of the records, which move far more often than the facts.
    """

    value: Value
    record: str
    outvoted: tuple[OutvotedValue, ...] = ()


class HeldIdentifier(NamedTuple):
    """An identifier as the CI bears it now; `weight` in bits, 0 where the value identifies nothing any more."""

    kind: str
    value: str
    realm: str
    weight: float


class ConfigurationItem(NamedTuple):
    """Everything about a CI that is not a relation or history. Times are microseconds UTC."""

    id: str
    ci_class: str
    name: str
    lifecycle: Lifecycle
    first_seen: int
    last_seen: int
    facts: dict[str, Fact]
    identifiers: tuple[HeldIdentifier, ...]
    records: tuple[str, ...]
    """keys of the records whose sightings it holds"""
    realms: tuple[str, ...]
    parent: str | None = None
    """the CI that its name is unique in"""
    because: str | None = None
    """why it is not live; None while it is"""
    contradiction: str | None = None
    """what its declared status says against what is observed"""
    due: int | None = None
    """when time alone next moves something about it (microseconds UTC); may be early, never late"""

    def text(self, attribute: str) -> str | None:
        """A fact as text, None where nobody says it."""
        fact = self.facts.get(attribute)
        return None if fact is None or fact.value is None else str(fact.value)

    def whole_number(self, attribute: str) -> int | None:
        """A fact as a whole number, None where nobody says it or it is none."""
        fact = self.facts.get(attribute)
        return fact.value if fact is not None and type(fact.value) is int else None


def words_of(ci: ConfigurationItem) -> tuple[str, ...]:
    """The words by which a CI is found: of its name, identifiers, aliases and short text facts; sorted, unique."""
    texts = [ci.name, *(held.value for held in ci.identifiers)]
    for name, fact in ci.facts.items():
        if isinstance(fact.value, str) and len(fact.value) <= 256:
            texts.append(fact.value)
        elif isinstance(fact.value, tuple) and not name.startswith("identifier."):
            texts.extend(item for item in fact.value if isinstance(item, str))
    return split_words(" ".join(texts))


def split_words(text: str) -> tuple[str, ...]:
    """Runs of letters and digits, case-folded; sorted, unique. The only notion of a word in any store's search.

    Of a longer one the first LONGEST_WORD count: an index that takes words of any length is not to be had everywhere.
    """
    runs = text.translate(_ASCII_WORDS).split() if text.isascii() else _WORD.findall(text.casefold())
    return tuple(sorted({run[:LONGEST_WORD] for run in runs}))
