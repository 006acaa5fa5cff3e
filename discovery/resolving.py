"""resolve: identity decided anew for the whole estate, and what that changes before anything is changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cmdb.identification import Match, identify
from cmdb.identity_settings import IdentitySettings
from cmdb.reconciliation import reconcile_rulings
from cmdb.rulings import rulings_of
from cmdb.sighting import Record, is_human, sightings_of
from cmdb.uncollected import uncollected
from discovery.run import Parts, context
from discovery.settings_kept import changed, identity_settings, kept
from graph.store import WriteTransaction

READ_AT_ONCE = 2_000
WRITTEN_AT_ONCE = 5_000
"""records that one patch decides anew"""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a pass over the whole estate changes, or has changed. CIs by the ids they had before."""

    revision: int
    records: int
    cis: int
    """how many there are by this pass"""
    joins: tuple[tuple[str, ...], ...]
    """CIs that are one by this pass"""
    parts: tuple[tuple[str, int], ...]
    """a CI, and into how many it falls"""
    reviews: int
    """pairs that a person would be asked about"""


def resolve_estate(parts: Parts, said: Mapping[str, Any], *, shadow: bool) -> Resolution:
    """Decide every sighting's place under these settings (`said`: changes to those in force).

    With `shadow` nothing is written. Otherwise the settings are kept and the CIs that change are decided anew, in
    patches that each are whole; no block is too large. Raises Invalid for settings that do not exist.
    O(records) memory and time.
    """
    with uncollected():
        found, concerned, settings = parts.store.write(lambda tx: _compared(parts, tx, said))
        if shadow:
            return found
        revision = parts.store.write(lambda tx: _keep(parts, tx, settings))
        for begin in range(0, len(concerned), WRITTEN_AT_ONCE):
            some = concerned[begin : begin + WRITTEN_AT_ONCE]
            revision = parts.store.write(lambda tx, some=some: _settle(parts, tx, some))  # type: ignore[misc]
    return replace(found, revision=revision)


def _compared(
    parts: Parts, tx: WriteTransaction, said: Mapping[str, Any]
) -> tuple[Resolution, list[str], IdentitySettings]:
    """The pass beside what stands, the records of every CI that differs, and the settings it was made under."""
    settings = changed(identity_settings(tx), said)
    records = {record.key: record for record in _every_record(tx)}
    sightings = [sighting for key in sorted(records) for sighting in sightings_of(records[key], parts.vocabulary)]
    match = identify(
        sightings, parts.vocabulary, settings, decisions=rulings_of(records.values(), parts.vocabulary).decisions
    )
    place = {
        sighting.key: ci
        for record in records.values()
        for sighting, ci in zip(sightings_of(record, parts.vocabulary), record.cis, strict=True)
    }
    joins, into = _differences(match, place)
    moved = {ci for together in joins for ci in together} | {ci for ci, n in into.items() if n > 1}
    concerned = sorted({record.key for record in records.values() if moved & set(record.cis)})
    resolution = Resolution(
        revision=tx.revision - 1,
        records=len(records),
        cis=len(match.groups),
        joins=tuple(sorted(joins)),
        parts=tuple(sorted((ci, n) for ci, n in into.items() if n > 1)),
        reviews=len(match.reviews),
    )
    return resolution, concerned, settings


def _differences(match: Match, place: Mapping[str, str]) -> tuple[list[tuple[str, ...]], dict[str, int]]:
    joins = []
    into: dict[str, int] = {}
    for group in match.groups:
        before = {place[sighting.key] for sighting in group if not is_human(sighting)}
        if len(before) > 1:
            joins.append(tuple(sorted(before)))
        for ci in before:
            into[ci] = into.get(ci, 0) + 1
    return joins, into


def _every_record(tx: WriteTransaction) -> Iterator[Record]:
    after = ""
    while keys := tx.record_keys(after=after, limit=READ_AT_ONCE):
        yield from tx.records(keys).values()
        after = keys[-1]


def _keep(parts: Parts, tx: WriteTransaction, settings: IdentitySettings) -> int:
    if settings == identity_settings(tx):
        return tx.revision - 1
    patch = reconcile_rulings({}, tx, context(parts, None, None, tx)).patch
    return tx.apply(replace(patch, documents=(kept(settings),)))


def _settle(parts: Parts, tx: WriteTransaction, keys: list[str]) -> int:
    around = context(parts, None, None, tx)
    whole = replace(around, settings=replace(around.settings, largest_block=1 << 40))
    ruled = {key: record.rulings for key, record in tx.records(keys).items()}
    patch = reconcile_rulings(ruled, tx, whole).patch
    return tx.revision - 1 if patch.is_empty() else tx.apply(patch)
