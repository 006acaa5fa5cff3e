"""Reads a cluster kind by kind, and ties its objects to each other by reading them."""

import json
import os
import re
from collections.abc import Iterator
from typing import Any

from discovery.clients.answer import Refused, Unreadable
from discovery.errors import SourceMisconfigured, SourceUnavailable
from discovery.source import Bookmark, Fetched, Progress, Raw, Reading, ScopeEnd
from discovery.sources.kubernetes.server import listed, open_server, uid_of_cluster
from discovery.sources.kubernetes.settings import KINDS, KubernetesSettings, kinds_of
from discovery.sources.kubernetes.tying import TIED_BY, tied

_SOMETHING = re.compile(r"\S")
Objects = dict[str, list[dict[str, Any]]]


def fetch(settings: KubernetesSettings, reading: Reading) -> Iterator[Fetched]:
    """Each object as `{"kind", "object", "cluster", "ties"}`, in the scope `<cluster>/<kind>`."""
    wanted = kinds_of(settings)
    objects: Objects = {}
    failed: dict[str, str] = {}
    if settings.file:
        place = os.path.basename(settings.file)
        uid, cut = _saved(settings.file, objects)
        wanted = [kind for kind in wanted if kind in objects]
        failed = dict.fromkeys(wanted, cut) if cut else {}
        if not wanted:
            yield ScopeEnd(place, complete=False, reason=cut or "nothing in it is of a kind that is read")
            return
    else:
        with open_server(settings, reading) as client:
            place = uid = uid_of_cluster(client)
            for done, kind in enumerate(wanted):
                if reading.stopped():
                    failed |= dict.fromkeys(wanted[done:], "stopped")
                    break
                try:
                    objects[kind] = listed(client, KINDS[kind][1], settings.page_size)
                except (Refused, Unreadable) as no:
                    failed[kind] = str(no)
                except SourceUnavailable as broken:
                    failed |= dict.fromkeys(wanted[done:], str(broken))
                    break
                yield Progress(done + 1, len(wanted), "kinds")
    cluster = {"uid": uid, "name": settings.cluster or uid}
    yield Raw(f"{place}/cluster", {"kind": "cluster", "object": {}, "cluster": cluster, "ties": {}})
    yield ScopeEnd(f"{place}/cluster", complete=True)
    ties = tied(objects)
    never = reading.bookmark(place)
    lost = set(failed) - set(never) if never is not None else set()
    for kind in wanted:
        if untied := sorted(TIED_BY.get(kind, frozenset()) & lost):
            reason = (
                failed.get(kind) or f"not told anew: {', '.join(untied)} could not be read, and so what it belongs to"
            )
            yield ScopeEnd(f"{place}/{kind}", complete=False, reason=reason)
            continue
        for one in objects.get(kind, ()):
            if kind != "replicasets":
                yield Raw(f"{place}/{kind}", {"kind": kind, "object": one, "cluster": cluster, "ties": ties(kind, one)})
        yield ScopeEnd(f"{place}/{kind}", complete=kind not in failed, reason=failed.get(kind))
    # What could never be read ties nothing; what could be once, and now cannot, takes no tie away.
    yield Bookmark(place, sorted(failed if never is None else set(failed) & set(never)))


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
