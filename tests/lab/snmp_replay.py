"""An SNMP agent that answers from a recording (v2c, loopback), and in every wrong way that is wanted of it."""

import bz2
import contextlib
import socket
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import rfc1902
from pysnmp.proto.api import v2c

COMMUNITY = "lab-reads"
NO_ERROR, TOO_BIG, GENERAL_ERROR, AUTHORIZATION_ERROR = 0, 1, 5, 16
LARGEST = 65_507
"""bytes of a datagram"""

Oid = tuple[int, ...]
Row = tuple[Oid, Any]

_TYPES: Mapping[str, Callable[[Any], Any]] = {
    "2": lambda value: rfc1902.Integer32(int(value)),
    "4": lambda value: rfc1902.OctetString(value),
    "5": lambda value: v2c.Null(""),
    "6": lambda value: v2c.ObjectIdentifier(oid(value.decode().strip("."))),
    "64": lambda value: rfc1902.IpAddress(value if len(value) == 4 else value.decode()),
    "65": lambda value: rfc1902.Counter32(int(value)),
    "66": lambda value: rfc1902.Gauge32(int(value)),
    "67": lambda value: rfc1902.TimeTicks(int(value)),
    "68": lambda value: rfc1902.Opaque(value),
    "70": lambda value: rfc1902.Counter64(int(value)),
}
"""tag of a recording → what makes the value"""


def oid(text: str) -> Oid:
    """1.3.6 → (1, 3, 6)"""
    return tuple(int(part) for part in text.split("."))


RECORDINGS = Path(__file__).parent / "recordings"


def recording(path: Path) -> dict[Oid, Any]:
    """A `.snmprec` file, also packed (`.bz2`): `oid|tag|value` a line, `x` behind the tag where the value is hex."""
    packed = path.read_bytes()
    return recorded(bz2.decompress(packed) if path.suffix == ".bz2" else packed)


def recorded(lines: bytes) -> dict[Oid, Any]:
    """The values of a recording; what a machine would make up as it runs (`67:numeric`) stands still at 0."""
    found: dict[Oid, Any] = {}
    for line in lines.splitlines():
        if line.startswith(b"#") or line.count(b"|") < 2:
            continue
        at, tag, value = line.split(b"|", 2)
        kind, _, made_up = tag.decode().partition(":")
        if made_up:
            value = b"0" if kind in ("2", "65", "66", "67", "70") else b""
        elif kind.endswith("x"):
            kind, value = kind[:-1], bytes.fromhex(value.decode())
        found[oid(at.decode().strip("."))] = _TYPES[kind](value)
    return found


@dataclass(frozen=True, slots=True)
class Question:
    """One request as it came, and the rows that a sound agent would answer it with."""

    is_bulk: bool
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Said:
    """What is sent back."""

    rows: list[Row]
    status: int = NO_ERROR
    part: float = 1.0
    """of the packet that gets through"""


def silence(question: Question) -> Said | None:
    """No answer."""
    return None


def cut_short(question: Question) -> Said:
    """Half a packet."""
    return Said(question.rows, part=0.5)


def circle(question: Question) -> Said:
    """The same row again and again."""
    return Said([question.rows[0], *question.rows[:1]])


def way_back(question: Question) -> Said:
    """On to the beginning of everything: an object far before the one that was asked for."""
    return Said([((1, 0, 1), rfc1902.Integer32(1))])


def nothing_fits(question: Question) -> Said:
    """tooBig, however little is asked."""
    return Said([], TOO_BIG)


def much_does_not_fit(question: Question) -> Said:
    """tooBig for more than four rows."""
    return Said([], TOO_BIG) if len(question.rows) > 4 else Said(question.rows)


def no_bulk(question: Question) -> Said | None:
    """Silence to GETBULK, as of agents that know only what was before."""
    return None if question.is_bulk else Said(question.rows)


def general_error(question: Question) -> Said:
    """genErr."""
    return Said(question.rows, GENERAL_ERROR)


def not_for_you(question: Question) -> Said:
    """authorizationError."""
    return Said(question.rows, AUTHORIZATION_ERROR)


def sound(question: Question) -> Said:
    """What the recording holds."""
    return Said(question.rows)


@dataclass(slots=True)
class Replay:
    """Where it answers, and how; both may be changed while it runs."""

    port: int
    values: dict[Oid, Any]
    trouble: Callable[[Question], Said | None] = sound
    after: int = 0
    """requests that are answered soundly before"""
    asked: int = 0
    """requests so far"""
    hidden: tuple[Oid, ...] = ()
    """subtrees that this reader may not see"""
    oids: list[Oid] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.oids = sorted(self.values)

    def fails(self, trouble: Callable[[Question], Said | None], after: int = 0) -> None:
        """From now on, after so many sound answers."""
        self.trouble, self.after, self.asked = trouble, after, 0

    def answer(self, packet: bytes) -> bytes | None:
        """What is sent back, None for nothing."""
        message, _ = decoder.decode(packet, asn1Spec=v2c.Message())
        if bytes(v2c.apiMessage.get_community(message)) != COMMUNITY.encode():
            return None
        self.asked += 1
        question = self._question(v2c.apiMessage.get_pdu(message))
        said = sound(question) if self.asked <= self.after else self.trouble(question)
        if said is None:
            return None
        reply = v2c.apiMessage.get_response(message)
        pdu = v2c.apiMessage.get_pdu(reply)
        v2c.apiPDU.set_varbinds(pdu, [(v2c.ObjectIdentifier(at), value) for at, value in said.rows])
        v2c.apiPDU.set_error_status(pdu, said.status)
        v2c.apiPDU.set_error_index(pdu, 1 if said.status and said.rows else 0)
        packed: bytes = encoder.encode(reply)
        return packed[: int(len(packed) * said.part)]

    def _question(self, pdu: Any) -> Question:
        if isinstance(pdu, v2c.GetBulkRequestPDU):
            (at,) = [tuple(name) for name, _ in v2c.apiBulkPDU.get_varbinds(pdu)]
            rows = [self._after(at)]
            while len(rows) < int(v2c.apiBulkPDU.get_max_repetitions(pdu)) and rows[-1][0] != at:
                at = rows[-1][0]
                rows.append(self._after(at))
            return Question(True, rows)
        wanted = [tuple(name) for name, _ in v2c.apiPDU.get_varbinds(pdu)]
        if isinstance(pdu, v2c.GetNextRequestPDU):
            return Question(False, [self._after(at) for at in wanted])
        return Question(False, [(at, self._at(at)) for at in wanted])

    def _at(self, at: Oid) -> Any:
        return v2c.NoSuchInstance("") if self._is_hidden(at) else self.values.get(at, v2c.NoSuchInstance(""))

    def _after(self, at: Oid) -> Row:
        for found in self.oids[bisect_right(self.oids, at) :] if self.hidden else self._next(at):
            if not self._is_hidden(found):
                return found, self.values[found]
        return at, v2c.EndOfMibView("")

    def _next(self, at: Oid) -> list[Oid]:
        number = bisect_right(self.oids, at)
        return self.oids[number : number + 1]

    def _is_hidden(self, at: Oid) -> bool:
        return any(at[: len(hidden)] == hidden for hidden in self.hidden)


@contextlib.contextmanager
def replay(values: Mapping[Oid, Any], address: str = "127.0.0.1", port: int = 0) -> Iterator[Replay]:
    """An agent with these values on a loopback address, for as long as the context lasts; port 0: any that is free."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind((address, port))
        agent = Replay(listening.getsockname()[1], dict(values))
        over = threading.Event()

        def serve() -> None:
            while True:
                packet, sender = listening.recvfrom(LARGEST)
                if over.is_set():
                    return
                reply = agent.answer(packet)
                if reply is not None:
                    listening.sendto(reply, sender)

        thread = threading.Thread(target=serve, name="snmp replay", daemon=True)
        thread.start()
        try:
            yield agent
        finally:
            over.set()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waking:
                waking.sendto(b"", (address, agent.port))
            thread.join(10)
