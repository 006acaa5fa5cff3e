"""What one object of a cluster says, in our words."""

from collections.abc import Iterable, Mapping
from typing import Any

from cmdb.errors import Invalid
from cmdb.observation import Claim, Observation, observation
from discovery.errors import RecordRejected
from discovery.identifiers_stated import sound
from discovery.source import Hearing
from discovery.sources.kubernetes.tying import part

CLOUDS = ("aws", "azure", "gce", "openstack", "vsphere", "digitalocean", "hcloud", "ibm", "oci", "linode", "kubevirt")
"""schemes of providerID that stand for virtual machines"""
WORKLOADS = {
    "deployments": "Deployment", "statefulsets": "StatefulSet", "daemonsets": "DaemonSet", "jobs": "Job",
    "cronjobs": "CronJob",
}  # fmt: skip


def observe(payload: Mapping[str, Any], hearing: Hearing) -> Iterable[Observation]:
    """One observation, keyed by the object's uid. Raises RecordRejected."""
    kind, one, cluster = payload["kind"], payload["object"], payload["cluster"]
    uid = cluster["uid"] if kind == "cluster" else part(one, "metadata", "uid")
    if not isinstance(uid, str) or not uid:
        raise RecordRejected(f"one of the {kind} without a uid")
    try:
        said = _said(kind, one, cluster, payload["ties"])
        identifiers, odd = sound(hearing.vocabulary, [("k8s_uid", uid), *said.pop("identifiers", ())])
        facts = {name: value for name, value in said.pop("attributes", {}).items() if value not in (None, "", [])}
        return (
            observation(
                hearing.vocabulary, source="kubernetes", realm=hearing.realm, record=uid, identifiers=identifiers,
                attributes=facts | odd, observed_at=hearing.received_at, **said,
            ),
        )  # fmt: skip
    except (Invalid, TypeError, ValueError, AttributeError) as wrong:
        raise RecordRejected(f"{kind}: {wrong}", uid) from None


def _ref(uid: str) -> str:
    return f"record:kubernetes:{uid}"


def _said(kind: str, one: dict[str, Any], cluster: Mapping[str, str], ties: Mapping[str, Any]) -> dict[str, Any]:
    home = _ref(cluster["uid"])
    if kind == "cluster":
        return {"ci_class": "kubernetes_cluster", "name": cluster["name"]}
    if kind == "nodes":
        return _node(one, home)
    namespace, name = part(one, "metadata", "namespace"), part(one, "metadata", "name")
    said: dict[str, Any] = {"name": f"{namespace}/{name}", "within": home, "attributes": {"namespace": namespace}}
    members = [_ref(uid) for uid in ties.get("members", ())]
    if kind == "pods":
        node, named = ties.get("node"), part(one, "spec", "nodeName")
        where = _ref(node) if node else f"hostname:{named}" if named else None
        images = sorted({part(box, "image") or "" for box in part(one, "spec", "containers") or ()} - {""})
        said["attributes"] |= {"images": images, "phase": part(one, "status", "phase")}
        return said | {"ci_class": "container", "claims": [Claim("hosted_on", True, where)] if where else []}
    if kind == "services":
        spec = part(one, "spec") or {}
        ports = sorted({port["port"] for port in spec.get("ports") or ()})
        said["attributes"] |= {
            "type": spec.get("type"), "ports": ports, "cluster_ip": spec.get("clusterIP"),
            "external_name": spec.get("externalName"),
        }  # fmt: skip
        outside = part(one, "status", "loadBalancer", "ingress") or ()
        said["identifiers"] = [("ip", part(end, "ip")) for end in outside]
        return said | {"ci_class": "virtual_address", "claims": [Claim("balances_over", True, pod) for pod in members]}
    if kind == "ingresses":
        return said | _ingress(one, [_ref(uid) for uid in ties.get("services", ())])
    replicas = part(one, "spec", "replicas")
    said["attributes"] |= {"kind": WORKLOADS[kind], "replicas": replicas, "schedule": part(one, "spec", "schedule")}
    need = len(members) // 2 + 1 if kind == "statefulsets" else 1
    runs = Claim("runs_on", True, home, effect="degraded")  # pods go on where the control plane is away
    claims = [runs, *(Claim("depends_on", True, pod, group="replicas", need=need) for pod in members)]
    return said | {"ci_class": "workload", "claims": claims}


def _ingress(one: dict[str, Any], services: list[str]) -> dict[str, Any]:
    secured = {host for entry in part(one, "spec", "tls") or () for host in part(entry, "hosts") or ()}
    urls = []
    for rule in part(one, "spec", "rules") or ():
        host = part(rule, "host")
        paths = [part(path, "path") or "/" for path in part(rule, "http", "paths") or ()] or ["/"]
        urls += [f"{'https' if host in secured else 'http'}://{host}{path}" for path in paths if host]
    claims = [Claim("depends_on", True, service) for service in services]
    return {"ci_class": "endpoint", "identifiers": [("url", url) for url in urls], "claims": claims}


def _node(one: dict[str, Any], home: str) -> dict[str, Any]:
    info, provider = part(one, "status", "nodeInfo") or {}, part(one, "spec", "providerID") or ""
    kinds = {
        "InternalIP": "ip",
        "ExternalIP": "ip",
        "Hostname": "hostname",
        "InternalDNS": "fqdn",
        "ExternalDNS": "fqdn",
    }
    stated = [(kinds.get(part(a, "type") or ""), part(a, "address")) for a in part(one, "status", "addresses") or ()]
    named = [("fqdn" if kind == "hostname" and "." in str(value) else kind, value) for kind, value in stated if kind]
    identifiers = [("uuid", info.get("systemUUID")), ("cloud_id", provider), *named]
    if provider.startswith("aws:"):
        identifiers.append(("cloud_id", provider.rsplit("/", 1)[-1]))  # as the cloud itself calls it
    facts = {
        "os": info.get("osImage"), "kernel": info.get("kernelVersion"), "kubelet_version": info.get("kubeletVersion"),
        "machine_id": info.get("machineID"),
    }  # fmt: skip
    return {
        "ci_class": "virtual_machine" if provider.split(":")[0] in CLOUDS else "server",
        "name": part(one, "metadata", "name"), "identifiers": identifiers, "attributes": facts,
        "claims": [Claim("member_of", True, home)],
    }  # fmt: skip
