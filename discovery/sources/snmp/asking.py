"""Everything that the questions of one reading share: the library's engine, its loop, the login and the pace."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, TypeVar

from discovery.source import Reading
from discovery.sources.snmp.agent import Agent, Pace, login, open_agent
from discovery.sources.snmp.settings import SnmpSettings

Answer = TypeVar("Answer")


class Asking:
    """A context. Making the engine takes the library half a second: it is made once, not for each device."""

    def __init__(self, settings: SnmpSettings, reading: Reading) -> None:
        from pysnmp.hlapi.v3arch import asyncio as snmp

        self.settings, self.reading = settings, reading
        self._engine, self._who, self._pace = snmp.SnmpEngine(), login(settings), Pace(settings.packets_per_second)
        self._runner = asyncio.Runner()

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

    async def agent(self, address: str) -> Agent:
        """The agent at an address, not asked yet."""
        return await open_agent(self._engine, self._who, address, self.settings, self._pace, self.reading.stopped)

    async def _close(self) -> None:
        self._engine.close_dispatcher()
