"""Everything that the questions of one reading share: the library's engine, its loop, the login and the pace."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, TypeVar

from discovery.source import Reading
from discovery.sources.snmp.agent import Agent, Pace, login, open_agent
from discovery.sources.snmp.settings import SnmpSettings

Answer = TypeVar("Answer")
MOST = 1_000
"""addresses that one engine is asked about: it keeps 20 KiB of each"""


class Asking:
    """A context. Making the engine takes the library half a second: it is not made anew for each device."""

    def __init__(self, settings: SnmpSettings, reading: Reading) -> None:
        self.settings, self.reading = settings, reading
        self._who, self._pace = login(settings), Pace(settings.packets_per_second)
        self._runner = asyncio.Runner()
        self._engine, self._agents = _engine(), 0

    def __enter__(self) -> "Asking":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.run(self._close())
        self._runner.close()

    def run(self, doing: Coroutine[Any, Any, Answer]) -> Answer:
        """What comes of it."""
        return self._runner.run(doing)

    def forget(self) -> None:
        """Between two devices: what the engine remembers of those that were asked, where it has become much."""
        if self._agents >= MOST:
            self._runner.run(self._close())
            self._engine, self._agents = _engine(), 0

    async def agent(self, address: str) -> Agent:
        """The agent at an address, not asked yet."""
        self._agents += 1
        return await open_agent(self._engine, self._who, address, self.settings, self._pace, self.reading.stopped)

    async def _close(self) -> None:
        self._engine.close_dispatcher()


def _engine() -> Any:
    from pysnmp.hlapi.v3arch import asyncio as snmp

    return snmp.SnmpEngine()
