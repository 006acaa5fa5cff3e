"""read_hosts: nmap's XML as it comes, one host at a time, in memory that does not grow with the scan.

The text is cut at `<host …>` and `</host>`; nmap escapes `<` everywhere else, so that the cut is safe. Each host is
parsed by itself, where no document type can be; everything around the hosts goes through one parser that refuses
declarations, and that sees whether the document ended as it should.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from discovery.sources.nmap.host import Unreadable, host_record, whole_number

LONGEST_HOST = 4 * 1024 * 1024
"""bytes of XML of one host: text that services send back is hostile"""
LONGEST_RUN = 16 * 1024**3
"""bytes of XML of one run: more than a whole /8 without open ports gives"""
KEPT_ERRORS = 20

_HOST = re.compile(rb"<host[\s>/]")
_END = b"</host>"


@dataclass(slots=True)
class Outcome:
    """How the reading ended; filled in when the hosts are exhausted."""

    finished: bool = False
    """nmap said itself that it came to its end"""
    errors: list[str] = field(default_factory=list)
    hosts: int = 0
    """hosts given"""
    up: int = 0
    """hosts given that were up"""
    asked: int | None = None
    """hosts that nmap says it asked"""
    said_up: int | None = None
    """hosts that nmap says were up"""
    began: int | None = None
    """when nmap began, seconds since 1970"""

    def complain(self, what: str) -> None:
        """One more thing that is not as it should be."""
        if len(self.errors) < KEPT_ERRORS:
            self.errors.append(what)


@dataclass(frozen=True, slots=True)
class Step:
    """How far nmap says it is with what it does now."""

    task: str
    percent: float


class Hostile(ValueError):
    """XML that nmap never writes: an attack, or another file."""


def read_hosts(chunks: Iterable[bytes], outcome: Outcome) -> Iterator[dict[str, Any] | Step]:
    """Plain records of the hosts as soon as each is complete, and steps where nmap tells of them.

    A stream that is cut off yields what was complete and says so in `outcome`; a host that cannot be read, or has
    more than LONGEST_HOST bytes, is left out and said there too. Raises Hostile for declarations (entities, external
    document types), for another encoding than UTF-8, and for what is no nmap output.
    """
    frame = _Frame(outcome)
    hosts = _Hosts(frame, outcome)
    seen = 0
    try:
        for chunk in chunks:
            seen += len(chunk)
            if seen > LONGEST_RUN:
                raise Hostile(f"more than {LONGEST_RUN} bytes of XML")
            for fragment in hosts.cut(chunk):
                record = _record(fragment, outcome)
                if record is not None:
                    yield record
            yield from frame.steps()
        hosts.end()
        frame.end()
    except expat.ExpatError as wrong:
        outcome.complain(f"the output is cut off or damaged: {wrong}")
        outcome.finished = False
        return
    if outcome.said_up is not None and outcome.said_up != outcome.up:
        outcome.complain(f"nmap counts {outcome.said_up} hosts up, and {outcome.up} could be read")


def _record(fragment: bytes, outcome: Outcome) -> dict[str, Any] | None:
    outcome.hosts += 1
    try:
        record = host_record(fragment, outcome.began)
    except Unreadable as wrong:
        outcome.complain(str(wrong))
        return None
    outcome.up += record["state"] == "up"
    return record


class _Hosts:
    """Cuts the hosts out of the text; what lies between them goes to the frame."""

    def __init__(self, frame: "_Frame", outcome: Outcome) -> None:
        self.frame, self.outcome = frame, outcome
        self.kept = b""
        self.inside = self.skipping = False

    def cut(self, chunk: bytes) -> Iterator[bytes]:
        text, at = self.kept + chunk, 0
        while True:
            if self.inside:
                end = text.find(_END, at)
                if end < 0:
                    break
                end += len(_END)
                if not self.skipping:
                    yield text[at:end]
                at, self.inside, self.skipping = end, False, False
            else:
                found = _HOST.search(text, at)
                if found is None:
                    begun = text.rfind(b"<", max(at, len(text) - len(b"<host")))
                    self.frame.feed(text[at : begun if begun >= 0 else len(text)])
                    at = begun if begun >= 0 else len(text)
                    break
                self.frame.feed(text[at : found.start()])
                at, self.inside = found.start(), True
        self.kept = text[at:]
        if self.inside and len(self.kept) > LONGEST_HOST:
            if not self.skipping:
                self.outcome.complain(f"a host has more than {LONGEST_HOST} bytes of XML and was left out")
            self.skipping, self.kept = True, self.kept[-len(_END) :]

    def end(self) -> None:
        """What is left when nothing more comes; a host without its end is missed by the frame, which goes on to say
        that the document is not whole.
        """
        if not self.inside:
            self.frame.feed(self.kept)


class _Frame:
    """Everything around the hosts: who wrote this, whether it ended well, and nothing that nmap never writes."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.told: list[Step] = []
        self.depth = 0
        self.unanswered = 0
        # The encoding is given, not read: a declaration written in another one cannot slip through.
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartDoctypeDeclHandler = self._document_type
        self.parser.EntityDeclHandler = self._entity
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._stop
        self.parser.CommentHandler = self.parser.CharacterDataHandler = self._text

    def feed(self, text: bytes) -> None:
        self.unanswered += len(text)
        try:
            self.parser.Parse(text, False)
        except expat.ExpatError:
            if self.depth == 0 and self.outcome.began is None:
                raise Hostile("this is no nmap output, or not in UTF-8") from None
            raise
        if self.unanswered > LONGEST_HOST:
            raise Hostile(f"an element of more than {LONGEST_HOST} bytes")

    def end(self) -> None:
        self.parser.Parse(b"", True)

    def steps(self) -> list[Step]:
        told, self.told = self.told, []
        return told

    def _document_type(self, name: str, system: str | None, public: str | None, subset: bool) -> None:
        if name != "nmaprun" or system or public or subset:
            raise Hostile("the XML declares entities or an external document type, which nmap never does")

    def _entity(self, *_: object) -> None:
        raise Hostile("the XML declares entities, which nmap never does")

    def _text(self, _: str) -> None:
        self.unanswered = 0

    def _start(self, name: str, said: dict[str, str]) -> None:
        self.unanswered = 0
        outcome = self.outcome
        if self.depth == 0:
            if name != "nmaprun":
                raise Hostile(f"this is no nmap output: it begins with {name[:40]!r}")
            outcome.began = whole_number(said.get("start"))
        elif name == "finished":
            outcome.finished = said.get("exit") == "success"
            if not outcome.finished:
                outcome.complain(said.get("errormsg") or "nmap says that it failed")
        elif name == "hosts":
            outcome.asked, outcome.said_up = whole_number(said.get("total")), whole_number(said.get("up"))
        elif name == "taskprogress":
            self.told.append(Step(said.get("task", ""), _percent(said.get("percent"))))
        self.depth += 1

    def _stop(self, _: str) -> None:
        self.unanswered = 0
        self.depth -= 1


def _percent(text: str | None) -> float:
    try:
        return min(max(float(text or 0), 0.0), 100.0)
    except ValueError:
        return 0.0
