"""run_source: one source from its first record to its report."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from cmdb.observation import Observation
from discovery.bookmarks import bookmark, keep_bookmark
from discovery.ending import close
from discovery.errors import DiscoveryError, RecordRejected, SourceMisconfigured
from discovery.run import MAX_BATCH, Parts, Rejection, open_run, report, take
from discovery.run_report import RunReport, ScopeReport
from discovery.source import Bookmark, Fetched, Hearing, Progress, Raw, Reading, ScopeEnd, Source

BATCH = 5_000
"""observations taken at once: small enough to be kept often, large enough to be quick"""


def run_source(
    parts: Parts,
    source: Source,
    settings: Any,
    *,
    scope: str | None = None,
    stopped: Callable[[], bool] = lambda: False,
    progress: Callable[[Progress, RunReport], None] = lambda step, report: None,
) -> RunReport:
    """Read a source from end to end: fetch, observe, take, close. Never raises for what the source did.

    What was read before a failure stands; scopes that were not read to the end retire nothing.
    """
    realm = settings.realm
    opened = open_run(parts, source.name, realm, scope or source.name)
    reading = _Reading(parts, source, opened, Hearing(parts.vocabulary, realm, parts.now()), progress)
    error: str | None = None
    broken = False
    try:
        marks = partial(bookmark, parts.store, source.name, realm)
        for fetched in source.fetch(settings, Reading(parts.now, stopped, marks)):
            reading.take_in(fetched)
        reading.flush()
    except SourceMisconfigured as wrong:
        error, broken = str(wrong), True
    except DiscoveryError as failed:
        error = str(failed)
    except KeyboardInterrupt:
        error = "stopped by hand"
    except Exception as unexpected:
        error, broken = f"{type(unexpected).__name__}: {unexpected}", True
    if error is not None:
        reading.keep_what_was_read()
    return close(
        parts,
        opened.run_id,
        reading.scopes(),
        error=error,
        notes=reading.notes,
        failed=broken or (error is not None and not reading.accepted),
    )


class _Reading:
    """What has been read of a source and not yet been taken."""

    def __init__(
        self,
        parts: Parts,
        source: Source,
        opened: RunReport,
        hearing: Hearing,
        progress: Callable[[Progress, RunReport], None],
    ) -> None:
        self.parts, self.source, self.run, self.hearing, self.progress = parts, source, opened, hearing, progress
        self.scope: str | None = None
        self.batch: list[Observation] = []
        self.rejections: list[Rejection] = []
        self.ended: dict[str, ScopeReport] = {}
        self.unread: set[str] = set()
        self.notes: list[str] = []
        self.accepted = 0
        self.lines = itertools.count(1)

    def take_in(self, fetched: Fetched) -> None:
        if isinstance(fetched, Raw):
            if fetched.scope != self.scope or len(self.batch) >= BATCH:
                self.flush()
                self.scope = fetched.scope
            self.hear(fetched)
        elif isinstance(fetched, ScopeEnd):
            self.flush()
            self.ended[fetched.scope] = ScopeReport(fetched.scope, fetched.complete, fetched.reason, fetched.delta)
        elif isinstance(fetched, Bookmark):
            self.flush()
            if fetched.scope not in self.unread:
                keep_bookmark(self.parts, self.run, fetched)
        else:
            if fetched.note and fetched.note not in self.notes:
                self.notes.append(fetched.note)
            self.progress(fetched, self.run)

    def hear(self, raw: Raw) -> None:
        line = next(self.lines)
        try:
            self.batch.extend(self.source.observe(raw.payload, self.hearing))
        except RecordRejected as refused:
            place = (self.source.name, self.hearing.realm, refused.record) if refused.record is not None else None
            if place is None:
                self.unread.add(raw.scope)
            self.rejections.append(Rejection(line, refused.reason, place))

    def flush(self) -> None:
        while self.batch or self.rejections:
            batch, self.batch = self.batch[:MAX_BATCH], self.batch[MAX_BATCH:]
            room = MAX_BATCH - len(batch)
            rejections, self.rejections = self.rejections[:room], self.rejections[room:]
            result = take(self.parts, self.run.run_id, batch, rejections, scope=self.scope)
            self.accepted += result.accepted
            self.run = report(self.parts, self.run.run_id)

    def keep_what_was_read(self) -> None:
        try:
            self.flush()
        except Exception as failed:
            self.notes.append(f"the last records read could not be kept: {failed}")

    def scopes(self) -> list[ScopeReport]:
        """Every scope entered; one that was never left, or held a record nobody could read, is not complete."""
        entered = dict.fromkeys([*self.ended, *([self.scope] if self.scope else [])])
        found = []
        for name in entered:
            ended = self.ended.get(name) or ScopeReport(name, False, "the reading ended inside it")
            if name in self.unread and ended.complete:
                ended = replace(ended, complete=False, reason="a record in it could not be read")
            found.append(ended)
        return found
