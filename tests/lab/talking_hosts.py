"""Hosts that talk: programs with names and real sockets in the laboratory's namespaces, read from inside each of them.

Run as a program it is one of them: `listen PORT…`, `call ADDRESS:PORT…` (held open), `knock ADDRESS:PORT` (short, closed
here first), or `read STORE TIME…` (the source `connections`, once for each time, with that time for a clock).
"""

import contextlib
import itertools
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

HERE = Path(__file__).resolve()
READY_SECONDS = 30
APART = """
set -e
mount -t tmpfs none /run && touch /run/.containerenv
echo {machine} > /run/machine-id && mount --bind /run/machine-id /etc/machine-id
hostname {name}
echo "127.0.1.1 {name}.corp.example {name}" > /run/hosts && mount --bind /run/hosts /etc/hosts
exec "$@"
"""
"""To this process alone: a host name, its full name (no resolver answers in a namespace, it would only be waited for), a
machine id, and no firmware."""


class TalkingHosts:
    """Programs on hosts of a LabNetwork. `folder`: where their scripts lie."""

    def __init__(self, prefix: str, folder: Path) -> None:
        self._prefix, self._folder = prefix, folder
        self._running: list[subprocess.Popen[bytes]] = []
        self._scripts = itertools.count()

    def start(self, host: str, program: str, *arguments: str) -> None:
        """A process of that name on the host, ready when this returns."""
        script = self._folder / f"{next(self._scripts)}" / f"{program}.py"
        script.parent.mkdir()
        script.symlink_to(HERE)
        command = ["ip", "netns", "exec", f"{self._prefix}-{host}", sys.executable, str(script), *arguments]
        running = subprocess.Popen(command, stdout=subprocess.PIPE)
        self._running.append(running)
        assert running.stdout is not None
        if running.stdout.readline().strip() != b"ready":
            raise AssertionError(f"{program} on {host} did not come up")

    def read(self, hosts: Sequence[str], store: str, times: Sequence[int]) -> None:
        """Let the source read each host from inside, at each of these times."""
        for number, host in enumerate(hosts, start=1):
            namespace = ["ip", "netns", "exec", f"{self._prefix}-{host}"]
            setting = APART.format(machine=f"{number:02x}" * 8 + "0123456789abcdef", name=host)
            inside = ["unshare", "--uts", "--mount", "sh", "-c", setting, "sh"]
            subprocess.run(
                [*namespace, *inside, sys.executable, str(HERE), "read", store, *map(str, times)],
                check=True, timeout=120, env={**os.environ, "PYTHONPATH": str(HERE.parent.parent.parent)},
            )  # fmt: skip

    def end(self) -> None:
        """Every process."""
        while self._running:
            running = self._running.pop()
            running.kill()
            running.wait()
            if running.stdout is not None:
                running.stdout.close()


@contextlib.contextmanager
def talking_hosts(prefix: str, folder: Path) -> Iterator[TalkingHosts]:
    """They end with the test."""
    hosts = TalkingHosts(prefix, folder)
    try:
        yield hosts
    finally:
        hosts.end()


def _listen(ports: Sequence[str]) -> None:
    for port in ports:
        server = socket.create_server(("0.0.0.0", int(port)))
        threading.Thread(target=_serve, args=(server,), daemon=True).start()


def _serve(server: socket.socket) -> None:
    held = []
    while True:
        caller, _ = server.accept()
        held.append(caller)


def _called(place: str) -> socket.socket:
    address, _, port = place.rpartition(":")
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            return socket.create_connection((address, int(port)), timeout=5)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _read(store: str, times: Sequence[int]) -> None:
    import secrets

    from cmdb.vocabulary import vocabulary
    from discovery.run import Parts
    from discovery.run_source import run_source
    from discovery.sources import SOURCES
    from discovery.sources.connections.settings import ConnectionsSettings
    from graph.open_store import open_store

    words = vocabulary({name: source.traits for name, source in SOURCES.items()})
    clock = [0]
    opened = open_store(store, words)
    parts = Parts(opened, words, lambda: clock[0], lambda: secrets.token_hex(8))
    for clock[0] in times:
        report = run_source(parts, SOURCES["connections"], ConnectionsSettings())
        if report.status != "complete":
            raise SystemExit(str(report))
    opened.close()


def main(what: str, *said: str) -> None:
    """One of the hosts' programs."""
    if what == "read":
        _read(said[0], [int(at) for at in said[1:]])
        return
    held = []
    if what == "listen":
        _listen(said)
    elif what == "call":
        held = [_called(place) for place in said]
    else:
        for place in said:
            _called(place).close()
    print("ready", flush=True)
    threading.Event().wait()
    del held


if __name__ == "__main__":
    main(*sys.argv[1:])
