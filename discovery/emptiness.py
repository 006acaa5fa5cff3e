"""Why a run brought nothing, or less than somebody hoped for: read from its report, and from what has become of it."""

from collections import Counter
from dataclasses import dataclass

from cmdb.vocabulary import Vocabulary
from discovery.clock import LEASE
from discovery.lease import holder
from discovery.run import Parts
from discovery.run_report import RunReport

NAMED = 3
"""scopes or reasons of one kind that are named"""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason; `fix` says what to do, where something is to be done."""

    kind: str
    """waiting running failed misconfigured held cancelled superseded no_scope not_read_to_the_end nothing_moved
    nothing_answered empty all_rejected some_rejected all_known unresolved"""
    text: str
    fix: str = ""


def reasons(parts: Parts, run: RunReport) -> tuple[Reason, ...]:
    """Everything that kept the run from bringing (more), the weightiest first; empty where nothing did."""
    return (*_state(parts, run), *_errors(run), *_scopes(parts.vocabulary, run), *_records(run))


def _state(parts: Parts, run: RunReport) -> list[Reason]:
    if run.status == "held":
        fix = f"cmdb runs {run.run_id}; POST /v1/runs/{run.run_id}/release lets it through"
        return [Reason("held", run.held_because or "it waits for a person", fix)]
    if run.status == "superseded":
        return [Reason("superseded", "; ".join(run.notes) or "a later run took its place")]
    if run.cancel_asked or "cancelled" in run.notes:
        return [Reason("cancelled", "somebody cancelled it: what was read before stands", "run it again")]
    if run.status != "running":
        return []
    if run.instance is None or run.owner is not None:
        return [Reason("running", "it is still being read" + _progress(run))]
    if holder(parts.store, LEASE, parts.now()) is None:
        return [Reason("waiting", "nobody reads it: no scheduler runs", "start `cmdb serve` or `cmdb schedule`")]
    return [Reason("waiting", "it waits for a worker that is free", "raise CMDB_RUNS_AT_ONCE, or start a worker")]


def _progress(run: RunReport) -> str:
    if run.progress is None or "done" not in run.progress:
        return ""
    total = run.progress.get("total")
    return f": {run.progress['done']:g}{f' of {total:g}' if total else ''} {run.progress.get('unit', '')}"


def _errors(run: RunReport) -> list[Reason]:
    name = run.instance or run.source
    if not run.errors:
        return []
    if run.retryable:
        fix = f"see that the source answers: cmdb check {name}"
        return [Reason("failed", "; ".join(run.errors), fix)]
    return [Reason("misconfigured", "; ".join(run.errors), f"change its settings; then: cmdb check {name}")]


def _scopes(words: Vocabulary, run: RunReport) -> list[Reason]:
    if run.status == "running":
        return []
    if not run.scopes and not run.errors:
        return [Reason("no_scope", "no scope was entered: its settings name nothing to read", "say what to read")]
    found = []
    unread = [scope for scope in run.scopes if not scope.complete]
    if unread:
        why = _some([f"{scope.scope}: {scope.reason or 'no reason was given'}" for scope in unread])
        check = f"cmdb check {run.instance or run.source} says which rights are lacking"
        found.append(Reason("not_read_to_the_end", f"{why}. Nothing goes missing by that", check))
    if run.seen or run.errors:
        return found
    if run.scopes and all(scope.delta for scope in run.scopes):
        fix = "a full reading (`full`) reads everything again"
        found.append(Reason("nothing_moved", "the source says that nothing moved since the last reading", fix))
    elif run.scopes and not unread:
        names = _some([scope.scope for scope in run.scopes])
        if words.traits(run.source).scan:
            fix = "see that this machine reaches them, that a firewall lets probes through, and what was left out"
            found.append(Reason("nothing_answered", f"nothing answered in {names}", fix))
        else:
            found.append(
                Reason("empty", f"the source lists nothing in {names}", "see what it is asked for, and as whom")
            )
    return found


def _records(run: RunReport) -> list[Reason]:
    found = []
    if run.rejected:
        often = Counter(reason for _, reason in run.reasons).most_common(NAMED)
        why = "; ".join(f"{reason} ({count})" for reason, count in often)
        kind = "some_rejected" if run.accepted else "all_rejected"
        share = f"{run.rejected} of {run.seen}" if run.accepted else f"all {run.rejected}"
        found.append(Reason(kind, f"{share} records were refused: {why}", "mend them where they come from"))
    if run.accepted and not run.created + run.updated:
        found.append(Reason("all_known", f"all {run.accepted} records say what was known already"))
    if run.unresolved:
        text = f"{run.unresolved} ends of relations fit no single thing yet; they wait"
        found.append(Reason("unresolved", text, "GET /v1/quality/unresolved lists them"))
    return found


def _some(texts: list[str]) -> str:
    more = len(texts) - NAMED
    return "; ".join(texts[:NAMED]) + (f" and {more} more" if more > 0 else "")
