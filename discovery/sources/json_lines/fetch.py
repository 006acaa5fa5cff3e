"""How a file of JSON lines, or stdin, is read: line by line, in bounded memory."""

import os
import sys
from collections.abc import Iterator
from typing import BinaryIO

from pydantic import Field

from discovery.errors import SourceMisconfigured
from discovery.source import Fetched, Permission, Progress, Raw, Reading, ScopeEnd, SourceSettings

LONGEST_LINE = 16 << 20
"""bytes, as many as a whole batch over HTTP"""
EVERY = 5_000
"""lines between two words of progress"""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""what some programs write before the first line; it is no part of it"""


class JsonLinesSettings(SourceSettings):
    """A file, or `-` for stdin."""

    file: str = Field(description="path of the file, or - for stdin")


def fetch(settings: JsonLinesSettings, reading: Reading) -> Iterator[Fetched]:
    """Every line that is not empty, then the end of the scope, which is the file's name.

    Of a line longer than LONGEST_LINE one byte more than that is given, so that it can be refused by its length.
    """
    if settings.file == "-":
        yield from _lines(sys.stdin.buffer, "stdin", None, reading)
        return
    try:
        file = open(settings.file, "rb")  # noqa: SIM115 closed below, so that only opening is judged here
    except OSError as wrong:
        raise SourceMisconfigured(f"{settings.file}: {wrong.strerror or wrong}") from wrong
    with file:
        yield from _lines(file, os.path.basename(settings.file), os.fstat(file.fileno()).st_size, reading)


def check(settings: JsonLinesSettings, reading: Reading) -> Iterator[Permission]:
    """Whether the file can be read; of stdin nothing can be said."""
    if settings.file == "-":
        return
    try:
        with open(settings.file, "rb") as file:
            file.read(1)
    except OSError as wrong:
        yield Permission("read the file", False, f"{settings.file}: {wrong.strerror or wrong}")
    else:
        yield Permission("read the file", True)


def _lines(file: BinaryIO, scope: str, size: int | None, reading: Reading) -> Iterator[Fetched]:
    done = count = 0
    while True:
        try:
            line = file.readline(LONGEST_LINE + 1)
            done += len(line)
            rest = line
            while len(line) > LONGEST_LINE and rest and not rest.endswith(b"\n"):
                rest = file.readline(LONGEST_LINE)
                done += len(rest)
        except OSError as broken:
            yield ScopeEnd(scope, complete=False, reason=f"reading broke off: {broken.strerror or broken}")
            return
        if not line:
            break
        if reading.stopped():
            yield ScopeEnd(scope, complete=False, reason="stopped")
            return
        if count == 0:
            line = line.removeprefix(BYTE_ORDER_MARK)
        count += 1
        if line.strip():
            yield Raw(scope, line.rstrip(b"\r\n"), count)
        if count % EVERY == 0:
            yield Progress(done, size, "bytes")
    yield Progress(done, size, "bytes")
    yield ScopeEnd(scope, complete=True)
