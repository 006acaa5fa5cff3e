"""How this host is read: who it is, and its connection table with the program behind each socket."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

import psutil

from discovery.source import Fetched, Progress, Raw, Reading, ScopeEnd, SourceSettings
from discovery.sources.connections.program_name import program_name
from discovery.this_machine import ThisMachine, this_machine

SEEN = ("LISTEN", "ESTABLISHED")
UNSEEN = "{} sockets belong to programs this user may not see: run as root, and outside of a container, to see them all"
NO_TABLE = "this system shows the connection table to root only: what belongs to other users was not seen"


class ConnectionsSettings(SourceSettings):
    """Nothing to set: it reads the machine it runs on."""


def fetch(settings: ConnectionsSettings, reading: Reading) -> Iterator[Fetched]:
    """One record: the host with everything on it. The scope is complete if every socket's program could be seen."""
    host = this_machine()
    record = record_of(host)
    sockets, unseen = connection_table()
    yield Raw(record, {"record": record, "host": asdict(host), "sockets": sockets})
    yield Progress(1, 1, "hosts", unseen or "")
    yield ScopeEnd(record, complete=unseen is None, reason=unseen)


def record_of(host: ThisMachine) -> str:
    """Machines made from one image may share an id, and machines of one name exist: both tell them apart."""
    return f"{host.hostname} {host.agent_id[:12]}" if host.agent_id else host.hostname


def connection_table() -> tuple[list[dict[str, Any]], str | None]:
    """TCP sockets that listen or are connected, and what could not be seen of them."""
    try:
        rows = [(row, row.pid) for row in psutil.net_connections(kind="tcp")]
        whole = True
    except psutil.AccessDenied:  # macOS shows the whole table to root only
        rows, whole = list(_process_by_process()), False
    rows = [(row, pid) for row, pid in rows if row.status in SEEN]
    names = _names({pid for _, pid in rows if pid})
    sockets = [_socket(row, names.get(pid) if pid else None) for row, pid in rows]
    hidden = sum(1 for _, pid in rows if not pid)
    return sockets, NO_TABLE if not whole else UNSEEN.format(hidden) if hidden else None


def _process_by_process() -> Iterator[tuple[Any, int]]:
    for process in psutil.process_iter():
        try:
            rows = process.net_connections(kind="tcp")
        except psutil.Error:
            continue
        for row in rows:
            yield row, process.pid


def _socket(row: Any, program: str | None) -> dict[str, Any]:
    return {
        "listens": row.status == "LISTEN",
        "program": program,
        "local": [row.laddr.ip.split("%")[0], row.laddr.port],
        "remote": [row.raddr.ip.split("%")[0], row.raddr.port] if row.raddr else None,
    }


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
