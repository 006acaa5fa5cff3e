"""ClockWork: APScheduler makes the clock beat, and its pool of threads reads the sources.

APScheduler keeps nothing: its jobs are one beat, and runs that are to begin at once. What is due when stands in our
ledger, so nothing is pickled, and any process can go on.
"""

import logging
import threading
from collections.abc import Callable
from datetime import UTC

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from discovery.clock import LEASE, beat
from discovery.job import Job
from discovery.lease import let_go
from discovery.means import Means
from discovery.worker import execute
from graph.ledger import Conflict
from graph.store import StoreError

EVERY = 1.0
"""seconds between two beats"""
AT_THE_END = 20.0
"""seconds that a process which ends waits for its runs to stop"""

_log = logging.getLogger(__name__)


class ClockWork:
    """The clock of one process. Of any number of processes one, which holds the lease, does anything."""

    def __init__(self, means: Means, owner: str, *, at_once: int, send: Callable[[Job], bool] | None = None) -> None:
        """`send`: to whom jobs are sent; None: to threads of this process, `at_once` of them."""
        self._means, self._owner, self._at_once = means, owner, at_once
        self._send = send or self._read_here
        self._stopping = threading.Event()
        self._reading: set[str] = set()
        self._guard = threading.Condition()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1), "runs": ThreadPoolExecutor(at_once)},
            # A beat that could not come in time is made up for by one, never by several, and never by two at once;
            # a run that was sent begins however late its thread is free.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Begin to beat."""
        self._scheduler.start()
        self._scheduler.add_job(self._beat, "interval", seconds=EVERY, id="beat")

    def stop(self) -> None:
        """Stop beating, let runs keep what they have read, and leave the rest to others."""
        self._stopping.set()
        self._scheduler.remove_job("beat")
        with self._guard:
            self._guard.wait_for(lambda: not self._reading, AT_THE_END)
        self._scheduler.shutdown(wait=not self._reading)
        try:
            let_go(self._means.parts.store, LEASE, self._owner)
        except StoreError as error:
            _log.warning("the lease of the scheduler could not be given back and will run out: %s", error)

    def _beat(self) -> None:
        if self._stopping.is_set():
            return
        try:
            beat(self._means, self._owner, self._send)
        except (StoreError, Conflict) as error:
            _log.warning("the scheduler could not do its work, and will try again: %s", error)

    def _read_here(self, job: Job) -> bool:
        """Hand a job to a free thread; False where none is."""
        with self._guard:
            if self._stopping.is_set() or job.id in self._reading or len(self._reading) >= self._at_once:
                return False
            self._reading.add(job.id)
        self._scheduler.add_job(self._read, args=(job.id,), executor="runs")
        return True

    def _read(self, job_id: str) -> None:
        try:
            execute(self._means, job_id, self._owner, self._stopping.is_set)
        except (StoreError, Conflict) as error:
            _log.warning("a run was broken off, and will be taken up again: %s", error)
        finally:
            with self._guard:
                self._reading.discard(job_id)
                self._guard.notify_all()
