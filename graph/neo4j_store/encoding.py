"""How the core's values lie in Neo4j: pleasant to query by hand, with what only we read under `_names`."""

from datetime import UTC, datetime
from typing import Any

from cmdb.configuration_item import ConfigurationItem, HeldIdentifier, words_of
from cmdb.draft import name_key
from cmdb.graph_patch import RecordWrite
from cmdb.relation import Relation
from cmdb.sighting import Record
from graph.encoding import (
    decode_facts,
    decode_record,
    decode_requirements,
    decode_witnesses,
    encode_facts,
    encode_record,
    encode_witnesses,
    from_json,
    to_json,
)  # fmt: skip

RESERVED = frozenset(
    {
        *("id", "class", "name", "name_key", "lifecycle", "identifiers"),
        *("first_seen", "last_seen", "first_seen_us", "last_seen_us"),
    }
)
"""properties of our own; a fact of such a name is found as `fact_<name>`"""

Row = list[Any]


def moment(at: int) -> datetime:
    """Microseconds as a datetime that Cypher can compare."""
    return datetime.fromtimestamp(at / 1e6, UTC)


def record_row(write: RecordWrite) -> dict[str, Any]:
    """Properties of a Record node."""
    record = write.record
    newest = max(record.versions, key=lambda version: (version.last, version.said.read_at, version.said.content))
    said = newest.said
    return {
        "key": record.key, "source": record.source, "realm": record.realm, "record": record.record, "ci": record.ci,
        "content": said.content if write.quiet else "", "scope": record.scope, "first": newest.first,
        "last": newest.last, "observed_at": said.observed_at, "read_at": said.read_at, "heard": record.heard,
        "misses": record.misses, "gone": record.gone, "parent": record.parent, "keys": to_json(write.keys),
        "payload": encode_record(record),
    }  # fmt: skip


def read_record(row: Row) -> Record:
    """The other way round, from RECORD_COLUMNS."""
    payload, key, source, realm, record, first, last, observed_at, read_at, scope, heard, misses, gone = row
    return decode_record(
        payload, key=key, source=source, realm=realm, record=record, first=first, last=last, observed_at=observed_at,
        read_at=read_at, scope=scope, heard=heard, misses=misses, gone=gone,
    )  # fmt: skip


def ci_row(ci: ConfigurationItem) -> dict[str, Any]:
    """Properties of a CI node: current facts under their own names, identifiers as one list a kind."""
    row: dict[str, Any] = {}
    for name, fact in ci.facts.items():
        if fact.value is not None and fact.value != ():
            row[f"fact_{name}" if name in RESERVED or name.startswith("_") else name] = (
                list(fact.value) if isinstance(fact.value, tuple) else fact.value
            )
    for held in ci.identifiers:
        row.setdefault(f"id_{held.kind}", []).append(held.value)
    root = ci.facts.get("network_root")
    row |= {
        "id": ci.id, "class": ci.ci_class, "name": ci.name, "name_key": name_key(ci.name), "lifecycle": ci.lifecycle,
        "first_seen": moment(ci.first_seen), "last_seen": moment(ci.last_seen),
        "first_seen_us": ci.first_seen, "last_seen_us": ci.last_seen,
        "_facts": encode_facts(ci.facts), "_identifiers": to_json(ci.identifiers), "_records": list(ci.records),
        "_realms": list(ci.realms), "_parent": ci.parent, "_words": " ".join(words_of(ci)),
        "_network_root": root is not None and root.value is True,
    }  # fmt: skip
    # What searches and the topology read by name must have the type they expect, whatever the facts say.
    for name, value in (
        ("tier", ci.whole_number("tier")), ("owner", ci.text("owner")), ("environment", ci.text("environment")),
        ("status", ci.text("status")),
    ):  # fmt: skip
        row[name] = value
    return row


def read_ci(row: Row) -> ConfigurationItem:
    """The other way round, from CI_COLUMNS."""
    id_, ci_class, name, lifecycle, first_seen, last_seen, facts, identifiers, records, realms, parent = row
    return ConfigurationItem(
        id_, ci_class, name, lifecycle, first_seen, last_seen, decode_facts(facts),
        tuple(HeldIdentifier(*held) for held in from_json(identifiers)), tuple(records), tuple(realms), parent,
    )  # fmt: skip


def relation_row(relation: Relation) -> dict[str, Any]:
    """Ends and properties of a relation."""
    return {
        "from": relation.from_ci,
        "to": relation.to_ci,
        "is": {
            "id": relation.id, "group": relation.group, "need": relation.need or None, "effect": relation.effect,
            "basis": relation.basis, "strength": relation.strength, "confidence": relation.confidence,
            "human": relation.human, "stale": relation.stale, "first_seen": moment(relation.first_seen),
            "first_seen_us": relation.first_seen, "_type": relation.type,
            "_witnesses": encode_witnesses(relation.witnesses), "_requirements": to_json(relation.requirements),
        },
    }  # fmt: skip


def read_relation(row: Row) -> Relation:
    """The other way round, from RELATION_COLUMNS."""
    (id_, type_, from_ci, to_ci, witnesses, first_seen, requirements, effect, basis, strength, confidence, human,
     stale) = row  # fmt: skip
    return Relation(
        id_, type_, from_ci, to_ci, decode_witnesses(witnesses), first_seen, decode_requirements(requirements),
        effect, basis, strength, confidence, human, stale,
    )  # fmt: skip


def ends_of(relation_id: str) -> tuple[str, str, str]:
    """(from, to, id): a relation's id begins with the ids of its ends."""
    from_ci, to_ci, _ = relation_id.split("-", 2)
    return from_ci, to_ci, relation_id
