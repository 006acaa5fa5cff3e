"""Reads the hosts of a Fleet server, page by page."""

import itertools
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, SecretStr

from discovery.clients.answer import Unreadable
from discovery.clients.asking import AskingSettings, parts_wanted, patience_of
from discovery.clients.http import JsonClient
from discovery.clients.links import server_name, service_root
from discovery.clients.token import fixed_token
from discovery.errors import SourceMisconfigured, SourceUnavailable
from discovery.source import Fetched, Progress, Raw, Reading, ScopeEnd

HOSTS = "/api/v1/fleet/hosts"
PART = "hosts"


class FleetSettings(AskingSettings):
    """A server, and a token for it."""

    base_url: str = Field("", description="address of the server, such as https://fleet.corp.example")
    token: SecretStr | None = Field(None, description="token of an API-only user")
    page_size: Annotated[int, Field(ge=1, le=10_000)] = Field(500, description="hosts on a page")


def open_fleet(settings: FleetSettings, reading: Reading) -> JsonClient:
    """The server, ready to be asked; nothing is sent yet. Raises SourceMisconfigured."""
    token = settings.token.get_secret_value().strip() if settings.token else ""
    lacking = [name for name, value in (("base_url", settings.base_url), ("token", token)) if not value]
    if lacking:
        raise SourceMisconfigured(f"{' and '.join(lacking)} missing: the server's address and an API-only user's token")
    root = service_root(settings.base_url)
    client = JsonClient(root, patience_of(settings, reading), now=reading.now, timeout=settings.timeout)
    client.log_in(fixed_token(token))
    return client


def scope_of(settings: FleetSettings) -> str:
    """The one scope of a server."""
    return f"{server_name(settings.base_url)}/{PART}"


def fetch(settings: FleetSettings, reading: Reading) -> Iterator[Fetched]:
    """Each host as `{"row", "read_at"}`, in the one scope `<server>/hosts`."""
    parts_wanted(settings, [PART])
    with open_fleet(settings, reading) as client:
        scope = scope_of(settings)
        try:
            yield from _pages(client, settings, reading, scope)
        except SourceUnavailable as failed:
            yield ScopeEnd(scope, complete=False, reason=str(failed))
            raise
        yield ScopeEnd(scope, complete=True)


def _pages(client: JsonClient, settings: FleetSettings, reading: Reading, scope: str) -> Iterator[Fetched]:
    """Until an empty page; then the server's own count says whether that was all."""
    seen: set[object] = set()
    for page in itertools.count():
        question = [("page", str(page)), ("per_page", str(settings.page_size)), ("order_key", "id")]
        answer = client.get(HOSTS, question)
        rows = answer.get("hosts") or []  # some programs write an empty list as null
        if "hosts" not in answer or not isinstance(rows, list):
            raise Unreadable(f"{scope}: an answer without hosts")
        now = reading.now()
        before = len(seen)
        for number, row in enumerate(rows):
            yield Raw(scope, {"row": row, "read_at": now})
            seen.add(row.get("id") if isinstance(row, dict) and row.get("id") else f"{page}/{number}")
        yield Progress(len(seen), None, "hosts")
        if not rows or len(seen) == before:
            break
    counted = client.get(f"{HOSTS}/count").get("count")
    if isinstance(counted, int) and len(seen) < counted:
        raise Unreadable(f"{scope}: {len(seen)} hosts came of the {counted} that the server counts")
