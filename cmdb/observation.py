"""What one source said about one thing at one time, checked and in normal form."""

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cmdb.errors import Invalid
from cmdb.identifier import Identifier, identifier
from cmdb.reference import parse_reference
from cmdb.relation_type import BASES, EFFECTS
from cmdb.vocabulary import Vocabulary

Value = None | bool | int | float | str | tuple[str, ...] | tuple[int | float, ...]

MAX_TEXT = 65_536
MAX_RECORD = 1_024
LARGEST_NEED = 1_000_000
"""members of a group that can be asked for: more than any estate has, and small enough for every array of numbers"""
CLOCK_SKEW = 5 * 60 * 1_000_000
"""microseconds that a source's clock may be ahead of ours"""

_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]*(?:\.[^.\x00]{1,256})*\Z")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_INT64 = 2**63

KNOWN_EVERYWHERE: Mapping[str, str] = {
    "environment": "string",
    "tier": "integer",
    "owner": "string",
    "status": "string",
    "network_root": "boolean",
}
STATUSES = ("planned", "in_stock", "in_use", "in_repair", "decommissioned")


class Claim(NamedTuple):
    """A relation as one source asserts it: the other end by reference, everything else as far as it was said."""

    type: str
    outgoing: bool
    """whether the observed thing is the relation's `from`"""
    reference: str
    group: str | None = None
    need: int = 0
    """0 unsaid, > 0 members, < 0 minus a percentage"""
    effect: str | None = None
    strength: float | None = None
    basis: str = "declared"
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """Times are microseconds since 1970, UTC. `gone`: the source says that the record no longer exists."""

    source: str
    realm: str
    record: str
    ci_class: str
    name: str
    named: bool
    """whether the source gave the name; else it was made up from identifiers or the record"""
    identifiers: tuple[Identifier, ...]
    attributes: tuple[tuple[str, Value], ...]
    """sorted by name"""
    claims: tuple[Claim, ...]
    within: str | None
    """reference of the thing that the name is unique in"""
    observed_at: int
    read_at: int
    content: str
    """hash of everything but the times"""
    gone: bool = False


def observation(
    vocabulary: Vocabulary,
    *,
    source: str,
    record: str,
    ci_class: str,
    observed_at: int,
    realm: str = "default",
    name: str | None = None,
    identifiers: Iterable[tuple[str, str]] = (),
    attributes: Mapping[str, object] | None = None,
    claims: Iterable[Claim] = (),
    within: str | None = None,
    read_at: int | None = None,
    gone: bool = False,
) -> Observation:
    """One observation in normal form.

    Worthless identifiers are kept as attributes (`identifier.<kind>`). Raises Invalid with what is wrong and allowed.
    """
    _check_text(source, "source", 256)
    _check_text(record, "record", MAX_RECORD)
    _check_text(realm, "realm", 256)
    read = observed_at if read_at is None else read_at
    if gone:
        return Observation(source, realm, record, "", "", False, (), (), (), None, observed_at, read, "", gone=True)
    vocabulary.ci_class(ci_class)
    facts = _flat(attributes) if attributes else {}
    borne = _identifiers(vocabulary, identifiers, facts)
    if name is not None:
        _check_text(name, "name", MAX_RECORD)
    stated = name is not None and bool(name.strip())
    shown = name.strip() if name is not None and stated else _name_from(borne, record)
    if facts:
        _check_types(vocabulary, ci_class, facts)
    said = tuple(sorted(facts.items()))
    asserted = _claims(vocabulary, claims, realm)
    inside = None if within is None else _reference(within, vocabulary, realm)
    digest = hashlib.blake2b(
        repr((ci_class, shown, stated, borne, said, asserted, inside)).encode("utf-8", "replace"), digest_size=12
    ).hexdigest()
    return Observation(
        source, realm, record, ci_class, shown, stated, borne, said, asserted, inside, observed_at, read, digest
    )


def _check_text(value: str, what: str, limit: int) -> None:
    if not value or not value.strip():
        raise Invalid(f"{what} is empty")
    if _UNSTORABLE.search(value):
        raise Invalid(f"{what} holds U+0000 or a lone surrogate, which no store keeps")
    if len(value) > limit // 4 and len(value.encode()) > limit:
        raise Invalid(f"{what} is longer than {limit} bytes")


def _identifiers(
    vocabulary: Vocabulary, stated: Iterable[tuple[str, str]], facts: dict[str, Value]
) -> tuple[Identifier, ...]:
    kept: set[Identifier] = set()
    for kind, value in stated:
        if not value:
            continue
        if _UNSTORABLE.search(value):
            raise Invalid(f"identifier {kind} holds U+0000 or a lone surrogate, which no store keeps")
        found = identifier(vocabulary.identifier_kinds, kind, value)
        if found is not None:
            kept.add(found)
        elif value.strip():
            _keep_worthless(facts, f"identifier.{kind}", value.strip())
    return tuple(sorted(kept))


def _keep_worthless(facts: dict[str, Value], key: str, value: str) -> None:
    before = facts.get(key)
    if before is None:
        facts[key] = value
    elif before != value and isinstance(before, str):
        facts[key] = tuple(sorted((before, value)))
    elif isinstance(before, tuple):
        facts[key] = tuple(sorted({*(str(item) for item in before), value}))


def _name_from(borne: tuple[Identifier, ...], record: str) -> str:
    for kind in ("hostname", "fqdn"):
        for found in borne:
            if found.kind == kind:
                return found.value
    return record


def _flat(attributes: Mapping[str, object], prefix: str = "") -> dict[str, Value]:
    flat: dict[str, Value] = {}
    for key, value in attributes.items():
        name = prefix + key
        if isinstance(value, Mapping):
            inner = _flat(value, name + ".")
            if not flat.keys().isdisjoint(inner):
                raise Invalid(f"attribute {min(flat.keys() & inner)} is said twice, nested and with dots")
            flat.update(inner)
            continue
        if not _ATTRIBUTE.match(name):
            raise Invalid(f"attribute name {name!r} is not allowed: small letters, digits and _, dots for nesting")
        if name in flat:
            raise Invalid(f"attribute {name} is said twice, nested and with dots")
        flat[name] = _value(name, value)
    return flat


def _value(name: str, value: object) -> Value:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        if _UNSTORABLE.search(value):
            raise Invalid(f"attribute {name} holds U+0000 or a lone surrogate, which no store keeps")
        if len(value) > MAX_TEXT // 4 and len(value.encode()) > MAX_TEXT:
            raise Invalid(f"attribute {name} is longer than {MAX_TEXT} bytes")
        return value
    if isinstance(value, int):
        if not -_INT64 <= value < _INT64:
            raise Invalid(f"attribute {name} does not fit 64 bits")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Invalid(f"attribute {name} is not a finite number")
        return value
    if isinstance(value, list | tuple):
        return _list(name, list(value))
    raise Invalid(f"attribute {name} is a {type(value).__name__}: null, text, boolean, number or a list is wanted")


def _list(name: str, items: list[object]) -> tuple[str, ...] | tuple[int | float, ...]:
    if all(isinstance(item, str) for item in items):
        return tuple(str(_value(name, item)) for item in items)
    if all(isinstance(item, int | float) and not isinstance(item, bool) for item in items):
        return tuple(item for item in (_value(name, item) for item in items) if isinstance(item, int | float))
    raise Invalid(f"attribute {name} is a mixed list: all text or all numbers are wanted")


def _check_types(vocabulary: Vocabulary, ci_class: str, facts: Mapping[str, Value]) -> None:
    declared = vocabulary.classes[ci_class].attributes
    for name, value in facts.items():
        wanted = KNOWN_EVERYWHERE.get(name) or (declared[name].type if name in declared else None)
        if wanted is not None and value is not None and not _fits(wanted, value):
            raise Invalid(f"attribute {name} of a {ci_class} is {value!r}: {wanted} is wanted")
        choices = declared[name].choices if name in declared else ()
        if choices and not set(value if isinstance(value, tuple) else (value,)) <= {*choices, None}:
            raise Invalid(f"attribute {name} of a {ci_class} is {value!r}: {', '.join(choices)} are allowed")
        if name == "status" and value is not None and value not in STATUSES:
            raise Invalid(f"status {value!r} is unknown: {', '.join(STATUSES)} are allowed")


def _fits(wanted: str, value: Value) -> bool:
    if wanted == "boolean":
        return isinstance(value, bool)
    if wanted == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if wanted == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if wanted == "string":
        return isinstance(value, str)
    kind = str if wanted == "strings" else (int, float)
    return isinstance(value, tuple) and all(isinstance(item, kind) for item in value)


def _claims(vocabulary: Vocabulary, claims: Iterable[Claim], realm: str) -> tuple[Claim, ...]:
    asserted: dict[tuple[str, bool, str, str | None], Claim] = {}
    for claim in claims:
        declared = vocabulary.relation_types.get(claim.type)
        if declared is None:
            known = ", ".join(sorted(vocabulary.relation_types))
            raise Invalid(f"unknown relation type {claim.type!r}; known: {known}")
        if claim.need and claim.group is None:
            raise Invalid(
                f"relation {claim.type} has a need without a group: say which members stand in for each other"
            )
        if claim.effect is not None and claim.effect not in EFFECTS:
            raise Invalid(f"effect {claim.effect!r} is unknown: {', '.join(EFFECTS)} are allowed")
        if claim.basis not in BASES:
            raise Invalid(f"basis {claim.basis!r} is unknown: {', '.join(BASES)} are allowed")
        for what, number in (("strength", claim.strength), ("confidence", claim.confidence)):
            if number is not None and not 0 <= number <= 1:
                raise Invalid(f"{what} {number!r} is no probability: 0 to 1 is wanted")
        if claim.group is not None:
            _check_text(claim.group, "group", 256)
        reference = _reference(claim.reference, vocabulary, realm)
        normal = claim._replace(reference=reference, group=claim.group or declared.default_group)
        asserted[(normal.type, normal.outgoing, reference, normal.group)] = normal
    return tuple(sorted(asserted.values(), key=repr))


def _reference(stated: str, vocabulary: Vocabulary, realm: str) -> str:
    if _UNSTORABLE.search(stated):
        raise Invalid("a reference holds U+0000 or a lone surrogate, which no store keeps")
    return str(parse_reference(stated, vocabulary, realm))


def need_from(stated: object) -> int:
    """`need` as the contract spells it (an integer, or "50%") as this package keeps it. Raises Invalid."""
    if isinstance(stated, int) and not isinstance(stated, bool) and 1 <= stated <= LARGEST_NEED:
        return stated
    if isinstance(stated, str) and (match := re.fullmatch(r"(\d{1,3})%", stated.strip())) and 0 < int(match[1]) <= 100:
        return -int(match[1])
    shown = "that large" if isinstance(stated, int) and stated > LARGEST_NEED else repr(stated)
    raise Invalid(
        f'need {shown} is wrong: a whole number from 1 to {LARGEST_NEED}, or a share such as "50%", is wanted'
    )


def spelled_need(need: int) -> int | str | None:
    """The other way round: as the contract shows it."""
    return None if need == 0 else need if need > 0 else f"{-need}%"
