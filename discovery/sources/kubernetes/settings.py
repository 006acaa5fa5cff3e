"""Which cluster is read, and which kinds of it."""

from typing import Annotated

from pydantic import Field, SecretStr

from discovery.clients.asking import AskingSettings, parts_wanted

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
    """An API server with a token, or a file."""

    base_url: str = Field("", description="address of the API server, such as https://k8s.corp.example:6443")
    token: SecretStr | None = Field(None, description="token of a service account that may list")
    ca_file: str = Field("", description="PEM file with the authority that signed the server's certificate")
    tls_verify: bool = Field(True, description="whether the server's certificate is verified")
    file: str = Field("", description="what `kubectl get … -o json` wrote, instead of asking a server")
    cluster: str = Field("", description="the cluster's name; by default its uid")
    page_size: Annotated[int, Field(ge=1, le=5_000)] = Field(500, description="objects on a page")


def kinds_of(settings: KubernetesSettings) -> list[str]:
    """The kinds asked for. Raises SourceMisconfigured."""
    return parts_wanted(settings, KINDS)
