"""An address of its own for a daemon whose ports are fixed: a network namespace with one cable to this machine."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lab.namespaces import free_number, ip, need_namespaces

PLACES = 16
"""how many there can be on one machine at once; each test run takes the first free one"""


class Place(NamedTuple):
    """Where the daemon runs, and how this machine reaches it."""

    namespace: str
    address: str


@contextlib.contextmanager
def place_of_its_own() -> Iterator[Place]:
    """A namespace that is removed at the end, with whatever runs in it. Raises Unavailable."""
    need_namespaces("a domain controller")
    with free_number("directory", PLACES) as number:
        place = Place(f"cmdbdir{number:x}", f"10.214.{77 + number}.2")
        _remove(place)
        try:
            ip("netns", "add", place.namespace)
            ip("link", "add", place.namespace, "type", "veth", "peer", "name", "eth0", "netns", place.namespace)
            ip("address", "add", f"10.214.{77 + number}.1/30", "dev", place.namespace)
            ip("link", "set", place.namespace, "up")
            ip("-n", place.namespace, "link", "set", "lo", "up")
            ip("-n", place.namespace, "address", "add", f"{place.address}/30", "dev", "eth0")
            ip("-n", place.namespace, "link", "set", "eth0", "up")
            yield place
        finally:
            _remove(place)


def _remove(place: Place) -> None:
    """Also what a test run that was killed left in it."""
    if not Path(f"/run/netns/{place.namespace}").exists():
        return
    end_everything(place)
    ip("netns", "delete", place.namespace)
    # Deleting a namespace takes its end of the cable with it, a moment later.
    subprocess.run(["ip", "link", "delete", place.namespace], capture_output=True, check=False)


def end_everything(place: Place) -> None:
    """Kill whatever runs there, and wait until it is gone."""
    while pids := ip("netns", "pids", place.namespace).split():
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        time.sleep(0.01)
