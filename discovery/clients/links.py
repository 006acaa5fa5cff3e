"""Which addresses may be asked: the service's own root, and what lies below it."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from discovery.clients.answer import Unreadable
from discovery.errors import SourceMisconfigured

PORTS = {"http": 80, "https": 443}


def service_root(base_url: str, *, version: str = "", secret: bool = True) -> str:
    """`base_url` without a slash at its end; `version` is the path where it names none, `secret` whether a token goes.

    Raises SourceMisconfigured for what is no address, and for plain HTTP to another machine: a token would travel
    there for everybody to read.
    """
    stated = base_url.strip().rstrip("/")
    try:
        parts = urlsplit(stated)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in PORTS or parts.username is not None or parts.query or parts.fragment:
        wanted = "an address such as https://mdm.corp.example is wanted"
        raise SourceMisconfigured(f"base_url is {_harmless(base_url)!r}: {wanted}")
    if secret and parts.scheme == "http" and not _is_loopback(host):
        raise SourceMisconfigured(f"base_url: https is wanted for {host}; over http the token could be read on the way")
    return stated if parts.path or not version else f"{stated}/{version}"


def server_name(url: str) -> str:
    """What scopes are called after where nothing better is known: the host, with the port where one is stated."""
    parts = urlsplit(url)
    return f"{parts.hostname}{f':{parts.port}' if parts.port else ''}"


def belongs(link: str, root: str) -> bool:
    """Whether a link leads to the same service: scheme, host, port, and below the root's path."""
    try:
        there, here = urlsplit(link), urlsplit(root)
        same = (there.scheme, there.hostname, _port(there)) == (here.scheme, here.hostname, _port(here))
    except ValueError:
        return False
    below = there.path.startswith(f"{here.path.rstrip('/')}/") and "/../" not in f"{there.path}/"
    return same and below and there.username is None and "\\" not in link


def own_link(link: object, root: str, what: str) -> str:
    """The link, where it may be followed. Raises Unreadable where it leads anywhere else: a token goes with it."""
    if isinstance(link, str) and belongs(link, root):
        return link
    raise Unreadable(f"{what}: the link to the next page leads elsewhere{_where(link)} and was not followed")


def _where(link: object) -> str:
    try:
        parts = urlsplit(link if isinstance(link, str) else "")
    except ValueError:
        return ""
    return f" ({parts.scheme}://{parts.hostname})" if parts.hostname else ""


def _port(parts: SplitResult) -> int | None:
    return parts.port or PORTS.get(parts.scheme)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _harmless(base_url: str) -> str:
    """Without what may be a password in it."""
    return base_url.rsplit("@", 1)[-1][:100]
