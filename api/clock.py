"""clock_of: the scheduler of a process, as its settings say: it reads by itself, or tells the workers."""

from collections.abc import Iterator
from contextlib import contextmanager

from api.wiring import System
from api.workers import sender
from discovery.clock_work import ClockWork


@contextmanager
def clock_of(system: System) -> Iterator[None]:
    """A clock beside whatever is inside; ends with it."""
    send = None if system.settings.broker is None else sender(system.settings)
    work = ClockWork(system.means, system.owner, at_once=system.settings.runs_at_once, send=send)
    work.start()
    try:
        yield
    finally:
        work.stop()
