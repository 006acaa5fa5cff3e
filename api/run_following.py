"""A run as a stream: its report each time it moves, until it has ended."""

from collections.abc import AsyncIterator

import anyio
from starlette.concurrency import run_in_threadpool

from api.answers import json_bytes
from api.views import run as run_view
from api.wiring import System
from discovery.run import report

BETWEEN_LOOKS = 0.5
"""seconds"""
SIGN_OF_LIFE = 30
"""looks without news after which a comment is sent"""


async def following(system: System, run_id: str) -> AsyncIterator[bytes]:
    """Server-sent events `run`; the last one has a status that is not `running`."""
    before, quiet = b"", 0
    while True:
        found = await run_in_threadpool(report, system.parts, run_id)
        now = json_bytes(run_view(found))
        if now != before:
            yield b"event: run\ndata: " + now + b"\n\n"
            before, quiet = now, 0
        if found.status != "running":
            return
        quiet += 1
        if quiet % SIGN_OF_LIFE == 0:
            yield b": still running\n\n"
        await anyio.sleep(BETWEEN_LOOKS)
