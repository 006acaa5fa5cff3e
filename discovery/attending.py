"""While a run is read, a thread beside it tells the ledger that it lives and how far it is, and hears of a cancel."""

import contextlib
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from cmdb.graph_patch import DocumentWrite
from discovery.hiding import Hide
from discovery.run import LOST, RUNS, Parts, report
from discovery.run_report import RunReport
from discovery.source import Progress
from graph.ledger import Conflict, Document
from graph.store import StoreError

EVERY = 0.5
"""seconds between two looks"""
SAID_EVERY = 4
"""looks between two writes of how far it is"""
A_SIGN_OF_LIFE = 10 * 1_000_000
"""microseconds after which a run that has nothing new to say says that it lives"""
CANCELLED = "cancelled"


class Attending:
    """Around the reading of a run. `stopped` is what the source asks."""

    def __init__(self, parts: Parts, run: RunReport, owner: str, outside: Callable[[], bool], hide: Hide) -> None:
        self._parts, self._run, self._owner, self._outside, self._hide = parts, run.run_id, owner, outside, hide
        self._cancelled, self._over = threading.Event(), threading.Event()
        self._step: Progress | None = None
        self._thread = threading.Thread(target=self._attend, name=f"run {run.run_id}", daemon=True)

    def stopped(self) -> bool:
        """Whether to stop: somebody cancelled the run, or whoever started it wants to end."""
        return self._cancelled.is_set() or self._outside()

    def note(self, step: Progress) -> None:
        """How far it is; kept now and then."""
        self._step = step

    def __enter__(self) -> "Attending":
        self._write(owner=self._owner, touched_at=self._parts.now())
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    @property
    def cancelled(self) -> bool:
        """Whether somebody cancelled it."""
        return self._cancelled.is_set()

    def _attend(self) -> None:
        looks = 0
        while not self._over.wait(EVERY):
            looks += 1
            # A store that does not answer now is asked again; the reading itself finds out if it stays away.
            with contextlib.suppress(StoreError):
                self._look(tell=looks % SAID_EVERY == 0)

    def _look(self, *, tell: bool) -> None:
        found = self._parts.store.document(RUNS, self._run)
        if found is None or found.body["status"] != "running" or found.body.get("cancel_asked"):
            self._cancelled.set()
            return
        step, now = self._step, self._parts.now()
        if tell and step is not None:
            self._step = None
            self._write(found, touched_at=now, progress=_spelled(step, self._hide))
        elif now - found.body["touched_at"] >= A_SIGN_OF_LIFE:
            self._write(found, touched_at=now)

    def _write(self, found: Document | None = None, **said: Any) -> None:
        """Say it unless the report moves meanwhile: what moved it says more, and the next look says this."""
        found = found or self._parts.store.document(RUNS, self._run)
        if found is not None and found.body["status"] == "running":
            with contextlib.suppress(Conflict):
                self._parts.store.put(DocumentWrite(RUNS, self._run, {**found.body, **said}, expected=found.version))


def _spelled(step: Progress, hide: Hide) -> dict[str, Any]:
    return {"done": step.done, "total": step.total, "unit": step.unit, "note": hide(step.note)}


def ask_to_stop(parts: Parts, run: RunReport, patience: float) -> RunReport:
    """The run after its reader was asked to stop and given so many seconds; it may still be running."""
    deadline = time.monotonic() + patience
    asked = False
    while time.monotonic() < deadline:
        found = parts.store.document(RUNS, run.run_id)
        if found is None or found.body["status"] != "running":
            break
        if not asked:
            with contextlib.suppress(Conflict):
                body = {**found.body, "cancel_asked": True}
                parts.store.put(DocumentWrite(RUNS, run.run_id, body, expected=found.version))
                asked = True
            continue
        if parts.now() - found.body["touched_at"] > LOST:
            break
        time.sleep(0.05)
    return report(parts, run.run_id)
