"""How a Microsoft Graph source is told where its tenant is and how it signs in; where its tokens come from."""

import base64
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
from pydantic import Field, SecretStr

from discovery.clients.answer import RunEnds, Unauthorized
from discovery.clients.asking import AskingSettings, patience_of
from discovery.clients.links import server_name, service_root
from discovery.clients.msgraph import Graph
from discovery.clients.token import TokenSource, fixed_token
from discovery.errors import SourceMisconfigured
from discovery.source import Reading

WORLDWIDE = "https://graph.microsoft.com"
VERSION = "v1.0"
LOGIN_HOSTS = {
    "graph.microsoft.com": "https://login.microsoftonline.com",
    "graph.microsoft.us": "https://login.microsoftonline.us",
    "dod-graph.microsoft.us": "https://login.microsoftonline.us",
    "microsoftgraph.chinacloudapi.cn": "https://login.chinacloudapi.cn",
}
"""where each cloud signs in"""
_AADSTS = re.compile(r"AADSTS\d+")


class GraphSettings(AskingSettings):
    """A tenant and an application that may read it, or the address of a service and a token for it."""

    tenant: str = Field("", description="id or domain of the tenant")
    client_id: str = Field("", description="id of the registered application")
    client_secret: SecretStr | None = Field(None, description="its secret")
    certificate: SecretStr | None = Field(
        None, description="its certificate with private key instead: PEM text, or the path of a PEM file"
    )
    base_url: str = Field("", description="address of Graph, where it is not the worldwide one")
    token: SecretStr | None = Field(None, description="an access token, in place of tenant and application")
    login_url: str = Field("", description="where to sign in, where `base_url` is not one of Microsoft's own clouds")


def open_graph(settings: GraphSettings, reading: Reading) -> Graph:
    """The tenant, ready to be asked; nothing is sent yet. Raises SourceMisconfigured."""
    root = _root(settings)
    patience = patience_of(settings, reading)
    return Graph(root, token_source(settings, root), patience, now=reading.now, timeout=settings.timeout)


def token_source(settings: GraphSettings, root: str) -> TokenSource:
    """Where tokens come from. Raises SourceMisconfigured where the settings are not enough."""
    if settings.token is not None and settings.token.get_secret_value().strip():
        return fixed_token(settings.token.get_secret_value().strip())
    lacking = [name for name in ("tenant", "client_id") if not getattr(settings, name)]
    if not settings.client_secret and not settings.certificate:
        lacking.append("client_secret or certificate")
    if lacking:
        raise SourceMisconfigured(f"{', '.join(lacking)} missing: set them, or `base_url` and `token`")
    return _Application(settings, root)


def _root(settings: GraphSettings) -> str:
    return service_root(settings.base_url or WORLDWIDE, version=VERSION)


def tenant_name(settings: GraphSettings) -> str:
    """What scopes are called after: the tenant; without one what the token says, else the service's host.

    Raises SourceMisconfigured.
    """
    if settings.tenant:
        return settings.tenant.strip().lower()
    token = settings.token.get_secret_value() if settings.token else ""
    return _claim(token, "tid") or server_name(_root(settings))


class _Application:
    """Signs in as an application and keeps the token until it nears its end."""

    def __init__(self, settings: GraphSettings, root: str) -> None:
        self._settings = settings
        parts = urlsplit(root)
        self._wanted = f"{parts.scheme}://{parts.netloc}/.default"
        self._login = settings.login_url or LOGIN_HOSTS.get(parts.hostname or "", LOGIN_HOSTS["graph.microsoft.com"])
        self._credential: Any = None

    def __call__(self, *, renew: bool) -> str:
        from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError

        if renew or self._credential is None:
            self._credential = self._made()  # a new one has no token yet
        try:
            token: str = self._credential.get_token(self._wanted).token
        except ClientAuthenticationError as refused:
            raise Unauthorized(f"signing in at {self._login}: refused{_reason(refused)}") from None
        except ServiceRequestError:
            raise RunEnds(f"signing in at {self._login}: no answer") from None
        except AzureError as failed:
            raise RunEnds(f"signing in at {self._login}: {type(failed).__name__}{_reason(failed)}") from None
        return token

    def _made(self) -> Any:
        from azure.identity import CertificateCredential, ClientSecretCredential

        settings = self._settings
        own: dict[str, Any] = {"authority": self._login, "disable_instance_discovery": bool(settings.login_url)}
        try:
            if settings.certificate is not None:
                pem = _pem(settings.certificate.get_secret_value())
                return CertificateCredential(settings.tenant, settings.client_id, certificate_data=pem, **own)
            secret = settings.client_secret.get_secret_value() if settings.client_secret else ""
            return ClientSecretCredential(settings.tenant, settings.client_id, secret, **own)
        except ValueError:
            raise SourceMisconfigured(
                "tenant, client_id or certificate cannot be used: the tenant is an id or a domain, the certificate PEM "
                "with its private key, without a password"
            ) from None


def _pem(stated: str) -> bytes:
    if "-----BEGIN" in stated:
        return stated.encode()
    try:
        return Path(stated).read_bytes()
    except (OSError, ValueError) as wrong:
        why = type(wrong).__name__
        raise SourceMisconfigured(f"certificate: no PEM text, and no file that can be read ({why})") from None


def _reason(error: Exception) -> str:
    """Microsoft's number for what was wrong; the rest of its text stays out."""
    found = _AADSTS.search(str(error))
    return f" ({found[0]}; look it up at https://login.microsoftonline.com/error)" if found else ""


def _claim(token: str, name: str) -> str:
    """What an access token says of itself, unchecked: good for a label only. Empty where it cannot be read."""
    part = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        said = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return ""
    value = said.get(name) if isinstance(said, dict) else None
    return value if isinstance(value, str) else ""


LOG_IN = "Set `tenant`, `client_id` and `client_secret` or `certificate` of a registered application, or `token`."
GRANT = (
    "grant the application permission {permission} of Microsoft Graph to the registered application (Entra admin "
    "center → App registrations → API permissions), and admin consent"
)
"""what `check` says where a permission is missing"""
