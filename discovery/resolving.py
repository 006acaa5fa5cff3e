"""resolve: identity decided anew for the whole estate, and what that changes before anything is changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from cmdb.identification import Match, identify
from cmdb.identity_settings import IdentitySettings
from cmdb.reconciliation import reconcile_rulings
from cmdb.rulings import rulings_of
from cmdb.sighting import Sighting, is_human, sightings_of
from cmdb.uncollected import uncollected
from cmdb.vocabulary import Vocabulary
from discovery.facts_foretold import NONE_MOVED, FactsMoved, facts_moved
from discovery.run import Parts, context
from discovery.settings_kept import changed, identity_settings, kept
from graph.store import WriteTransaction
from graph.words import check_reads

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
    settings: IdentitySettings
    """under which it was made"""
    facts: FactsMoved = NONE_MOVED
    """what would be believed otherwise of CIs that neither join nor part, under other words"""


def foresee(parts: Parts, said: Mapping[str, Any], words: Vocabulary | None = None) -> Resolution:
    """What a pass would change under these settings (`said`: changes to those in force), and under other words.

    Nothing is written, and nobody kept from writing. Raises Invalid for settings that do not exist, and for words that
    mean something else by what the store holds. O(records) memory and time.
    """
    after = parts.vocabulary if words is None else words
    check_reads(after, parts.vocabulary)
    with uncollected():
        return _compared(parts, changed(identity_settings(parts.store), said), after).found


def resolve_estate(parts: Parts, said: Mapping[str, Any]) -> Resolution:
    """Decide every sighting's place under these settings (`said`: changes to those in force).

     the settings are kept first, so that whatever comes meanwhile goes by
    them; then what they change is decided anew, in patches that each are whole, and no writer waits for more than one.
    No block is too large. Raises Invalid for settings that do not exist. O(records) memory and time.
    """
    with uncollected():
        were_moved, settings = parts.store.write(lambda tx: _keep(parts, tx, said))
        compared = _compared(parts, settings, parts.vocabulary)
        revision = compared.found.revision
        # What stands under other settings may ask other questions, or weigh otherwise, though no CI is another.
        anew = compared.records if were_moved else compared.concerned
        for begin in range(0, len(anew), WRITTEN_AT_ONCE):
            some = anew[begin : begin + WRITTEN_AT_ONCE]
            revision = parts.store.write(lambda tx, some=some: _settle(parts, tx, some))  # type: ignore[misc]
    return replace(compared.found, revision=revision)


class _Compared(NamedTuple):
    """A pass beside what stands."""

    found: Resolution
    records: list[str]
    """keys of all of them, in order"""
    concerned: list[str]
    """of the records of every CI that differs"""


def _compared(parts: Parts, settings: IdentitySettings, words: Vocabulary) -> _Compared:
    """Reads one revision, then decides without keeping anybody from writing."""
    revision, records = parts.store.survey(lambda look: (look.revision, {one.key: one for one in look.records()}))
    sightings = [sighting for record in records.values() for sighting in sightings_of(record, words)]
    match = identify(sightings, words, settings, decisions=rulings_of(records.values(), words).decisions)
    place = {
        sighting.key: ci
        for record in records.values()
        for sighting, ci in zip(sightings_of(record, words), record.cis, strict=True)
    }
    joins, into = _differences(match, place)
    stay = ((_home(group, place), group) for group in match.groups)
    facts = (
        facts_moved(((ci, group) for ci, group in stay if ci and into[ci] == 1), parts.vocabulary, words, parts.now())
        if words is not parts.vocabulary
        else NONE_MOVED
    )
    moved = {ci for together in joins for ci in together} | {ci for ci, n in into.items() if n > 1}
    found = Resolution(
        revision=revision,
        records=len(records),
        cis=len(match.groups),
        joins=tuple(sorted(joins)),
        parts=tuple(sorted((ci, n) for ci, n in into.items() if n > 1)),
        reviews=len(match.reviews),
        settings=settings,
        facts=facts,
    )
    concerned = [record.key for record in records.values() if moved & set(record.cis)]
    return _Compared(found, list(records), concerned)


def _home(group: Sequence[Sighting], place: Mapping[str, str]) -> str | None:
    """The CI that holds all that sources said of a group, None where several do."""
    homes = {place[sighting.key] for sighting in group if not is_human(sighting)}
    return next(iter(homes)) if len(homes) == 1 else None


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


def _keep(parts: Parts, tx: WriteTransaction, said: Mapping[str, Any]) -> tuple[bool, IdentitySettings]:
    """Whether the settings are others than before, and what they are now."""
    before = identity_settings(tx)
    settings = changed(before, said)
    if settings != before:
        patch = reconcile_rulings({}, tx, context(parts, None, None, tx)).patch
        tx.apply(replace(patch, documents=(kept(settings),)))
    return settings != before, settings


def _settle(parts: Parts, tx: WriteTransaction, keys: list[str]) -> int:
    around = context(parts, None, None, tx)
    whole = replace(around, settings=replace(around.settings, largest_block=1 << 40))
    ruled = {key: record.rulings for key, record in tx.records(keys).items()}
    patch = reconcile_rulings(ruled, tx, whole).patch
    return tx.revision - 1 if patch.is_empty() else tx.apply(patch)
