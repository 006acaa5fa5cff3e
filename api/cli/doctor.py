"""doctor: what works on this machine, and what is missing and how to get it."""

import os
import platform
import shutil
import socket
import subprocess
from importlib.metadata import version
from typing import Any

from api.cli.output import print_json, table


def examine(*, as_json: bool) -> int:
    """1 where something that is needed does not work."""
    checks = [_python(), _vocabulary(), *_store(), _secrets(), _broker(), _nmap(), _rights()]
    if as_json:
        print_json({"checks": checks, "ok": all(c["ok"] is not False for c in checks)})
    else:
        marks = {True: "ok", False: "missing", None: "limited"}
        table(
            "Doctor",
            ("", "what", "found", "what to do"),
            [(marks[c["ok"]], c["name"], c["found"], c["fix"]) for c in checks],
        )
    return 0 if all(check["ok"] is not False for check in checks) else 1


def _check(name: str, ok: bool | None, found: str, fix: str = "") -> dict[str, Any]:
    return {"name": name, "ok": ok, "found": found, "fix": fix}


def _python() -> dict[str, Any]:
    return _check("cmdb", True, f"{version('cmdb')} on Python {platform.python_version()}")


def _vocabulary() -> dict[str, Any]:
    from api.settings import told_settings
    from api.wiring import declared_words
    from cmdb.errors import Invalid

    settings = told_settings()
    try:
        words = declared_words(settings)
    except Invalid as error:
        return _check("vocabulary", False, str(settings.vocabulary), str(error))
    added = "" if settings.vocabulary is None else f", with {settings.vocabulary}"
    return _check(
        "vocabulary", True,
        f"{len(words.classes)} classes, {len(words.relation_types)} relation types, "
        f"{len(words.identifier_kinds)} identifier kinds{added}",
    )  # fmt: skip


def _store() -> list[dict[str, Any]]:
    """The store, and who reads what is scheduled in it."""
    from api.settings import told_settings
    from api.wiring import build, now
    from cmdb.errors import Invalid
    from discovery.clock import LEASE
    from discovery.lease import holder
    from graph.store import StoreError

    settings = told_settings()
    shown = settings.store.split("@")[-1]
    try:
        system = build(settings)
    except (StoreError, Invalid) as error:
        return [_check("store", False, shown, str(error))]
    counts = system.store.counts()
    revision = system.store.revision()[0]
    scheduler = holder(system.store, LEASE, now())
    system.close()
    return [
        _check("store", True, f"{shown}: {counts.cis} CIs, {counts.relations} relations, revision {revision}"),
        _check("scheduler", True, scheduler)
        if scheduler
        else _check("scheduler", None, "none runs", "`cmdb serve` or `cmdb schedule` reads what is scheduled"),
    ]


def _secrets() -> dict[str, Any]:
    from api.settings import told_settings
    from cmdb.errors import Invalid

    try:
        keys = told_settings().secret_keys()
    except (Invalid, OSError) as error:
        return _check("secrets", False, "the key cannot be read", str(error))
    if not keys:
        return _check(
            "secrets", None, "no key",
            "set CMDB_SECRET_KEY (from `cmdb secret key`) to keep secrets of sources in the store",
        )  # fmt: skip
    return _check("secrets", True, f"{len(keys)} keys" if len(keys) > 1 else "a key is set")


def _broker() -> dict[str, Any]:
    from urllib.parse import urlsplit

    from api.settings import told_settings

    broker = told_settings().broker
    if broker is None:
        return _check("broker", True, "none: what is scheduled is read by the scheduler's own process")
    at = urlsplit(broker.get_secret_value())
    place = (at.hostname or "localhost", at.port or (5672 if at.scheme.startswith("amqp") else 6379))
    try:
        socket.create_connection(place, timeout=3).close()
    except OSError as error:
        why = error.strerror or type(error).__name__
        return _check("broker", False, f"{place[0]}:{place[1]}: {why}", "start it, or mend CMDB_BROKER")
    return _check("broker", True, f"{place[0]}:{place[1]} answers")


def _nmap() -> dict[str, Any]:
    found = shutil.which("nmap")
    if found is None:
        return _check(
            "nmap", None, "not installed", "install it (apt install nmap, brew install nmap) to scan networks"
        )
    said = subprocess.run([found, "-V"], capture_output=True, text=True, timeout=10, check=False).stdout
    return _check("nmap", True, said.splitlines()[0] if said else found)


def _rights() -> dict[str, Any]:
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        return _check("rights", True, "root: scans see hardware addresses, the connection table shows every process")
    return _check(
        "rights", None, "not root",
        "scans see no hardware addresses or operating systems, and other users' processes stay unseen",
    )  # fmt: skip
