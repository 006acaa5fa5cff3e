"""read_hosts: nmap's XML as it comes, one host at a time, in memory that does not grow with the scan."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from xml.etree import ElementTree

from discovery.sources.nmap.host import host_record

Parser: TypeAlias = "ElementTree.XMLPullParser[Any]"

LONGEST_HOST = 8 * 1024 * 1024
"""bytes of XML of one host: text that services send back is hostile"""

_DECLARATION = re.compile(rb"<!(?!--)([A-Z]*)([^>\[]*)(\[?)", re.S)


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
                        yield host_record(element)
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


def _note(element: ElementTree.Element, outcome: Outcome) -> None:
    if element.tag == "runstats":
        finished = element.find("finished")
        if finished is not None:
            outcome.finished = finished.get("exit") == "success"
            if not outcome.finished:
                outcome.errors.append(finished.get("errormsg") or "nmap says that it failed")
        hosts = element.find("hosts")
        if hosts is not None:
            outcome.asked = int(hosts.get("total", "0"))


class _Guard:
    """Looks at declarations before the parser does: nmap writes `<!DOCTYPE nmaprun>` and nothing else of the kind."""

    def __init__(self) -> None:
        self.tail = b""

    def check(self, chunk: bytes) -> None:
        text = self.tail + chunk
        if b"<!" in text:
            for kind, rest, subset in _DECLARATION.findall(text):
                if kind == b"DOCTYPE" and not subset and b"SYSTEM" not in rest and b"PUBLIC" not in rest:
                    continue
                if kind or subset:
                    raise Hostile("the XML declares entities or an external document type, which nmap never does")
        # A declaration may be cut by the end of a chunk; the start of one is looked at again with the next.
        at = text.rfind(b"<!")
        self.tail = text[at:] if at >= 0 and b">" not in text[at:] else text[-1:]
        if len(self.tail) > LONGEST_HOST:
            raise Hostile("a declaration without end")
