"""How this host is read: who it is, and its connection table with the program behind each socket, again and again."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

import psutil

from discovery.source import Bookmark, Fetched, Progress, Raw, Reading, ScopeEnd
from discovery.sources.connections.edges import Listening, Socket, edges, listening
from discovery.sources.connections.program_name import program_name
from discovery.sources.connections.settings import ConnectionsSettings
from discovery.sources.connections.tally import DAY, Tally, as_json, from_json, tallied
from discovery.this_machine import ThisMachine, this_machine

OPEN = frozenset({"LISTEN", "ESTABLISHED", "CLOSE_WAIT"})
CLOSING = frozenset({"TIME_WAIT", "FIN_WAIT1", "FIN_WAIT2", "CLOSING", "LAST_ACK"})
"""over, and owned by no process"""
UNSEEN = "{} sockets belong to programs this user may not see: run as root, and outside of a container, to see them all"
NO_TABLE = "this system shows the connection table to root only: what belongs to other users was not seen"
STOPPED = "stopped after {} of {} polls"
DROPPED = "{} connections more than are kept for one host: those seen least lately are forgotten"
SECOND = 1_000_000
NAP = 0.2
"""seconds between two questions whether to stop"""


def fetch(settings: ConnectionsSettings, reading: Reading) -> Iterator[Fetched]:
    """One record: the host with everything on it. The scope is complete if every socket's program could be seen.

    A reading that is stopped keeps the polls it made.
    """
    host = this_machine()
    record = record_of(host)
    watched = _Watched(settings, from_json(reading.bookmark(record)), host, reading.now())
    for poll in range(settings.polls):
        if reading.stopped() or (poll and not _waited(settings.interval, reading)):
            break
        watched.poll(reading.now())
        yield Progress(watched.polls, settings.polls, "polls", watched.note())
    if watched.polls:
        yield Raw(record, watched.payload(record))
        yield Bookmark(record, as_json(watched.tally))
    cut = STOPPED.format(watched.polls, settings.polls) if watched.polls < settings.polls else None
    reason = cut or watched.unseen
    yield ScopeEnd(record, complete=reason is None, reason=reason)


def record_of(host: ThisMachine) -> str:
    """Machines made from one image may share an id, and machines of one name exist: both tell them apart."""
    return f"{host.hostname} {host.agent_id[:12]}" if host.agent_id else host.hostname


def _waited(seconds: float, reading: Reading) -> bool:
    """False where somebody wants it to stop."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, NAP))
        if reading.stopped():
            return False
    return True


class _Watched:
    """What the polls of one reading have shown so far."""

    def __init__(self, settings: ConnectionsSettings, tally: Tally, host: ThisMachine, began: int) -> None:
        self.settings, self.tally, self.host = settings, tally, host
        self.began = max(began, tally.at)
        self.polls = 0
        self.unseen: str | None = None
        self._dropped = 0
        self._here = Listening({}, frozenset())

    def poll(self, now: int) -> None:
        sockets, unseen = connection_table()
        self.unseen = unseen or self.unseen
        found = listening(sockets, self.host.addresses)
        # A port that was listened on a moment ago still tells whose its connections were.
        programs = {key: programs or self._here.at.get(key, frozenset()) for key, programs in found.at.items()}
        self._here = Listening({**self._here.at, **programs}, found.own)
        self.tally, dropped = tallied(
            self.tally, edges(sockets, self._here, self.tally.edges), now,
            half_life=int(self.settings.half_life * DAY), apart=int(self.settings.apart * SECOND),
        )  # fmt: skip
        self._dropped += dropped
        self.polls += 1

    def note(self) -> str:
        if self.polls == self.settings.polls and self._dropped:
            return DROPPED.format(self._dropped)
        return (self.unseen or "") if self.polls == self.settings.polls else ""

    def payload(self, record: str) -> dict[str, Any]:
        at = sorted(self._here.at.items())
        return {
            "record": record,
            "host": asdict(self.host),
            "listening": [[address, port, sorted(programs)] for (address, port), programs in at],
            "tally": as_json(self.tally),
            "began": self.began,
            "data_ports": sorted(self.settings.data_ports),
        }


def connection_table() -> tuple[list[Socket], str | None]:
    """TCP sockets that listen, are connected or were until a moment ago, and what could not be seen of them."""
    try:
        rows = [(row, row.pid) for row in psutil.net_connections(kind="tcp")]
        whole = True
    except psutil.AccessDenied:  # macOS shows the whole table to root only
        rows, whole = list(_process_by_process()), False
    rows = [(row, pid) for row, pid in rows if row.status in OPEN or (row.status in CLOSING and row.raddr)]
    names = _names({pid for _, pid in rows if pid})
    sockets = [_socket(row, names.get(pid) if pid else None) for row, pid in rows]
    hidden = sum(1 for row, pid in rows if not pid and row.status in OPEN)
    return sockets, NO_TABLE if not whole else UNSEEN.format(hidden) if hidden else None


def _process_by_process() -> Iterator[tuple[Any, int]]:
    for process in psutil.process_iter():
        try:
            rows = process.net_connections(kind="tcp")
        except psutil.Error:
            continue
        for row in rows:
            yield row, process.pid


def _socket(row: Any, program: str | None) -> Socket:
    return Socket(
        (row.laddr.ip.split("%")[0], row.laddr.port),
        (row.raddr.ip.split("%")[0], row.raddr.port) if row.raddr else None,
        program,
        listens=row.status == "LISTEN",
        closing=row.status in CLOSING,
    )


def _names(pids: Iterable[int]) -> dict[int, str]:
    """A process that ends while we look is left out: so is its socket by the next run."""
    names = {}
    for pid in pids:
        try:
            process = psutil.Process(pid)
            with process.oneshot():
                names[pid] = program_name(process.name(), _command(process))
        except psutil.Error:
            continue
    return names


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
