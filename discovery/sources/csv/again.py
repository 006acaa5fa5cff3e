"""How rows of a file are looked at again: the file is read once more."""

from collections.abc import Iterator, Mapping, Sequence

from discovery.read_whole import scope_of, told_of
from discovery.source import Again, Fetched, Known, Reading
from discovery.sources.csv.fetch import CsvSettings, fetch


def fetch_again(settings: CsvSettings, wanted: Mapping[str, Sequence[Known]], reading: Reading) -> Iterator[Fetched]:
    """Every row of the file, where what it lists is wanted."""
    yield from told_of(fetch(settings, reading), wanted)


AGAIN = Again(scope_of, fetch_again, whole=True)
