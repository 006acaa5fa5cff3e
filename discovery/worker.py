"""execute: one job from its claim to its end, in whatever process; a pool and a queue call the same function."""

from collections.abc import Callable

from cmdb.errors import UnknownReference
from discovery.attempt import Attempt
from discovery.ending import fail
from discovery.job import Job, claim, drop, keep_run, wait_again
from discovery.means import Means
from discovery.run import AlreadyRunning, open_run
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.schedule import note, opened_for, settings_for
from discovery.source_instance import SourceInstance, instance, source_of

BACK_OFF = 60 * 1_000_000
"""microseconds before the second attempt; four times as long before each further one"""


LOOKS_AGAIN = 30 * 1_000_000
"""microseconds until a job looks again whether what is in its way has been read"""


def execute(means: Means, job_id: str, owner: str, stopped: Callable[[], bool] = lambda: False) -> RunReport | None:
    """Claim the job, read its source, and keep what came of it; None where it was somebody else's, or could not begin.

    A failure that may pass is tried again later; a reading that was ended by `stopped` (the process ends) is left to
    another process.
    """
    parts = means.parts
    job = claim(parts.store, job_id, owner, parts.now())
    if job is None:
        return None
    try:
        of = instance(means, job.instance)
    except UnknownReference as gone:
        return _refused(means, job, None, str(gone))
    attempt = Attempt()
    settings, opened = None, None
    with attempt:
        settings = settings_for(means, job, of)
        source = source_of(means, of)
    if attempt.error is not None:
        return _refused(means, job, of, attempt.error)
    try:
        opened = _opened(means, job, of, settings)
    except AlreadyRunning as other:
        if other.wholly:
            note(means, job.schedule, outcome="overlap", why=str(other), run_id=other.run_id)
            drop(parts.store, job)
        else:  # the other one reads more, or less: it cannot stand for this one
            note(means, job.schedule, outcome="waiting", why=str(other), run_id=None)
            wait_again(parts.store, job, parts.now(), not_before=parts.now() + LOOKS_AGAIN)
        return None
    if opened.status != "running":
        drop(parts.store, job)
        return opened
    job = keep_run(parts.store, job, opened.run_id)
    note(means, job.schedule, outcome="started", why=None, run_id=opened.run_id)
    done = run_source(parts, source, settings, opened=opened, owner=owner, stopped=stopped)
    _settle(means, job, done, stopped=stopped())
    return done


def _opened(means: Means, job: Job, of: SourceInstance, settings: object) -> RunReport:
    from discovery.run import report

    return opened_for(means, job, of, settings) if job.run_id is None else report(means.parts, job.run_id)


def _settle(means: Means, job: Job, done: RunReport, *, stopped: bool) -> None:
    ledger, now = means.parts.store, means.parts.now()
    unfinished = done.status in ("partial", "failed") and not done.cancel_asked
    if unfinished and stopped:
        wait_again(ledger, job, now)
    elif unfinished and done.retryable and job.attempt <= job.retries:
        wait_again(ledger, job, now, attempt=job.attempt + 1, not_before=now + BACK_OFF * 4 ** (job.attempt - 1))
    else:
        drop(ledger, job)


def _refused(means: Means, job: Job, of: SourceInstance | None, why: str) -> RunReport | None:
    """It cannot begin: said where people look for it, in a failed run and with the schedule."""
    done = None
    run_id = job.run_id
    if run_id is None and of is not None:
        run_id = open_run(means.parts, of.source, of.realm, of.name).run_id
    if run_id is not None:
        done = fail(means.parts, run_id, why, retryable=False)
    note(means, job.schedule, outcome="refused", why=why, run_id=run_id)
    drop(means.parts.store, job)
    return done
