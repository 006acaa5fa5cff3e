"""What a piece of work takes of this process: processor time, and the most memory the process ever held."""

import resource
import time
from collections.abc import Callable, Mapping
from typing import Any


def taken(work: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    """What the work found, with `seconds` and `peak_mib`. Run it in a process of its own: a peak is never unmade."""
    began = time.process_time()
    found = work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**found, "seconds": time.process_time() - began, "peak_mib": peak}
