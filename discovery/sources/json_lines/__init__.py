"""JSON lines: the generic door, for everything that has no source of its own."""

from collections.abc import Iterable

from cmdb.observation import Observation
from cmdb.vocabulary import SourceTraits
from discovery.errors import RecordRejected
from discovery.source import Hearing, Source
from discovery.sources.json_lines.fetch import BYTE_ORDER_MARK, LONGEST_LINE, JsonLinesSettings, check, fetch
from discovery.sources.json_lines.observe import observe_line, place_of

__all__ = ["BYTE_ORDER_MARK", "JSON_LINES", "observe_line", "place_of"]


def _observe(line: bytes, hearing: Hearing) -> Iterable[Observation]:
    if len(line) > LONGEST_LINE:
        raise RecordRejected("a line is at most 16 MiB: keep large texts elsewhere and say where")
    return (observe_line(line, hearing),)


JSON_LINES = Source(
    name="json_lines",
    description="observations from a file or stdin, one JSON object a line",
    settings=JsonLinesSettings,
    traits=SourceTraits(),
    fetch=fetch,
    observe=_observe,
    check=check,
)
