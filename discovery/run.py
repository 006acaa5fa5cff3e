"""A run from its opening to its report: what a source says goes through identity and belief into the graph."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from cmdb.observation import Observation
from cmdb.vocabulary import Vocabulary
from discovery.run_report import RunReport
from discovery.source import Progress, Source
from graph.store import GraphStore

MAX_BATCH = 20_000
"""observations in one patch"""


class RunEnded(Exception):
    """The run has ended; nothing can be added to it."""


class UnknownRun(Exception):
    """No run bears this id."""


class Rejection(NamedTuple):
    """A line that cannot be taken; `record` where it could be read (it then counts as seen)."""

    line: int
    reason: str
    record: tuple[str, str, str] | None = None
    """source, realm, record"""


@dataclass(frozen=True, slots=True)
class Parts:
    """What every run needs, put together in one place."""

    store: GraphStore
    vocabulary: Vocabulary
    now: Callable[[], int]
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The answer to one batch, with the field names of the contract."""

    received: int
    accepted: int
    rejected: tuple[Rejection, ...]
    created: int
    updated: int
    unchanged: int
    reviews: int
    revision: int


def open_run(parts: Parts, source: str, realm: str, scope: str, *, full: bool = True) -> RunReport:
    """Open a run; its report says `running`."""
    raise NotImplementedError


def take(
    parts: Parts, run_id: str | None, observations: Sequence[Observation], rejections: Sequence[Rejection] = ()
) -> BatchResult:
    """Take one batch as one patch. `run_id` None: the three in one, which is never complete.

    Raises RunEnded, UnknownRun, ValueError above MAX_BATCH.
    """
    raise NotImplementedError


def finish(parts: Parts, run_id: str, *, complete: bool, error: str | None = None) -> RunReport:
    """End a run; twice gives the same report. Only `complete` lets things in its scope go missing."""
    raise NotImplementedError


def release(parts: Parts, run_id: str) -> RunReport:
    """Let a held run's misses through, for records not reported since."""
    raise NotImplementedError


def cancel(parts: Parts, run_id: str) -> RunReport:
    """Stop a running run: it ends `partial`."""
    raise NotImplementedError


def report(parts: Parts, run_id: str) -> RunReport:
    """The run's report as it stands; a run idle for an hour has failed."""
    raise NotImplementedError


def reports(parts: Parts, *, after: str | None, limit: int) -> tuple[RunReport, ...]:
    """Reports, newest first (run ids grow with time), beginning after that run id."""
    raise NotImplementedError


def run_source(
    parts: Parts,
    source: Source,
    settings: Any,
    *,
    stopped: Callable[[], bool] = lambda: False,
    progress: Callable[[Progress, RunReport], None] = lambda step, report: None,
) -> RunReport:
    """Read a source from end to end: fetch, observe, take, finish. Never raises for what the source did.

    What was read before a failure stands; scopes that were not read to the end retire nothing.
    """
    raise NotImplementedError


def preview(parts: Parts, observations: Iterable[Observation]) -> BatchResult:
    """What taking these would do, with nothing written."""
    raise NotImplementedError
