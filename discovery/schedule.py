"""Schedules: which source instance is read when; kept as data in the ledger, with what came of the last time."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cmdb.errors import Invalid, UnknownReference
from cmdb.graph_patch import DocumentWrite
from discovery.job import Job, jobs
from discovery.means import Means
from discovery.run import AlreadyRunning, Errand, open_run, report
from discovery.run_report import RunReport
from discovery.source_instance import SourceInstance, instance, place_of, scopes_of, settings_to_run, source_of
from discovery.timing import Timing, timing
from graph.ledger import Conflict

SCHEDULES = "schedule"
"""ledger kind"""
RETRIES = 3
MISFIRE_GRACE = 3600
"""seconds that a run may be late, because nothing was there to begin it, and still is worth beginning"""
MOST_RETRIES = 10


@dataclass(frozen=True, slots=True)
class Schedule:
    """Times in microseconds UTC."""

    id: str
    source_instance: str
    timing: Timing
    enabled: bool
    made_at: int
    full: bool = False
    """read everything, also where the source could read only what moved"""
    retries: int = RETRIES
    misfire_grace: int = MISFIRE_GRACE
    due_at: int | None = None
    """the next due time"""
    next_at: int | None = None
    """the same with jitter: when it begins"""
    last: Mapping[str, Any] | None = None
    """due_at, outcome (started, missed, blackout, overlap, waiting, refused), why, run_id"""

    def as_body(self) -> dict[str, Any]:
        """As a document."""
        body = {name: getattr(self, name) for name in self.__slots__ if name != "timing"}
        return body | self.timing.as_body()

    @staticmethod
    def from_body(body: Mapping[str, Any]) -> "Schedule":
        """The other way round."""
        own = {name: body[name] for name in Schedule.__slots__ if name != "timing"}
        return Schedule(timing=timing(body), **own)

    def moved_on(self, now: int) -> "Schedule":
        """With its next due time behind `now`; a schedule that is not enabled has none."""
        due = self.timing.next_after(now, begun=self.made_at) if self.enabled else None
        begins = None if due is None else due + self.timing.delay(self.id, due)
        return replace(self, due_at=due, next_at=begins)


def add(means: Means, said: Mapping[str, Any]) -> Schedule:
    """Keep a new schedule. Raises Invalid, UnknownReference for no such source instance."""
    now = means.parts.now()
    empty = Schedule(means.parts.new_id(), "", Timing("0 0 * * *", None), True, now)
    made = _told(means, empty, said).moved_on(now)
    means.parts.store.put(DocumentWrite(SCHEDULES, made.id, made.as_body(), expected=None))
    return made


def edit(means: Means, schedule_id: str, said: Mapping[str, Any]) -> Schedule:
    """Change what is said of it; its next due time is found anew. Raises Invalid, UnknownReference."""
    while True:
        before, version = _found(means, schedule_id)
        if (said.get("cron") is None) != (said.get("interval") is None):  # one of them takes the other's place
            said = {**said, "cron": said.get("cron"), "interval": said.get("interval")}
        made = _told(means, before, {**before.as_body(), **said}).moved_on(means.parts.now())
        with contextlib.suppress(Conflict):
            means.parts.store.put(DocumentWrite(SCHEDULES, schedule_id, made.as_body(), expected=version))
            return made


def remove(means: Means, schedule_id: str) -> None:
    """Forget it; a run that goes on goes on. Raises UnknownReference."""
    _found(means, schedule_id)
    means.parts.store.put(DocumentWrite(SCHEDULES, schedule_id, None))


def schedule(means: Means, schedule_id: str) -> Schedule:
    """One by id. Raises UnknownReference."""
    return _found(means, schedule_id)[0]


def schedules(means: Means, *, after: str | None = None, limit: int = 1000) -> tuple[tuple[Schedule, int], ...]:
    """In the order of id, beginning after that one; each with the version of its document."""
    found = means.parts.store.documents(SCHEDULES, after=after, limit=limit)
    return tuple((Schedule.from_body(document.body), document.version) for document in found)


def every_schedule(means: Means) -> Iterator[tuple[Schedule, int]]:
    """All of them."""
    after: str | None = None
    while page := schedules(means, after=after):
        yield from page
        after = page[-1][0].id


def run_now(means: Means, name: str, *, schedule_id: str | None = None, full: bool = False) -> RunReport:
    """Ask for a run of a source instance now; its report, which says `running` before anybody has begun.

    Where the same is being read already, that run is the answer. Raises UnknownReference, Invalid; AlreadyRunning
    where a part of it is.
    """
    parts = means.parts
    asked = instance(means, name)
    now = parts.now()
    kept = None if schedule_id is None else schedule(means, schedule_id)
    job = Job(
        parts.new_id(), name, schedule_id, now, now, asked.zone, full or (kept is not None and kept.full),
        retries=RETRIES if kept is None else kept.retries, moved_at=now,
    )  # fmt: skip
    waiting = next((other for other, _ in jobs(parts.store) if other.instance == name and other.run_id), None)
    if waiting is not None and waiting.run_id is not None:
        return report(parts, waiting.run_id)
    try:
        opened = opened_for(means, job, asked, settings_to_run(means, asked, _also(job)))
    except AlreadyRunning as other:
        if not other.wholly:
            raise
        return report(parts, other.run_id)
    parts.store.put(replace(job, run_id=opened.run_id).write(expected=None))
    return opened


def opened_for(means: Means, job: Job, of: SourceInstance, settings: Any) -> RunReport:
    """A run opened for a job. Raises AlreadyRunning."""
    source = source_of(means, of)
    errand = Errand(of.name, job.schedule, job.attempt, place_of(source, settings), scopes_of(source, settings))
    return open_run(means.parts, source.name, settings.realm, of.name, errand=errand)


def settings_for(means: Means, job: Job, of: SourceInstance) -> Any:
    """What the source is told for a job. Raises Invalid."""
    return settings_to_run(means, of, _also(job))


def _also(job: Job) -> dict[str, Any]:
    return {"full": True} if job.full else {}


def note(means: Means, schedule_id: str | None, **said: Any) -> None:
    """Keep what came of a due time, if the schedule is still there; whatever else moves on it stays."""
    while schedule_id is not None:
        found = means.parts.store.document(SCHEDULES, schedule_id)
        if found is None:
            return
        body = {**found.body, "last": {**(found.body["last"] or {}), **said}}
        with contextlib.suppress(Conflict):
            means.parts.store.put(DocumentWrite(SCHEDULES, schedule_id, body, expected=found.version))
            return


def _found(means: Means, schedule_id: str) -> tuple[Schedule, int]:
    found = means.parts.store.document(SCHEDULES, schedule_id)
    if found is None:
        raise UnknownReference(f"no schedule {schedule_id!r}")
    return Schedule.from_body(found.body), found.version


def _told(means: Means, before: Schedule, said: Mapping[str, Any]) -> Schedule:
    name = said.get("source_instance")
    if not name:
        raise Invalid("source_instance: the name of one is wanted: `cmdb source list` shows them")
    of = instance(means, str(name))
    full = bool(said.get("full", before.full))
    if full and "full" not in source_of(means, of).settings.model_fields:
        raise Invalid(f"full: source {of.source} always reads everything")
    retries, grace = said.get("retries", before.retries), said.get("misfire_grace", before.misfire_grace)
    if not 0 <= retries <= MOST_RETRIES:
        raise Invalid(f"retries: 0 to {MOST_RETRIES} are wanted")
    if not 0 <= grace <= 7 * 86_400:
        raise Invalid("misfire_grace: 0 to 604800 seconds are wanted")
    return replace(
        before,
        source_instance=name,
        timing=timing(said),
        enabled=bool(said.get("enabled", before.enabled)),
        full=full,
        retries=retries,
        misfire_grace=grace,
    )
