"""Identifiers as a service states them: one that is no value of its kind is kept as a fact, its record is not lost."""

from collections.abc import Iterable
from typing import Any

from cmdb.errors import Invalid
from cmdb.identifier import identifier
from cmdb.vocabulary import Vocabulary

Stated = list[tuple[str, str]]


def sound(vocabulary: Vocabulary, stated: Iterable[tuple[str, object]]) -> tuple[Stated, dict[str, Any]]:
    """(identifiers, facts): a MAC that is none becomes the fact `identifier.mac`; what is empty is left out."""
    good: Stated = []
    facts: dict[str, Any] = {}
    for kind, value in stated:
        if not isinstance(value, str) or not value.strip():
            continue
        try:
            identifier(vocabulary.identifier_kinds, kind, value)
        except Invalid:
            facts[f"identifier.{kind}"] = value[:1_000]
        else:
            good.append((kind, value))
    return good, facts


def name_as_host(name: str | None) -> str | None:
    """A device's name where it can be the name of a host too: `Ann's iPhone` cannot."""
    if name is None or not name.strip() or any(character.isspace() for character in name.strip()):
        return None
    return name.strip()
