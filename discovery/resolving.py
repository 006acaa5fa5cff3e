"""resolve: identity decided anew for the whole estate, and what that changes before anything is changed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, Generic, NamedTuple, TypeVar

from cmdb.graph_patch import GraphPatch
from cmdb.identification import Match, identify
from cmdb.identity_settings import IdentitySettings
from cmdb.reconciliation import reconcile_rulings
from cmdb.rulings import rulings_of
from cmdb.sighting import Record, is_human, record_of, sightings_of
from cmdb.uncollected import uncollected
from cmdb.vocabulary import Vocabulary
from discovery.facts_foretold import NONE_MOVED, FactsMoved, facts_moved
from discovery.run import Parts, context
from discovery.settings_kept import changed, identity_settings, kept
from graph.store import WriteTransaction
from graph.words import check_reads

Thing = TypeVar("Thing", int, str)

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

    Nothing is written, and nobody kept from writing for longer than by a batch. Raises Invalid for settings that do not
    exist, and for words that mean something else by what the store holds. O(records) memory and time.
    """
    after = parts.vocabulary if words is None else words
    check_reads(after, parts.vocabulary)
    with uncollected():
        settings = changed(identity_settings(parts.store), said)
        compared = _compared(parts, settings, after)
        if after is not parts.vocabulary:
            return compared.found  # the store finds everything by the words that are in force
        then: dict[str, Record] = {}
        for some in _some_at_once(compared.concerned):
            patch = parts.store.write(lambda tx, some=some: _decided_anew(parts, tx, some, settings))  # type: ignore[misc]
            then |= _records_of(patch)
    return _with_what_follows(compared, then, parts.vocabulary)


def resolve_estate(parts: Parts, said: Mapping[str, Any]) -> Resolution:
    """Decide every sighting's place under these settings (`said`: changes to those in force).

    The settings are kept first, so that whatever comes meanwhile goes by them; then what they change is decided anew,
    in patches that each are whole, and no writer waits for more than one. No block is too large. Raises Invalid for
    settings that do not exist. O(records) memory and time.
    """
    with uncollected():
        were_moved, settings = parts.store.write(lambda tx: _keep(parts, tx, said))
        compared = _compared(parts, settings, parts.vocabulary)
        revision = compared.found.revision
        # What stands under other settings may ask other questions, or weigh otherwise, though no CI is another.
        moved = set(compared.concerned)
        for some in _some_at_once(compared.records if were_moved else compared.concerned):
            revision, patch = parts.store.write(lambda tx, some=some: _settle(parts, tx, some))  # type: ignore[misc]
            moved |= _records_of(patch).keys()
        then: dict[str, Record] = {}
        for some in _some_at_once(sorted(moved)):  # a batch that came meanwhile may have been quicker than the pass
            then |= parts.store.read(lambda look, _, some=some: look.records(some))  # type: ignore[misc]
    return replace(_with_what_follows(compared, then, parts.vocabulary), revision=revision)


class _Compared(NamedTuple):
    """A pass beside what stands."""

    found: Resolution
    records: list[str]
    """keys of all of them, in order"""
    concerned: list[str]
    """of the records of every CI that differs"""
    place: Mapping[str, str]
    """sighting that a source reported → the CI that it is of"""
    match: Match


def _compared(parts: Parts, settings: IdentitySettings, words: Vocabulary) -> _Compared:
    """Reads one revision, then decides without keeping anybody from writing."""
    revision, records = parts.store.survey(lambda look: (look.revision, {one.key: one for one in look.records()}))
    sightings = [sighting for record in records.values() for sighting in sightings_of(record, words)]
    match = identify(sightings, words, settings, decisions=rulings_of(records.values(), words).decisions)
    place = _places(records.values(), words)
    moves = _moves(place, {member.key: at for at, group in enumerate(match.groups) for member in group})
    facts = NONE_MOVED
    if words is not parts.vocabulary:
        stay = ((ci, match.groups[at]) for at, ci in moves.staying())
        facts = facts_moved(stay, parts.vocabulary, words, parts.now())
    found = Resolution(
        revision=revision,
        records=len(records),
        cis=len(match.groups),
        joins=moves.joins(),
        parts=moves.parts(),
        reviews=len(match.reviews),
        settings=settings,
        facts=facts,
    )
    moved = {ci for together in found.joins for ci in together} | {ci for ci, _ in found.parts}
    concerned = [record.key for record in records.values() if moved & set(record.cis)]
    return _Compared(found, list(records), concerned, place, match)


def _places(records: Iterable[Record], words: Vocabulary) -> dict[str, str]:
    return {
        sighting.key: ci
        for record in records
        for sighting, ci in zip(sightings_of(record, words), record.cis, strict=True)
        if not is_human(sighting)
    }


def _with_what_follows(compared: _Compared, then: Mapping[str, Record], words: Vocabulary) -> Resolution:
    """What lies within something goes where that goes, which is seen when it is decided. `then`: records that moved."""
    now = {**compared.place, **_places(then.values(), words)}
    moves = _moves(compared.place, now)
    asked = {review for record in then.values() for review in record.asked}
    others = sum(record_of(review.a) not in then for review in compared.match.reviews)
    return replace(
        compared.found,
        cis=len(moves.made_of),
        joins=moves.joins(),
        parts=moves.parts(),
        reviews=len(asked) + others,
    )


@dataclass(frozen=True, slots=True)
class _Moves(Generic[Thing]):
    """Into what CIs fall, and of what the things are made that they come to."""

    into: Mapping[str, Set[Thing]]
    made_of: Mapping[Thing, Set[str]]

    def joins(self) -> tuple[tuple[str, ...], ...]:
        return tuple(sorted(tuple(sorted(several)) for several in self.made_of.values() if len(several) > 1))

    def parts(self) -> tuple[tuple[str, int], ...]:
        return tuple(sorted((ci, len(several)) for ci, several in self.into.items() if len(several) > 1))

    def staying(self) -> Iterator[tuple[Thing, str]]:
        """Things that are made of one CI, and of all of it."""
        for ci, several in self.into.items():
            for thing in several if len(several) == 1 else ():
                if len(self.made_of[thing]) == 1:
                    yield thing, ci


def _moves(before: Mapping[str, str], after: Mapping[str, Thing]) -> _Moves[Thing]:
    """Of what sightings are, by the CI that each was of and by what it is of then."""
    into: dict[str, set[Thing]] = {}
    made_of: dict[Thing, set[str]] = {}
    for sighting, was in before.items():
        into.setdefault(was, set()).add(after[sighting])
        made_of.setdefault(after[sighting], set()).add(was)
    return _Moves(into, made_of)


def _keep(parts: Parts, tx: WriteTransaction, said: Mapping[str, Any]) -> tuple[bool, IdentitySettings]:
    """Whether the settings are others than before, and what they are now."""
    before = identity_settings(tx)
    settings = changed(before, said)
    if settings != before:
        patch = reconcile_rulings({}, tx, context(parts, None, None, tx)).patch
        tx.apply(replace(patch, documents=(kept(settings),)))
    return settings != before, settings


def _some_at_once(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    return (keys[begin : begin + WRITTEN_AT_ONCE] for begin in range(0, len(keys), WRITTEN_AT_ONCE))


def _settle(parts: Parts, tx: WriteTransaction, keys: Sequence[str]) -> tuple[int, GraphPatch]:
    patch = _decided_anew(parts, tx, keys, identity_settings(tx))
    return tx.revision - 1 if patch.is_empty() else tx.apply(patch), patch


def _decided_anew(parts: Parts, tx: WriteTransaction, keys: Sequence[str], settings: IdentitySettings) -> GraphPatch:
    whole = replace(context(parts, None, None, tx), settings=replace(settings, largest_block=1 << 40))
    ruled = {key: record.rulings for key, record in tx.records(keys).items()}
    return reconcile_rulings(ruled, tx, whole).patch


def _records_of(patch: GraphPatch) -> dict[str, Record]:
    return {write.record.key: write.record for write in patch.records}
