"""preview: what a run would create, join (with why), change and miss, were it to happen now. Nothing is written."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cmdb.draft import keys_of
from cmdb.evidence import Evidence
from cmdb.explanation import explain
from cmdb.graph_patch import GraphPatch
from cmdb.linking import KeysBorne
from cmdb.observation import Observation
from cmdb.reconciliation import Outcome, reconcile
from cmdb.reference import record_key
from cmdb.sighting import Record, Sighting, is_human, sightings_of
from cmdb.surroundings import Asked
from cmdb.uncollected import uncollected
from discovery.attempt import Attempt
from discovery.block_read import block_read
from discovery.bookmarks import bookmark
from discovery.ending import would_miss
from discovery.errors import RecordRejected
from discovery.hiding import hiding, secrets_in
from discovery.run import MAX_BATCH, Parts, context
from discovery.run_report import UNREAD, RunReport, ScopeReport
from discovery.settings_kept import identity_settings
from discovery.source import Bookmark, Hearing, Progress, Raw, Reading, ScopeEnd, Source
from graph.store import WriteTransaction

SHOWN = 100
"""of each kind of thing so many are named; the counts go on"""


@dataclass(frozen=True, slots=True)
class Join:
    """A record that would become part of a CI there is, and what speaks for it."""

    record: str
    ci: str
    name: str
    score: float | None
    threshold: float | None
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A fact, relation, identifier or lifecycle that would move on a CI there is."""

    ci: str
    name: str
    kind: str
    key: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Missing:
    """A record that is known and was not read."""

    record: str
    ci: str
    ci_class: str
    scope: str


@dataclass(slots=True)
class Preview:
    """Lists hold the first SHOWN; counts are of everything that was read."""

    seen: int = 0
    accepted: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    reviews: int = 0
    joined: int = 0
    changed: int = 0
    missed: int = 0
    would_be_held: bool = False
    creates: list[tuple[str, str]] = field(default_factory=list)
    """class and name of new CIs"""
    joins: list[Join] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    misses: list[Missing] = field(default_factory=list)
    rejected: list[tuple[int, str]] = field(default_factory=list)
    scopes: list[ScopeReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    error: str | None = None
    cut_off: bool = False
    """more was there than one preview holds, or it was stopped: the source was read no further"""


def preview_run(parts: Parts, source: Source, settings: Any, *, stopped: Callable[[], bool] = lambda: False) -> Preview:
    """Read the source, and say what taking it would do. At most MAX_BATCH observations are read.

    Never raises for what the source did.
    """
    hide = hiding(secrets_in(settings))
    found = Preview()
    said: dict[str, list[Observation]] = {}
    """scope → what was read in it"""
    refused: set[str] = set()
    attempt = Attempt(hide)
    hearing = Hearing(parts.vocabulary, settings.realm, parts.now())
    reading = Reading(parts.now, stopped, lambda scope: bookmark(parts.store, source.name, settings.realm, scope))
    unread: set[str] = set()
    with attempt:
        for fetched in source.fetch(settings, reading):
            if isinstance(fetched, Raw):
                found.seen += 1
                try:
                    said.setdefault(fetched.scope, []).extend(source.observe(fetched.payload, hearing))
                except RecordRejected as wrong:
                    line = found.seen if fetched.line is None else fetched.line
                    found.rejected.append((line, hide(wrong.reason)))
                    if wrong.record is None:
                        unread.add(fetched.scope)
                    else:
                        refused.add(record_key(source.name, settings.realm, wrong.record))
                if sum(map(len, said.values())) >= MAX_BATCH:
                    found.cut_off = True
                    break
            elif isinstance(fetched, ScopeEnd):
                complete = fetched.complete and fetched.scope not in unread
                reason = None if fetched.reason is None else hide(fetched.reason)
                if fetched.complete and not complete:
                    reason = UNREAD
                found.scopes.append(ScopeReport(fetched.scope, complete, reason, fetched.delta, fetched.left_out))
            elif isinstance(fetched, Progress) and fetched.note:
                found.notes.append(hide(fetched.note))
            elif isinstance(fetched, Bookmark):
                continue
    found.error = attempt.error
    found.cut_off |= stopped()
    batch = [one for observations in said.values() for one in observations][:MAX_BATCH]

    def work(tx: WriteTransaction) -> Preview:
        outcome = reconcile(batch, tx, context(parts, None, None, tx))
        return _told(parts, tx, _copy(found), outcome, source, settings.realm, batch, refused)

    with uncollected():
        return parts.store.write(work)


def _copy(found: Preview) -> Preview:
    """The work may be done more than once, and counts anew each time."""
    return replace(found, creates=[], joins=[], changes=[], misses=[])


def _told(
    parts: Parts,
    tx: WriteTransaction,
    found: Preview,
    outcome: Outcome,
    source: Source,
    realm: str,
    batch: Sequence[Observation],
    refused: set[str],
) -> Preview:
    patch = outcome.patch
    found.accepted, found.reviews = len(batch), outcome.reviews
    found.created, found.updated, found.unchanged = (
        outcome.fates.count(fate) for fate in ("created", "updated", "unchanged")
    )
    items = {item.id: item for item in patch.cis}
    found.creates = [(items[ci].ci_class, items[ci].name) for ci in sorted(patch.new_cis) if ci in items][:SHOWN]
    _tell_joins(parts, tx, found, patch)
    for change in _changes(tx, patch):
        found.changed += 1
        if len(found.changes) < SHOWN:
            found.changes.append(change)
    _tell_misses(parts, tx, found, source, realm, refused | {record_key(o.source, o.realm, o.record) for o in batch})
    return found


def _changes(tx: WriteTransaction, patch: GraphPatch) -> Iterator[Change]:
    """Facts as they would stand against how they stand, and what else would happen to CIs there are."""
    staying = {item.id: item for item in patch.cis if item.id not in patch.new_cis}
    were = tx.items(sorted(staying))
    for ci, item in sorted(staying.items()):
        before = were[ci].facts if ci in were else {}
        for name in sorted(before.keys() | item.facts.keys()):
            old, new = (facts[name].value if name in facts else None for facts in (before, item.facts))
            if old != new:
                yield Change(ci, item.name, "fact", name, old, new)
    for group in patch.events:
        for event in group.events:
            if group.ci not in patch.new_cis and event.kind not in ("fact", "joined"):
                name = staying[group.ci].name if group.ci in staying else ""
                yield Change(group.ci, name, event.kind, event.key, event.before, event.after)


def _tell_joins(parts: Parts, tx: WriteTransaction, found: Preview, patch: GraphPatch) -> None:
    """New records, or records that move, which become part of a CI there is."""
    known = {record.record.key: record.record for record in patch.records}
    were = tx.records(sorted(known))
    joining = {
        key: record
        for key, record in known.items()
        if record.cis and record.ci not in patch.new_cis and (key not in were or were[key].ci != record.ci)
    }
    found.joined = len(joining)
    items = {**tx.items({record.ci for record in joining.values()}), **{item.id: item for item in patch.cis}}
    for key, record in sorted(joining.items())[:SHOWN]:
        item = items[record.ci]
        others = {**tx.records([other for other in item.records if other != key]), **known}
        explanation = _why(parts, tx, record, [others[other] for other in item.records if other in others])
        if explanation is None:
            found.joins.append(Join(key, item.id, item.name, None, None, ()))
        else:
            found.joins.append(
                Join(key, item.id, item.name, explanation.score, explanation.threshold, explanation.evidence)
            )


def _why(parts: Parts, tx: WriteTransaction, record: Record, members: Sequence[Record]) -> Any:
    words, settings = parts.vocabulary, identity_settings(tx)
    mine = [sightings_of(record, words)[-1]]
    theirs: list[Sighting] = [
        sighting
        for other in members
        if other.key != record.key
        for sighting, ci in zip(sightings_of(other, words), other.cis, strict=True)
        if ci == record.ci and not is_human(sighting)
    ]
    if not theirs:
        return None
    (linking,) = keys_of(record, mine, KeysBorne(words))
    asked = Asked([record.key], mine, {record.key: linking}, dict.fromkeys(linking, 1))
    around = block_read(tx, asked, words, settings)
    if around.block.cut:
        return None
    others = (sighting for sighting in around.sightings if sighting.record_key != record.key)
    together = {sighting.key: sighting for sighting in (*others, *theirs, *mine)}
    return explain(mine, theirs, list(together.values()), words, settings, around.block.common)


def _tell_misses(
    parts: Parts, tx: WriteTransaction, found: Preview, source: Source, realm: str, heard: set[str]
) -> None:
    if found.error is not None or found.cut_off:
        return
    pretended = RunReport("", source.name, realm, "", True, "running", 0, tx.revision, 0, scopes=tuple(found.scopes))
    for absences in would_miss(tx, parts, pretended, heard).values():
        found.missed += len(absences.missed)
        found.would_be_held |= absences.are_too_many(parts)
        for record in tx.records(absences.missed[: SHOWN - len(found.misses)]).values():
            ci_class = record.versions[-1].said.ci_class
            found.misses.append(Missing(record.key, record.ci, ci_class, record.scope or ""))
