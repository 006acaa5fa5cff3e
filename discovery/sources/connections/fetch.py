"""How this host is read: its names and addresses, its processes, its connection table."""

import platform
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from discovery.source import Fetched, Progress, Raw, Reading, ScopeEnd, SourceSettings

MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
DMI = Path("/sys/class/dmi/id")


class ConnectionsSettings(SourceSettings):
    """Nothing to set: it reads the machine it runs on."""


def fetch(settings: ConnectionsSettings, reading: Reading) -> Iterator[Fetched]:
    """One record: the host with everything on it. The scope is complete if every socket's process could be seen."""
    host = host_identity()
    scope = host["hostname"]
    sockets, unseen = connection_table()
    host["sockets"] = sockets
    host["processes"] = _processes({row["pid"] for row in sockets if row["pid"]})
    yield Raw(scope, host)
    note = ""
    if unseen:
        note = f"{unseen} sockets belong to processes this user may not see: run as root to see them all"
    yield Progress(1, 1, "hosts", note)
    yield ScopeEnd(scope, complete=not unseen, reason=note or None)


def host_identity() -> dict[str, Any]:
    """Names, addresses and hardware of this host, as far as this user may read them."""
    addresses: list[str] = []
    macs: list[str] = []
    for card in psutil.net_if_addrs().values():
        for address in card:
            if address.family in (socket.AF_INET, socket.AF_INET6):
                addresses.append(address.address.split("%")[0])
            elif address.family == psutil.AF_LINK:
                macs.append(address.address)
    return {
        "hostname": socket.gethostname(),
        "fqdn": socket.getfqdn(),
        "machine_id": next((path.read_text().strip() for path in MACHINE_IDS if path.is_file()), None),
        "serial": _dmi("product_serial"),
        "uuid": _dmi("product_uuid"),
        "vendor": _dmi("sys_vendor"),
        "model": _dmi("product_name"),
        "addresses": sorted(set(addresses)),
        "macs": sorted(set(macs)),
        "os": f"{platform.system()} {platform.release()}",
        "cpu_count": psutil.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
    }


def _dmi(name: str) -> str | None:
    try:
        return (DMI / name).read_text().strip() or None
    except OSError:
        return None


def connection_table() -> tuple[list[dict[str, Any]], int]:
    """Listening and established sockets, and how many of them show no process."""
    try:
        rows = psutil.net_connections(kind="inet")
    except psutil.AccessDenied:  # macOS shows the whole table to root only
        return _own_connections(), 1
    sockets = [_socket(row, row.pid) for row in rows if row.status in ("LISTEN", "ESTABLISHED")]
    return sockets, sum(1 for row in sockets if row["pid"] is None)


def _own_connections() -> list[dict[str, Any]]:
    sockets = []
    for process in psutil.process_iter():
        try:
            rows = process.net_connections(kind="inet")
        except psutil.Error:
            continue
        sockets += [_socket(row, process.pid) for row in rows if row.status in ("LISTEN", "ESTABLISHED")]
    return sockets


def _socket(row: Any, pid: int | None) -> dict[str, Any]:
    return {
        "status": row.status,
        "pid": pid,
        "local": [row.laddr.ip, row.laddr.port],
        "remote": [row.raddr.ip, row.raddr.port] if row.raddr else None,
    }


def _processes(pids: set[int]) -> dict[str, str]:
    names = {}
    for pid in pids:
        try:
            names[str(pid)] = psutil.Process(pid).name()
        except psutil.Error:
            continue
    return names
