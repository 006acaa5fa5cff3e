"""How the core's values lie in SQLite's rows."""

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
    encode_requirements,
    encode_witnesses,
    from_json,
    standing_version,
    to_json,
)

Row = tuple[Any, ...]


def record_row(write: RecordWrite) -> Row:
    """A record in the order of its table's columns, but for the number of its body."""
    record = write.record
    standing = standing_version(record)
    said = write.said or standing.said
    return (
        record.key, record.source, record.realm, record.record, record.ci, said.content, record.quiet_until,
        record.scope, standing.first, standing.last, said.observed_at, said.read_at, record.heard, record.misses,
        int(record.gone), record.parent,
    )  # fmt: skip


def body_row(write: RecordWrite) -> Row:
    """What is read only with the whole record."""
    return (to_json(write.keys), encode_record(write.record))


def read_record(row: Row) -> Record:
    """The other way round, from RECORD_COLUMNS."""
    payload, key, source, realm, record, first, last, observed_at, read_at, scope, heard, misses, gone = row
    return decode_record(
        payload, key=key, source=source, realm=realm, record=record, first=first, last=last, observed_at=observed_at,
        read_at=read_at, scope=scope, heard=heard, misses=misses, gone=bool(gone),
    )  # fmt: skip


def ci_row(ci: ConfigurationItem) -> Row:
    """A CI in the order of NEW_CI's columns, but for its number and the revision in which it came to be."""
    root = ci.facts.get("network_root")
    return (
        ci.id, ci.ci_class, ci.name, name_key(ci.name), ci.lifecycle, ci.text("status"), ci.text("environment"),
        ci.whole_number("tier"), ci.text("owner"), int(root is not None and root.value is True),
        ci.first_seen, ci.last_seen, encode_facts(ci.facts), to_json(ci.identifiers), to_json(ci.records),
        to_json(ci.realms), ci.parent, ci.because, ci.contradiction, ci.due, " ".join(words_of(ci)),
    )  # fmt: skip


def read_ci(row: Row) -> ConfigurationItem:
    """The other way round, from CI_COLUMNS."""
    (id_, ci_class, name, lifecycle, first_seen, last_seen, facts, identifiers, records, realms, parent, because,
     contradiction, due) = row  # fmt: skip
    return ConfigurationItem(
        id_, ci_class, name, lifecycle, first_seen, last_seen, decode_facts(facts),
        tuple(HeldIdentifier(*held) for held in from_json(identifiers)),
        tuple(from_json(records)), tuple(from_json(realms)), parent, because, contradiction, due,
    )  # fmt: skip


def relation_row(relation: Relation) -> Row:
    """A relation in the order of its table's columns."""
    return (
        relation.id, relation.type, relation.from_ci, relation.to_ci, encode_witnesses(relation.witnesses),
        relation.first_seen, encode_requirements(relation.requirements), *relation[7:],
    )  # fmt: skip


def read_relation(row: Row) -> Relation:
    """The other way round, from RELATION_COLUMNS."""
    (id_, type_, from_ci, to_ci, witnesses, first_seen, requirements, effect, basis, strength, confidence, human,
     stale) = row  # fmt: skip
    return Relation(
        id_, type_, from_ci, to_ci, decode_witnesses(witnesses, first_seen), first_seen,
        decode_requirements(requirements), effect, basis, strength, confidence, bool(human), bool(stale),
    )  # fmt: skip
