"""How a CSV file is read: row by row, in bounded memory."""

import csv
import os
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TextIO

from pydantic import Field

from discovery.errors import SourceMisconfigured
from discovery.source import Fetched, Permission, Progress, Raw, Reading, ScopeEnd, SourceSettings
from discovery.sources.csv.mapping import Mapping, read_mapping

EVERY = 5_000
"""rows between two words of progress"""


class CsvSettings(SourceSettings):
    """A file and what its columns mean."""

    file: str = Field(description="path of the CSV file")
    mapping: str = Field(description="path of the TOML file that says which column means what")
    scope: str | None = Field(None, description="name of what the file lists; by default the mapping's system")


@dataclass(frozen=True, slots=True)
class Row:
    """One row under its header."""

    mapping: Mapping
    cells: dict[str, str]
    fault: str | None = None
    """why its cells cannot be trusted"""


def fetch(settings: CsvSettings, reading: Reading) -> Generator[Fetched, None, None]:
    """Every row, then the end of the scope; complete where the mapping says that the file lists all there is."""
    mapping = read_mapping(settings.mapping)
    scope = settings.scope or mapping.system
    try:
        file = open(settings.file, encoding=mapping.encoding, newline="")  # noqa: SIM115 closed below
    except (OSError, LookupError) as wrong:
        raise SourceMisconfigured(f"{settings.file}: {getattr(wrong, 'strerror', None) or wrong}") from None
    with file:
        yield from _rows(file, mapping, scope, reading)


def check(settings: CsvSettings, reading: Reading) -> Iterator[Permission]:
    """Whether both files can be read, and fit each other."""
    what = "read the mapping"
    try:
        read_mapping(settings.mapping)
        yield Permission(what, True)
        what = "read the file"
        with closing(fetch(settings, reading)) as rows:
            first = next(rows)
    except SourceMisconfigured as wrong:
        yield Permission(what, False, str(wrong))
        return
    broken = first.reason if isinstance(first, ScopeEnd) else None
    yield Permission(what, broken is None, broken or "")


def _rows(file: TextIO, mapping: Mapping, scope: str, reading: Reading) -> Iterator[Fetched]:
    size = os.fstat(file.fileno()).st_size
    rows = csv.reader(file, delimiter=mapping.delimiter, strict=True)
    try:
        header = [name.strip() for name in next(rows, [])]
        _check_header(header, mapping, file.name)
        for count, cells in enumerate(rows, 1):
            if reading.stopped():
                yield ScopeEnd(scope, complete=False, reason="stopped")
                return
            if any(cell.strip() for cell in cells):
                yield Raw(scope, _row(mapping, header, cells), rows.line_num)
            if count % EVERY == 0:
                yield Progress(file.buffer.tell(), size, "bytes")
    except (csv.Error, UnicodeError, OSError) as broken:
        hint = f"; the mapping says encoding {mapping.encoding}" if isinstance(broken, UnicodeError) else ""
        yield ScopeEnd(scope, complete=False, reason=f"reading broke off after line {rows.line_num}: {broken}{hint}")
        return
    yield Progress(size, size, "bytes")
    yield ScopeEnd(scope, complete=True, delta=not mapping.whole)


def _check_header(header: list[str], mapping: Mapping, name: str) -> None:
    if not any(header):
        raise SourceMisconfigured(f"{name} is empty: its first line must name the columns")
    twice = sorted({column for column in mapping.columns() if header.count(column) > 1})
    if twice:
        raise SourceMisconfigured(f"{name} has several columns of the name {', '.join(twice)}: rename all but one")
    missing = sorted(mapping.columns() - set(header))
    if missing:
        raise SourceMisconfigured(
            f"{name} has no column {', '.join(missing)}; its columns are {', '.join(header)} (delimiter "
            f"{mapping.delimiter!r})"
        )


def _row(mapping: Mapping, header: list[str], cells: list[str]) -> Row:
    fault = None if len(cells) == len(header) else f"has {len(cells)} cells where the header names {len(header)}"
    named: dict[str, Any] = dict(zip(header, cells, strict=False))
    return Row(mapping, named, fault)
