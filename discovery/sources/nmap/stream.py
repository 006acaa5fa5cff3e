"""read_hosts: nmap's XML as it comes, one host at a time, in memory that does not grow with the scan."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from xml.etree import ElementTree

from discovery.sources.nmap.host import Unreadable, host_record

Parser: TypeAlias = "ElementTree.XMLPullParser[Any]"

LONGEST_HOST = 8 * 1024 * 1024
"""bytes of XML of one host: text that services send back is hostile"""


@dataclass(slots=True)
class Outcome:
    """How the reading ended; filled in when the hosts are exhausted."""

    finished: bool = False
    """nmap said itself that it came to its end"""
    errors: list[str] = field(default_factory=list)
    hosts: int = 0
    asked: int | None = None
    """hosts that nmap says it asked"""


class Hostile(ValueError):
    """XML that nmap never writes: an attack, or another file."""


def read_hosts(chunks: Iterable[bytes], outcome: Outcome) -> Iterator[dict[str, Any]]:
    """Plain records of the hosts, as soon as each is complete.

    A cut-off stream yields what was complete and says so in `outcome`. Raises Hostile for a document type with
    declarations of its own (entities, external subsets) and for a host of more than LONGEST_HOST bytes.
    """
    parser: Parser = ElementTree.XMLPullParser(events=("start", "end"))
    guard = _Guard()
    root: ElementTree.Element | None = None
    depth = since_last = 0
    try:
        for chunk in chunks:
            guard.check(chunk)
            parser.feed(chunk)
            since_last += len(chunk)
            for event, element in _events(parser):
                if event == "start":
                    depth += 1
                    root = element if root is None else root
                    if depth == 1 and element.tag != "nmaprun":
                        raise Hostile(f"this is no nmap output: it begins with {element.tag!r}")
                    continue
                depth -= 1
                if depth == 1:
                    since_last = 0
                    if element.tag == "host":
                        outcome.hosts += 1
                        record = _record(element, outcome)
                        if record is not None:
                            yield record
                    else:
                        _note(element, outcome)
                    if root is not None:
                        root.clear()  # what has been read is dropped, or memory would grow with the scan
            if since_last > LONGEST_HOST:
                raise Hostile(f"one host has more than {LONGEST_HOST} bytes of XML")
        parser.close()
    except ElementTree.ParseError as wrong:
        outcome.errors.append(f"the output is cut off or damaged: {wrong}")
        outcome.finished = False


def _events(parser: Parser) -> Iterator[tuple[str, ElementTree.Element]]:
    """Start and end events only, which always come with an element."""
    found: Any
    for found in parser.read_events():
        event, element = found
        assert isinstance(element, ElementTree.Element)
        yield event, element


def _record(element: ElementTree.Element, outcome: Outcome) -> dict[str, Any] | None:
    try:
        return host_record(element)
    except Unreadable as wrong:
        outcome.errors.append(str(wrong))
        return None


def _note(element: ElementTree.Element, outcome: Outcome) -> None:
    if element.tag == "runstats":
        finished = element.find("finished")
        if finished is not None:
            outcome.finished = finished.get("exit") == "success"
            if not outcome.finished:
                outcome.errors.append(finished.get("errormsg") or "nmap says that it failed")
        hosts = element.find("hosts")
        if hosts is not None:
            total = hosts.get("total", "")
            outcome.asked = int(total) if total.isascii() and total.isdigit() else None


class _Guard:
    """Looks at declarations before the parser does: nmap writes `<!DOCTYPE nmaprun>` and nothing else of the kind."""

    def __init__(self) -> None:
        self.tail = b""

    def check(self, chunk: bytes) -> None:
        """Raises Hostile for what nmap never writes. Declarations may be cut anywhere by the end of a chunk."""
        if b"\x00" in chunk:
            # UTF-16 and UTF-32 are full of zeros, and a declaration written in them would be overlooked.
            raise Hostile("this is no nmap output: it is not written in UTF-8")
        text = self.tail + chunk
        at = text.find(b"<!")
        while at >= 0:
            end = text.find(b">", at)
            if end < 0:
                break
            self._check_declaration(text[at : end + 1])
            at = text.find(b"<!", end)
        self.tail = text[at:] if at >= 0 else text[-1:]
        if len(self.tail) > LONGEST_HOST:
            raise Hostile("a declaration without end")

    @staticmethod
    def _check_declaration(declaration: bytes) -> None:
        if declaration.startswith(b"<!--"):
            return
        if not re.fullmatch(rb"<!DOCTYPE\s+nmaprun\s*>", declaration):
            raise Hostile("the XML declares entities or an external document type, which nmap never does")
