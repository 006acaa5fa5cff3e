"""How one JSON line becomes an observation: the same form in files, on stdin and over HTTP."""

import json
import re
from typing import Any, NoReturn

import orjson

from cmdb.errors import Invalid
from cmdb.observation import CLOCK_SKEW, Claim, Observation, need_from, observation
from cmdb.time import from_rfc3339
from cmdb.vocabulary import HUMAN
from discovery.errors import RecordRejected
from discovery.source import Hearing

KNOWN = frozenset(
    (
        *("source", "realm", "record", "class", "name", "within", "identifiers", "attributes", "relations"),
        *("observed_at", "read_at", "gone"),
    )
)
KNOWN_OF_A_RELATION = frozenset(["type", "to", "from", "group", "need", "effect", "strength", "basis", "confidence"])
_LONG_NUMBER = re.compile(rb"[:\[,]\s*-?\d{19}")
_REALM = re.compile(r"[^\x00-\x1f]{1,256}\Z")


def observe_line(line: str | bytes | dict[str, Any], hearing: Hearing) -> Observation:
    """One observation from one line of the contract's form.

    Raises RecordRejected with what is wrong and what would be right; its `record` is set where the line says which
    record it is about, so that a record that was reported badly does not count as missing.
    """
    stated = _parsed(line)
    record = stated.get("record")
    named = record if isinstance(record, str) and record.strip() else None
    try:
        return _observed(stated, hearing)
    except Invalid as wrong:
        raise RecordRejected(str(wrong), named) from None
    except RecursionError:
        raise RecordRejected("attributes are nested too deep", named) from None


def place_of(line: str | bytes | dict[str, Any], hearing: Hearing) -> tuple[str, str, str] | None:
    """(source, realm, record) of a line that was rejected, as far as it can be read."""
    try:
        stated = _parsed(line)
    except RecordRejected:
        return None
    found = (stated.get("source"), stated.get("realm", hearing.realm), stated.get("record"))
    return found if all(isinstance(part, str) and part for part in found) else None  # type: ignore[return-value]


def _parsed(line: str | bytes | dict[str, Any]) -> dict[str, Any]:
    if isinstance(line, dict):
        return line
    try:
        stated = orjson.loads(line)
    except orjson.JSONDecodeError as wrong:
        raise RecordRejected(f"no JSON: {wrong}") from None
    if not isinstance(stated, dict):
        raise RecordRejected(f"a line is an object, not {_kind(stated)}")
    text = line if isinstance(line, bytes) else line.encode()
    return _with_whole_numbers(text) if _LONG_NUMBER.search(text) else stated


def _with_whole_numbers(line: bytes) -> dict[str, Any]:
    """The same line, read slowly: its numbers beyond 64 bits stay whole instead of becoming the nearest float."""
    try:
        stated: dict[str, Any] = json.loads(line)
    except (ValueError, RecursionError) as wrong:
        raise RecordRejected(f"no JSON: {wrong}") from None
    return stated


def _observed(stated: dict[str, Any], hearing: Hearing) -> Observation:
    if not KNOWN.issuperset(stated):
        _refuse(f"unknown keys {', '.join(sorted(set(stated) - KNOWN))}; known: {', '.join(sorted(KNOWN))}")
    source, record = _text(stated, "source"), _text(stated, "record")
    if source == HUMAN:
        _refuse("source human stands for a person: use a correction instead")
    realm = _text(stated, "realm") if "realm" in stated else hearing.realm
    if not _REALM.match(realm):
        _refuse("realm is empty, holds control characters or is too long")
    gone = stated.get("gone", False)
    if not isinstance(gone, bool):
        _refuse("gone is true or false")
    observed_at = _time(stated, "observed_at", hearing.received_at, hearing)
    name = stated.get("name")
    if name is not None and not isinstance(name, str):
        _refuse("name is text")
    within = stated.get("within")
    if within is not None and not isinstance(within, str):
        _refuse("within is a reference, such as fqdn:db1.corp.example")
    attributes = stated.get("attributes")
    if attributes is not None and not isinstance(attributes, dict):
        _refuse("attributes is an object")
    return observation(
        hearing.vocabulary,
        source=source,
        record=record,
        ci_class="" if gone else _text(stated, "class"),
        observed_at=observed_at,
        realm=realm,
        name=name,
        identifiers=_identifiers(stated.get("identifiers")),
        attributes=attributes,
        claims=_claims(stated.get("relations")),
        within=within,
        read_at=_time(stated, "read_at", observed_at, hearing),
        gone=gone,
    )


def _refuse(reason: str) -> NoReturn:
    raise Invalid(reason)


def _text(stated: dict[str, Any], key: str) -> str:
    value = stated.get(key)
    if value is None:
        _refuse(f"{key} is missing")
    if not isinstance(value, str):
        _refuse(f"{key} is text, not {_kind(value)}")
    return value


def _kind(value: object) -> str:
    """What JSON calls it."""
    return {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list"}.get(
        type(value), "an object" if isinstance(value, dict) else "null"
    )


def _time(stated: dict[str, Any], key: str, otherwise: int, hearing: Hearing) -> int:
    value = stated.get(key)
    if value is None:
        return otherwise
    if not isinstance(value, str):
        _refuse(f"{key} is a time in RFC 3339, such as 2026-11-20T10:00:00Z")
    at = from_rfc3339(value)
    if at > hearing.received_at + CLOCK_SKEW:
        _refuse(f"{key} {value} lies more than 5 minutes in the future: check the source's clock")
    return at


def _identifiers(stated: Any) -> list[tuple[str, str]]:
    if stated is None:
        return []
    if not isinstance(stated, dict):
        _refuse("identifiers is an object: kind → value or list of values")
    found: list[tuple[str, str]] = []
    for kind, values in stated.items():
        if isinstance(values, str):
            found.append((kind, values))
        elif isinstance(values, list) and all(isinstance(value, str) for value in values):
            found.extend((kind, value) for value in values)
        elif values is not None:
            _refuse(f"identifier {kind} is text or a list of text, in quotes even where it is made of digits")
    return found


def _claims(stated: Any) -> list[Claim]:
    if stated is None:
        return []
    if not isinstance(stated, list):
        _refuse("relations is a list")
    return [_claim(relation) for relation in stated]


def _claim(stated: Any) -> Claim:
    if not isinstance(stated, dict):
        _refuse("a relation is an object with type and to (or from)")
    if len(stated) == 2 and type(kind := stated.get("type")) is str and type(to := stated.get("to")) is str:
        return Claim(kind, True, to)  # by far the commonest form
    if not KNOWN_OF_A_RELATION.issuperset(stated):
        _refuse(f"unknown keys of a relation: {', '.join(sorted(set(stated) - KNOWN_OF_A_RELATION))}")
    outgoing = stated.get("to") is not None
    if outgoing == (stated.get("from") is not None):
        _refuse("a relation has either to or from")
    need = stated.get("need")
    return Claim(
        type=_text(stated, "type"),
        outgoing=outgoing,
        reference=_text(stated, "to" if outgoing else "from"),
        group=None if stated.get("group") is None else _text(stated, "group"),
        need=0 if need is None else need_from(need),
        effect=None if stated.get("effect") is None else _text(stated, "effect"),
        strength=_share(stated, "strength"),
        basis=_text(stated, "basis") if stated.get("basis") is not None else "declared",
        confidence=_share(stated, "confidence"),
    )


def _share(stated: dict[str, Any], key: str) -> float | None:
    value = stated.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(f"{key} is a number from 0 to 1")
    return float(value)
