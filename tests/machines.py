"""A source that can be made to fail or to wait, and a scheduler that reads at once: for tests of the clock."""

import threading
from collections.abc import Callable, Iterator

from cmdb.observation import Observation
from discovery.clock import beat
from discovery.job import Job
from discovery.means import Means
from discovery.run_report import RunReport
from discovery.source import Fetched, Raw, Reading, ScopeEnd, Source, SourceSettings
from discovery.sources import SOURCES
from discovery.worker import execute

Say = Callable[..., Observation]


class Machines:
    """A source that can be made to fail, or to wait."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.fails: list[Exception] = []
        self.read = 0
        self.waits = False
        self.begun = threading.Event()

    def fetch(self, settings: SourceSettings, reading: Reading) -> Iterator[Fetched]:
        self.read += 1
        if self.fails:
            raise self.fails.pop(0)
        yield Raw("all", "a")
        self.begun.set()
        while self.waits and not reading.stopped():
            threading.Event().wait(0.01)
        stopped = reading.stopped()
        yield ScopeEnd("all", complete=not stopped, reason="stopped" if stopped else None)

    def as_source(self) -> Source:
        return Source(
            "machines", "", SourceSettings, SOURCES["json_lines"].traits, self.fetch,
            lambda raw, hearing: [self.say(raw, source="machines")],
        )  # fmt: skip


class Here:
    """A scheduler that reads at once, in its own thread."""

    def __init__(self, means: Means, owner: str) -> None:
        self.means, self.owner = means, owner
        self.done: list[RunReport | None] = []

    def beat(self) -> bool:
        return beat(self.means, self.owner, self._send)

    def _send(self, job: Job) -> bool:
        self.done.append(execute(self.means, job.id, self.owner))
        return True
