"""serve: the API on a port, with a first token where there is none."""

import socket
from contextlib import suppress

import typer
import uvicorn

from api.app import create_app
from api.cli.output import console, print_json
from api.tokens import create_token, list_tokens
from api.wiring import System
from cmdb.errors import Invalid

STREAMS_END = 3
"""seconds after which those who follow the feed of events are cut off when the server stops; they resume elsewhere"""


def serve_api(system: System, host: str, port: int, *, as_json: bool = False) -> None:
    """Serve until stopped. Raises Invalid for an address or port that cannot be listened on."""
    listening = _listening(host, port)
    address = f"http://{'[' + host + ']' if ':' in host else host}:{listening.getsockname()[1]}"
    token = None if list_tokens(system) else create_token(system, "admin", name="first")["token"]

    def announce() -> None:
        if as_json:
            print_json({"address": address, "token": token})
            return
        console.print(f"\nThe API answers at [bold]{address}[/bold]  (Ctrl-C stops it)")
        if token is not None:
            console.print(f"Admin token, shown once: [bold]{token}[/bold]", soft_wrap=True, highlight=False)
            console.print(f"\n  curl -H 'Authorization: Bearer {token}' '{address}/v1/cis?q=switch'", soft_wrap=True)

    server = uvicorn.Server(
        uvicorn.Config(
            create_app(system, on_ready=announce), log_level="warning", timeout_graceful_shutdown=STREAMS_END
        )
    )
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listening])
    if not server.started:
        raise typer.Exit(1)


def _listening(host: str, port: int) -> socket.socket:
    """Bound before anything is prepared, so that nobody is told an address, or a token, where nothing answers."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, OverflowError) as error:
        why = error.strerror if isinstance(error, OSError) else "a port is a number up to 65535"
        raise Invalid(
            f"{host} port {port} cannot be listened on: {why}; choose another with --host and --port"
        ) from error
