"""Why a run brought nothing, as an answer; and which run a name means."""

from typing import Any

from api.views import run as run_view
from api.wiring import System
from cmdb.errors import UnknownReference
from discovery.emptiness import reasons
from discovery.run import RUNS, report, reports
from discovery.schedule import every_schedule

LOOKED_THROUGH = 2_000
"""latest runs among which the one of a name is looked for"""


def explanation(system: System, run_id: str) -> dict[str, Any]:
    """The run's counts and the reasons. Raises UnknownRun."""
    found = report(system.parts, run_id)
    shown = run_view(found)
    return {
        **{key: shown[key] for key in ("run_id", "source", "instance", "status", "counts")},
        "empty": found.created + found.updated == 0,
        "reasons": [
            {"kind": reason.kind, "text": reason.text, "fix": reason.fix} for reason in reasons(system.parts, found)
        ],
    }


def latest_run_of(system: System, text: str) -> str:
    """A run's id, or the latest run of a source instance or source of this name.

    Raises UnknownReference, which says what became of its schedules where it has never been run.
    """
    if system.store.document(RUNS, text) is not None:
        return text
    latest = reports(system.parts, after=None, limit=LOOKED_THROUGH)
    for found in latest:
        if found.instance == text:
            return found.run_id
    for found in latest:
        if found.source == text:
            return found.run_id
    why = [
        f"schedule {one.id}: {one.last['outcome']}, {one.last['why'] or 'no reason given'}" if one.last
        else f"schedule {one.id} has not been due yet" if one.enabled
        else f"schedule {one.id} is off"
        for one, _ in every_schedule(system.means)
        if one.source_instance == text
    ]  # fmt: skip
    raise UnknownReference(f"no run {text!r}, and nothing of this name has been run" + "".join(f"; {w}" for w in why))
