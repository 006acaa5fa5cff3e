"""with_file: the words of an installation, as its TOML file adds them to those that are built in.

What the file may say stands in docs/vocabulary.md. Every mistake is found at once, each with its line.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from cmdb.ci_class import DEVICE, PART, Absence, Attribute, AttributeType, CIClass
from cmdb.errors import Invalid
from cmdb.identifier import BOTH_ORDERS, FORMS, IdentifierKind, swapped_uuid
from cmdb.observation import KNOWN_EVERYWHERE
from cmdb.relation_type import EFFECTS, RelationType
from cmdb.toml_lines import Path, lines_of
from cmdb.toml_values import (
    Check,
    Wrong,
    attribute_name,
    duration,
    flag,
    number,
    one_of,
    some_texts,
    text_line,
    whole_number,
    word,
)
from cmdb.vocabulary import HUMAN, SourceTraits, Vocabulary

AREAS = ("hardware", "network", "software", "identity", "service")
ATTRIBUTE_TYPES: tuple[AttributeType, ...] = ("string", "integer", "number", "boolean", "strings", "numbers")
FAMILIES = (DEVICE, PART, "own")
RESERVED_CLASSES = frozenset(
    {"ci", "record", "clue", "waiting", "alias", "revision", "revision_log", "history", "past", "document", "schema"}
)
"""names that a store has for things of its own"""
RESERVED_KINDS = frozenset({"id", "record", "ref"})
"""what a reference begins with that is no identifier"""

_CLASS: Mapping[str, Check] = {
    "area": one_of(AREAS),
    "family": one_of(FAMILIES),
    "description": text_line,
    "named": flag,
    "apart": flag,
    "own_record": flag,
    "counts_in_hold": flag,
}
_ABSENCE: Mapping[str, Check] = {
    "misses_to_retire": whole_number(1, 1000),
    "age_to_retire": duration,
    "contact_age": duration,
    "by_scan": flag,
    "ever": flag,
    "with_holder": flag,
}
_ATTRIBUTE: Mapping[str, Check] = {
    "type": one_of(ATTRIBUTE_TYPES),
    "description": text_line,
    "watched": flag,
    "choices": some_texts,
}
_KIND: Mapping[str, Check] = {
    "description": text_line,
    "bits": number(0, 40),
    "form": one_of(tuple(FORMS)),
    "one_valued": flag,
    "by_realm": flag,
    "stop": some_texts,
}
_BUILT_IN_KIND: Mapping[str, Check] = {name: _KIND[name] for name in ("bits", "stop")}
_WEIGHED_BY = {
    "hostname": "bare_name_bits and guaranteed_name_bits",
    "fqdn": "full_name_bits",
    "ip": "address_at_once",
    "socket": "none: nothing is one by a socket",
}
"""kinds whose weight hangs on more than the kind → the settings of identity that say it"""
_RELATION: Mapping[str, Check] = {
    "description": text_line,
    "effect": one_of(EFFECTS),
    "strength": number(0, 1),
    "effect_if_observed": one_of(EFFECTS),
    "default_group": text_line,
}
_SOURCE: Mapping[str, Check] = {
    "authority": number(0, 1000),
    **dict.fromkeys((one.name for one in fields(SourceTraits) if one.type is bool), flag),
}


def with_file(built_in: Vocabulary, text: str, name: str) -> Vocabulary:
    """The built-in words and those of the file. Raises Invalid, a line `file:line: what is wrong` for each mistake."""
    try:
        stated = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"{name}: no TOML: {error}") from None
    reading = _Reading(name, lines_of(text))
    words = _Words(built_in, reading)
    for section, found in stated.items():
        read = _SECTIONS.get(section)
        if read is None:
            reading.wrong((section,), f"unknown table {section!r}; known: {', '.join(_SECTIONS)}")
        elif (tables := reading.table((section,), found)) is not None:
            for key, value in tables.items():
                read(words, key, value)
    if reading.mistakes:
        raise Invalid("\n".join(message for _, message in sorted(reading.mistakes)))
    return Vocabulary(words.classes, words.relation_types, words.kinds, words.sources, words.half_lives)


class _Reading:
    """The mistakes found so far, each with its line."""

    def __init__(self, name: str, lines: Mapping[Path, int]) -> None:
        self.name = name
        self.lines = lines
        self.mistakes: list[tuple[int, str]] = []

    def wrong(self, path: Path, what: str) -> None:
        """Note a mistake at the nearest key that has a line."""
        at = next((self.lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.lines), 1)
        self.mistakes.append((at, f"{self.name}:{at}: {what}"))

    def table(self, path: Path, value: Any) -> dict[str, Any] | None:
        """The value if it is a table."""
        if isinstance(value, dict):
            return value
        self.wrong(path, f"{'.'.join(path)} is a table: [{'.'.join(path)}] is wanted")
        return None

    def fields(
        self, path: Path, value: Any, known: Mapping[str, Check], also: tuple[str, ...] = (), *, needs: str = ""
    ) -> dict[str, Any] | None:
        """Checked values by name; None where there was a mistake. `also`: tables that are read elsewhere."""
        stated = self.table(path, value)
        if stated is None:
            return None
        before = len(self.mistakes)
        read = {}
        for key, given in stated.items():
            if key in also:
                continue
            check = known.get(key)
            if check is None:
                self.wrong((*path, key), f"unknown key {key!r}; known: {', '.join((*known, *also))}")
                continue
            try:
                read[key] = check(given)
            except Wrong as error:
                self.wrong((*path, key), f"{key}: {error}")
        for key in needs.split():
            if key not in stated:
                self.wrong(path, f"{'.'.join(path)} needs {key!r}")
        return read if len(self.mistakes) == before else None


class _Words:
    """The words as they grow, section by section."""

    def __init__(self, built_in: Vocabulary, reading: _Reading) -> None:
        self.built_in = built_in
        self.reading = reading
        self.classes = dict(built_in.classes)
        self.relation_types = dict(built_in.relation_types)
        self.kinds = dict(built_in.identifier_kinds)
        self.sources = dict(built_in.sources)
        self.half_lives = dict(built_in.half_lives)

    def add_class(self, name: str, value: Any) -> None:
        """A new class, or more attributes and other ages for a known one."""
        path = ("classes", name)
        known = self.built_in.classes.get(name)
        if known is None and not self._may_be_named(path, name, RESERVED_CLASSES):
            return
        of_its_own: Mapping[str, Check] = {} if known is not None else _CLASS
        needs = "" if known is not None else "area description"
        read = self.reading.fields(path, value, of_its_own, ("absence", "attributes"), needs=needs)
        tables = value if isinstance(value, dict) else {}
        before = known.absence if known is not None else Absence()
        absence = self.reading.fields((*path, "absence"), tables.get("absence", {}), _ABSENCE)
        attributes = self._attributes((*path, "attributes"), tables.get("attributes", {}), known)
        if read is None or absence is None:
            return
        family = read.get("family", "own")
        declared = known or CIClass(**{**read, "name": name, "family": name if family == "own" else family})
        self.classes[name] = replace(
            declared, absence=replace(before, **absence), attributes={**declared.attributes, **attributes}
        )

    def _attributes(self, path: Path, value: Any, known: CIClass | None) -> dict[str, Attribute]:
        found = {}
        for name, stated in (self.reading.table(path, value) or {}).items():
            here = (*path, name)
            try:
                attribute_name(name)
            except Wrong as error:
                self.reading.wrong(here, str(error))
                continue
            if name in KNOWN_EVERYWHERE or (known is not None and name in known.attributes):
                self.reading.wrong(here, f"attribute {name!r} is declared already: choose another name")
                continue
            read = self.reading.fields(here, stated, _ATTRIBUTE, needs="type description")
            if read is None:
                continue
            if read.get("choices") and read["type"] not in ("string", "strings"):
                self.reading.wrong((*here, "choices"), "choices are for attributes of type string or strings")
                continue
            found[name] = Attribute(**read)
        return found

    def add_kind(self, name: str, value: Any) -> None:
        """A new kind of identifier, or another weight and values that identify nothing for a known one."""
        path = ("identifier_kinds", name)
        known = self.built_in.identifier_kinds.get(name)
        if known is None and not self._may_be_named(path, name, RESERVED_KINDS):
            return
        read = self.reading.fields(
            path, value, _KIND if known is None else _BUILT_IN_KIND, needs="" if known else "description"
        )
        if read is None:
            return
        if "bits" in read and name in _WEIGHED_BY:
            self.reading.wrong((*path, "bits"), f"its weight is a setting of identity ({_WEIGHED_BY[name]})")
            return
        stop = read.pop("stop", ())
        if known is None:
            form = read.pop("form", "folded")
            normal, worthless = FORMS[form]
            read.setdefault("bits", 20.0)
            known = IdentifierKind(name, normal=normal, worthless=worthless, form=form, **read)
        else:
            known = replace(known, **read)
        self.kinds[name] = replace(known, stop=self._stop_values(path, known, stop))

    def _stop_values(self, path: Path, kind: IdentifierKind, stated: Iterable[str]) -> frozenset[str]:
        found = set()
        for value in stated:
            try:
                normal = kind.normal(value)
                found |= {normal, swapped_uuid(normal)} if normal and kind.name in BOTH_ORDERS else {normal}
            except Invalid as error:
                self.reading.wrong((*path, "stop"), f"stop: {error}")
        return frozenset(found - {""})

    def add_relation_type(self, name: str, value: Any) -> None:
        """A new relation type."""
        path = ("relation_types", name)
        if name in self.built_in.relation_types:
            self.reading.wrong(path, f"relation type {name!r} is built in: choose another name")
        elif self._may_be_named(path, name, frozenset()):
            read = self.reading.fields(path, value, _RELATION, needs="description effect")
            if read is not None:
                read.setdefault("strength", 0.0 if read["effect"] == "none" else 0.8)
                self.relation_types[name] = RelationType(name, **read)

    def add_source(self, name: str, value: Any) -> None:
        """What is known of a source: of one that is built in, what is said here stands over what it declares."""
        path = ("sources", name)
        if name == HUMAN:
            self.reading.wrong(path, "the word of a person always stands first: nothing can be said of source 'human'")
            return
        read = self.reading.fields(path, value, _SOURCE, ("authority_of",))
        stated = value.get("authority_of", {}) if isinstance(value, dict) else {}
        by_attribute = self._by_attribute((*path, "authority_of"), stated, number(0, 1000))
        if read is not None:
            before = self.sources.get(name, SourceTraits())
            self.sources[name] = replace(before, **read, authority_of={**before.authority_of, **by_attribute})

    def _by_attribute(self, path: Path, value: Any, check: Check) -> dict[str, Any]:
        found = {}
        for attribute, given in (self.reading.table(path, value) or {}).items():
            try:
                attribute_name(attribute)
                found[attribute] = check(given)
            except Wrong as error:
                self.reading.wrong((*path, attribute), f"{attribute}: {error}")
        return found

    def add_half_life(self, attribute: str, value: Any) -> None:
        """In what time a value of the attribute is worth half."""
        found = self._by_attribute(("half_lives",), {attribute: value}, duration)
        if 0 in found.values():
            self.reading.wrong(("half_lives", attribute), f"{attribute}: a half-life is longer than nothing")
        self.half_lives.update(found)

    def _may_be_named(self, path: Path, name: str, reserved: frozenset[str]) -> bool:
        try:
            word(name)
        except Wrong as error:
            self.reading.wrong(path, str(error))
            return False
        if name in reserved:
            self.reading.wrong(path, f"{name!r} is taken by cmdb itself: choose another name")
        return name not in reserved


_SECTIONS: Mapping[str, Callable[[_Words, str, Any], None]] = {
    "classes": _Words.add_class,
    "identifier_kinds": _Words.add_kind,
    "relation_types": _Words.add_relation_type,
    "sources": _Words.add_source,
    "half_lives": _Words.add_half_life,
}
