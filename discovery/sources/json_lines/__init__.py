"""JSON lines: the generic door, for everything that has no source of its own."""

from collections.abc import Iterable

from cmdb.observation import Observation
from cmdb.vocabulary import SourceTraits
from discovery.source import Hearing, Source
from discovery.sources.json_lines.fetch import JsonLinesSettings, fetch
from discovery.sources.json_lines.observe import observe_line, place_of

__all__ = ["JSON_LINES", "observe_line", "place_of"]


def _observe(line: bytes, hearing: Hearing) -> Iterable[Observation]:
    return (observe_line(line, hearing),)


JSON_LINES = Source(
    name="json_lines",
    description="observations from a file or stdin, one JSON object a line",
    settings=JsonLinesSettings,
    traits=SourceTraits(),
    fetch=fetch,
    observe=_observe,
)
