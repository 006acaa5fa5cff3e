"""The API server: opened with its own authority, listed page by page."""

import ssl
from typing import Any

from discovery.clients.answer import Refused, Unreadable
from discovery.clients.asking import patience_of
from discovery.clients.http import JsonClient
from discovery.clients.links import service_root
from discovery.clients.token import fixed_token
from discovery.errors import SourceMisconfigured
from discovery.source import Reading
from discovery.sources.kubernetes.settings import KubernetesSettings

KUBE_SYSTEM = "/api/v1/namespaces/kube-system"
EXPIRED = 410
RESTARTS = 2
"""how often a list is begun anew whose place has expired"""


def open_server(settings: KubernetesSettings, reading: Reading) -> JsonClient:
    """The server, ready to be asked; nothing is sent yet. Raises SourceMisconfigured."""
    token = settings.token.get_secret_value().strip() if settings.token else ""
    lacking = [name for name, value in (("base_url", settings.base_url), ("token", token)) if not value]
    if lacking:
        raise SourceMisconfigured(f"{' and '.join(lacking)} missing: the API server and a token, or `file`")
    verify: ssl.SSLContext | bool = settings.tls_verify
    if settings.tls_verify and settings.ca_file:
        try:
            verify = ssl.create_default_context(cafile=settings.ca_file)
        except (OSError, ssl.SSLError) as wrong:
            raise SourceMisconfigured(f"ca_file {settings.ca_file}: {wrong.strerror or 'no certificate'}") from None
    root = service_root(settings.base_url)
    patience = patience_of(settings, reading)
    client = JsonClient(root, patience, now=reading.now, timeout=settings.timeout, verify=verify)
    client.log_in(fixed_token(token))
    return client


def uid_of_cluster(client: JsonClient) -> str:
    """The uid of kube-system, by which a cluster is known. Raises Refused, Unreadable or RunEnds."""
    found = client.get(KUBE_SYSTEM).get("metadata")
    uid = found.get("uid") if isinstance(found, dict) else None
    if not isinstance(uid, str) or not uid:
        raise Unreadable("the namespace kube-system has no uid: is this a Kubernetes API server?")
    return uid


def listed(client: JsonClient, path: str, page_size: int) -> list[dict[str, Any]]:
    """Every object of a kind. Raises Refused, Unreadable or RunEnds; nothing of a list that was not read to its end."""
    for _ in range(RESTARTS + 1):
        try:
            return _pages(client, path, page_size)
        except Refused as no:
            if no.status != EXPIRED:
                raise
    raise Unreadable(f"{path}: the list expired {RESTARTS + 1} times before it could be read: try a larger page_size")


def _pages(client: JsonClient, path: str, page_size: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    after = ""
    while True:
        question = [("limit", str(page_size)), *([("continue", after)] if after else [])]
        answer = client.get(path, question)
        items, metadata = answer.get("items"), answer.get("metadata")
        if "items" not in answer or not isinstance(metadata, dict) or not isinstance(items, list | None):
            raise Unreadable(f"{path}: an answer without items")
        found += items or []  # an empty list is written as null
        after = str(metadata.get("continue") or "")
        if not after:
            return found
        if after in seen:
            raise Unreadable(f"{path}: the next page is one that was read")
        seen.add(after)
