"""Jobs: runs that have been asked for and have not ended, as documents. Whoever reads one claims it first.

waiting → sent (a pool or a queue has been told) → taken (by one process) → gone, or waiting again.
Every step is a compare-and-set, so being told twice does no harm.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from cmdb.graph_patch import DocumentWrite
from graph.ledger import Conflict, Document, Ledger

JOBS = "job"
"""ledger kind"""
State = Literal["waiting", "sent", "taken"]


@dataclass(frozen=True, slots=True)
class Job:
    """One run to be made of a source instance; times in microseconds UTC."""

    id: str
    instance: str
    schedule: str | None
    due_at: int
    not_before: int
    zone: str | None = None
    full: bool = False
    retries: int = 0
    """further attempts after a failure that may pass"""
    attempt: int = 1
    run_id: str | None = None
    """where it has been opened already"""
    state: State = "waiting"
    moved_at: int = 0
    owner: str | None = None
    taken_up: int = 0
    """how often it was taken up again after its process had died"""

    def write(self, expected: int | None = -1) -> DocumentWrite:
        """As it is written."""
        return DocumentWrite(JOBS, self.id, asdict(self), expected=expected)


def job_of(document: Document) -> Job:
    """The other way round."""
    return Job(**document.body)


def jobs(ledger: Ledger) -> Iterator[tuple[Job, int]]:
    """Every job there is, with the version of its document."""
    after: str | None = None
    while page := ledger.documents(JOBS, after=after):
        yield from ((job_of(document), document.version) for document in page)
        after = page[-1].key


def claim(ledger: Ledger, job_id: str, owner: str, now: int) -> Job | None:
    """The job, which is the owner's from now on; None where it is gone, or somebody else's."""
    while (found := ledger.document(JOBS, job_id)) is not None and found.body["state"] != "taken":
        taken = replace(job_of(found), state="taken", owner=owner, moved_at=now)
        if _put(ledger, taken.write(found.version)):
            return taken
        # It moved meanwhile, perhaps only from waiting to sent: whoever sent it counts on us.
    return None


def keep_run(ledger: Ledger, job: Job, run_id: str) -> Job:
    """The claimed job with the run that was opened for it."""
    said = replace(job, run_id=run_id)
    ledger.put(said.write())
    return said


def wait_again(ledger: Ledger, job: Job, now: int, **said: Any) -> None:
    """Back to those that wait, for a run of its own."""
    ledger.put(replace(job, state="waiting", run_id=None, owner=None, moved_at=now, **said).write())


def mark_sent(ledger: Ledger, job: Job, version: int, now: int) -> None:
    """Somebody was told of it, and may even have begun."""
    _put(ledger, replace(job, state="sent", moved_at=now).write(version))


def drop(ledger: Ledger, job: Job) -> None:
    """It is over."""
    ledger.put(DocumentWrite(JOBS, job.id, None))


def _put(ledger: Ledger, write: DocumentWrite) -> bool:
    with contextlib.suppress(Conflict):
        ledger.put(write)
        return True
    return False
