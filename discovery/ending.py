"""How a run ends: what it did not find goes missing, unless that would be too much to believe."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cmdb.draft import Context
from cmdb.graph_patch import DocumentWrite, GraphPatch
from cmdb.reconciliation import reconcile_absence
from discovery.run import MAX_BATCH, RUNS, Parts, RunEnded, UnknownRun, context, report
from discovery.run_report import RunReport, ScopeReport, Status
from graph.store import ScopeRecord, WriteTransaction

HELD = "held"
"""ledger kind: which run of a scope waits for a person"""

SHARE_TO_HOLD = 0.20
LEAST_TO_HOLD = 10
"""a complete run that would turn more than this share of its scope's live records missing, and at least so many,
waits for a person (settings)"""


@dataclass(frozen=True, slots=True)
class Absences:
    """What a complete run of one scope would miss."""

    missed: tuple[str, ...]
    newly: int
    """how many of them would turn missing, of the classes that count"""
    live: int
    """how many live records of those classes the scope holds"""

    def are_too_many(self) -> bool:
        """Whether to ask a person before believing it."""
        return self.newly >= LEAST_TO_HOLD and self.newly > SHARE_TO_HOLD * self.live


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
        scope=", ".join(dict.fromkeys(scope.scope for scope in scopes)) or found.scope,
    )
    read = [scope.scope for scope in scopes if scope.complete]
    whole = bool(read) and len(read) == len(scopes) and error is None
    status: Status = "failed" if failed else "complete" if whole else "partial"
    if not found.full or failed:
        return _end(parts, ended, status)
    return _believe_absences(parts, ended, read, status)


def cancel(parts: Parts, run_id: str) -> RunReport:
    """Stop a running run: it ends `partial`. Raises RunEnded for one that has ended otherwise."""
    found = report(parts, run_id)
    if found.status != "running":
        raise RunEnded(f"run {run_id} has ended: {found.status}")
    return _end(parts, replace(found, notes=(*found.notes, "cancelled")), "partial")


def release(parts: Parts, run_id: str) -> RunReport:
    """Let a held run's misses through, for records not reported since. Raises RunEnded for one that is not held."""
    found = report(parts, run_id)
    if found.status != "held":
        raise RunEnded(f"run {run_id} is not held: {found.status}")
    scopes = [scope.scope for scope in found.scopes if scope.complete]
    return _miss_all(parts, found, scopes, "complete")


def _believe_absences(parts: Parts, ended: RunReport, scopes: Sequence[str], status: Status) -> RunReport:
    for scope in scopes:
        _supersede(parts, ended, scope)
    for scope in scopes:
        absences = parts.store.write(lambda tx, scope=scope: _absences(tx, parts, ended, scope))  # type: ignore[misc]
        if absences.are_too_many():
            why = (
                f"{absences.newly} of {absences.live} live records of {scope} were not found, more than can be "
                f"believed without a person's word: release it, or run the source again"
            )
            for held in scopes:
                _hold(parts, ended, held)
            return _end(parts, replace(ended, held_because=why), "held")
    return _miss_all(parts, ended, scopes, status)


def _absences(tx: WriteTransaction, parts: Parts, ended: RunReport, scope: str) -> Absences:
    missed: list[str] = []
    newly = live = 0
    scan = parts.vocabulary.traits(ended.source).scan
    for record in tx.scope_records(ended.source, ended.realm, scope):
        if record.gone:
            continue
        unheard = record.heard <= ended.opened_in
        if unheard:
            missed.append(record.key)
        if record.misses == 0 and _counts(parts, record, scan):
            live += 1
            newly += unheard
    return Absences(tuple(missed), newly, live)


def _counts(parts: Parts, record: ScopeRecord, scan: bool) -> bool:
    declared = parts.vocabulary.classes.get(record.ci_class)
    if declared is None:
        return True
    return declared.counts_in_hold and declared.absence.ever and (declared.absence.by_scan or not scan)


def _miss_all(parts: Parts, ended: RunReport, scopes: Sequence[str], status: Status) -> RunReport:
    """Apply the misses in patches of bounded size; the report says `complete` only with the last."""
    for scope in scopes:
        while True:
            done, ended = parts.store.write(
                lambda tx, scope=scope, ended=ended: _miss_some(tx, parts, ended, scope)  # type: ignore[misc]
            )
            if done:
                break
    return _end(parts, ended, status)


def _miss_some(tx: WriteTransaction, parts: Parts, ended: RunReport, scope: str) -> tuple[bool, RunReport]:
    """One patch of misses; where it stopped stands in the report, so that after a crash nothing is missed twice."""
    progress = ended.progress or {}
    reached = progress.get("missed_until", "") if progress.get("scope") == scope else ""
    missed = [key for key in _absences(tx, parts, ended, scope).missed if key > reached]
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
        progress={"scope": scope, "missed_until": chunk[-1]},
        revision=tx.revision,
    )
    tx.apply(replace(outcome.patch, documents=(*outcome.patch.documents, _document(moved))))
    return done, moved


def _end(parts: Parts, ended: RunReport, status: Status) -> RunReport:
    def work(tx: WriteTransaction) -> RunReport:
        now = parts.now()
        final = replace(ended, status=status, ended_at=now, touched_at=now, progress=None, revision=tx.revision)
        documents = [_document(final)]
        if status == "complete":
            documents += [
                DocumentWrite(HELD, key, None)
                for scope in ended.scopes
                if (key := _held_key(ended, scope.scope)) and tx.document(HELD, key) is not None
            ]
        tx.apply(GraphPatch(now, run=ended.run_id, documents=tuple(documents)))
        return final

    return parts.store.write(work)


def _hold(parts: Parts, ended: RunReport, scope: str) -> None:
    parts.store.put(DocumentWrite(HELD, _held_key(ended, scope), {"run": ended.run_id}))


def _supersede(parts: Parts, by: RunReport, scope: str) -> None:
    """A complete run replaces the one of its scope that is still held."""
    waiting = parts.store.document(HELD, _held_key(by, scope))
    if waiting is None or waiting.body["run"] == by.run_id:
        return
    try:
        held = report(parts, waiting.body["run"])
    except UnknownRun:
        return
    if held.status == "held":
        parts.store.put(_document(replace(held, status="superseded", notes=(*held.notes, f"by run {by.run_id}"))))


def _held_key(run: RunReport, scope: str) -> str:
    return f"{run.source}|{run.realm}|{scope}"


def _document(found: RunReport) -> DocumentWrite:
    return DocumentWrite(RUNS, found.run_id, found.as_body())
