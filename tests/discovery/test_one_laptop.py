"""One laptop that many sources know is one thing, with facts from each; two laptops of one person stay two."""

import uuid
from collections.abc import Iterable
from typing import Any

from cmdb.observation import Observation
from cmdb.reference import record_key
from discovery.ending import finish
from discovery.explaining import End, explained
from discovery.run import Parts, open_run, take
from discovery.source import Hearing
from discovery.sources import SOURCES
from discovery.sources.ldap.entry import Entry
from graph.store import Search
from lab.directory_estate import filetime

MAC, SERIAL, DEVICE_ID = "8c:85:90:01:02:03", "C02XK1JJJG5J", "6a1c5c2e-0000-4000-8000-00000000000a"
UDID, INTUNE_ID = "4C4C4544-0042-4000-8000-000000000042", "6a1c5c2e-0000-4000-8000-00000000000b"
OBJECT_ID = "6a1c5c2e-0000-4000-8000-00000000000c"
LATELY = "2024-10-02T08:00:00Z"


def entra(name: str = "LAP-042", device_id: str = DEVICE_ID, object_id: str = OBJECT_ID) -> dict[str, Any]:
    row = {"id": object_id, "deviceId": device_id, "displayName": name, "operatingSystem": "MacMDM", "isCompliant": True,
           "trustType": "ServerAd", "approximateLastSignInDateTime": LATELY}  # fmt: skip
    return {"kind": "devices", "row": row, "also": ()}


def intune(
    name: str = "LAP-042", serial: str = SERIAL, mac: str = MAC, device_id: str = DEVICE_ID, own: str = INTUNE_ID
) -> dict[str, Any]:
    return {"row": {"id": own, "azureADDeviceId": device_id, "deviceName": name, "serialNumber": serial, "wiFiMacAddress": mac,
                    "operatingSystem": "macOS", "complianceState": "compliant", "lastSyncDateTime": LATELY}}  # fmt: skip


def jamf(name: str = "LAP-042", serial: str = SERIAL, mac: str = MAC, udid: str = UDID) -> dict[str, Any]:
    return {"kind": "computers", "row": {
        "id": "7", "udid": udid, "general": {"name": name, "lastContactTime": LATELY, "assetTag": "A-7"},
        "hardware": {"serialNumber": serial, "macAddress": mac, "totalRamMegabytes": 16_384},
        "operatingSystem": {"name": "macOS", "version": "15.1"},
    }}  # fmt: skip


def nmap(mac: str = MAC) -> dict[str, Any]:
    return {
        "address": "10.0.0.42", "addresses": [{"addr": "10.0.0.42", "type": "ipv4", "vendor": ""},
                                              {"addr": mac, "type": "mac", "vendor": "Apple"}],
        "names": [], "ports": [{"state": "open", "protocol": "tcp", "port": 22, "service": "ssh", "product": None,
                                "version": None, "tunnel": None, "reason": "syn-ack", "cpe": [], "host_keys": [],
                                "certificate": None, "method": "table", "device": None}],
        "uncounted": [], "os": [], "hops": [], "reason": "arp-response",
    }  # fmt: skip


def hear(parts: Parts, source: str, *payloads: dict[str, Any]) -> list[Observation]:
    hearing = Hearing(parts.vocabulary, "default", parts.now())
    return [
        said for payload in payloads for said in SOURCES[source].observe(payload | {"read_at": parts.now()}, hearing)
    ]


def run(parts: Parts, source: str, said: Iterable[Observation]) -> None:
    opened = open_run(parts, source, "default", f"all of {source}")
    assert not take(parts, opened.run_id, tuple(said)).rejected
    assert finish(parts, opened.run_id, complete=True).status == "complete"


def active_directory(parts: Parts) -> list[Observation]:
    """As a domain controller sends it: the device id of a computer that is synchronized is its GUID there."""
    said = {
        "objectclass": (b"top", b"person", b"organizationalPerson", b"user", b"computer"),
        "objectguid": (uuid.UUID(DEVICE_ID).bytes_le,), "samaccountname": (b"LAP-042$",),
        "dnshostname": (b"lap-042.corp.example",), "operatingsystem": (b"macOS",),
        "description": (b"optics bench 3",), "whencreated": (b"20240102030405.0Z",),
        "lastlogontimestamp": (str(filetime(parts.now() / 1e6 - 86_400)).encode(),),
    }  # fmt: skip
    entry = Entry("account", "CN=LAP-042,OU=Berlin,DC=corp,DC=example", said, domain=OBJECT_ID)
    return list(SOURCES["ldap"].observe(entry, Hearing(parts.vocabulary, "default", parts.now())))


def test_a_laptop_that_five_sources_know_is_one_thing_and_says_so(parts: Parts) -> None:
    parts.now.at = 1_727_900_000_000_000  # type: ignore[attr-defined]
    run(parts, "nmap", hear(parts, "nmap", nmap()))
    run(parts, "entra_id", hear(parts, "entra_id", entra()))
    run(parts, "intune", hear(parts, "intune", intune()))
    run(parts, "jamf", hear(parts, "jamf", jamf()))
    run(parts, "ldap", active_directory(parts))
    (found,) = parts.store.search(Search(classes=("workstation", "device")), after=None, limit=10)
    view = parts.store.item(found.id)
    assert view is not None
    ci = view.ci
    assert {place.split("|")[0] for place in ci.records} == {"nmap", "ldap", "entra_id", "intune", "jamf"}
    said_by = {name: fact.record.split("|")[0] for name, fact in ci.facts.items()}
    assert said_by.items() >= {
        "vendor": "nmap", "trust_type": "entra_id", "compliance": "intune", "asset_tag": "jamf", "description": "ldap",
    }.items()  # fmt: skip
    assert (ci.ci_class, ci.name.casefold()) == ("workstation", "lap-042")
    told = explained(
        parts, End(ci.id, record_key("nmap", "default", "10.0.0.42")), End(ci.id, record_key("jamf", "default", UDID))
    )
    assert told.same
    assert told.explanation is not None
    assert {(one.kind, one.value) for one in told.explanation.evidence} >= {("mac", MAC)}


def test_a_second_laptop_with_the_same_name_and_dock_stays_another(parts: Parts) -> None:
    parts.now.at = 1_727_900_000_000_000  # type: ignore[attr-defined]
    other = DEVICE_ID.replace("a", "f")
    run(
        parts,
        "entra_id",
        hear(parts, "entra_id", entra(), entra(device_id=other, object_id=OBJECT_ID.replace("c", "e"))),
    )
    run(parts, "intune", hear(parts, "intune", intune(), intune(serial="C02XK2", device_id=other, own=UDID.lower())))
    run(parts, "jamf", hear(parts, "jamf", jamf(), jamf(serial="C02XK2", udid=UDID.replace("42", "43"))))
    found = parts.store.search(Search(classes=("workstation",)), after=None, limit=10)
    views = [view for one in found if (view := parts.store.item(one.id)) is not None]
    serials = [[held.value for held in view.ci.identifiers if held.kind == "serial"] for view in views]
    assert sorted(serials) == [["C02XK1JJJG5J"], ["C02XK2"]]
    assert len(found) == 2
