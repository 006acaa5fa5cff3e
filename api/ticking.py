"""ticking: while the API serves, time takes effect every few minutes, and once a day what is long retired is purged."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from api.wiring import System
from discovery.purge import purge_daily
from discovery.tick import tick
from graph.store import StoreError

EVERY = 300.0
"""seconds between two ticks"""
AT_MOST = 20_000
"""CIs folded anew by one of them, so that writers are not kept waiting for long"""

_log = logging.getLogger(__name__)


@contextmanager
def ticking(system: System) -> Iterator[None]:
    """Tick at once and then again and again, beside whatever is inside; ends with it."""
    over = threading.Event()
    thread = threading.Thread(target=_tick_until, args=(system, over), name="tick", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _tick_until(system: System, over: threading.Event) -> None:
    while not over.is_set():
        try:
            more = tick(system.parts, most=AT_MOST).more or purge_daily(system.parts, system.settings.purge_after)
        except StoreError as error:
            _log.warning("time could not take effect, and will be tried again: %s", error)
            more = False
        over.wait(1.0 if more else EVERY)
