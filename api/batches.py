"""How the lines of a request become one batch: bad lines reject themselves, with their number."""

import io

from api.problems import Problem
from api.tokens import Caller
from api.wiring import System
from cmdb.observation import Observation
from discovery.errors import RecordRejected
from discovery.run import MAX_BATCH, Rejection
from discovery.source import Hearing
from discovery.sources.json_lines import BYTE_ORDER_MARK, observe_line, place_of


def lines_of(body: bytes) -> list[tuple[int, bytes]]:
    """Lines that say something, numbered from 1. Raises Problem `too-large` above MAX_BATCH of them."""
    lines: list[tuple[int, bytes]] = []
    for number, line in enumerate(io.BytesIO(body.removeprefix(BYTE_ORDER_MARK)), 1):
        if line.strip():
            lines.append((number, line.rstrip(b"\r\n")))
            if len(lines) > MAX_BATCH:
                raise Problem("too-large", f"a batch is at most {MAX_BATCH} lines: send them in several batches")
    return lines


def understood(
    system: System, caller: Caller, lines: list[tuple[int, bytes]], realm: str
) -> tuple[list[Observation], list[Rejection]]:
    """Observations and rejected lines; `realm` is that of lines that name none."""
    hearing = Hearing(system.vocabulary, realm, system.parts.now())
    observations: list[Observation] = []
    rejections: list[Rejection] = []
    for number, line in lines:
        try:
            said = observe_line(line, hearing)
        except RecordRejected as refused:
            rejections.append(Rejection(number, refused.reason, _place(line, hearing, caller)))
            continue
        if caller.may_feed(said.source, said.realm):
            observations.append(said)
        else:
            rejections.append(Rejection(number, f"this token may not feed source {said.source} into {said.realm}"))
    return observations, rejections


def _place(line: bytes, hearing: Hearing, caller: Caller) -> tuple[str, str, str] | None:
    """The record of a bad line, which thereby counts as seen: only for those who may speak of it."""
    place = place_of(line, hearing)
    return place if place is not None and caller.may_feed(place[0], place[1]) else None
