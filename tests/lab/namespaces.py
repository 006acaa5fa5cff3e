"""What everything in network namespaces needs: the program `ip`, and a number that no other test run has."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from lab.unavailable import Unavailable


def need_namespaces(what: str) -> None:
    """Raises Unavailable where `what` cannot have a namespace of its own."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise Unavailable(f"{what} needs Linux and root, to make network namespaces")
    if shutil.which("ip") is None:
        raise Unavailable(f"{what} needs the program ip (iproute2)")


@contextlib.contextmanager
def free_number(name: str, most: int) -> Iterator[int]:
    """A number below `most` that no other living test run has; the kernel frees it when its holder dies."""
    for number in range(most):
        with Path(f"/run/cmdb-lab-{name}-{number}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield number
            return
    raise Unavailable(f"{most} test runs on this machine hold a {name} already")


def ip(*arguments: str) -> str:
    """What `ip` prints. Raises Unavailable where it refuses."""
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        raise Unavailable(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
