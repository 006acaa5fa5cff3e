"""Kubernetes, some namespaces of it: what is not read is not missed, and each namespace stands for itself."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from discovery.run import Parts
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.source import Reading
from discovery.sources import SOURCES
from graph.store import Search
from lab.json_service import Answer, serving
from lab.kubernetes_server import KubernetesServer

MINUTE = 60 * 1_000_000
SOURCE = SOURCES["kubernetes"]


@pytest.fixture
def server() -> Iterator[KubernetesServer]:
    running = KubernetesServer()
    running.add_pod("vault", "bank")
    running.add_pod("teller", "bank")
    with serving(running):
        yield running


def read(parts: Parts, **stated: Any) -> RunReport:
    parts.now.at += MINUTE  # type: ignore[attr-defined]
    return run_source(parts, SOURCE, SOURCE.settings.model_validate({"patience": 1, **stated}))


def ask(parts: Parts, server: KubernetesServer, *namespaces: str, **stated: Any) -> RunReport:
    return read(parts, base_url=server.root, token="right", namespaces=namespaces, **stated)


def live(parts: Parts) -> set[str]:
    found = parts.store.search(Search(lifecycles=("live",), classes=("container",)), after=None, limit=100)
    return {one.name for one in found}


def test_what_is_in_other_namespaces_is_neither_read_nor_missed(parts: Parts, server: KubernetesServer) -> None:
    assert ask(parts, server, "shop", "bank").status == "complete"
    both = live(parts)
    assert both == {"shop/web-1", "shop/web-2", "shop/web-3", "bank/vault", "bank/teller"}
    asked = len(server.asked)
    server.objects["pods"] = [one for one in server.objects["pods"] if one["metadata"]["name"] == "web-1"]
    report = ask(parts, server, "shop")
    assert (report.status, report.missed) == ("complete", 2)
    assert not [one for one in server.asked[asked:] if "bank" in one]
    assert live(parts) == {"shop/web-1", "bank/vault", "bank/teller"}
    ask(parts, server, "bank", "shop")
    assert live(parts) == {"shop/web-1"}


def test_each_namespace_is_a_scope_of_its_own_for_every_kind_and_ties_its_own(
    parts: Parts, server: KubernetesServer
) -> None:
    report = ask(parts, server, "shop,bank", scope="pods,services")
    home = server.cluster_uid
    assert {one.scope for one in report.scopes} == {
        f"{home}/cluster", f"{home}/shop/pods", f"{home}/shop/services", f"{home}/bank/pods", f"{home}/bank/services",
    }  # fmt: skip
    (front,) = parts.store.search(Search(classes=("virtual_address",)), after=None, limit=10)
    view = parts.store.item(front.id)
    assert view is not None
    assert {view.neighbours[one.to_ci] for one in view.relations if one.type == "balances_over"} == {
        "shop/web-1", "shop/web-2", "shop/web-3",
    }  # fmt: skip


def test_nodes_belong_to_no_namespace_and_are_read_where_they_are_named(parts: Parts, server: KubernetesServer) -> None:
    server.fail("/api/v1/nodes", Answer(403, {}))
    assert ask(parts, server, "shop").status == "complete"
    report = ask(parts, server, "shop", scope="nodes,pods")
    assert [one.scope for one in report.scopes if not one.complete] == [f"{server.cluster_uid}/nodes"]
    server.failures.clear()
    assert ask(parts, server, "shop", scope="nodes,pods").status == "complete"
    assert len(parts.store.search(Search(classes=("server", "virtual_machine")), after=None, limit=10)) == 2


def test_a_namespace_that_may_not_be_read_leaves_the_others_alone(parts: Parts, server: KubernetesServer) -> None:
    ask(parts, server, "bank", "shop")
    server.fail("/namespaces/bank/", Answer(403, {}))
    server.objects["pods"] = [one for one in server.objects["pods"] if one["metadata"]["name"] == "web-1"]
    report = ask(parts, server, "bank", "shop")
    assert (report.status, report.missed) == ("partial", 2)
    assert live(parts) == {"shop/web-1", "bank/vault", "bank/teller"}


def test_a_login_of_one_namespace_needs_the_cluster_named(parts: Parts, server: KubernetesServer) -> None:
    server.fail("/api/v1/namespaces/kube-system", Answer(403, {}))
    assert ask(parts, server, "shop").status == "failed"
    report = ask(parts, server, "shop", cluster="north")
    assert (report.status, report.scopes[0].scope) == ("complete", "north/cluster")
    server.fail("/namespaces/shop/pods", Answer(403, {}))
    assert SOURCE.check is not None
    said = {"base_url": server.root, "token": "right", "namespaces": "shop", "cluster": "north"}
    refused = [one for one in SOURCE.check(SOURCE.settings.model_validate(said), Reading(lambda: 0)) if not one.ok]
    assert [(one.name, one.fix) for one in refused] == [("list pods in shop", "let a role in shop list pods")]


def test_of_a_saved_file_only_the_namespaces_wanted_are_taken(
    parts: Parts, server: KubernetesServer, tmp_path: Path
) -> None:
    file = tmp_path / "all.json"
    file.write_text(json.dumps({"kind": "List", "items": server.documents()}))
    assert read(parts, file=str(file), namespaces="bank,empty").status == "complete"
    assert live(parts) == {"bank/vault", "bank/teller"}
    file.write_text(json.dumps({"kind": "List", "items": [one for one in server.documents() if "shop" in str(one)]}))
    report = read(parts, file=str(file), namespaces="bank")
    assert report.status != "complete"
    assert report.missed == 0


def test_what_is_no_namespace_is_refused() -> None:
    with pytest.raises(ValidationError, match="is no namespace"):
        SOURCE.settings.model_validate({"namespaces": "shop,../secrets"})
