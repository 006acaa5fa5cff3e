"""What a reference in normal form means, and under which key its bearers are found: worked out once a text."""

from typing import NamedTuple

from cmdb.identifier import is_keyed_as_it_is, is_keyed_by_realm
from cmdb.reference import NAME, escaped, lookup_key, parse_reference
from cmdb.vocabulary import Vocabulary


class Meaning(NamedTuple):
    """The parts of a reference, and its lookup key."""

    ci_class: str | None
    kind: str
    realm: str | None
    value: str
    key: str


class _Head(NamedTuple):
    """What stands before the value, and what follows from it alone."""

    ci_class: str | None
    kind: str
    realm: str | None
    key_ends: str


class Meanings(dict[str, Meaning]):
    """Reference text in normal form, as observations hold it → its meaning.

    A batch names thousands of things in a handful of ways: `serial:` is read once, then only what comes after it.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self._vocabulary = vocabulary
        self._heads: dict[str, _Head] = {}

    def __missing__(self, text: str) -> Meaning:
        """Raises Invalid for text that is no reference."""
        begins, _, value = text.partition(":")
        head = self._heads.get(begins) if value else None
        if head is None:
            meant = self._read(text, begins)
        else:
            ci_class, kind, realm, ends = head
            meant = Meaning(ci_class, kind, realm, value, f"{kind}|{escaped(value)}|{ends}")
        self[text] = meant
        return meant

    def _read(self, text: str, begins: str) -> Meaning:
        parsed = parse_reference(text, self._vocabulary)
        declared = self._vocabulary.identifier_kinds.get(parsed.kind)
        if declared is not None and is_keyed_as_it_is(declared) and parsed.kind != NAME:
            ends = (parsed.realm or "") if is_keyed_by_realm(declared) else ""
            self._heads[begins] = _Head(parsed.ci_class, parsed.kind, parsed.realm, ends)
        return Meaning(*parsed, lookup_key(parsed, self._vocabulary))
