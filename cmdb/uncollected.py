"""uncollected: work that makes many values and no circles among them, without the collector that looks for circles."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_working = 0
_was_on = False


@contextmanager
def uncollected() -> Iterator[None]:
    """No cyclic garbage collection while any thread is inside.

    The values of a batch lie in tuples and dictionaries that lead nowhere back, so counting references frees them all;
    the collector would walk through every one of them over and over, which takes as long as the work itself.
    """
    global _working, _was_on
    with _lock:
        if not _working:
            _was_on = gc.isenabled()
            gc.disable()
        _working += 1
    try:
        yield
    finally:
        with _lock:
            _working -= 1
            if not _working and _was_on:
                gc.enable()
