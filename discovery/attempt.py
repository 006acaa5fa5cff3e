"""An attempt at something that a source does: whatever goes wrong becomes words without secrets, and a reaction."""

from dataclasses import dataclass, field
from types import TracebackType

from cmdb.errors import CmdbError
from discovery.errors import DiscoveryError, SourceMisconfigured, SourceUnavailable
from discovery.hiding import Hide, hiding
from discovery.run import RunEnded
from graph.store import StoreUnavailable


@dataclass(slots=True)
class Attempt:
    """`with attempt: …` never raises for what a source did; a RunEnded or an interrupt from outside ends it quietly."""

    hide: Hide = field(default_factory=lambda: hiding(()))
    error: str | None = None
    broken: bool = False
    """the source, its settings or we are wrong: trying again would come to the same"""
    retryable: bool = False
    """trying again later may help"""
    interrupted: bool = False
    """somebody wants it to stop"""

    def __enter__(self) -> "Attempt":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> bool:
        if error is None or isinstance(error, RunEnded):
            return True
        if isinstance(error, KeyboardInterrupt):
            self.error, self.interrupted = "stopped by hand", True
            return True
        if not isinstance(error, Exception):
            return False
        self.retryable = isinstance(error, SourceUnavailable | StoreUnavailable)
        self.broken = isinstance(error, SourceMisconfigured) or not isinstance(error, DiscoveryError)
        expected = isinstance(error, DiscoveryError | CmdbError)
        self.error = self.hide(str(error) if expected else f"{type(error).__name__}: {error}")
        return True
