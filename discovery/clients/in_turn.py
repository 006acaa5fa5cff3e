"""How the parts of one service are read in turn: one that is refused leaves the others alone."""

from collections.abc import Callable, Iterator, Sequence

from discovery.clients.answer import RunEnds
from discovery.errors import SourceUnavailable
from discovery.source import Fetched, ScopeEnd


def in_turn(parts: Sequence[tuple[str, Callable[[], Iterator[Fetched]]]]) -> Iterator[Fetched]:
    """(scope, its reader) of each part; a reader ends its scope itself unless it fails.

    Raises SourceUnavailable where no part could be read, RunEnds where a service is busy for good or takes us no more.
    """
    reached = False
    failed: SourceUnavailable | None = None
    for number, (scope, read) in enumerate(parts):
        try:
            yield from read()
            reached = True
        except RunEnds as over:
            yield ScopeEnd(scope, complete=False, reason=str(over))
            for left, _ in parts[number + 1 :]:
                yield ScopeEnd(left, complete=False, reason=f"not asked for: {over}")
            raise
        except SourceUnavailable as refused:
            failed = refused
            yield ScopeEnd(scope, complete=False, reason=str(refused))
    if failed is not None and not reached:
        raise failed
