"""csv: any table in a CSV file, understood by a mapping that says which column means what."""

from cmdb.vocabulary import SourceTraits
from discovery.source import Source
from discovery.sources.csv.again import AGAIN
from discovery.sources.csv.fetch import CsvSettings, check, fetch
from discovery.sources.csv.observe import observe

CSV = Source(
    name="csv",
    description="any CSV file, by a mapping of its columns",
    settings=CsvSettings,
    traits=SourceTraits(authority=0.8),
    fetch=fetch,
    observe=observe,
    again=AGAIN,
    check=check,
)
