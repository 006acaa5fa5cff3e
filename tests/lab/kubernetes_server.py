"""A small Kubernetes API server: lists with `limit` and `continue`, a service account's token, failures on demand."""

import uuid
from typing import Any

from lab.json_service import Answer, Query, Service

GROUPS = {
    "nodes": "/api/v1", "pods": "/api/v1", "services": "/api/v1", "deployments": "/apis/apps/v1",
    "replicasets": "/apis/apps/v1", "statefulsets": "/apis/apps/v1", "daemonsets": "/apis/apps/v1",
    "jobs": "/apis/batch/v1", "cronjobs": "/apis/batch/v1", "ingresses": "/apis/networking.k8s.io/v1",
}  # fmt: skip
KINDS = {"nodes": "Node", "pods": "Pod", "services": "Service", "deployments": "Deployment",
         "replicasets": "ReplicaSet", "ingresses": "Ingress"}  # fmt: skip


def uid(name: str) -> str:
    """The same for a name in every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))


def _object(
    name: str, *, owner: str = "", namespace: str = "shop", spec: Any = None, status: Any = None, labels: Any = None
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "uid": uid(name), "labels": labels or {}}
    if not name.startswith("node"):
        metadata["namespace"] = namespace
    if owner:
        metadata["ownerReferences"] = [{"uid": uid(owner), "controller": True}]
    return {"metadata": metadata, "spec": spec or {}, "status": status or {}}


class KubernetesServer(Service):
    """One deployment of three pods on two nodes, behind a service and an ingress."""

    def __init__(self) -> None:
        super().__init__()
        self.cluster_uid = uid("kube-system")
        app = {"app": "web"}
        backend = {"service": {"name": "front", "port": {"number": 80}}}
        rule = {"host": "shop.corp.example", "http": {"paths": [{"path": "/", "backend": backend}]}}
        info = {"osImage": "Debian GNU/Linux 12", "kubeletVersion": "v1.31.0"}
        self.objects: dict[str, list[dict[str, Any]]] = {name: [] for name in GROUPS} | {
            "nodes": [
                _object(f"node-{n}", spec={"providerID": provider}, status={
                    "nodeInfo": info | {"systemUUID": uid(f"machine-{n}")},
                    "addresses": [{"type": "InternalIP", "address": f"10.9.0.{n}"}]})
                for n, provider in ((1, "aws:///eu-west-1a/i-0abc12345"), (2, ""))
            ],
            "deployments": [_object("web", spec={"replicas": 3})],
            "replicasets": [_object("web-rs", owner="web")],
            "pods": [
                _object(f"web-{n}", owner="web-rs", labels=app | {"n": str(n)}, status={"phase": "Running"},
                        spec={"nodeName": f"node-{n % 2 or 2}", "containers": [{"image": "web:1"}]})
                for n in (1, 2, 3)
            ],
            "services": [_object("front", spec={"selector": app, "ports": [{"port": 80}], "type": "ClusterIP"})],
            "ingresses": [_object("gate", spec={"rules": [rule]})],
        }  # fmt: skip

    def add_pod(self, name: str, namespace: str) -> None:
        """A pod of nobody's in a namespace."""
        spec = {"nodeName": "node-1", "containers": [{"image": "x:1"}]}
        self.objects["pods"].append(_object(name, namespace=namespace, spec=spec, status={"phase": "Running"}))

    def documents(self) -> list[dict[str, Any]]:
        """Every object with its kind, as `kubectl get -o json` writes them."""
        return [one | {"kind": KINDS[name]} for name, every in self.objects.items() for one in every]

    def answer(self, method: str, path: str, query: Query, form: Query) -> Answer:
        if path == "/api/v1/namespaces/kube-system":
            return Answer(200, {"metadata": {"name": "kube-system", "uid": self.cluster_uid}})
        group, _, name = path.rpartition("/")
        group, _, namespace = group.partition("/namespaces/")
        if GROUPS.get(name) != group:
            return Answer(404, {"kind": "Status", "code": 404})
        size, at = int(query["limit"][0]), int(query.get("continue", ["0"])[0])
        every = [one for one in self.objects[name] if namespace in ("", one["metadata"].get("namespace"))]
        more = str(at + size) if at + size < len(every) else ""
        return Answer(200, {"metadata": {"continue": more}, "items": every[at : at + size] or None})
