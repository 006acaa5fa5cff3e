"""The API server: opened with its own authority, listed page by page."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from discovery.clients.answer import Refused, Unreadable
from discovery.clients.asking import patience_of
from discovery.clients.http import JsonClient
from discovery.clients.links import service_root
from discovery.clients.token import fixed_token
from discovery.errors import SourceMisconfigured
from discovery.source import Reading
from discovery.sources.kubernetes.kubeconfig import Access, access_of
from discovery.sources.kubernetes.secured import secured
from discovery.sources.kubernetes.settings import KubernetesSettings

KUBE_SYSTEM = "/api/v1/namespaces/kube-system"
EXPIRED, FORBIDDEN = 410, 403
RESTARTS = 2
"""how often a list is begun anew whose place has expired"""


def open_server(settings: KubernetesSettings, reading: Reading) -> JsonClient:
    """The server, ready to be asked; nothing is sent yet. Raises SourceMisconfigured."""
    access = access_to(settings)
    verify = secured(authority=access.authority, verify=access.verify, certificate=access.certificate, key=access.key)
    root = service_root(access.server)
    patience = patience_of(settings, reading)
    client = JsonClient(root, patience, now=reading.now, timeout=settings.timeout, verify=verify)
    if access.token:
        client.log_in(fixed_token(access.token))
    return client


def access_to(settings: KubernetesSettings) -> Access:
    """Where the server is and as whom to ask it: what the settings say themselves goes before their kubeconfig.

    Raises SourceMisconfigured.
    """
    token = settings.token.get_secret_value().strip() if settings.token else ""
    said = Access(settings.base_url)
    if settings.kubeconfig:
        said = access_of(settings.kubeconfig, settings.context, as_user=not token)
        if settings.base_url:
            raise SourceMisconfigured("base_url and kubeconfig both say where the server is: set one of them")
    said = replace(said, token=token or said.token, verify=said.verify and settings.tls_verify)
    if settings.ca_file:
        said = replace(said, authority=_pem(settings.ca_file))
    proof = said.token or said.certificate
    lacking = [name for name, value in (("base_url", said.server), ("token", proof)) if not value]
    if lacking:
        raise SourceMisconfigured(
            f"{' and '.join(lacking)} missing: the API server and a token, or a `kubeconfig` with both, or `file`"
        )
    return said


def _pem(path: str) -> str:
    try:
        return Path(path).read_text()
    except (OSError, UnicodeDecodeError) as wrong:
        raise SourceMisconfigured(f"ca_file {path}: {getattr(wrong, 'strerror', None) or 'no certificate'}") from None


def uid_of_cluster(client: JsonClient, settings: KubernetesSettings) -> str:
    """The uid of kube-system, by which a cluster is known. Raises Refused, Unreadable or RunEnds.

    Who may read some namespaces only need not be allowed to read that one: then the name of the cluster stands for it.
    """
    try:
        found = client.get(KUBE_SYSTEM).get("metadata")
    except Refused as no:
        if no.status == FORBIDDEN and settings.namespaces and settings.cluster:
            return settings.cluster
        raise
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
