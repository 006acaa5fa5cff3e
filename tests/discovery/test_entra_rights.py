"""What the Entra ID source says of settings that cannot work and of rights that are missing."""

from collections.abc import Iterator
from typing import Any

import pytest

from discovery.run import Parts
from discovery.run_source import run_source
from discovery.source import Permission, Reading
from discovery.sources import SOURCES
from lab.graph_server import GraphServer, graph_server
from lab.small_tenant import fill


@pytest.fixture
def tenant() -> Iterator[GraphServer]:
    with graph_server() as server:
        fill(server)
        yield server


@pytest.mark.parametrize(
    ("stated", "word"),
    [
        ({}, "tenant"),
        ({"tenant": "t", "client_id": "c"}, "client_secret or certificate"),
        ({"base_url": "http://graph.corp.example", "token": "t"}, "https is wanted"),
        ({"base_url": "graph", "token": "t"}, "an address such as"),
        ({"tenant": "t", "client_id": "c", "certificate": "/no/such/file"}, "certificate"),
    ],
)
def test_settings_that_cannot_work_say_what_to_change(parts: Parts, stated: dict[str, str], word: str) -> None:
    source = SOURCES["entra_id"]
    report = run_source(parts, source, source.settings.model_validate(stated))
    assert report.status == "failed"
    assert word in report.errors[0]


def rights(server: GraphServer, **more: Any) -> dict[str, Permission]:
    source = SOURCES["entra_id"]
    assert source.check is not None
    settings = source.settings.model_validate({"base_url": f"{server.root}/v1.0", "token": "right", **more})
    return {found.name: found for found in source.check(settings, Reading(lambda: 0))}


def test_check_says_permission_by_permission_what_to_grant(tenant: GraphServer) -> None:
    tenant.granted.discard("Device.Read.All")
    found = rights(tenant)
    assert {name for name, right in found.items() if not right.ok} == {"Device.Read.All"}
    assert "Device.Read.All" in found["Device.Read.All"].fix
    assert set(found) == {
        *(
            "login",
            "User.Read.All",
            "Group.Read.All or GroupMember.Read.All",
            "Device.Read.All",
            "Application.Read.All",
        ),
    }


def test_check_says_what_is_not_set(tenant: GraphServer) -> None:
    found = rights(tenant, token="")
    assert [(name, right.ok) for name, right in found.items()] == [("login", False)]
    assert "tenant" in found["login"].fix


def test_check_says_where_the_login_is_refused(tenant: GraphServer) -> None:
    found = rights(tenant, token="wrong")
    assert not found["login"].ok
    assert not any(right.ok for right in found.values())
