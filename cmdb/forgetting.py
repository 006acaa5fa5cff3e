"""Which retired CIs may be forgotten with their whole past, and what speaks against it."""

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, field
from typing import Protocol

from cmdb.configuration_item import ConfigurationItem
from cmdb.draft import keys_of, name_key, united
from cmdb.lifecycle import has_expired
from cmdb.linking import KeysBorne
from cmdb.past import ids_brought
from cmdb.relation import Relation
from cmdb.sighting import Record, is_human, sightings_of
from cmdb.vocabulary import Vocabulary

DECIDED = "a person decided about it"
ASKED = "a person is asked about it"
SPOKEN_FOR = "a person's word about it stands"
RELATED = "a relation of it stands"
HOLDS = "something lies within it"
AWAITED = "a record names it, or others like it"
SHARED = "a record of it was, or is, of another CI"
"""reasons why a CI that is old enough is kept"""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What a patch removes together with everything that stood before: nothing of it can be read of any time."""

    cis: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    """ids that these CIs had absorbed"""
    records: tuple[str, ...] = ()
    """keys"""


class Around(Protocol):
    """What has to be known of the neighbours."""

    def items(self, ids: Collection[str]) -> Mapping[str, ConfigurationItem]:
        """CIs by id."""

    def records(self, keys: Collection[str]) -> Mapping[str, Record]:
        """Records by key."""

    def incident(self, cis: Collection[str]) -> tuple[Relation, ...]:
        """Every relation with an end in these CIs."""

    def waiting(self, keys: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """Keys of the records with a claim that waits for each lookup key."""

    def children(self, cis: Collection[str]) -> tuple[str, ...]:
        """Keys of the records whose `within` means one of these CIs."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Of some retired CIs, those that may be forgotten together, and why the others are kept."""

    going: tuple[ConfigurationItem, ...]
    kept: Mapping[str, str]
    """id → reason"""
    forgotten: Forgotten
    brought: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """CI that goes → every id that its records brought"""


def judge(
    items: Collection[ConfigurationItem],
    around: Around,
    vocabulary: Vocabulary,
    now: int,
    asked: Set[str],
    gone: Collection[str] = (),
) -> Judged:
    """`now`: microseconds UTC. `asked`: ids that open reviews name. `gone`: keys of records that count as forgotten
    already."""
    by_id = {item.id: item for item in sorted(items, key=lambda item: item.id)}
    records = around.records(sorted({key for item in by_id.values() for key in item.records}))
    kept = {item.id: why for item in by_id.values() if (why := _spoken_for(item, records, vocabulary, now, asked))}
    for relation in around.incident(list(by_id)):
        for end in (relation.from_ci, relation.to_ci):
            if end in by_id:
                kept.setdefault(end, RELATED)
    borne = {item.id: _keys(item, records, vocabulary) for item in by_id.values() if item.id not in kept}
    awaited = around.waiting(sorted({key for keys in borne.values() for key in keys})).keys()
    kept |= {ci: AWAITED for ci, keys in borne.items() if not awaited.isdisjoint(keys)}
    held = around.records(around.children(list(by_id)))
    while True:
        going = [item for item in by_id.values() if item.id not in kept]
        forgotten = {key for item in going for key in item.records} | set(gone)
        holding = {
            record.parent for key, record in held.items() if key not in forgotten and record.parent not in kept
        } & by_id.keys()
        if not holding:
            break
        kept |= {ci: HOLDS for ci in holding if ci is not None}
    brought = {
        item.id: frozenset(id_ for key in item.records for id_, _ in ids_brought(records[key], vocabulary))
        for item in going
    }
    absorbed = sorted(id_ for ci, ids in brought.items() for id_ in ids if id_ != ci)
    keys = sorted(key for item in going for key in item.records)
    return Judged(
        tuple(going), kept, Forgotten(tuple(item.id for item in going), tuple(absorbed), tuple(keys)), brought
    )


def _keys(item: ConfigurationItem, records: Mapping[str, Record], vocabulary: Vocabulary) -> set[str]:
    """Every lookup key by which it may be named."""
    keys = {name_key(item.name), *(f"record|{key}" for key in item.records)}
    borne = KeysBorne(vocabulary)
    for record in (records[key] for key in item.records):
        keys |= united(keys_of(record, sightings_of(record, vocabulary), borne))
        keys |= {f"id|{id_}" for id_, _ in ids_brought(record, vocabulary)}
    return keys


def _spoken_for(
    item: ConfigurationItem, records: Mapping[str, Record], vocabulary: Vocabulary, now: int, asked: Set[str]
) -> str | None:
    """What speaks against it of itself."""
    own = [records[key] for key in item.records if key in records]
    if len(own) < len(item.records) or any(ci != item.id for record in own for ci in record.cis):
        return SHARED
    if any(record.rulings for record in own):
        return DECIDED
    if any(id_ in asked for record in own for id_, _ in ids_brought(record, vocabulary)):
        return ASKED
    said = [sightings_of(record, vocabulary)[-1] for record in own]
    if any(is_human(sighting) and sighting.is_open and not has_expired(sighting, now) for sighting in said):
        return SPOKEN_FOR
    return None
