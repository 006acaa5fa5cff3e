"""Survey: every CI that is there, and every end of a relation that fits none, of one revision, gone through once."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from cmdb.configuration_item import ConfigurationItem
from cmdb.observation import Observation
from cmdb.sighting import Record
from graph.encoding import from_json

WITHIN = "within"
"""what stands for a relation type where the end is what a record lies within"""


class SurveyedCI(NamedTuple):
    """One live or missing CI. Facts and identifiers are JSON text, because most who look need not look inside."""

    id: str
    ci_class: str
    name: str
    last_seen: int
    facts: str
    """as `graph.encoding.encode_facts` spells them: attribute → [value, record, outvoted?]"""
    identifiers: str
    """rows in the order of HeldIdentifier's fields"""
    realms: tuple[str, ...]
    sources: tuple[str, ...]
    """sources with a record of it that is not gone; sorted"""
    orphan: bool
    """no relation to any other, and within nothing"""


class UnresolvedEnd(NamedTuple):
    """What a record names and no single CI is."""

    key: str
    """of the record"""
    nth: int
    """among the unresolved ends of the record, from 0"""
    source: str
    realm: str
    record: str
    ci: str
    ci_class: str
    name: str
    type: str
    """of the relation, or WITHIN"""
    outgoing: bool
    reference: str
    group: str | None


@dataclass(frozen=True, slots=True)
class Survey:
    """Each function reads the store anew, so what it gives can be gone through again; nothing is held in memory."""

    revision: int
    recorded_at: int
    cis: Callable[[], Iterator[SurveyedCI]]
    """in the order of id"""
    ends: Callable[[str], Iterator[UnresolvedEnd]]
    """of live and missing CIs, in the order of record key, beginning with that key"""
    items: Callable[[Collection[str]], Mapping[str, ConfigurationItem]]
    """whole CIs by id"""
    records: Callable[[], Iterator[Record]]
    """every record, gone ones too, in the order of key"""


class Records(Protocol):
    """What finds records by their keys."""

    def record_keys(self, *, after: str, limit: int) -> tuple[str, ...]:
        """Keys of all records in their order, beginning after that key."""

    def records(self, keys: Collection[str]) -> Mapping[str, Record]:
        """Records by key."""


RECORDS_AT_ONCE = 2_000


def every_record(look: Records) -> Iterator[Record]:
    """All records, some at a time, in the order of key."""
    after = ""
    while keys := look.record_keys(after=after, limit=RECORDS_AT_ONCE):
        found = look.records(keys)
        yield from (found[key] for key in keys)
        after = keys[-1]


def remembered(lists: dict[str, tuple[str, ...]], text: str) -> tuple[str, ...]:
    """The sorted strings of a JSON list; few lists are different, so each is read once."""
    found = lists.get(text)
    if found is None:
        found = lists[text] = tuple(sorted(from_json(text)))
    return found


def ends_of(
    open_said: Callable[[str], Observation],
    payload: Mapping[str, Any],
    key: str,
    source: str,
    realm: str,
    record: str,
    ci: str,
    ci_class: str,
    name: str,
) -> Iterator[UnresolvedEnd]:
    """The unresolved ends of one record; `payload` as `encode_record` spelled it.

    `open_said`: what the open sighting of a record says, asked for where the record has several versions.
    """
    versions = payload["v"]
    if len(versions) == 1:
        claims, within = versions[0][11], versions[0][12]
    else:
        said = open_said(key)
        claims, within = said.claims, said.within
    ends = payload.get("e", ())
    open_ends = [tuple(claim[:4]) for claim, end in zip(claims, ends, strict=False) if end is None]
    if within is not None and payload.get("p") is None:
        open_ends.append((WITHIN, True, within, None))
    for nth, (type_, outgoing, reference, group) in enumerate(open_ends):
        yield UnresolvedEnd(key, nth, source, realm, record, ci, ci_class, name, type_, outgoing, reference, group)
