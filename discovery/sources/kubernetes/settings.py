"""Which cluster is read, and which kinds of it."""

import re
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from discovery.clients.asking import AskingSettings, parts_wanted
from discovery.several_texts import Texts

CLUSTER_WIDE = frozenset({"nodes"})
"""kinds that belong to no namespace"""
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
KINDS: dict[str, tuple[str, str]] = {
    "nodes": ("Node", "/api/v1/nodes"),
    "deployments": ("Deployment", "/apis/apps/v1/deployments"),
    "replicasets": ("ReplicaSet", "/apis/apps/v1/replicasets"),
    "statefulsets": ("StatefulSet", "/apis/apps/v1/statefulsets"),
    "daemonsets": ("DaemonSet", "/apis/apps/v1/daemonsets"),
    "cronjobs": ("CronJob", "/apis/batch/v1/cronjobs"),
    "jobs": ("Job", "/apis/batch/v1/jobs"),
    "pods": ("Pod", "/api/v1/pods"),
    "services": ("Service", "/api/v1/services"),
    "ingresses": ("Ingress", "/apis/networking.k8s.io/v1/ingresses"),
}
"""name → kind and address; replica sets say only which deployment a pod belongs to"""


class KubernetesSettings(AskingSettings):
    """An API server with a token, a kubeconfig that says both, or a file."""

    base_url: str = Field("", description="address of the API server, such as https://k8s.corp.example:6443")
    token: SecretStr | None = Field(None, description="token of a service account that may list")
    kubeconfig: str = Field("", description="file that says where the API server is and how to sign in")
    context: str = Field("", description="which context of the kubeconfig; by default its current one")
    ca_file: str = Field("", description="PEM file with the authority that signed the server's certificate")
    tls_verify: bool = Field(True, description="whether the server's certificate is verified")
    namespaces: Texts = Field((), description="read only what is in these, each a scope of its own; empty: everything")
    file: str = Field("", description="what `kubectl get … -o json` wrote, instead of asking a server")
    cluster: str = Field("", description="the cluster's name; by default its uid")
    page_size: Annotated[int, Field(ge=1, le=5_000)] = Field(500, description="objects on a page")

    @field_validator("namespaces")
    @classmethod
    def _are_names(cls, namespaces: tuple[str, ...]) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(part.strip() for text in namespaces for part in text.split(",") if part.strip()))
        if wrong := [name for name in found if not _NAMESPACE.match(name)]:
            raise ValueError(f"{wrong[0]!r} is no namespace: small letters, digits and '-' are wanted")
        return found


def lists_of(settings: KubernetesSettings) -> list[tuple[str, list[str]]]:
    """What is listed: (namespace, the kinds in it); first "", the whole cluster. Raises SourceMisconfigured.

    Where only some namespaces are read, what belongs to none is read if `scope` names it: whoever may read a namespace
    seldom may read more.
    """
    kinds = parts_wanted(settings, KINDS)
    if not settings.namespaces:
        return [("", kinds)]
    wide = [kind for kind in kinds if kind in CLUSTER_WIDE and settings.scope.strip()]
    narrow = [kind for kind in kinds if kind not in CLUSTER_WIDE]
    return [("", wide), *((namespace, list(narrow)) for namespace in settings.namespaces)]


def address_of(kind: str, namespace: str) -> str:
    """Where the objects of a kind are listed; of one namespace where one is named."""
    _, everywhere = KINDS[kind]
    if not namespace or kind in CLUSTER_WIDE:
        return everywhere
    group, _, name = everywhere.rpartition("/")
    return f"{group}/namespaces/{namespace}/{name}"
