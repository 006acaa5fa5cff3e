"""What the Jamf source can be told, and how it signs in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, SecretStr

from discovery.clients.answer import Refused, Unauthorized, Unreadable
from discovery.clients.asking import AskingSettings, parts_wanted, patience_of
from discovery.clients.http import JsonClient
from discovery.clients.links import server_name, service_root
from discovery.clients.token import TokenSource, fixed_token
from discovery.errors import SourceMisconfigured
from discovery.source import Reading

EARLY = 30.0
"""seconds before its end at which a token is renewed"""


class JamfSettings(AskingSettings):
    """A server, and an API client of it."""

    base_url: str = Field("", description="address of the server, such as https://corp.jamfcloud.com")
    client_id: str = Field("", description="id of the API client")
    client_secret: SecretStr | None = Field(None, description="its secret")
    token: SecretStr | None = Field(None, description="an access token, in place of the API client")
    sections: str = Field("", description="sections asked for, with commas between them; empty: those that are used")
    page_size: Annotated[int, Field(ge=1, le=2_000)] = Field(200, description="records on a page")


@dataclass(frozen=True, slots=True)
class Part:
    """One of the server's inventories."""

    name: str
    paths: tuple[str, ...]
    """newest last: every server of today knows the first, one of tomorrow may have dropped it"""
    sections: tuple[str, ...]
    sort: str
    permission: str


PARTS = (
    Part(
        "computers",
        tuple(f"/api/v{version}/computers-inventory" for version in (1, 2, 3)),
        ("GENERAL", "HARDWARE", "OPERATING_SYSTEM", "USER_AND_LOCATION", "STORAGE", "DISK_ENCRYPTION"),
        "id:asc",
        "Read Computers",
    ),
    Part(
        "mobile_devices",
        ("/api/v2/mobile-devices/detail",),
        ("GENERAL", "HARDWARE", "USER_AND_LOCATION", "NETWORK", "SECURITY"),
        "mobileDeviceId:asc",
        "Read Mobile Devices",
    ),
)


def wanted(settings: JamfSettings) -> list[Part]:
    """The inventories to read. Raises SourceMisconfigured for one that does not exist."""
    named = parts_wanted(settings, [part.name for part in PARTS])
    return [part for part in PARTS if part.name in named]


def sections_of(settings: JamfSettings, part: Part) -> tuple[str, ...]:
    """The sections of an inventory that are asked for; GENERAL always, since it says what a record is."""
    named = tuple(name.strip().upper() for name in settings.sections.split(",") if name.strip())
    return tuple(dict.fromkeys(("GENERAL", "HARDWARE", *named))) if named else part.sections


def covers(settings: JamfSettings) -> list[str]:
    """Each inventory of the server. Raises SourceMisconfigured."""
    return [f"{server_name(settings.base_url)}/{part.name}" for part in wanted(settings)]


def open_jamf(settings: JamfSettings, reading: Reading) -> JsonClient:
    """The server, ready to be asked; nothing is sent yet. Raises SourceMisconfigured."""
    if not settings.base_url:
        raise SourceMisconfigured("base_url missing: the address of the Jamf Pro server, https://corp.jamfcloud.com")
    root = service_root(settings.base_url).removesuffix("/api")
    token = settings.token.get_secret_value().strip() if settings.token else ""
    secret = settings.client_secret.get_secret_value() if settings.client_secret else ""
    if not token and not (settings.client_id and secret):
        raise SourceMisconfigured("client_id and client_secret of an API client are wanted, or a token")
    client = JsonClient(root, patience_of(settings, reading), now=reading.now, timeout=settings.timeout)
    client.log_in(fixed_token(token) if token else _api_client(client, settings.client_id, secret, reading.now))
    return client


def _api_client(client: JsonClient, client_id: str, secret: str, now: Callable[[], int]) -> TokenSource:
    """Gets a token when one is needed; they live for minutes."""
    kept = ""
    ends = 0.0

    def token(*, renew: bool) -> str:
        nonlocal kept, ends
        seconds = now() / 1_000_000
        if renew or not kept or seconds >= ends:
            form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
            try:
                answer = client.post_form("/api/oauth/token", form)
            except (Refused, Unauthorized) as refused:
                status = refused.status if isinstance(refused, Refused) else 401
                raise Unauthorized(f"signing in: {status}; is the API client enabled, its secret right?") from None
            found, lasts = answer.get("access_token"), answer.get("expires_in")
            if not isinstance(found, str) or not found:
                raise Unreadable("signing in: the answer holds no access_token")
            kept = found
            ends = seconds + (max(lasts - EARLY, lasts / 2) if isinstance(lasts, int | float) else EARLY)
        return kept

    return token
