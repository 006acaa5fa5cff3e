"""Which objects of a cluster belong together: owners, selectors, nodes; by uid, as the objects themselves say."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Objects = Mapping[str, list[dict[str, Any]]]
Ties = dict[str, Any]
TIED_BY: Mapping[str, frozenset[str]] = {
    "pods": frozenset({"nodes"}), "services": frozenset({"pods"}), "ingresses": frozenset({"services"}),
    "deployments": frozenset({"pods", "replicasets"}), "statefulsets": frozenset({"pods"}),
    "daemonsets": frozenset({"pods"}), "jobs": frozenset({"pods"}), "cronjobs": frozenset({"pods", "jobs"}),
}  # fmt: skip
"""kind → the kinds that must be read to know with what its objects belong together"""
OVER = ("Succeeded", "Failed")
"""phases of pods that run no more"""


def part(one: Any, *path: str) -> Any:
    """What is found down a path of keys, None where it ends before."""
    for key in path:
        one = one.get(key) if isinstance(one, dict) else None
    return one


def tied(objects: Objects) -> Callable[[str, dict[str, Any]], Ties]:
    """(kind, object) → `{"node": uid, "members": [uids of pods], "services": [uids]}` as far as they are known."""
    nodes = {part(one, "metadata", "name"): part(one, "metadata", "uid") for one in objects.get("nodes", ())}
    owners = {
        part(one, "metadata", "uid"): _owner(one) for kind in ("replicasets", "jobs") for one in _of(objects, kind)
    }
    services = {_place(one): part(one, "metadata", "uid") for one in _of(objects, "services")}
    members: dict[str, list[str]] = {}
    pods: dict[str, list[tuple[dict[str, Any], str]]] = {}
    for pod in _of(objects, "pods"):
        uid, owner = part(pod, "metadata", "uid"), _owner(pod)
        if not isinstance(uid, str) or part(pod, "status", "phase") in OVER:
            continue
        pods.setdefault(str(part(pod, "metadata", "namespace")), []).append((_labels(pod), uid))
        while owner is not None:
            members.setdefault(owner, []).append(uid)
            owner = owners.get(owner)

    def ties(kind: str, one: dict[str, Any]) -> Ties:
        if kind == "pods":
            return {"node": nodes.get(part(one, "spec", "nodeName"))}
        if kind == "services":
            chosen = part(one, "spec", "selector")
            near = pods.get(str(part(one, "metadata", "namespace")), [])
            wanted = chosen.items() if isinstance(chosen, dict) else ()
            return {"members": [uid for labels, uid in near if wanted and wanted <= labels.items()]}
        if kind == "ingresses":
            named = [(part(one, "metadata", "namespace"), name) for name in _back_ends(one)]
            return {"services": sorted({services[place] for place in named if isinstance(services.get(place), str)})}
        return {"members": members.get(str(part(one, "metadata", "uid")), [])}

    return ties


def _of(objects: Objects, kind: str) -> list[dict[str, Any]]:
    return [one for one in objects.get(kind, ()) if isinstance(one, dict)]


def _labels(one: dict[str, Any]) -> dict[str, Any]:
    found = part(one, "metadata", "labels")
    return found if isinstance(found, dict) else {}


def _place(one: dict[str, Any]) -> tuple[Any, Any]:
    return part(one, "metadata", "namespace"), part(one, "metadata", "name")


def _owner(one: dict[str, Any]) -> str | None:
    found = part(one, "metadata", "ownerReferences")
    uids = [part(owner, "uid") for owner in found if part(owner, "controller")] if isinstance(found, list) else []
    return next((uid for uid in uids if isinstance(uid, str)), None)


def _back_ends(ingress: dict[str, Any]) -> Iterable[str]:
    ends = [part(ingress, "spec", "defaultBackend")]
    for rule in part(ingress, "spec", "rules") or ():
        ends += [part(path, "backend") for path in part(rule, "http", "paths") or ()]
    return [name for end in ends if isinstance(name := part(end, "service", "name"), str)]
