"""What a directory reading can be told, and which server that means."""

from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, SecretStr, field_validator

from discovery.source import SourceSettings

PORTS = {"ldap": 389, "ldaps": 636}


class Where(NamedTuple):
    """The server that a url means."""

    host: str
    port: int
    secure: bool
    """TLS from the first byte (ldaps)"""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class LdapSettings(SourceSettings):
    """One server, one branch. Wrong values are never shown in errors: one of them may be a password."""

    model_config = ConfigDict(hide_input_in_errors=True)

    url: str = Field(description="ldaps://host[:port], or ldap://host[:port] which goes on with StartTLS")
    base: str = Field(
        "", description="the branch to read, such as OU=Berlin,DC=corp,DC=example; empty: the whole domain"
    )
    user: str | None = Field(None, description="who signs in: a DN, or in Active Directory name@domain; empty: nobody")
    password: SecretStr | None = Field(None, description="the user's password")
    ca_file: str | None = Field(None, description="PEM file of the authorities to trust; empty: those of this machine")
    tls_verify: bool = Field(True, description="false: any certificate will do, so that anybody may listen")
    tls: Literal["required", "none"] = Field(
        "required", description="none: ldap:// without TLS; the password can be read on the wire"
    )
    page_size: int = Field(500, ge=1, le=10_000, description="entries in one answer")
    values_at_once: int = Field(1_500, ge=1, le=100_000, description="members of a group in one answer")
    timeout: int = Field(30, ge=1, le=3_600, description="seconds to wait for a connection and for each answer")
    full: bool = Field(False, description="read everything, not only what has moved")
    full_after_days: int = Field(7, ge=0, le=30, description="read everything when the last time is so long ago")

    @field_validator("url")
    @classmethod
    def _is_a_server(cls, url: str) -> str:
        where_of(url)
        return url

    @field_validator("base")
    @classmethod
    def _trimmed(cls, base: str) -> str:
        return base.strip()


def covers(settings: LdapSettings) -> tuple[str, ...]:
    """The branch; which one it is where none is named, the server alone knows."""
    return (settings.base,) if settings.base else ()


def where_of(url: str) -> Where:
    """Host and port of a url. Raises ValueError with what a url looks like, without repeating it."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise ValueError("url: the port is a number up to 65535") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError("url: ldaps://host[:port] or ldap://host[:port] is wanted")
    if parts.username is not None or parts.password is not None:
        raise ValueError("url: a login does not belong in it; use the settings user and password")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("url: only host and port; the branch to read is the setting base")
    return Where(parts.hostname, port or PORTS[parts.scheme], parts.scheme == "ldaps")
