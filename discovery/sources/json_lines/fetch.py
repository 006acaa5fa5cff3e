"""How a file of JSON lines, or stdin, is read: line by line, in bounded memory."""

import os
import sys
from collections.abc import Iterator
from typing import BinaryIO

from pydantic import Field

from discovery.errors import SourceMisconfigured
from discovery.source import Fetched, Progress, Raw, Reading, ScopeEnd, SourceSettings

LONGEST_LINE = 1 << 20
"""bytes"""
EVERY = 5_000
"""lines between two words of progress"""


class JsonLinesSettings(SourceSettings):
    """A file, or `-` for stdin."""

    file: str = Field(description="path of the file, or - for stdin")


def fetch(settings: JsonLinesSettings, reading: Reading) -> Iterator[Fetched]:
    """Every line that is not empty, then the end of the scope, which is the file's name."""
    scope = "stdin" if settings.file == "-" else os.path.basename(settings.file)
    if settings.file == "-":
        yield from _lines(sys.stdin.buffer, scope, None, reading)
        return
    try:
        with open(settings.file, "rb") as file:
            yield from _lines(file, scope, os.fstat(file.fileno()).st_size, reading)
    except OSError as wrong:
        raise SourceMisconfigured(f"{settings.file}: {wrong.strerror or wrong}") from wrong


def _lines(file: BinaryIO, scope: str, size: int | None, reading: Reading) -> Iterator[Fetched]:
    done = count = 0
    while line := file.readline(LONGEST_LINE + 1):
        if reading.stopped():
            yield ScopeEnd(scope, complete=False, reason="stopped")
            return
        done += len(line)
        count += 1
        if len(line) > LONGEST_LINE:
            yield Raw(scope, b'"a line is longer than 1 MiB"')
            while line and not line.endswith(b"\n"):
                line = file.readline(LONGEST_LINE)
                done += len(line)
        elif line.strip():
            yield Raw(scope, line.rstrip(b"\r\n"))
        if count % EVERY == 0:
            yield Progress(done, size, "bytes")
    yield Progress(done, size, "bytes")
    yield ScopeEnd(scope, complete=True)
