"""How the core's values lie in Neo4j: pleasant to query by hand, with what only we read under `_names`."""

from collections.abc import Mapping
from typing import Any

from cmdb.configuration_item import ConfigurationItem, HeldIdentifier, words_of
from cmdb.draft import name_key
from cmdb.graph_patch import RecordWrite
from cmdb.observation import Value
from cmdb.relation import Relation
from cmdb.sighting import Record
from graph.encoding import (
    decode_facts,
    decode_record,
    decode_requirements,
    decode_witnesses,
    encode_facts,
    encode_record,
    encode_requirements,
    encode_witnesses,
    from_json,
    standing_version,
    to_json,
)  # fmt: skip

RESERVED = frozenset({"id", "class", "name", "name_key", "lifecycle", "first_seen", "last_seen", "born"})
"""properties of our own; a fact of such a name is found as `fact_<name>`"""

Row = list[Any]


def record_row(write: RecordWrite) -> dict[str, Any]:
    """Properties of a Record node."""
    record = write.record
    newest = standing_version(record)
    last = write.said or newest.said
    row = {
        "key": record.key, "source": record.source, "realm": record.realm, "record": record.record, "ci": record.ci,
        "content": last.content, "quiet_until": record.quiet_until, "scope": record.scope, "first": newest.first,
        "last": newest.last, "observed_at": last.observed_at, "read_at": last.read_at, "heard": record.heard,
        "misses": record.misses, "gone": record.gone, "parent": record.parent, "keys": to_json(write.keys),
        "payload": encode_record(record),
    }  # fmt: skip
    return said(row)


def read_record(row: Row) -> Record:
    """The other way round, from RECORD_COLUMNS."""
    payload, key, source, realm, record, first, last, observed_at, read_at, scope, heard, misses, gone = row
    return decode_record(
        payload, key=key, source=source, realm=realm, record=record, first=first, last=last, observed_at=observed_at,
        read_at=read_at, scope=scope, heard=heard, misses=misses, gone=gone,
    )  # fmt: skip


def ci_row(ci: ConfigurationItem) -> dict[str, Any]:
    """Properties of a CI node: current facts under their own names, identifiers as one list a kind."""
    row: dict[str, Any] = {_property(name): _stored(fact.value) for name, fact in ci.facts.items()}
    for held in ci.identifiers:
        row.setdefault(f"id_{held.kind}", []).append(held.value)
    root = ci.facts.get("network_root")
    row |= {
        "id": ci.id, "class": ci.ci_class, "name": ci.name, "name_key": name_key(ci.name), "lifecycle": ci.lifecycle,
        "first_seen": ci.first_seen, "last_seen": ci.last_seen,
        # What searches and the topology read must have the type they expect, whatever the facts say.
        "tier": ci.whole_number("tier"), "owner": ci.text("owner"), "environment": ci.text("environment"),
        "status": ci.text("status"),
        "_facts": encode_facts(ci.facts), "_identifiers": to_json(ci.identifiers), "_records": list(ci.records),
        "_realms": list(ci.realms), "_parent": ci.parent, "_words": " ".join(words_of(ci)),
        "_because": ci.because, "_contradiction": ci.contradiction, "_due": ci.due,
        "_network_root": root is not None and root.value is True,
    }  # fmt: skip
    return said(row)


def said(row: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is null: to Neo4j a property that is null is none."""
    return {name: value for name, value in row.items() if value is not None}


def _property(fact: str) -> str:
    # No two facts share a property: whatever begins like one of ours is moved out of the way.
    return f"fact_{fact}" if fact in RESERVED or fact.startswith(("fact_", "id_")) else fact


def _stored(value: Value) -> Any:
    """A value that Neo4j keeps: lists are of one type."""
    if not isinstance(value, tuple):
        return value
    return [float(item) for item in value] if any(isinstance(item, float) for item in value) else list(value)


def read_ci(row: Row) -> ConfigurationItem:
    """The other way round, from CI_COLUMNS."""
    (id_, ci_class, name, lifecycle, first_seen, last_seen, facts, identifiers, records, realms, parent, because,
     contradiction, due) = row  # fmt: skip
    return ConfigurationItem(
        id_, ci_class, name, lifecycle, first_seen, last_seen, decode_facts(facts),
        tuple(HeldIdentifier(*held) for held in from_json(identifiers)), tuple(records), tuple(realms), parent,
        because, contradiction, due,
    )  # fmt: skip


def relation_row(relation: Relation, born: int | None = None) -> list[Any]:
    """Ends and properties of a relation; `born`: the revision in which it came to be."""
    is_: dict[str, Any] = {
        "id": relation.id, "group": relation.group, "need": relation.need, "effect": relation.effect,
        "basis": relation.basis, "strength": float(relation.strength), "confidence": float(relation.confidence),
        "human": relation.human, "stale": relation.stale, "first_seen": relation.first_seen, "born": born,
        "_witnesses": encode_witnesses(relation.witnesses), "_requirements": encode_requirements(relation.requirements),
    }  # fmt: skip
    several = [group for group, *_ in relation.requirements if group is not None]
    if len(several) > 1:
        is_["groups"] = several
    return [relation.from_ci, relation.to_ci, said(is_)]


def read_relation(row: Row, types: Mapping[str, str]) -> Relation:
    """The other way round, from RELATION_COLUMNS; `types` say how we spell a type."""
    (id_, type_, from_ci, to_ci, witnesses, first_seen, requirements, effect, basis, strength, confidence, human,
     stale) = row  # fmt: skip
    return Relation(
        id_, types[type_], from_ci, to_ci, decode_witnesses(witnesses, first_seen), first_seen,
        decode_requirements(requirements), effect, basis, strength, confidence, human, stale,
    )  # fmt: skip
