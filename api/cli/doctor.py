"""doctor: what works on this machine, and what is missing and how to get it."""

import os
import platform
import shutil
import subprocess
from importlib.metadata import version
from typing import Any

from api.cli.output import print_json, table


def examine(*, as_json: bool) -> int:
    """1 where something that is needed does not work."""
    checks = [_python(), _vocabulary(), _store(), _nmap(), _rights()]
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
    from api.settings import Settings
    from api.wiring import declared_words
    from cmdb.errors import Invalid

    settings = Settings()
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


def _store() -> dict[str, Any]:
    from api.settings import Settings
    from api.wiring import build
    from cmdb.errors import Invalid
    from graph.store import StoreError

    settings = Settings()
    shown = settings.store.split("@")[-1]
    try:
        system = build(settings)
    except (StoreError, Invalid) as error:
        return _check("store", False, shown, str(error))
    counts = system.store.counts()
    revision = system.store.revision()[0]
    system.close()
    return _check("store", True, f"{shown}: {counts.cis} CIs, {counts.relations} relations, revision {revision}")


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
