"""run_source: one source from its first record to its report."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from cmdb.observation import Observation
from discovery.attempt import Attempt
from discovery.attending import CANCELLED, Attending
from discovery.bookmarks import bookmark, keep_bookmark
from discovery.ending import close
from discovery.errors import RecordRejected
from discovery.hiding import Hide, hiding, secrets_in
from discovery.run import MAX_BATCH, Errand, Parts, Rejection, open_run, report, take
from discovery.run_report import UNREAD, RunReport, ScopeReport
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
    errand: Errand | None = None,
    opened: RunReport | None = None,
    owner: str = "this process",
) -> RunReport:
    """Read a source from end to end: fetch, observe, take, close. Never raises for what the source did.

    What was read before a failure stands; scopes that were not read to the end retire nothing. `opened`: a run that
    was opened before and is to be read now. Raises AlreadyRunning where the errand's place is being read.
    """
    realm = settings.realm
    hide = hiding(secrets_in(settings))
    opened = opened or open_run(parts, source.name, realm, scope or source.name, errand=errand)
    reading = _Reading(parts, source, opened, Hearing(parts.vocabulary, realm, parts.now()), progress, hide)
    attempt = Attempt(hide)
    with Attending(parts, opened, owner, stopped, hide) as attended:
        with attempt:
            marks = partial(bookmark, parts.store, source.name, realm)
            for fetched in source.fetch(settings, Reading(parts.now, attended.stopped, marks)):
                if isinstance(fetched, Progress):
                    attended.note(fetched)
                reading.take_in(fetched)
            reading.flush()
        if attempt.error is not None:
            reading.keep_what_was_read()
        return close(
            parts,
            opened.run_id,
            reading.scopes(),
            error=attempt.error,
            notes=[*reading.notes, *([CANCELLED] if attended.cancelled else [])],
            failed=attempt.broken or (attempt.error is not None and not reading.accepted),
            retryable=attempt.retryable,
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
        hide: Hide,
    ) -> None:
        self.parts, self.source, self.run, self.hearing, self.progress = parts, source, opened, hearing, progress
        self.hide = hide
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
            reason = None if fetched.reason is None else self.hide(fetched.reason)
            self.ended[fetched.scope] = ScopeReport(
                fetched.scope, fetched.complete, reason, fetched.delta, fetched.left_out
            )
        elif isinstance(fetched, Bookmark):
            self.flush()
            if fetched.scope not in self.unread:
                keep_bookmark(self.parts, self.run, fetched)
        else:
            note = self.hide(fetched.note)
            if note and note not in self.notes:
                self.notes.append(note)
            self.progress(fetched, self.run)

    def hear(self, raw: Raw) -> None:
        count = next(self.lines)
        line = count if raw.line is None else raw.line
        try:
            self.batch.extend(self.source.observe(raw.payload, self.hearing))
        except RecordRejected as refused:
            place = (self.source.name, self.hearing.realm, refused.record) if refused.record is not None else None
            if place is None:
                self.unread.add(raw.scope)
            self.rejections.append(Rejection(line, self.hide(refused.reason), place))

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
            self.notes.append(self.hide(f"the last records read could not be kept: {failed}"))

    def scopes(self) -> list[ScopeReport]:
        """Every scope entered; one that was never left, or held a record nobody could read, is not complete."""
        entered = dict.fromkeys([*self.ended, *([self.scope] if self.scope else [])])
        found = []
        for name in entered:
            ended = self.ended.get(name) or ScopeReport(name, False, "the reading ended inside it")
            if name in self.unread and ended.complete:
                ended = replace(ended, complete=False, reason=UNREAD)
            found.append(ended)
        return found
