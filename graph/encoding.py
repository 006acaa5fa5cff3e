"""How the core's values are spelled as JSON, alike in every store and in an export."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from cmdb.configuration_item import Fact, OutvotedValue
from cmdb.decision import Ruling
from cmdb.first_said import FirstSaid
from cmdb.graph_patch import Event
from cmdb.identifier import Identifier
from cmdb.observation import Claim, Observation
from cmdb.relation import Requirement, Witness
from cmdb.sighting import Correction, Lifetime, Record, Version


def to_json(value: Any) -> str:
    """Compact JSON text; tuples become lists."""
    return orjson.dumps(value, default=tuple).decode()  # named tuples are lists in JSON


def from_json(text: str | bytes) -> Any:
    """The value behind JSON text."""
    return orjson.loads(text)


# -- records ---------------------------------------------------------------------------------------------------------


def standing_version(record: Record) -> Version:
    """The version whose first and last contact a record shows without its body: the last one."""
    if len(record.versions) == 1:
        return record.versions[0]
    return max(record.versions, key=lambda version: (version.last, version.said.read_at, version.said.content))


def encode_record(record: Record) -> str:
    """Everything of a record that has no column of its own (see `decode_record` for those that have)."""
    body: dict[str, Any] = {"v": [_version(version) for version in record.versions], "c": record.cis}
    if record.ends:
        body["e"] = record.ends
    if record.parent is not None:
        body["p"] = record.parent
    if record.quiet_until:
        body["q"] = record.quiet_until
    if record.rulings:
        body["r"] = record.rulings
    if record.asked:
        body["a"] = record.asked
    if record.since != record.versions[0].first:
        body["s"] = record.since
    if record.correction is not None:
        c = record.correction
        body["h"] = (c.about, c.author, c.reason, c.expires_at)
    return to_json(body)


def decode_record(
    payload: str | bytes,
    *,
    key: str,
    source: str,
    realm: str,
    record: str,
    first: int,
    last: int,
    observed_at: int,
    read_at: int,
    scope: str | None,
    heard: int,
    misses: int,
    gone: bool,
) -> Record:
    """The record behind its payload and columns.

    The time columns move without the payload when a record with one version says the same again, so they win there.
    """
    body = from_json(payload)
    versions = tuple(_read_version(version, source, realm, record) for version in body["v"])
    if len(versions) == 1:
        versions = (_moved(versions[0], first, last, observed_at, read_at),)
    about = body.get("h")
    return Record(
        key=key,
        source=source,
        realm=realm,
        record=record,
        versions=versions,
        cis=tuple(body["c"]),
        ends=tuple(body.get("e", ())),
        parent=body.get("p"),
        scope=scope,
        heard=heard,
        misses=misses,
        gone=gone,
        correction=Correction(*about) if about else None,
        quiet_until=body.get("q", 0),
        rulings=tuple(Ruling(*ruling) for ruling in body.get("r", ())),
        asked=tuple(body.get("a", ())),
        since=body.get("s", versions[0].first),
    )


def _version(version: Version) -> list[Any]:
    said = version.said
    spans = [(kind, value, first, last) for kind, value, first, last in version.lifetimes]
    row = [
        version.first,
        version.last,
        version.brought,
        version.applied,
        version.signature,
        spans,
        said.ci_class,
        said.name,
        said.named,
        said.identifiers,
        said.attributes,
        said.claims,
        said.within,
        said.observed_at,
        said.read_at,
        said.content,
    ]
    return [*row, version.claimed] if version.claimed else row


def _read_version(row: list[Any], source: str, realm: str, record: str) -> Version:
    (first, last, brought, applied, signature, spans, ci_class, name, named, borne, attributes, claims, within,
     observed_at, read_at, content, *noted) = row  # fmt: skip
    said = Observation(
        source,
        realm,
        record,
        ci_class,
        name,
        named,
        tuple(Identifier(kind, value) for kind, value in borne),
        tuple((attribute, tuple(value) if isinstance(value, list) else value) for attribute, value in attributes),
        tuple(Claim(*claim) for claim in claims),
        within,
        observed_at,
        read_at,
        content,
    )
    return Version(
        tuple(Identifier(kind, value) for kind, value in signature),
        first,
        last,
        said,
        tuple(Lifetime(*span) for span in spans),
        brought,
        applied,
        tuple(FirstSaid(*note) for notes in noted for note in notes),
    )


def _moved(version: Version, first: int, last: int, observed_at: int, read_at: int) -> Version:
    if version.last == last and version.first == first and version.said.read_at == read_at:
        return version
    said = version.said
    again = Observation(
        said.source, said.realm, said.record, said.ci_class, said.name, said.named, said.identifiers, said.attributes,
        said.claims, said.within, observed_at, read_at, said.content,
    )  # fmt: skip
    listed = set(said.identifiers)
    lifetimes = tuple(
        Lifetime(life.kind, life.value, life.first, max(life.last, last))
        if (life.kind, life.value) in listed and life.last == version.last
        else life
        for life in version.lifetimes
    )
    return version._replace(first=first, last=last, said=again, lifetimes=lifetimes)


# -- configuration items ---------------------------------------------------------------------------------------------


def encode_facts(facts: Mapping[str, Fact]) -> str:
    """Facts as JSON: attribute → [value, record] or [value, record, [[outvoted value, record], …]]."""
    return to_json({name: fact if fact.outvoted else fact[:2] for name, fact in facts.items()})


def decode_facts(text: str | bytes) -> dict[str, Fact]:
    """The other way round."""
    return {
        name: Fact(
            _value(row[0]),
            row[1],
            tuple(OutvotedValue(_value(value), record) for value, record in row[2]) if len(row) > 2 else (),
        )
        for name, row in from_json(text).items()
    }


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


# -- relations and events --------------------------------------------------------------------------------------------


def encode_witnesses(witnesses: tuple[Witness, ...]) -> str:
    """Witnesses as JSON rows in the order of Witness's fields."""
    return to_json(witnesses)


def decode_witnesses(text: str | bytes, first_seen: int) -> tuple[Witness, ...]:
    """The other way round. What an older export says of no witness by itself is since when the relation is seen."""
    whole = len(Witness._fields)
    return tuple(Witness(*row, *(() if len(row) == whole else (first_seen,))) for row in from_json(text))


@lru_cache(maxsize=1024)
def encode_requirements(requirements: tuple[Requirement, ...]) -> str:
    """Requirements as JSON rows in the order of Requirement's fields; nearly all relations have the same."""
    return to_json(requirements)


def decode_requirements(text: str | bytes) -> tuple[Requirement, ...]:
    """Requirements from JSON rows in the order of Requirement's fields."""
    return tuple(Requirement(*row) for row in from_json(text))


def encode_events(events: tuple[Event, ...]) -> str:
    """Events as JSON rows in the order of Event's fields."""
    return to_json(events)


def decode_events(text: str | bytes) -> tuple[Event, ...]:
    """The other way round."""
    return tuple(Event(*row) for row in from_json(text))
