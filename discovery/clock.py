"""beat: what the clock does every second, in the one process that holds its lease.

Schedules that are due become jobs, jobs are sent to those who read, and what a dead process left is taken up again.
All of it stands in the ledger: whoever holds the lease next goes on where the last one was.
"""

import contextlib
from collections.abc import Callable
from dataclasses import replace

from cmdb.graph_patch import DocumentWrite, GraphPatch
from cmdb.time import to_rfc3339
from discovery.ending import fail
from discovery.in_flight import IN_FLIGHT, in_flight, written
from discovery.job import Job, drop, jobs, mark_sent, wait_again
from discovery.lease import hold
from discovery.means import Means
from discovery.run import DIED, LOST, RUNS
from discovery.run_report import RunReport
from discovery.schedule import SCHEDULES, Schedule, every_schedule, note
from discovery.source_instance import INSTANCES
from discovery.timing import SECOND
from graph.ledger import Conflict
from graph.store import WriteTransaction

LEASE = "scheduler"
LIVES = 30 * SECOND
"""a scheduler that was not heard of for so long is replaced"""
SENT_AGAIN = 300 * SECOND
"""a job that was sent and that nobody took for so long is sent again: the queue may have lost it"""
MAY_BE_LATE = SECOND
QUEUED = "waiting for a free worker"


def beat(means: Means, owner: str, send: Callable[[Job], bool]) -> bool:
    """Whether this process holds the lease; if so, everything that is to be done now has been.

    `send` tells somebody of a job that is to be read now; False where nobody can take it yet.
    """
    now = means.parts.now()
    if not hold(means.parts.store, LEASE, owner, now=now, lives=LIVES):
        return False
    take_up_lost(means)
    fire_due(means)
    for job, version in jobs(means.parts.store):
        lost = job.state == "sent" and now - job.moved_at > SENT_AGAIN
        if (job.state == "waiting" or lost) and job.not_before <= now and send(job):
            mark_sent(means.parts.store, job, version, now)
    return True


def fire_due(means: Means) -> None:
    """Every schedule whose time has come becomes one job, however often it was due (coalescing), or says why not."""
    now = means.parts.now()
    for schedule, version in every_schedule(means):
        if schedule.next_at is None or schedule.next_at > now or not schedule.enabled:
            continue
        skipped = _skipped(means, schedule, now)
        moved = schedule.moved_on(now)
        said = {"due_at": schedule.due_at, "at": now, "outcome": "started", "why": None, "run_id": None}
        if skipped is not None:
            said |= {"outcome": skipped[0], "why": skipped[1]}
        write = DocumentWrite(SCHEDULES, schedule.id, replace(moved, last=said).as_body(), expected=version)
        # Whoever moves the schedule first has fired it: two schedulers, for a moment, are one.
        with contextlib.suppress(Conflict):
            if skipped is not None:
                means.parts.store.put(write)
            else:
                job = _job(means, schedule, now)
                means.parts.store.write(lambda tx, write=write, job=job: _fire(tx, now, write, job))  # type: ignore[misc]


def _fire(tx: WriteTransaction, now: int, schedule: DocumentWrite, job: Job) -> None:
    tx.apply(GraphPatch(now, documents=(schedule, job.write(expected=None))))


def _job(means: Means, schedule: Schedule, now: int) -> Job:
    of = means.parts.store.document(INSTANCES, schedule.source_instance)
    due = schedule.due_at or now
    return Job(
        f"{schedule.id}-{due:x}", schedule.source_instance, schedule.id, due, now,
        zone=None if of is None else of.body["zone"], full=schedule.full, retries=schedule.retries, moved_at=now,
    )  # fmt: skip


def _skipped(means: Means, schedule: Schedule, now: int) -> tuple[str, str] | None:
    """Why a due time becomes no run: what, and in words."""
    assert schedule.next_at is not None
    late = now - schedule.next_at
    if late > schedule.misfire_grace * SECOND + MAY_BE_LATE:
        due = to_rfc3339(schedule.next_at)
        return "missed", f"no scheduler was there at {due}, and {late // SECOND} s later it is too late (misfire_grace)"
    forbidden = schedule.timing.forbids(now)
    if forbidden is not None:
        return "blackout", forbidden
    if any(job.instance == schedule.source_instance for job, _ in jobs(means.parts.store)):
        return "overlap", f"{schedule.source_instance} is still being read, or waits to be"
    return None


def take_up_lost(means: Means) -> None:
    """Runs whose process died end `failed`; their jobs are taken up again, once."""
    ledger, now = means.parts.store, means.parts.now()
    waiting = set()
    for job, _ in jobs(ledger):
        run = _run(means, job.run_id)
        if job.state != "taken":
            if run is not None and run.status == "running":
                waiting.add(run.run_id)
        elif run is not None and run.status == "running":
            if now - run.touched_at > LOST:
                fail(means.parts, run.run_id, DIED)
                _again(means, job)
        elif run is None and now - job.moved_at > LOST:
            _again(means, job)
        elif run is not None and now - max(run.touched_at, job.moved_at) > LOST:
            drop(ledger, job)  # it ended, and its process died before it could say so
    after: str | None = None
    while page := ledger.documents(IN_FLIGHT, after=after):
        for document in page:
            reading = in_flight(document)
            runs = [run for one in reading if (run := _run(means, one.run)) is not None and run.status == "running"]
            for run in runs:
                if run.run_id in waiting:
                    _touch(means, run)
                elif now - run.touched_at > LOST:
                    fail(means.parts, run.run_id, DIED)
            left = [one for one in reading if one.run in {run.run_id for run in runs}]
            if left != reading:
                with contextlib.suppress(Conflict):
                    ledger.put(written(document.key, left, expected=document.version))
        after = page[-1].key


def _again(means: Means, job: Job) -> None:
    if job.taken_up:
        note(means, job.schedule, outcome="failed", why="two processes died while they read it")
        drop(means.parts.store, job)
    else:
        wait_again(means.parts.store, job, means.parts.now(), taken_up=job.taken_up + 1)


def _run(means: Means, run_id: str | None) -> RunReport | None:
    if run_id is None:
        return None
    found = means.parts.store.document(RUNS, run_id)
    return None if found is None else RunReport.from_body(found.body)


def _touch(means: Means, run: RunReport) -> None:
    """A run that waits for a worker is not idle."""
    found = means.parts.store.document(RUNS, run.run_id)
    now = means.parts.now()
    if found is not None and found.body["status"] == "running" and now - found.body["touched_at"] > LOST // 2:
        body = {**found.body, "touched_at": now, "notes": list(dict.fromkeys([*found.body["notes"], QUEUED]))}
        with contextlib.suppress(Conflict):
            means.parts.store.put(DocumentWrite(RUNS, run.run_id, body, expected=found.version))
