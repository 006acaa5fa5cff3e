"""kubernetes: nodes, workloads, pods, services and ingresses of a cluster."""

from cmdb.vocabulary import SourceTraits
from discovery.source import Source
from discovery.sources.kubernetes.again import AGAIN
from discovery.sources.kubernetes.check import check
from discovery.sources.kubernetes.fetch import fetch
from discovery.sources.kubernetes.observe import observe
from discovery.sources.kubernetes.settings import KubernetesSettings

KUBERNETES = Source(
    name="kubernetes",
    description="nodes, workloads, pods, services and ingresses of a Kubernetes cluster, from its API or saved JSON",
    settings=KubernetesSettings,
    traits=SourceTraits(authority=1.2),
    fetch=fetch,
    observe=observe,
    again=AGAIN,
    check=check,
)
