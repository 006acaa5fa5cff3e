"""Intune: managed devices by Microsoft Graph, always read whole."""

from collections.abc import Iterator
from typing import Any

import pytest

from cmdb.configuration_item import ConfigurationItem
from discovery.run import Parts
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.source import Reading
from discovery.sources import SOURCES
from graph.store import Search
from lab.graph_server import GraphServer, graph_server
from lab.json_service import Answer

MINUTE = 60 * 1_000_000


def guid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def laptop(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": guid(number), "azureADDeviceId": guid(1_000 + number), "deviceName": f"LAP-{number:03d}",
        "serialNumber": f"5CD{number:07d}", "wiFiMacAddress": f"8C8590{number:06X}", "operatingSystem": "Windows",
        "osVersion": "10.0.22631.4460", "manufacturer": "HP", "model": "EliteBook 840", "complianceState": "compliant",
        "isEncrypted": True, "lastSyncDateTime": "2024-09-30T08:00:00.1234567Z", "userPrincipalName": "ann@corp.example",
        "userId": guid(7), "totalStorageSpaceInBytes": 512_000_000_000, "freeStorageSpaceInBytes": 100,
        "physicalMemoryInBytes": 16 << 30, "ethernetMacAddress": f"8C8591{number:06X}", **more,
    }  # fmt: skip


@pytest.fixture
def tenant() -> Iterator[GraphServer]:
    with graph_server() as server:
        server.managed = {row["id"]: row for row in map(laptop, range(1, 6))}
        yield server


def read(parts: Parts, server: GraphServer, **more: Any) -> RunReport:
    parts.now.at += MINUTE  # type: ignore[attr-defined]
    source = SOURCES["intune"]
    stated = {"base_url": f"{server.root}/v1.0", "token": "right", "tenant": "corp.example", "patience": 1, **more}
    return run_source(parts, source, source.settings.model_validate(stated))


def cis(parts: Parts) -> dict[str, ConfigurationItem]:
    found = {}
    for one in parts.store.search(Search(lifecycles=()), after=None, limit=1000):
        view = parts.store.item(one.id)
        assert view is not None
        found[one.name] = view.ci
    return found


def borne(ci: ConfigurationItem) -> set[tuple[str, str]]:
    return {(one.kind, one.value) for one in ci.identifiers}


def test_a_managed_device_is_read_with_what_identifies_it(parts: Parts, tenant: GraphServer) -> None:
    tenant.page = 2
    report = read(parts, tenant)
    assert (report.status, report.accepted, report.scope) == ("complete", 5, "corp.example/managed_devices")
    one = cis(parts)["LAP-001"]
    assert borne(one) == {
        ("intune_id", guid(1)), ("entra_device_id", guid(1_001)), ("serial", "5CD0000001"), ("hostname", "lap-001"),
        ("mac", "8c:85:90:00:00:01"),
    }  # fmt: skip
    facts = {name: fact.value for name, fact in one.facts.items()}
    assert facts.items() >= {
        "compliance": "compliant", "owner": "ann@corp.example", "storage.total_bytes": 512_000_000_000, "encrypted": True,
    }.items()  # fmt: skip
    assert (one.ci_class, one.last_seen) == ("workstation", 1_727_683_200_123_456)


def test_details_bring_what_a_list_leaves_out(parts: Parts, tenant: GraphServer) -> None:
    read(parts, tenant)
    assert "memory_bytes" not in cis(parts)["LAP-001"].facts
    read(parts, tenant, details=True)
    one = cis(parts)["LAP-001"]
    assert one.facts["memory_bytes"].value == 16 << 30
    assert ("mac", "8c:85:91:00:00:01") in borne(one)


def test_what_is_no_longer_managed_is_missed(parts: Parts, tenant: GraphServer) -> None:
    read(parts, tenant)
    del tenant.managed[guid(1)]
    report = read(parts, tenant)
    assert (report.missed, cis(parts)["LAP-001"].lifecycle) == (1, "missing")


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
def test_a_second_page_that_fails_retires_nothing(parts: Parts, tenant: GraphServer, status: int) -> None:
    read(parts, tenant)
    tenant.page = 2
    tenant.fail("skiptoken", Answer(status, {"error": {"code": "x"}}))
    report = read(parts, tenant)
    assert (report.status, report.missed, report.accepted) == ("partial", 0, 2)
    assert {ci.lifecycle for ci in cis(parts).values()} == {"live"}


def test_a_device_with_odd_values_is_still_a_device(parts: Parts, tenant: GraphServer) -> None:
    odd = laptop(
        9, wiFiMacAddress="none at all", azureADDeviceId="", lastSyncDateTime="0001-01-01T00:00:00Z", userId=""
    )
    tenant.managed = {odd["id"]: odd | {"enrolledDateTime": "2024-01-01T00:00:00Z"}}
    assert read(parts, tenant).rejected == 0
    one = cis(parts)["LAP-009"]
    assert (one.facts["identifier.mac"].value, one.last_seen) == ("none at all", 1_704_067_200_000_000)


def test_check_names_the_permission(tenant: GraphServer) -> None:
    tenant.granted.clear()
    check = SOURCES["intune"].check
    assert check is not None
    settings = SOURCES["intune"].settings.model_validate({"base_url": f"{tenant.root}/v1.0", "token": "right"})
    login, right = check(settings, Reading(lambda: 0))
    assert login.ok
    assert (right.name, right.ok) == ("DeviceManagementManagedDevices.Read.All", False)
    assert right.name in right.fix
