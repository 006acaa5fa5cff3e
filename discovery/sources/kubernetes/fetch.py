"""Reads a cluster kind by kind, and ties its objects to each other by reading them."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from discovery.clients.answer import Refused, Unreadable
from discovery.clients.http import JsonClient
from discovery.errors import SourceMisconfigured, SourceUnavailable
from discovery.source import Bookmark, Fetched, Progress, Raw, Reading, ScopeEnd
from discovery.sources.kubernetes.server import access_to, listed, open_server, uid_of_cluster
from discovery.sources.kubernetes.settings import CLUSTER_WIDE, KINDS, KubernetesSettings, address_of, lists_of
from discovery.sources.kubernetes.tying import TIED_BY, part, tied

_SOMETHING = re.compile(r"\S")
Objects = dict[str, list[dict[str, Any]]]


@dataclass(slots=True)
class Area:
    """What is read and told together: a cluster, or a namespace of it."""

    place: str
    """what its scopes begin with"""
    namespace: str
    """empty: the whole cluster"""
    kinds: list[str]
    objects: Objects = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    """kind → why it was not read to its end"""


def fetch(settings: KubernetesSettings, reading: Reading) -> Iterator[Fetched]:
    """Each object as `{"kind", "object", "cluster", "ties"}`.

    In the scope `<cluster>/<kind>`, or `<cluster>/<namespace>/<kind>` where only some namespaces are read.
    """
    if settings.file:
        yield from _from_file(settings, reading)
        return
    with open_server(settings, reading) as client:
        if not access_to(settings).verify:
            yield Progress(0, None, "kinds", "whoever sits between could have listened: TLS was not verified")
        uid = uid_of_cluster(client, settings)
        areas = _areas(settings, uid)
        yield from _cluster(settings, uid, uid)
        total, done = sum(len(area.kinds) for area in areas), 0
        over: str | None = None
        for area in areas:
            for kind in area.kinds:
                over = over or ("stopped" if reading.stopped() else None)
                if over is None:
                    over = _read(client, settings, area, kind)
                    done += 1
                    yield Progress(done, total, "kinds")
                if over is not None:
                    area.failed.setdefault(kind, over)
            yield from _told(settings, uid, area, areas[0], reading)


def _read(client: JsonClient, settings: KubernetesSettings, area: Area, kind: str) -> str | None:
    """Read one kind; where nothing else need be asked, why."""
    try:
        area.objects[kind] = listed(client, address_of(kind, area.namespace), settings.page_size)
    except (Refused, Unreadable) as no:
        area.failed[kind] = str(no)
    except SourceUnavailable as broken:
        return str(broken)
    return None


def _from_file(settings: KubernetesSettings, reading: Reading) -> Iterator[Fetched]:
    place = os.path.basename(settings.file)
    objects: Objects = {}
    uid, cut = _saved(settings.file, objects)
    areas = _areas(settings, place)
    for area in areas:
        mine = {kind: [one for one in objects.get(kind, ()) if _is_in(area, kind, one)] for kind in area.kinds}
        # That a file holds nothing of a namespace does not say that nothing is in it.
        area.objects = {kind: one for kind, one in mine.items() if one or (kind in objects and not area.namespace)}
        area.kinds = list(area.objects)
        area.failed = dict.fromkeys(area.kinds, cut) if cut else {}
    if not any(area.kinds for area in areas):
        yield ScopeEnd(place, complete=False, reason=cut or "nothing in it is of a kind that is read")
        return
    yield from _cluster(settings, place, uid)
    for area in areas:
        yield from _told(settings, uid, area, areas[0], reading)


def _is_in(area: Area, kind: str, one: dict[str, Any]) -> bool:
    return not area.namespace or kind in CLUSTER_WIDE or part(one, "metadata", "namespace") == area.namespace


def _areas(settings: KubernetesSettings, place: str) -> list[Area]:
    return [Area(f"{place}/{name}" if name else place, name, kinds) for name, kinds in lists_of(settings)]


def _cluster(settings: KubernetesSettings, place: str, uid: str) -> Iterator[Fetched]:
    yield Raw(f"{place}/cluster", {"kind": "cluster", "object": {}, "cluster": _named(settings, uid), "ties": {}})
    yield ScopeEnd(f"{place}/cluster", complete=True)


def _named(settings: KubernetesSettings, uid: str) -> dict[str, str]:
    return {"uid": uid, "name": settings.cluster or uid}


def _told(settings: KubernetesSettings, uid: str, area: Area, wide: Area, reading: Reading) -> Iterator[Fetched]:
    """What was read of an area, tied together; `wide`: where the objects are that belong to no namespace."""
    if not area.kinds:
        return
    cluster, failed = _named(settings, uid), wide.failed | area.failed
    ties = tied(wide.objects | area.objects)
    never = reading.bookmark(area.place)
    lost = set(failed) - set(never) if never is not None else set()
    for kind in area.kinds:
        if untied := sorted(TIED_BY.get(kind, frozenset()) & lost):
            reason = (
                failed.get(kind) or f"not told anew: {', '.join(untied)} could not be read, and so what it belongs to"
            )
            yield ScopeEnd(f"{area.place}/{kind}", complete=False, reason=reason)
            continue
        for one in area.objects.get(kind, ()):
            if kind != "replicasets":
                yield Raw(
                    f"{area.place}/{kind}", {"kind": kind, "object": one, "cluster": cluster, "ties": ties(kind, one)}
                )
        yield ScopeEnd(f"{area.place}/{kind}", complete=kind not in failed, reason=failed.get(kind))
    # What could never be read ties nothing; what could be once, and now cannot, takes no tie away.
    unread = set(KINDS) - ((wide.objects.keys() | area.objects.keys()) - failed.keys())
    yield Bookmark(area.place, sorted(unread if never is None else unread & set(never)))


def _saved(path: str, objects: Objects) -> tuple[str, str | None]:
    """(uid of the cluster, or the file's name where it is not in it; why the file is not whole)."""
    uid, cut = os.path.basename(path), None
    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read()
    except OSError as wrong:
        raise SourceMisconfigured(f"{path}: {wrong.strerror or wrong}") from None
    except UnicodeDecodeError:
        raise SourceMisconfigured(f"{path}: is no UTF-8 text") from None
    by_kind = {kind: name for name, (kind, _) in KINDS.items()}
    at, decoder = 0, json.JSONDecoder()
    while (start := _SOMETHING.search(text, at)) is not None:
        at = start.start()
        try:
            document, at = decoder.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError):
            cut = "the file is cut off or no JSON"
            break
        for name, item in _items(document):
            metadata = item.get("metadata")
            if name == "Namespace" and isinstance(metadata, dict) and metadata.get("name") == "kube-system":
                uid = str(metadata.get("uid") or uid)
            elif name in by_kind:
                objects.setdefault(by_kind[name], []).append(item)
    return uid, cut


def _items(document: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(document, dict):
        return
    kind, items = str(document.get("kind") or ""), document.get("items")
    if not isinstance(items, list):
        yield kind, document
        return
    for item in items:
        if isinstance(item, dict):
            yield str(item.get("kind") or kind.removesuffix("List")), item
