"""A service that speaks JSON over HTTP on loopback: tokens, failures on demand, and a log of what was asked."""

import json
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Query = Mapping[str, list[str]]


@dataclass(frozen=True)
class Answer:
    """What goes back. `cut`: only so many bytes of it come, then the connection ends; `hang`: seconds before it."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = "application/json"
    cut: int | None = None
    hang: float = 0

    @property
    def bytes(self) -> bytes:
        """As they go over the wire."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Failure:
    """What questions at matching addresses get instead of an answer, after `skip` of them went well, so many times."""

    pattern: str
    answer: Answer
    times: float = float("inf")
    skip: int = 0


class Service:
    """Answers by `self.answer`; what is in it tests may change while it runs."""

    def __init__(self) -> None:
        self.tokens = {"right"}
        """those that are accepted"""
        self.failures: list[Failure] = []
        self.asked: list[str] = []
        """"METHOD path?query" of every request"""
        self.lock = threading.Lock()
        self.root = ""
        """where it listens"""

    def answer(self, method: str, path: str, query: Query, form: Query) -> Answer:
        """The answer to a question whose token was accepted."""
        raise NotImplementedError

    def open_to_all(self, path: str) -> bool:
        """Whether an address needs no token."""
        return False

    def fail(self, pattern: str, answer: Answer, *, times: float = float("inf"), skip: int = 0) -> None:
        """Addresses that match the pattern get this answer from now on."""
        self.failures.append(Failure(pattern, answer, times, skip))

    def count(self, pattern: str) -> int:
        """How many requests matched."""
        return sum(1 for asked in self.asked if re.search(pattern, asked))

    def respond(self, method: str, target: str, authorization: str, form: Query) -> Answer:
        """One request from its head to its answer."""
        parts = urlsplit(target)
        with self.lock:
            self.asked.append(f"{method} {target}")
            for failure in self.failures:
                if failure.times > 0 and re.search(failure.pattern, target):
                    if failure.skip > 0:
                        failure.skip -= 1
                        continue
                    failure.times -= 1
                    return failure.answer
            if not self.open_to_all(parts.path) and authorization.removeprefix("Bearer ") not in self.tokens:
                return Answer(401, {"error": {"code": "InvalidAuthenticationToken", "message": authorization}})
            return self.answer(method, parts.path, parse_qs(parts.query), form)


@contextmanager
def serving(service: Service, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The address it listens at, for as long as the context lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(service.respond))
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    service.root = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield service.root
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(respond: Callable[[str, str, str, Query], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30
        disable_nagle_algorithm = True  # head and body are two writes: the second would wait for an answer to the first

        def do_GET(self) -> None:
            self._go("GET")

        def do_POST(self) -> None:
            self._go("POST")

        def _go(self, method: str) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            form = parse_qs(self.rfile.read(length).decode())
            answer = respond(method, self.path, self.headers.get("Authorization", ""), form)
            time.sleep(answer.hang)
            body = answer.bytes
            try:
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.kind)
                self.send_header("Content-Length", str(len(body)))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body[: answer.cut])
            except OSError:
                self.close_connection = True
            if answer.cut is not None:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    return Handler
