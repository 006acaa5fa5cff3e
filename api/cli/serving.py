"""serve: the API on a port, with a first token where there is none."""

import uvicorn

from api.app import create_app
from api.cli.output import console, print_json
from api.tokens import create_token, list_tokens
from api.wiring import System

STREAMS_END = 3
"""seconds after which those who follow the feed of events are cut off when the server stops; they resume elsewhere"""


def serve_api(system: System, host: str, port: int, *, as_json: bool = False) -> None:
    """Serve until stopped."""
    address = f"http://{'[' + host + ']' if ':' in host else host}:{port}"
    token = None if list_tokens(system) else create_token(system, "admin", name="first")["token"]

    def announce() -> None:
        if as_json:
            print_json({"address": address, "token": token})
            return
        console.print(f"\nThe API answers at [bold]{address}[/bold]  (Ctrl-C stops it)")
        if token is not None:
            console.print(f"Admin token, shown once: [bold]{token}[/bold]", soft_wrap=True, highlight=False)
            console.print(f"\n  curl -H 'Authorization: Bearer {token}' '{address}/v1/cis?q=switch'", soft_wrap=True)

    uvicorn.run(
        create_app(system, on_ready=announce), host=host, port=port, log_level="warning",
        timeout_graceful_shutdown=STREAMS_END,
    )  # fmt: skip
