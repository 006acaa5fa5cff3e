"""A port of loopback that nobody has taken."""

import socket


def free_port() -> int:
    """A TCP port that was free a moment ago."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])
