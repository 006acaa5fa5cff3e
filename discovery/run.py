"""A run from its opening to its report: what a source says goes through identity and belief into the graph."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from cmdb.draft import Context
from cmdb.graph_patch import DocumentWrite, GraphPatch
from cmdb.observation import Observation
from cmdb.reconciliation import Outcome, reconcile
from cmdb.reference import record_key
from cmdb.uncollected import uncollected
from cmdb.vocabulary import Vocabulary
from discovery.in_flight import IN_FLIGHT, InFlight, in_flight, key_of, written
from discovery.run_report import RunReport
from discovery.settings_kept import identity_settings
from graph.store import GraphStore, WriteTransaction

MAX_BATCH = 20_000
"""observations in one patch"""


class RunEnded(Exception):
    """The run has ended; nothing can be added to it."""


class AlreadyRunning(Exception):
    """The same is being read already, by the run `run_id`; `wholly`: under the same settings, not only in part."""

    def __init__(self, run_id: str, *, wholly: bool = True) -> None:
        super().__init__(
            f"{'it' if wholly else 'a part of it'} is being read already, by run {run_id}; should its process have "
            "died, two minutes free the place"
        )
        self.run_id, self.wholly = run_id, wholly


class UnknownRun(Exception):
    """No run bears this id."""


class Rejection(NamedTuple):
    """A line that cannot be taken; `record` where it could be read (it then counts as seen)."""

    line: int
    reason: str
    record: tuple[str, str, str] | None = None
    """source, realm, record"""


@dataclass(frozen=True, slots=True)
class Parts:
    """What every run needs, put together in one place."""

    store: GraphStore
    vocabulary: Vocabulary
    now: Callable[[], int]
    new_id: Callable[[], str]
    hold_share: float = 0.20
    hold_least: int = 10
    """a complete run that would turn more than this share of its scope's live records missing, and at least so many,
    waits for a person"""


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The answer to one batch, with the field names of the contract."""

    received: int
    accepted: int
    rejected: tuple[Rejection, ...]
    created: int
    updated: int
    unchanged: int
    reviews: int
    revision: int


IDLE = 3600 * 1_000_000
"""microseconds after which a run that nobody feeds has failed"""

LOST = 120 * 1_000_000
"""microseconds without a sign of life after which the process that reads a run counts as dead: longer than a write may
have to wait"""
DIED = "the process that read it died: nothing was heard of it for two minutes"

RUNS = "run"
"""ledger kind of the reports"""


@dataclass(frozen=True, slots=True)
class Errand:
    """On whose behalf a run is opened; the fields of its report."""

    instance: str | None = None
    schedule: str | None = None
    attempt: int = 1
    place: str | None = None
    """source, realm and settings in a short form: no two runs read one place at the same time"""
    scopes: tuple[str, ...] = ()
    """what it will enter, as far as that is known: nor do they read one scope"""


def open_run(
    parts: Parts, source: str, realm: str, scope: str, *, full: bool = True, errand: Errand | None = None
) -> RunReport:
    """Open a run; its report says `running`. Run ids grow with time.

    Raises AlreadyRunning where the errand's place, or a part of its scopes, is being read.
    """
    now = parts.now()
    run_id = f"{now:015x}-{parts.new_id()[-8:]}"
    on = errand or Errand()

    def work(tx: WriteTransaction) -> RunReport:
        opened = RunReport(
            run_id, source, realm, scope, full, "running", now, tx.revision, now, revision=tx.revision,
            instance=on.instance, schedule=on.schedule, attempt=on.attempt, place=on.place,
        )  # fmt: skip
        documents = [_stored(opened)]
        if on.place is not None:
            key = key_of(source, realm)
            reading = [InFlight(run_id, on.place, on.scopes)]
            for one in in_flight(tx.document(IN_FLIGHT, key)):
                other = tx.document(RUNS, one.run)
                if other is None or other.body["status"] != "running":
                    continue
                if not one.is_in_the_way_of(on.place, on.scopes):
                    reading.append(one)
                    continue
                if now - other.body["touched_at"] <= LOST:
                    raise AlreadyRunning(one.run, wholly=one.place == on.place)
                died = {**other.body, "status": "failed", "ended_at": now, "errors": [*other.body["errors"], DIED]}
                documents.append(DocumentWrite(RUNS, one.run, died))
            documents.append(written(key, reading))
        tx.apply(_only(parts, tuple(documents), run_id))
        return opened

    return parts.store.write(work)


def take(
    parts: Parts,
    run_id: str | None,
    observations: Sequence[Observation],
    rejections: Sequence[Rejection] = (),
    *,
    scope: str | None = None,
    also: Callable[[BatchResult], tuple[DocumentWrite, ...]] = lambda result: (),
) -> BatchResult:
    """Take one batch as one patch.

    `run_id` None: the three in one, which is never complete and leaves records in the scope they have. `scope`: where
    a run of several scopes read these, by default the run's. `also`: documents to write with the patch, such as the
    answer kept for an idempotency key. Raises RunEnded, UnknownRun, ValueError above MAX_BATCH.
    """
    if len(observations) + len(rejections) > MAX_BATCH:
        raise ValueError(f"a batch is at most {MAX_BATCH} observations")

    def work(tx: WriteTransaction) -> BatchResult:
        running = _running(tx, parts, run_id) if run_id is not None else None
        where = scope or (running.scope if running is not None else None)
        outcome = reconcile(
            observations,
            tx,
            context(parts, run_id, where, tx),
            also_seen=[record_key(*line.record) for line in rejections if line.record is not None],
        )
        documents = outcome.patch.documents
        result = _result(observations, rejections, outcome, tx.revision)
        if running is not None:
            documents += (_stored(_fed(running, result, outcome, parts.now())),)
        patch = replace(outcome.patch, documents=documents + also(result))
        if patch.is_empty():
            return replace(result, revision=tx.revision - 1)
        tx.apply(patch)
        return result

    with uncollected():
        return parts.store.write(work)


def preview(parts: Parts, observations: Iterable[Observation]) -> BatchResult:
    """What taking these would do, with nothing written."""
    batch = list(observations)

    def work(tx: WriteTransaction) -> BatchResult:
        outcome = reconcile(batch, tx, context(parts, None, None, tx))
        return _result(batch, (), outcome, tx.revision - 1)

    with uncollected():
        return parts.store.write(work)


def context(parts: Parts, run_id: str | None, scope: str | None, tx: WriteTransaction) -> Context:
    """What reconciliation needs beside the observations and the graph."""
    return Context(parts.vocabulary, parts.now(), parts.new_id, settings=identity_settings(tx), run=run_id, scope=scope)


def report(parts: Parts, run_id: str) -> RunReport:
    """The run's report as it stands; a run idle for an hour has failed. Raises UnknownRun."""
    return _aged(parts, stored_report(parts.store, run_id))


def stored_report(store: GraphStore | WriteTransaction, run_id: str) -> RunReport:
    """The run's report as it was last written. Raises UnknownRun."""
    found = store.document(RUNS, run_id)
    if found is None:
        raise UnknownRun(f"no run {run_id!r}")
    return RunReport.from_body(found.body)


def reports(parts: Parts, *, after: str | None, limit: int) -> tuple[RunReport, ...]:
    """Reports, newest first, beginning after that run id."""
    found = parts.store.documents(RUNS, after=after, limit=limit, newest_first=True)
    return tuple(_aged(parts, RunReport.from_body(document.body)) for document in found)


def _aged(parts: Parts, found: RunReport) -> RunReport:
    if found.status == "running" and parts.now() - found.touched_at > IDLE:
        return replace(found, status="failed", errors=(*found.errors, "nothing was heard of it for an hour"))
    return found


def _running(tx: WriteTransaction, parts: Parts, run_id: str) -> RunReport:
    known = _aged(parts, stored_report(tx, run_id))
    if known.status != "running":
        raise RunEnded(f"run {run_id} has ended: {known.status}")
    return known


def _fed(running: RunReport, result: BatchResult, outcome: Outcome, now: int) -> RunReport:
    fed = replace(
        running,
        touched_at=now,
        seen=running.seen + result.received,
        accepted=running.accepted + result.accepted,
        created=running.created + result.created,
        updated=running.updated + result.updated,
        unchanged=running.unchanged + result.unchanged,
        reviews=running.reviews + result.reviews,
        unresolved=running.unresolved + outcome.unresolved,
        revision=result.revision,
    )
    for line in result.rejected:
        fed = fed.with_rejection(line.line, line.reason, readable=line.record is not None)
    return fed


def _result(
    observations: Sequence[Observation], rejections: Sequence[Rejection], outcome: Outcome, revision: int
) -> BatchResult:
    fates = outcome.fates
    return BatchResult(
        received=len(observations) + len(rejections),
        accepted=len(observations),
        rejected=tuple(rejections),
        created=fates.count("created"),
        updated=fates.count("updated"),
        unchanged=fates.count("unchanged"),
        reviews=outcome.reviews,
        revision=revision,
    )


def _stored(found: RunReport) -> DocumentWrite:
    return DocumentWrite(RUNS, found.run_id, found.as_body())


def _only(parts: Parts, documents: tuple[DocumentWrite, ...], run_id: str | None) -> GraphPatch:
    return GraphPatch(parts.now(), run=run_id, documents=documents)
