"""Workers on other machines: jobs are sent through a broker, one queue a zone, and read by `cmdb worker`.

A message names a job and nothing else; the job stands in the ledger and is claimed there. So a message that is lost is
sent again, and one that comes twice does nothing.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from api.settings import Settings
from api.wiring import System
from cmdb.errors import Invalid
from discovery.job import Job
from discovery.worker import execute
from graph.ledger import Conflict
from graph.store import StoreError

if TYPE_CHECKING:
    from celery import Celery

TASK = "cmdb.run"
ANY_ZONE = "cmdb"
"""queue of what any worker may read"""

_log = logging.getLogger(__name__)


def queue_of(zone: str | None) -> str:
    """The queue that a zone's workers, and no others, listen to."""
    return ANY_ZONE if zone is None else f"{ANY_ZONE}.{zone}"


def celery_app(settings: Settings) -> "Celery":
    """Celery around the broker of the settings. Raises Invalid without one."""
    from celery import Celery

    if settings.broker is None:
        raise Invalid("workers need a broker: set CMDB_BROKER, such as redis://localhost:6379/0")
    app = Celery(ANY_ZONE, broker=settings.broker.get_secret_value(), set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        # A message is gone when its run has ended, so a killed worker's comes again; the claim makes that harmless.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=4,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
    )
    return app


def sender(settings: Settings) -> Callable[[Job], bool]:
    """Tells a zone's workers of a job; False where the broker does not take it, which is tried again."""
    from kombu.exceptions import OperationalError

    app = celery_app(settings)

    def send(job: Job) -> bool:
        try:
            app.send_task(TASK, [job.id], queue=queue_of(job.zone), retry=False)
        except OperationalError as error:
            _log.warning("the broker does not answer, and will be tried again: %s", type(error).__name__)
            return False
        return True

    return send


def work(system: System, zones: Sequence[str]) -> None:
    """Read what is sent to these zones (none: what any worker may read) until stopped."""
    from celery import signals

    app = celery_app(system.settings)
    stopping = threading.Event()

    def run(job_id: str) -> None:
        try:
            execute(system.means, job_id, system.owner, stopping.is_set)
        except (StoreError, Conflict) as error:
            _log.warning("a run was broken off, and will be taken up again: %s", error)

    app.task(name=TASK)(run)
    signals.worker_shutting_down.connect(lambda **said: stopping.set(), weak=False)
    queues = [queue_of(zone) for zone in zones] or [ANY_ZONE]
    app.Worker(
        pool="threads",
        concurrency=system.settings.runs_at_once,
        queues=queues,
        hostname=f"{system.owner.replace(':', '-')}@%h",
        loglevel="WARNING",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    ).start()
