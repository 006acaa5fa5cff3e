"""The estate as it is now believed to have been at a time: what had been said by then, under today's identity.

Sayings count by `read_at`, the time at which the source said them, however late they were told; what was said before
and after the time alike counts as said at it. Absence (gone, missed) has no time but that of its recording. Which
record belongs to which CI is what it is today.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cmdb.configuration_item import ConfigurationItem
from cmdb.ends import fitting
from cmdb.first_said import key_of, spans_of
from cmdb.fold import fold
from cmdb.lifecycle import witnesses
from cmdb.meaning import Meanings
from cmdb.observation import Claim
from cmdb.past import open_said
from cmdb.relation import Relation, Witness, relation, relation_id
from cmdb.sighting import Record, Sighting, sightings_of
from cmdb.vocabulary import Vocabulary
from graph.as_it_stood import MovedCIs, by_id
from graph.estate_at import MovedEstate
from graph.past import RECORD, SAYING, PastRow, PastState, record_at
from graph.store_at import Look
from graph.timeline import Said, life_of, timeline, told_by

AHEAD = 5 * 60 * 1_000_000
"""microseconds by which a source's clock may be ahead of ours"""
AT_ONCE = 1000
BEARERS = 16


@dataclass(frozen=True, slots=True)
class _Then:
    """One record at the time: its state at the last revision recorded by then, and its sighting of each CI."""

    record: Record
    speaking: Said | None
    """what it said at the time"""
    sightings: tuple[tuple[str, Sighting], ...]
    """(CI of today, sighting as it was), the speaking one last"""
    misses: int


def estate_as_of(look: Look, revision: int, at: int, vocabulary: Vocabulary) -> MovedEstate:
    """Everything that is believed to have been otherwise at a time than it is now. O(what was recorded since).

    `revision`: the one that `look` is at. Exact between what was recorded: a touch that only moved last-seen times
    left no trace.
    """
    recorded = look.revision_at(at)
    concerned = _concerned(look, look.revision_at(at - AHEAD))
    records = look.records(concerned)
    cis = look.items({ci for record in records.values() for ci in record.cis})
    others = look.records({key for ci in cis.values() for key in ci.records} - records.keys())
    keys = records.keys() | others.keys()
    moved, sayings = by_id(look.past(RECORD, keys, 0)), by_id(look.past(SAYING, keys, 0))
    then = {
        key: _then(record, moved.get(key, ()), sayings.get(key, ()), at, recorded, vocabulary)
        for key, record in {**records, **others}.items()
    }
    aged = min(at, look.recorded_at(revision))
    folded = {id_: _folded(ci, then, aged, vocabulary) for id_, ci in sorted(cis.items())}
    states = {
        key: PastState(
            one.speaking.said if one.speaking else open_said(one.record, vocabulary),
            (one.sightings[-1][0],) if one.sightings else one.record.cis,
            (), one.record.parent, _is_gone(one), one.misses, one.record,
        )
        for key, one in then.items()
    }  # fmt: skip
    relations, ends = _relations(look, {key: then[key] for key in records}, folded, vocabulary, at)
    loose: dict[str, PastState | None] = {
        key: states[key]._replace(ends=ends[key]) if key in ends else None for key in records
    }
    return MovedEstate(MovedCIs(revision, at, folded, states), relations, loose)


def _concerned(look: Look, recorded: int) -> set[str]:
    """Records of which anything was recorded behind a revision; all others say now what they said then."""
    found = {row.id for kind in (RECORD, SAYING) for row in look.past_since(kind, recorded)}
    place = (recorded, 1 << 62)
    while events := look.events(place, AT_ONCE):
        found |= {event.record for event in events if event.record}
        place = (events[-1].revision, events[-1].seq)
    return found


# -- records ---------------------------------------------------------------------------------------------------------


def _then(
    record: Record, moved: Sequence[PastRow], sayings: Sequence[PastRow], at: int, recorded: int, vocabulary: Vocabulary
) -> _Then:
    known = record_at(recorded, record, open_said(record, vocabulary), [row for row in moved if row.n > recorded])
    gone, misses = (known.gone, known.misses) if known is not None else (False, 0)
    told = told_by(timeline(record, moved, sayings, vocabulary), at)
    if not told:
        return _Then(record, None, (), misses)
    lives = sightings_of(record, vocabulary)
    spoke: dict[int, Said] = {}
    for one in told:
        spoke[life_of(one.said, lives)] = one
    speaking = life_of(told[-1].said, lives)
    sightings = [
        (record.cis[life], _sighting(lives[life], one, at, closed=life != speaking, gone=gone, misses=misses))
        for life, one in spoke.items()
    ]
    sightings.sort(key=lambda one: not one[1].closed)
    return _Then(record, told[-1], tuple(sightings), misses)


def _sighting(life: Sighting, one: Said, at: int, *, closed: bool, gone: bool, misses: int) -> Sighting:
    until = min(life.last, max(at, one.said.observed_at))
    return life._replace(
        said=one.said, first=min(life.first, one.said.observed_at), last=until,
        lifetimes=tuple(lived for lived in life.lifetimes if lived.first <= at),
        closed=closed, gone=gone, misses=misses,
    )  # fmt: skip


def _is_gone(one: _Then) -> bool:
    return not one.sightings or not one.sightings[-1][1].is_open


# -- CIs -------------------------------------------------------------------------------------------------------------


def _folded(
    now: ConfigurationItem, then: Mapping[str, _Then], at: int, vocabulary: Vocabulary
) -> ConfigurationItem | None:
    """A CI of today as its records had it, None where none had said anything of it."""
    group = [
        sighting
        for key in now.records
        if key in then
        for ci, sighting in then[key].sightings
        if ci == now.id
    ]  # fmt: skip
    if not group:
        return None
    was = fold(group, vocabulary, at)
    weights = {(held.kind, held.value, held.realm): held.weight for held in now.identifiers}
    held = tuple(one._replace(weight=weights.get(one[:3], one.weight)) for one in was.identifiers)
    # What the store had not been told yet is no contact that it knew of.
    return was._replace(id=now.id, identifiers=held, first_seen=max(was.first_seen, now.first_seen))


# -- relations -------------------------------------------------------------------------------------------------------


def _relations(
    look: Look,
    then: Mapping[str, _Then],
    folded: Mapping[str, ConfigurationItem | None],
    vocabulary: Vocabulary,
    at: int,
) -> tuple[dict[str, Relation | None], dict[str, tuple[str | None, ...]]]:
    """Relations that any of these records witnesses, or witnessed; and to what each record's claims led."""
    meant = _Meant(look, then, vocabulary)
    ends: dict[str, tuple[str | None, ...]] = {}
    claimed: dict[tuple[str, str, str], list[Witness]] = {}
    for key, one in then.items():
        if one.speaking is None or not one.sightings or not one.sightings[-1][1].is_open:
            continue
        own, sighting = one.sightings[-1]
        ci = folded.get(own)
        if ci is None or not witnesses(sighting, vocabulary.classes[ci.ci_class], vocabulary, at):
            continue
        # A claim on what nobody had seen yet waits.
        ends[key] = tuple(end if folded.get(end or "", ci) else None for end in meant.by(one.speaking))
        spans = spans_of(sighting.claimed, sighting.said, sighting.first)
        for claim, end in zip(one.speaking.said.claims, ends[key], strict=True):
            if end is not None and end != own:
                triple = (claim.type, own, end) if claim.outgoing else (claim.type, end, own)
                claimed.setdefault(triple, []).append(_witness(one, claim, spans[key_of(claim)].first))
    ids = {relation_id(*triple): triple for triple in claimed}
    stored = {found.id: found for found in look.incident(list(folded))} | dict(look.relations(ids.keys()))
    result: dict[str, Relation | None] = {}
    for id_ in sorted(stored.keys() | ids.keys()):
        standing = stored.get(id_)
        kept = [one for one in standing.witnesses if one.record not in then] if standing else []
        fresh = claimed.get(ids[id_], []) if id_ in ids else []
        if id_ in ids:
            type_, from_ci, to_ci = ids[id_]
        else:
            assert standing is not None
            type_, from_ci, to_ci = standing[1:4]
        unseen = any(end in folded and folded[end] is None for end in (from_ci, to_ci))
        if standing is not None and not unseen and not fresh and len(kept) == len(standing.witnesses):
            continue
        if unseen or not (kept or fresh):
            result[id_] = None
            continue
        since = {witness.record: witness.since for witness in standing.witnesses} if standing else {}
        said = [*kept, *(witness._replace(since=since.get(witness.record, witness.since)) for witness in fresh)]
        result[id_] = relation(vocabulary.relation_types[type_], from_ci, to_ci, said)
    return result, ends


def _witness(one: _Then, claim: Claim, since: int) -> Witness:
    return Witness(
        one.record.key, claim.reference, claim.group, claim.need, claim.effect, claim.strength, claim.basis,
        claim.confidence, one.record.correction is not None, one.misses > 0, since,
    )  # fmt: skip


class _Meant:
    """To which CI of today a claim led: where it was tied to then, else what bears its reference now."""

    def __init__(self, look: Look, then: Mapping[str, _Then], vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        tied = {end for one in then.values() if one.speaking for end in one.speaking.ends or () if end is not None}
        self._leads = dict(look.leads(tied))
        led = {self._leads.get(end, end) for end in tied}
        self._there = look.items(led).keys()
        asked = {
            claim.reference
            for one in then.values()
            if one.speaking
            for claim, end in _claims(one.speaking)
            if end is None
        }
        self._meanings = Meanings(vocabulary)
        keys = {self._meanings[reference].key for reference in asked}
        self._bearers = look.bearers(sorted(keys), BEARERS) if keys else {}

    def by(self, speaking: Said) -> Iterator[str | None]:
        """The ends of each claim."""
        for claim, end in _claims(speaking):
            if end is None:
                yield self._now(claim.reference)
            else:
                led = self._leads.get(end, end)
                yield led if led in self._there else None  # it was forgotten since

    def _now(self, reference: str) -> str | None:
        meant = self._meanings[reference]
        fits = fitting(meant, self._bearers.get(meant.key, ()), self._vocabulary)
        return fits[0].ci if len(fits) == 1 else None


def _claims(speaking: Said) -> Iterator[tuple[Claim, str | None]]:
    """What it claimed, with the ends as far as they were ever tied."""
    claims = speaking.said.claims
    return zip(claims, speaking.ends or (None,) * len(claims), strict=True)
