"""A wire that can be cut: passes bytes on to a server until so many have come back, then hangs up."""

import contextlib
import socket
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def wire_to(host: str, port: int, *, cut_after: int | None = None, at: str = "127.0.0.1") -> Iterator[int]:
    """The port of the near end. `cut_after`: bytes from the server; None: it never answers at all."""
    listening = socket.create_server((at, 0))
    open_sockets: list[socket.socket] = [listening]
    threads: list[threading.Thread] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listening.accept()
                open_sockets.append(near)
                if cut_after is None:
                    continue
                far = socket.create_connection((host, port))
                open_sockets.append(far)
                for work in ((near, far, None), (far, near, cut_after)):
                    passing = threading.Thread(target=_pass_on, args=work)
                    passing.start()
                    threads.append(passing)

    accepting = threading.Thread(target=serve)
    accepting.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        for one in open_sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in (accepting, *threads):
            thread.join()


def _pass_on(source: socket.socket, target: socket.socket, most: int | None) -> None:
    passed = 0
    with contextlib.suppress(OSError):
        while data := source.recv(4096):
            if most is not None and passed + len(data) > most:
                break
            target.sendall(data)
            passed += len(data)
        for one in (source, target):
            one.shutdown(socket.SHUT_RDWR)
