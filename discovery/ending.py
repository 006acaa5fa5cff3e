"""How a run ends: what it did not find goes missing, unless that would be too much to believe."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace

from cmdb.contradiction import absence_is_expected
from cmdb.draft import Context
from cmdb.graph_patch import DocumentWrite, GraphPatch
from cmdb.reconciliation import reconcile_absence
from cmdb.reference import escaped
from cmdb.scope import lies_in, overlap
from discovery.attending import ask_to_stop
from discovery.in_flight import IN_FLIGHT, in_flight, key_of, written
from discovery.left_out import is_left_out
from discovery.run import MAX_BATCH, RUNS, Parts, RunEnded, context, report, stored_report
from discovery.run_report import RunReport, ScopeReport, Status
from discovery.tick import IN_PASSING, tick
from graph.store import GraphStore, ScopeRecord, WriteTransaction

HELD = "held"
"""ledger kind: which run of a scope waits for a person"""


@dataclass(frozen=True, slots=True)
class Absences:
    """What a complete run of one scope would miss."""

    missed: tuple[str, ...]
    newly: int
    """how many of them would turn missing, of the classes that count"""
    live: int
    """how many live records of those classes the scope holds"""

    def are_too_many(self, parts: Parts) -> bool:
        """Whether to ask a person before believing it."""
        return self.newly >= parts.hold_least and self.newly > parts.hold_share * self.live


def finish(parts: Parts, run_id: str, *, complete: bool, error: str | None = None) -> RunReport:
    """End a run; twice gives the same report. Only `complete` lets things in its scope go missing."""
    found = report(parts, run_id)
    if found.status != "running":
        return found
    reason = error or (None if complete else "its source did not say that it was read to the end")
    return close(parts, run_id, (ScopeReport(found.scope, complete and error is None, reason),), error=error)


def close(
    parts: Parts,
    run_id: str,
    scopes: Sequence[ScopeReport],
    *,
    error: str | None = None,
    notes: Sequence[str] = (),
    failed: bool = False,
    retryable: bool = False,
) -> RunReport:
    """End a run of any number of scopes. A scope with a line that nobody could read is not complete."""
    found = report(parts, run_id)
    if found.status != "running":
        return found
    if found.unreadable:
        why = f"{found.unreadable} lines could not be read"
        scopes = [ScopeReport(scope.scope, False, scope.reason or why) for scope in scopes]
    ended = replace(
        found,
        scopes=tuple(scopes),
        errors=(*found.errors, *((error,) if error else ())),
        notes=(*found.notes, *notes),
        retryable=retryable,
        scope=", ".join(dict.fromkeys(scope.scope for scope in scopes)) or found.scope,
    )
    read = [scope.scope for scope in scopes if scope.complete]
    whole = bool(read) and len(read) == len(scopes) and error is None
    status: Status = "failed" if failed else "complete" if whole else "partial"
    if not found.full or failed:
        return _end(parts, ended, status)
    return _believe_absences(parts, ended, status)


def cancel(parts: Parts, run_id: str, *, patience: float = 10.0) -> RunReport:
    """Stop a running run: it ends `partial`. Raises RunEnded for one that has ended otherwise.

    Who reads it is asked to stop and keeps what was read; after `patience` seconds the run ends without that.
    """
    found = report(parts, run_id)
    if found.status != "running":
        raise RunEnded(f"run {run_id} has ended: {found.status}")
    if found.owner is not None:
        found = ask_to_stop(parts, found, patience)
        if found.status != "running":
            return found
    return _end(parts, replace(found, notes=(*found.notes, "cancelled")), "partial")


def fail(parts: Parts, run_id: str, error: str, *, retryable: bool = True) -> RunReport:
    """End a run that nobody reads any more; one that has ended stays as it is. Raises UnknownRun."""
    found = stored_report(parts.store, run_id)
    if found.status != "running":
        return found
    return _end(parts, replace(found, errors=(*found.errors, error), retryable=retryable), "failed")


def release(parts: Parts, run_id: str) -> RunReport:
    """Let a held run's misses through, for records not reported since. Raises RunEnded for one that is not held."""
    found = report(parts, run_id)
    if found.status != "held":
        raise RunEnded(f"run {run_id} is not held: {found.status}")
    return _miss_all(parts, found, "complete")


def _believe_absences(parts: Parts, ended: RunReport, status: Status) -> RunReport:
    _supersede(parts, ended)
    absences = parts.store.write(lambda tx: _absences(tx, parts, ended))
    for scope, found in absences.items():
        if found.are_too_many(parts):
            why = (
                f"{found.newly} of {found.live} live records of {scope} were not found, more than can be "
                f"believed without a person's word: release it, or run the source again"
            )
            return _end(parts, replace(ended, held_because=why), "held")
    return _miss_all(parts, ended, status)


def would_miss(tx: WriteTransaction, parts: Parts, ended: RunReport, heard: Set[str]) -> dict[str, Absences]:
    """What a run would miss that was not taken: records it heard are named, not stored."""
    return _absences(tx, parts, ended, heard)


def _absences(
    tx: WriteTransaction, parts: Parts, ended: RunReport, also_heard: Set[str] = frozenset()
) -> dict[str, Absences]:
    """Scope read to the end → what was not found in it."""
    found: dict[str, Absences] = {}
    scan = parts.vocabulary.traits(ended.source).scan
    left_out = [out for scope in ended.scopes for out in scope.left_out]
    for scope, held in _judged(tx, ended):
        before = found.get(scope, Absences((), 0, 0))
        missed, newly, live = list(before.missed), before.newly, before.live
        for record in tx.scope_records(ended.source, ended.realm, held):
            if record.gone or is_left_out(record.key, left_out):
                continue
            unheard = record.heard <= ended.opened_in and record.key not in also_heard
            if unheard:
                missed.append(record.key)
            if record.misses == 0 and _counts(parts, record, scan):
                live += 1
                newly += unheard
        found[scope] = Absences(tuple(missed), newly, live)
    return found


def _judged(tx: WriteTransaction, ended: RunReport) -> Iterator[tuple[str, str]]:
    """(scope of the run, scope that records belong to) wherever the run says for certain what is there.

    A scope that was read to the end speaks for every scope inside it, but not where something in common was not read
    to the end by the same run.
    """
    read = [scope.scope for scope in ended.scopes if scope.tells_absence]
    unread = [scope.scope for scope in ended.scopes if not scope.complete]
    for held in tx.scopes(ended.source, ended.realm):
        around = next((scope for scope in read if lies_in(held, scope)), None)
        if around is not None and not any(overlap(held, scope) for scope in unread):
            yield around, held


def _counts(parts: Parts, record: ScopeRecord, scan: bool) -> bool:
    declared = parts.vocabulary.classes.get(record.ci_class)
    if absence_is_expected(record.status):
        return False
    if declared is None:
        return True
    return declared.counts_in_hold and declared.absence.ever and (declared.absence.by_scan or not scan)


def _miss_all(parts: Parts, ended: RunReport, status: Status) -> RunReport:
    """Apply the misses in patches of bounded size; the report says `complete` only with the last."""
    done = False
    while not done:
        done, ended = parts.store.write(lambda tx, ended=ended: _miss_some(tx, parts, ended))  # type: ignore[misc]
    return _end(parts, ended, status)


def _miss_some(tx: WriteTransaction, parts: Parts, ended: RunReport) -> tuple[bool, RunReport]:
    """One patch of misses; where it stopped stands in the report, so that nothing is missed twice: not after a crash,
    nor where two end the run at once."""
    stands = stored_report(tx, ended.run_id)
    if stands.status != ended.status:
        return True, ended
    ended = replace(
        ended,
        missed=stands.missed,
        gone_missing=stands.gone_missing,
        retired=stands.retired,
        progress=stands.progress,
    )
    reached = (ended.progress or {}).get("missed_until", "")
    found = _absences(tx, parts, ended).values()
    missed = sorted(key for absences in found for key in absences.missed if key > reached)
    chunk = missed[:MAX_BATCH]
    if not chunk:
        return True, ended
    done = len(chunk) == len(missed)
    around: Context = context(parts, ended.run_id, None, tx)
    outcome = reconcile_absence(chunk, tx, around, heard_until=ended.opened_in)
    moved = replace(
        ended,
        missed=ended.missed + len(chunk),
        gone_missing=ended.gone_missing + outcome.gone_missing,
        retired=ended.retired + outcome.retired,
        progress={"missed_until": chunk[-1]},
        revision=tx.revision,
    )
    tx.apply(replace(outcome.patch, documents=(*outcome.patch.documents, _document(moved))))
    return done, moved


def _end(parts: Parts, ended: RunReport, status: Status) -> RunReport:
    """Write the report as it will stay, and with it whether the run's scopes wait for a person.

    Where somebody else has ended the run meanwhile, theirs is the report.
    """
    read = [scope.scope for scope in ended.scopes if scope.tells_absence]

    def work(tx: WriteTransaction) -> RunReport:
        now = parts.now()
        stands = stored_report(tx, ended.run_id)
        if stands.status != ended.status:
            return stands
        final = replace(ended, status=status, ended_at=now, touched_at=now, progress=None, revision=tx.revision)
        waiting = {"run": ended.run_id} if status == "held" else None
        documents = [_document(final)]
        if ended.place is not None:
            key = key_of(ended.source, ended.realm)
            reading = in_flight(tx.document(IN_FLIGHT, key))
            left = [one for one in reading if one.run != ended.run_id]
            if left != reading:
                documents.append(written(key, left))
        for key in (_held_key(ended, scope) for scope in read):
            there = tx.document(HELD, key)
            if waiting is not None or (there is not None and there.body["run"] == ended.run_id):
                documents.append(DocumentWrite(HELD, key, waiting))
        tx.apply(GraphPatch(now, run=ended.run_id, documents=tuple(documents)))
        return final

    final = parts.store.write(work)
    tick(parts, most=IN_PASSING)
    return final


def _supersede(parts: Parts, by: RunReport) -> None:
    """A complete run replaces those that are still held, as far as it has read their scopes."""
    read = [scope.scope for scope in by.scopes if scope.tells_absence]
    for key, run_id in list(_waiting(parts.store, by)):
        scope = key.removeprefix(_held_key(by, ""))
        if run_id != by.run_id and any(lies_in(scope, wider) for wider in read):
            _give_way(parts, run_id, scope, key, by)


def _give_way(parts: Parts, run_id: str, scope: str, key: str, by: RunReport) -> None:
    """The held run no longer speaks for this scope; it is superseded when it speaks for none."""

    def work(tx: WriteTransaction) -> None:
        documents = [DocumentWrite(HELD, key, None)]
        found = tx.document(RUNS, run_id)
        held = None if found is None else RunReport.from_body(found.body)
        if held is not None and held.status == "held":
            why = f"superseded by run {by.run_id}"
            scopes = tuple(ScopeReport(s.scope, False, why) if s.scope == scope else s for s in held.scopes)
            over = not any(s.complete for s in scopes)
            note = f"by run {by.run_id}" if over else f"{scope}: {why}"
            status: Status = "superseded" if over else "held"
            documents.append(_document(replace(held, scopes=scopes, status=status, notes=(*held.notes, note))))
        tx.apply(GraphPatch(parts.now(), run=by.run_id, documents=tuple(documents)))

    parts.store.write(work)


def _waiting(store: GraphStore, run: RunReport) -> Iterator[tuple[str, str]]:
    """(key, run) of every scope of this source and realm that waits for a person."""
    begin = after = _held_key(run, "")
    while True:
        for document in (page := store.documents(HELD, after=after)):
            if not document.key.startswith(begin):
                return
            yield document.key, document.body["run"]
            after = document.key
        if not page:
            return


def _held_key(run: RunReport, scope: str) -> str:
    return f"{escaped(run.source)}|{escaped(run.realm)}|{scope}"


def _document(found: RunReport) -> DocumentWrite:
    return DocumentWrite(RUNS, found.run_id, found.as_body())
