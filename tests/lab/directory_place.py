"""An address of its own for a daemon whose ports are fixed: a network namespace with one cable to this machine."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lab.unavailable import Unavailable

PLACES = 16
"""how many there can be on one machine at once; each test run takes the first free one"""


class Place(NamedTuple):
    """Where the daemon runs, and how this machine reaches it."""

    namespace: str
    address: str


@contextlib.contextmanager
def place_of_its_own() -> Iterator[Place]:
    """A namespace that is removed at the end, with whatever runs in it. Raises Unavailable."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise Unavailable("a domain controller needs Linux and root, to have an address of its own")
    if shutil.which("ip") is None:
        raise Unavailable("a domain controller needs the program ip (iproute2)")
    with _free_number() as number:
        place = Place(f"cmdbdir{number:x}", f"10.214.{77 + number}.2")
        _remove(place)
        try:
            _ip("netns", "add", place.namespace)
            _ip("link", "add", place.namespace, "type", "veth", "peer", "name", "eth0", "netns", place.namespace)
            _ip("address", "add", f"10.214.{77 + number}.1/30", "dev", place.namespace)
            _ip("link", "set", place.namespace, "up")
            _ip("-n", place.namespace, "link", "set", "lo", "up")
            _ip("-n", place.namespace, "address", "add", f"{place.address}/30", "dev", "eth0")
            _ip("-n", place.namespace, "link", "set", "eth0", "up")
            yield place
        finally:
            _remove(place)


def _remove(place: Place) -> None:
    """Also what a test run that was killed left in it."""
    if not Path(f"/run/netns/{place.namespace}").exists():
        return
    end_everything(place)
    _ip("netns", "delete", place.namespace)
    # Deleting a namespace takes its end of the cable with it, a moment later.
    subprocess.run(["ip", "link", "delete", place.namespace], capture_output=True, check=False)


def end_everything(place: Place) -> None:
    """Kill whatever runs there, and wait until it is gone."""
    while pids := _ip("netns", "pids", place.namespace).split():
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        time.sleep(0.01)


@contextlib.contextmanager
def _free_number() -> Iterator[int]:
    """A number no other living test run has; the kernel frees it when its holder dies, however it dies."""
    for number in range(PLACES):
        with Path(f"/run/cmdb-lab-directory-{number}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield number
            return
    raise Unavailable(f"{PLACES} test runs on this machine have a domain controller already")


def _ip(*arguments: str) -> str:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        raise Unavailable(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
