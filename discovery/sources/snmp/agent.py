"""One agent, asked bit by bit: bounded in rate and size, GETBULK where it works and GETNEXT where it does not."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from discovery.sources.snmp.settings import SnmpSettings

REPETITIONS = 25
"""rows asked for at once; where that is too much, fewer, at last one by one"""
TOO_BIG, NO_SUCH_NAME = 1, 2
"""error status of an answer that fits no packet, and the one by which agents of the first version say that there is
nothing (further)"""
END = "EndOfMibView"

Values = dict[str, Any]
AUTHENTICATIONS = {
    "MD5": "USM_AUTH_HMAC96_MD5", "SHA": "USM_AUTH_HMAC96_SHA", "SHA224": "USM_AUTH_HMAC128_SHA224",
    "SHA256": "USM_AUTH_HMAC192_SHA256", "SHA384": "USM_AUTH_HMAC256_SHA384", "SHA512": "USM_AUTH_HMAC384_SHA512",
}  # fmt: skip
ENCRYPTIONS = {
    "DES": "USM_PRIV_CBC56_DES", "3DES": "USM_PRIV_CBC168_3DES", "AES": "USM_PRIV_CFB128_AES",
    "AES192": "USM_PRIV_CFB192_AES", "AES256": "USM_PRIV_CFB256_AES",
}  # fmt: skip
"""our names → those of the library"""


class Silent(Exception):
    """No answer came: nobody there, no agent, or one that does not know us."""


class Broken(Exception):
    """The agent answered in a way that cannot be gone on from."""


class Pace:
    """No more questions in a second than were allowed, whoever they go to."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._next = 0.0

    async def wait(self) -> None:
        """Until the next question may be sent."""
        now = time.monotonic()
        at = max(now, self._next)
        self._next = at + self._gap
        if at > now:
            await asyncio.sleep(at - now)


def login(settings: SnmpSettings) -> Any:
    """As whom to ask, in the library's form."""
    from pysnmp.hlapi.v3arch import asyncio as snmp

    if settings.community is not None and not settings.user:
        return snmp.CommunityData(settings.community.get_secret_value(), mpModel=1)
    said: dict[str, Any] = {}
    if settings.auth_key is not None:
        said["authKey"] = settings.auth_key.get_secret_value()
        said["authProtocol"] = getattr(snmp, AUTHENTICATIONS[settings.auth_protocol])
    if settings.priv_key is not None:
        said["privKey"] = settings.priv_key.get_secret_value()
        said["privProtocol"] = getattr(snmp, ENCRYPTIONS[settings.priv_protocol])
    return snmp.UsmUserData(settings.user, **said)


class Agent:
    """Asks one address; made inside a running loop by `open_agent`."""

    def __init__(self, engine: Any, who: Any, where: Any, pace: Pace, stopped: Callable[[], bool]) -> None:
        self._engine, self._who, self._where, self._pace, self._stopped = engine, who, where, pace, stopped
        self._many = REPETITIONS

    async def get(self, oids: Mapping[str, str]) -> Values:
        """name → value of those that the agent has. Raises Silent or Broken."""
        status, said, rows = await self._ask("get_cmd", [], list(oids.values()))
        if status == NO_SUCH_NAME and len(oids) == 1:
            return {}
        if status:
            raise Broken(f"the agent says {said}")
        by_oid = {str(oid): plain(value) for oid, value in rows}
        return {name: by_oid[oid] for name, oid in oids.items() if by_oid.get(oid) is not None}

    async def column(self, oid: str, most: int) -> Values:
        """index → value of everything below `oid`. Raises Silent or Broken, also where there are more than `most`."""
        found: Values = {}
        at = below = _numbers(oid)
        rows_seen = 0
        while (rows := await self._next(at)) is not None:
            for name, value in rows:
                if type(value).__name__ == END:
                    return found
                here = _numbers(str(name))
                if here <= at:
                    # Also where it leads out of the column: an end lies behind, never before.
                    raise Broken("the agent goes in circles")
                if here[: len(below)] != below:
                    return found
                at, rows_seen, said = here, rows_seen + 1, plain(value)
                if said is not None:
                    found[".".join(map(str, here[len(below) :]))] = said
                if rows_seen > most:
                    raise Broken(f"more than {most} rows")
        return found

    async def has(self, oid: str) -> bool:
        """Whether there is anything below `oid` that may be seen. Raises Silent or Broken."""
        rows = await self._next(_numbers(oid))
        return any(str(name).startswith(f"{oid}.") and type(value).__name__ != END for name, value in (rows or ())[:1])

    async def _next(self, at: tuple[int, ...]) -> list[tuple[Any, Any]] | None:
        """The rows behind, None where the agent says that there are none."""
        text = ".".join(map(str, at))
        while self._many:
            try:
                status, _, rows = await self._ask("bulk_cmd", [0, self._many], [text])
            except Silent:
                # Some never answer what would not fit their packets, some do not know the question.
                self._many = 0
                break
            if not status and rows:
                return rows
            if status != TOO_BIG:
                break
            self._many //= 2
        status, said, rows = await self._ask("next_cmd", [], [text])
        if status == NO_SUCH_NAME:
            return None
        if status or not rows:
            raise Broken(f"the agent says {said if status else 'nothing'}")
        return rows

    async def _ask(self, command: str, numbers: list[int], oids: list[str]) -> tuple[int, str, list[tuple[Any, Any]]]:
        from pysnmp.error import PySnmpError
        from pysnmp.hlapi.v3arch import asyncio as snmp
        from pysnmp.proto.errind import RequestTimedOut

        if self._stopped():
            raise Broken("stopped")
        await self._pace.wait()
        wanted = [snmp.ObjectType(snmp.ObjectIdentity(oid)) for oid in oids]
        try:
            wrong, status, _, rows = await getattr(snmp, command)(
                self._engine, self._who, self._where, snmp.ContextData(), *numbers, *wanted, lookupMib=False
            )
        except (PySnmpError, OSError) as error:
            raise Broken(f"asking failed ({type(error).__name__})") from None
        if isinstance(wrong, RequestTimedOut):
            raise Silent("no answer")
        if wrong:
            raise Broken(f"refused: {wrong}")
        name = status.prettyPrint() if hasattr(status, "prettyPrint") else str(status)
        return int(status), name, [(row[0], row[1]) for row in rows]


async def open_agent(
    engine: Any, who: Any, address: str, settings: SnmpSettings, pace: Pace, stopped: Callable[[], bool]
) -> Agent:
    """An agent at an address, not asked yet."""
    from pysnmp.hlapi.v3arch import asyncio as snmp

    transport = snmp.Udp6TransportTarget if ":" in address else snmp.UdpTransportTarget
    where = await transport.create((address, settings.port), timeout=settings.timeout, retries=settings.retries)
    return Agent(engine, who, where, pace, stopped)


def plain(value: Any) -> Any:
    """bytes, a whole number, a dotted text, or None where the agent says that there is nothing."""
    kind = type(value).__name__
    if kind in ("NoSuchObject", "NoSuchInstance", END, "Null"):
        return None
    if kind == "IpAddress":
        return ".".join(map(str, value.asOctets()))
    if hasattr(value, "asOctets"):
        return bytes(value.asOctets())
    if hasattr(value, "asTuple"):
        return ".".join(map(str, value.asTuple()))
    return int(value)


def _numbers(oid: str) -> tuple[int, ...]:
    return tuple(int(part) for part in oid.split("."))
