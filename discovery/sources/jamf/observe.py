"""What Jamf Pro says of a computer or a mobile device."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cmdb.errors import Invalid
from cmdb.observation import Claim, Observation, observation
from discovery.errors import RecordRejected
from discovery.identifiers_stated import name_as_host, sound
from discovery.kind_of_machine import class_by_os, os_with_version
from discovery.last_contact import last_contact
from discovery.source import Hearing

Row = Mapping[str, Any]
CONTACT = ("lastContactTime", "lastInventoryUpdateDate", "reportDate", "lastEnrolledDate")
MEBIBYTE = 1 << 20
MEGABYTE = 1_000_000
"""Apple counts memory in powers of two and storage in powers of ten"""


def observe(payload: Mapping[str, Any], hearing: Hearing) -> Iterable[Observation]:
    """One observation, keyed by its UDID. Raises RecordRejected."""
    row, read_at = payload["row"], payload["read_at"]
    record = record_of(row, payload["kind"])
    if record is None:
        raise RecordRejected(f"one of the {payload['kind'].replace('_', ' ')} has neither UDID nor id")
    try:
        computer = payload["kind"] == "computers"
        said = _Section(row)
        identifiers, odd = sound(hearing.vocabulary, (_of_a_computer if computer else _of_a_mobile_device)(said))
        facts = dict(_computer(said) if computer else _mobile_device(said))
        return (
            observation(
                hearing.vocabulary, source="jamf", realm=hearing.realm, record=record,
                ci_class=class_by_os(facts.get("os")), name=_name(said), identifiers=identifiers,
                attributes={key: value for key, value in facts.items() if value not in (None, "")} | odd,
                claims=_claims(said), observed_at=last_contact(said.general, CONTACT, read_at), read_at=read_at,
            ),
        )  # fmt: skip
    except Invalid as wrong:
        raise RecordRejected(str(wrong), record) from None


class _Section:
    """A record by its sections; one that was not asked for is empty."""

    def __init__(self, row: Row) -> None:
        self.udid = row.get("udid")
        self.general = _object(row, "general")
        self.hardware = _object(row, "hardware")
        self.system = _object(row, "operatingSystem")
        self.user = _object(row, "userAndLocation")
        self.storage = _object(row, "storage")
        self.network = _object(row, "network")
        self.device_type = row.get("deviceType")


def record_of(row: object, kind: str) -> str | None:
    """The UDID, which means the same on every server; without one its number here."""
    if not isinstance(row, dict):
        return None
    general = row.get("general")
    udid = row.get("udid") or (general.get("udid") if isinstance(general, dict) else None)
    if isinstance(udid, str) and udid.strip():
        return udid.strip()
    number = row.get("id", row.get("mobileDeviceId"))
    return f"{kind}/{number}" if isinstance(number, str | int) and str(number).strip() else None


def _name(said: _Section) -> str | None:
    name = said.general.get("name") or said.general.get("displayName")
    return name if isinstance(name, str) else None


def _of_a_computer(said: _Section) -> Iterator[tuple[str, object]]:
    """A Mac's UDID is the UUID of its hardware."""
    yield from (("jamf_udid", said.udid), ("uuid", said.udid), ("serial", said.hardware.get("serialNumber")))
    yield from (("mac", said.hardware.get(name)) for name in ("macAddress", "altMacAddress"))
    yield ("hostname", name_as_host(_name(said)))


def _of_a_mobile_device(said: _Section) -> Iterator[tuple[str, object]]:
    yield from (("jamf_udid", said.general.get("udid") or said.udid), ("serial", said.hardware.get("serialNumber")))
    yield ("mac", said.hardware.get("wifiMacAddress"))
    yield from (("imei", said.network.get(name)) for name in ("imei", "imei2"))
    yield ("hostname", name_as_host(_name(said)))


def _computer(said: _Section) -> Iterator[tuple[str, Any]]:
    hardware, general = said.hardware, said.general
    yield "os", os_with_version(said.system.get("name") or general.get("platform"), said.system.get("version"))
    yield "os_build", said.system.get("build")
    yield "vendor", hardware.get("make")
    yield "model", hardware.get("model")
    yield "model_identifier", hardware.get("modelIdentifier")
    yield "cpu_type", hardware.get("processorType")
    yield "cpu_cores", hardware.get("coreCount")
    yield "memory_bytes", _times(hardware.get("totalRamMegabytes"), MEBIBYTE)
    disks = [disk for disk in said.storage.get("disks") or [] if isinstance(disk, dict)]
    sizes = [size for disk in disks if isinstance(size := disk.get("sizeMegabytes"), int)]
    yield "storage.total_bytes", sum(sizes) * MEGABYTE if sizes else None
    yield "storage.free_bytes", _times(said.storage.get("bootDriveAvailableSpaceMegabytes"), MEGABYTE)
    yield "disk_encryption", said.system.get("fileVault2Status")
    yield "ip_address", general.get("lastReportedIp")
    yield "managed", _object(general, "remoteManagement").get("managed")
    yield "enrolled_at", general.get("lastEnrolledDate")
    yield from _of_both(said)


def _mobile_device(said: _Section) -> Iterator[tuple[str, Any]]:
    hardware, general = said.hardware, said.general
    system = "iPadOS" if str(hardware.get("model") or "").startswith("iPad") else said.device_type
    yield "os", os_with_version(system, general.get("osVersion"))
    yield "os_build", general.get("osBuild")
    yield "vendor", "Apple"
    yield "model", hardware.get("model")
    yield "model_identifier", hardware.get("modelIdentifier")
    yield "storage.total_bytes", _times(hardware.get("capacityMb"), MEGABYTE)
    yield "storage.free_bytes", _times(hardware.get("availableSpaceMb"), MEGABYTE)
    yield "ip_address", general.get("ipAddress")
    yield "managed", general.get("managed")
    yield "ownership", general.get("deviceOwnershipType")
    yield "enrolled_at", general.get("lastEnrolledDate")
    yield from _of_both(said)


def _of_both(said: _Section) -> Iterator[tuple[str, Any]]:
    yield "supervised", said.general.get("supervised")
    yield "asset_tag", said.general.get("assetTag")
    yield "site", _object(said.general, "site").get("name")
    yield "room", said.user.get("room")
    yield "owner", _mail(said) or said.user.get("username")


def _claims(said: _Section) -> list[Claim]:
    """The person it is assigned to, as far as Jamf names one that others can know."""
    username = said.user.get("username")
    if mail := _mail(said):
        return [Claim("assigned_to", True, f"email:{mail}")]
    return [Claim("assigned_to", True, f"upn:{username}")] if isinstance(username, str) and "@" in username else []


def _mail(said: _Section) -> str | None:
    mail = said.user.get("email") or said.user.get("emailAddress")
    return mail if isinstance(mail, str) and mail.strip() else None


def _times(number: object, unit: int) -> int | None:
    """Bytes; None for what was not reported, which Jamf also writes as 0 or -1."""
    return number * unit if isinstance(number, int) and not isinstance(number, bool) and number > 0 else None


def _object(row: Row, name: str) -> Row:
    found = row.get(name)
    return found if isinstance(found, dict) else {}
