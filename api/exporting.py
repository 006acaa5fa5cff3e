"""Answers of any length as CSV or NDJSON: one line an item, written as it is read, never held as a whole."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from fastapi import Response
from fastapi.responses import StreamingResponse

from api.answers import json_bytes

Format = Literal["json", "csv", "ndjson"]
MEDIA_TYPES: Mapping[str, str] = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}

COLUMNS = ("id", "class", "name", "lifecycle", "environment", "tier", "owner", "last_seen")
"""of a found CI, in the order of the contract"""
TOGETHER = 500
"""lines sent at once"""

_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
"""what a spreadsheet takes for the beginning of a formula, also in full width and behind a tab or line end"""
_TO_BE_QUOTED = re.compile(r"""[",;'\s]""")


def streamed(format: str, items: Iterable[Mapping[str, Any]], revision: int, *, cut: bool = False) -> Response:
    """A response that is sent while its items are read; the revision they stand at is in a header.

    `cut`: they are of a past of which something was purged since, which another header says.
    """
    return StreamingResponse(
        (line.encode() for line in lines_of(format, items)),
        media_type=MEDIA_TYPES[format],
        headers={"CMDB-Revision": str(revision), **({"CMDB-Truncated": "history"} if cut else {})},
    )


def lines_of(format: str, items: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Text in pieces of some lines each."""
    held: list[str] = []
    for line in _csv(items) if format == "csv" else (json_bytes(item).decode() + "\n" for item in items):
        held.append(line)
        if len(held) == TOGETHER:
            yield "".join(held)
            held.clear()
    yield "".join(held)


def _csv(items: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield ",".join(COLUMNS) + "\r\n"
    for item in items:
        yield ",".join(_cell(item[column]) for column in COLUMNS) + "\r\n"


def _cell(value: str | int | None) -> str:
    """A cell by RFC 4180. Text that a spreadsheet would calculate is given an apostrophe to begin with.

    What some programs take for a separator is quoted too, so that no cell can begin inside another one.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    if _FORMULA.match(value):
        value = "'" + value
    return '"' + value.replace('"', '""') + '"' if _TO_BE_QUOTED.search(value) else value
