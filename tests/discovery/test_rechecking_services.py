"""What services are believed to say, asked again: right, changed, gone, and not to be read; by source instances alone."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from discovery.rechecking import RIGHT, UNKNOWN, WRONG, Difference, Rechecked
from discovery.run import take
from lab.fleet_server import FleetServer
from lab.graph_server import GraphServer, graph_server
from lab.jamf_server import JamfServer, jamf_server
from lab.json_service import Answer, serving
from lab.kubernetes_server import KubernetesServer
from lab.small_tenant import ANN, APP, BOB, LAPTOP, fill, guid

Keep = Callable[..., Any]
Read = Callable[..., Any]
Look = Callable[..., dict[str, Rechecked]]


def verdicts(found: dict[str, Rechecked]) -> dict[str, str]:
    return {name: one.verdict for name, one in found.items()}


def reasons(found: dict[str, Rechecked]) -> set[str | None]:
    return {record.reason for one in found.values() for record in one.records}


@pytest.fixture
def tenant() -> Iterator[GraphServer]:
    with graph_server() as running:
        fill(running)
        for number in (1, 2):
            running.managed[guid(100 + number)] = {
                "id": guid(100 + number), "deviceName": f"LAP-{number}", "serialNumber": f"PF0{number}",
                "operatingSystem": "Windows", "osVersion": "10.0.22631", "complianceState": "compliant",
                "lastSyncDateTime": "2024-09-30T08:00:00Z", "freeStorageSpaceInBytes": 5, "isEncrypted": True,
            }  # fmt: skip
        yield running


@pytest.fixture
def jamf() -> Iterator[JamfServer]:
    with jamf_server() as running:
        running.clients = {"client": "right"}
        running.computers = [
            {"id": str(n), "udid": f"4C4C4544-0000-4000-8000-{n:012d}",
             "general": {"name": f"mac-{n}", "lastContactTime": "2024-09-30T08:00:00Z"},
             "hardware": {"serialNumber": f"C02XK{n:03d}"}, "operatingSystem": {"name": "macOS", "version": "15.1"},
             "storage": {"bootDriveAvailableSpaceMegabytes": n}}
            for n in range(1, 4)
        ]  # fmt: skip
        running.computers[2].pop("udid")
        running.mobile_devices = [
            {"mobileDeviceId": "7", "deviceType": "iOS", "hardware": {"serialNumber": "DMP00007", "model": "iPad Pro"},
             "general": {"udid": "00008110-0000000000000007", "displayName": "ipad", "osVersion": "18.1",
                         "lastInventoryUpdateDate": "2024-09-29T08:00:00Z"}}
        ]  # fmt: skip
        yield running


@pytest.fixture
def fleet() -> Iterator[FleetServer]:
    running = FleetServer()
    with serving(running):
        yield running


@pytest.fixture
def cluster() -> Iterator[KubernetesServer]:
    running = KubernetesServer()
    with serving(running):
        yield running


def entra(keep: Keep, tenant: GraphServer, **more: Any) -> Any:
    secret = {"token": "env:TOKEN"}
    return keep("entra_id", base_url=f"{tenant.root}/v1.0", tenant="corp.example", secrets=secret, **more)


def test_objects_of_a_tenant_are_right_changed_gone_or_unreadable(
    tenant: GraphServer, keep: Keep, read_instance: Read, look: Look
) -> None:
    assert read_instance(entra(keep, tenant)).status == "complete"
    tenant.asked.clear()
    assert set(verdicts(look()).values()) == {RIGHT}
    assert tenant.count(r"/delta|/members") == 0, "objects are asked for one by one, and nobody's members"
    tenant.put("users", {"id": ANN, "department": "Lenses"})
    tenant.put("devices", {"id": LAPTOP, "operatingSystemVersion": None})
    tenant.remove("users", BOB)
    tenant.fail(f"/servicePrincipals/{APP}", Answer(403, {"error": {"code": "Authorization_RequestDenied"}}))
    found = look()
    assert found["Ann"].records[0].differences == (Difference("department", "Optics", "Lenses"),)
    assert found["LAP-042"].verdict == WRONG, "what it no longer says is no longer so"
    assert (found["Bob"].verdict, found["Bob"].records[0].reason) == (WRONG, "it is not found any more")
    assert found["Payroll"].verdict == UNKNOWN
    assert "403" in str(found["Payroll"].records[0].reason)
    assert found["Staff"].verdict == RIGHT


@pytest.mark.parametrize(
    ("pattern", "answer", "why"),
    [
        ("/v1.0/", Answer(404, b"<html>moved</html>", kind="text/html"), "404"),
        ("/v1.0/", Answer(403, {"error": {"code": "Authorization_RequestDenied"}}), "403"),
        ("/v1.0/", Answer(429, {}, {"Retry-After": "3600"}), "3600"),
        ("/v1.0/", Answer(401, {}), "401"),
        ("/v1.0/", Answer(200, b"<html>sign in</html>", kind="text/html"), "text/html"),
        ("/v1.0/", Answer(200, {"value": []}, cut=5), "cut off|no answer"),
    ],
)
def test_a_service_that_fails_makes_nothing_wrong(
    tenant: GraphServer, keep: Keep, read_instance: Read, look: Look, pattern: str, answer: Answer, why: str
) -> None:
    kept = entra(keep, tenant, patience=1)
    read_instance(kept)
    tenant.fail(pattern, answer)
    found = look()
    assert set(verdicts(found).values()) == {UNKNOWN}
    assert all(reason is not None and reason.startswith("main: ") for reason in reasons(found))
    assert any(one in str(reasons(found)) for one in why.split("|")), reasons(found)


def test_another_tenant_is_not_asked_and_its_silence_says_nothing(
    tenant: GraphServer, keep: Keep, read_instance: Read, look: Look, means: Any
) -> None:
    read_instance(entra(keep, tenant))
    with graph_server() as other:
        from discovery.source_instance import remove

        keep(
            "entra_id", name="other", base_url=f"{other.root}/v1.0", tenant="other.example", secrets={"token": "env:T"}
        )
        assert set(verdicts(look()).values()) == {RIGHT}
        remove(means, "main")
        found = look()
        assert other.asked == []
    assert set(verdicts(found).values()) == {UNKNOWN}
    assert "no source instance of entra_id in realm default reads corp.example/users" in reasons(found)


def test_what_cannot_be_read_hides_nothing_of_what_another_instance_reads(
    tenant: GraphServer, keep: Keep, read_instance: Read, look: Look
) -> None:
    read_instance(entra(keep, tenant))
    nowhere = {"base_url": "https://127.0.0.1:1", "secrets": {"token": "env:TOKEN"}, "patience": 0}
    keep("entra_id", name="down", tenant="down.example", **nowhere)
    keep("entra_id", name="plant", tenant="plant.example", zone="plant", **nowhere)
    tenant.remove("users", BOB)
    assert look()["Bob"].verdict == WRONG
    keep("entra_id", name="twin", tenant="corp.example", zone="plant", **nowhere)
    assert look()["Bob"].records[0].reason == "twin: only workers of the zone plant reach it"


def test_without_a_source_instance_nobody_has_said_where_to_ask(
    tenant: GraphServer, keep: Keep, read_instance: Read, look: Look, means: Any
) -> None:
    from discovery.source_instance import remove

    read_instance(entra(keep, tenant))
    remove(means, "main")
    assert reasons(look()) == {"there is no source instance of entra_id in realm default: nobody has said where it is"}


def test_what_only_workers_of_a_zone_reach_is_not_asked_from_here(
    tenant: GraphServer, keep: Keep, read_instance: Read, look: Look
) -> None:
    read_instance(entra(keep, tenant, zone="dmz"))
    tenant.asked.clear()
    found = look()
    assert reasons(found) == {"main: only workers of the zone dmz reach it"}
    assert tenant.asked == []


def test_managed_devices_are_right_changed_gone_or_unreadable(
    tenant: GraphServer, keep: Keep, read_instance: Read, look: Look
) -> None:
    kept = keep(
        "intune", base_url=f"{tenant.root}/v1.0", tenant="corp.example", secrets={"token": "env:TOKEN"}, patience=1
    )
    read_instance(kept)
    first, second = (tenant.managed[guid(100 + n)] for n in (1, 2))
    first["freeStorageSpaceInBytes"] = 4
    assert verdicts(look()) == {"LAP-1": RIGHT, "LAP-2": RIGHT}, "free space moves by itself"
    first["complianceState"] = "noncompliant"
    del tenant.managed[second["id"]]
    found = look()
    assert found["LAP-1"].records[0].differences == (Difference("compliance", "compliant", "noncompliant"),)
    assert found["LAP-2"].verdict == WRONG
    tenant.granted.clear()
    assert verdicts(look()) == {"LAP-1": UNKNOWN, "LAP-2": UNKNOWN}


def test_records_of_jamf_are_right_changed_gone_or_unreadable(
    jamf: JamfServer, keep: Keep, read_instance: Read, look: Look
) -> None:
    kept = keep("jamf", base_url=jamf.root, client_id="client", secrets={"client_secret": "env:S"}, patience=1)
    assert read_instance(kept).status == "complete"
    jamf.computers[0]["storage"]["bootDriveAvailableSpaceMegabytes"] = 9
    jamf.asked.clear()
    names = ("mac-1", "mac-2", "mac-3", "ipad")
    assert verdicts(look()) == dict.fromkeys(names, RIGHT)
    assert jamf.count("GET") == 3, "by UDID, by number, and the mobile devices"
    jamf.computers[0]["operatingSystem"]["version"] = "15.2"
    jamf.computers[1]["general"]["name"] = "renamed"
    jamf.computers.pop()
    found = look()
    assert found["mac-1"].records[0].differences == (Difference("os", "macOS 15.1", "macOS 15.2"),)
    assert Difference("name", "mac-2", "renamed") in found["mac-2"].records[0].differences
    assert (found["mac-3"].verdict, found["ipad"].verdict) == (WRONG, RIGHT)
    jamf.filters = False
    assert look()["mac-3"].verdict == UNKNOWN, "who heeds no filter answers another question"
    jamf.filters = True
    jamf.granted.clear()
    assert verdicts(look()) == dict.fromkeys(names, UNKNOWN)


def test_hosts_of_fleet_are_right_changed_gone_or_unreadable(
    fleet: FleetServer, keep: Keep, read_instance: Read, look: Look
) -> None:
    read_instance(keep("fleet", base_url=fleet.root, secrets={"token": "env:TOKEN"}, patience=1))
    fleet.hosts[0]["percent_disk_space_available"] = 1
    assert set(verdicts(look()).values()) == {RIGHT}
    fleet.hosts[0]["os_version"] = "Ubuntu 26.04 LTS"
    fleet.hosts[1]["id"] = 99
    del fleet.hosts[4]
    found = look()
    assert found["db1"].records[0].differences == (Difference("os", "Ubuntu 24.04 LTS", "Ubuntu 26.04 LTS"),)
    assert [found[name].verdict for name in ("db2", "db3", "db5")] == [WRONG, RIGHT, WRONG]
    fleet.role = ""
    assert set(verdicts(look()).values()) == {UNKNOWN}


def test_objects_of_a_cluster_are_right_changed_gone_or_unreadable(
    cluster: KubernetesServer, keep: Keep, read_instance: Read, look: Look
) -> None:
    read_instance(keep("kubernetes", base_url=cluster.root, secrets={"token": "env:TOKEN"}, patience=1))
    assert set(verdicts(look()).values()) == {RIGHT}
    cluster.asked.clear()
    assert verdicts(look(classes=("virtual_address",))) == {"shop/front": RIGHT}
    assert cluster.count("/(pods|nodes|deployments)") == 0, "only the kinds that are wanted are listed"
    cluster.objects["deployments"][0]["spec"]["replicas"] = 5
    cluster.objects["pods"].pop()
    cluster.fail("/services", Answer(403, {"kind": "Status", "code": 403}))
    found = look()
    assert found["shop/web"].records[0].differences == (Difference("replicas", 3, 5),)
    assert (found["shop/web-3"].verdict, found["shop/web-1"].verdict) == (WRONG, RIGHT)
    assert (found["shop/front"].verdict, found["node-1"].verdict) == (UNKNOWN, RIGHT)
    cluster.cluster_uid = guid(9)
    assert set(verdicts(look()).values()) == {UNKNOWN}, "another cluster answers at this address"


def test_of_some_namespaces_only_those_that_are_wanted_are_listed(
    cluster: KubernetesServer, keep: Keep, read_instance: Read, look: Look
) -> None:
    cluster.add_pod("desk-1", "office")
    secrets = {"token": "env:TOKEN"}
    read_instance(keep("kubernetes", base_url=cluster.root, namespaces="shop,office,yard", secrets=secrets))
    found = look()
    assert set(verdicts(found).values()) == {RIGHT}
    assert "office/desk-1" in found
    cluster.asked.clear()
    assert set(verdicts(look(words=("desk",))).values()) == {RIGHT}
    assert cluster.count("/namespaces/(shop|yard)/|/nodes|/services") == 0
    cluster.fail("/namespaces/office/pods", Answer(403, {"kind": "Status", "code": 403}))
    found = look()
    assert (found["office/desk-1"].verdict, found["shop/web-1"].verdict) == (UNKNOWN, RIGHT)


def test_a_saved_cluster_is_read_again_from_its_file(
    cluster: KubernetesServer, keep: Keep, read_instance: Read, look: Look, tmp_path: Path
) -> None:
    file = tmp_path / "cluster.json"
    file.write_text("\n".join(map(json.dumps, cluster.documents())))
    read_instance(keep("kubernetes", file=str(file)))
    assert set(verdicts(look()).values()) == {RIGHT}
    cluster.objects["pods"].pop()
    file.write_text("\n".join(map(json.dumps, cluster.documents())))
    found = look()
    assert (found["shop/web-3"].verdict, found["shop/web-2"].verdict) == (WRONG, RIGHT)
    file.write_text(file.read_text()[:-20])
    assert look()["shop/web-3"].verdict == UNKNOWN, "the file is cut off"


def test_what_was_pushed_and_what_a_person_said_is_named_as_such(parts: Any, say: Any, look: Look) -> None:
    take(parts, None, [say("a", name="a"), say("b", name="b", source="human"), say("c", name="c", source="entra_id")])
    found = look()
    assert {name: one.records[0].reason for name, one in found.items()} == {
        "a": "nothing here can ask agent again", "b": "a person said it", "c": "no run of entra_id has read it",
    }  # fmt: skip


def test_what_is_not_reached_in_time_is_not_asked(
    tenant: GraphServer, keep: Keep, read_instance: Read, look: Look
) -> None:
    read_instance(entra(keep, tenant))
    tenant.asked.clear()
    assert reasons(look(stopped=lambda: True)) == {"main: it was not reached in time"}
    assert tenant.asked == []
