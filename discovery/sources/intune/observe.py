"""What Intune says of a device it manages."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cmdb.errors import Invalid
from cmdb.observation import Claim, Observation, observation
from discovery.errors import RecordRejected
from discovery.identifiers_stated import name_as_host, sound
from discovery.kind_of_machine import class_by_os, os_with_version
from discovery.last_contact import last_contact
from discovery.source import Hearing
from discovery.text_stated import text_stated

Row = Mapping[str, Any]
CONTACT = ("lastSyncDateTime", "enrolledDateTime")
NOBODY = "00000000-0000-0000-0000-000000000000"
FACTS = {
    "vendor": "manufacturer", "model": "model", "compliance": "complianceState", "encrypted": "isEncrypted",
    "supervised": "isSupervised", "jail_broken": "jailBroken", "management_agent": "managementAgent",
    "ownership": "managedDeviceOwnerType", "enrollment": "deviceEnrollmentType",
    "category": "deviceCategoryDisplayName", "registration_state": "deviceRegistrationState",
    "threat_state": "partnerReportedThreatState", "enrolled_at": "enrolledDateTime",
    "certificate_ends_at": "managementCertificateExpirationDate",
    "security_patch": "androidSecurityPatchLevel", "owner": "userPrincipalName",
}  # fmt: skip
"""our name → Intune's"""


def observe(payload: Mapping[str, Any], hearing: Hearing) -> Iterable[Observation]:
    """One observation. Raises RecordRejected."""
    row, read_at = payload["row"], payload["read_at"]
    record = row.get("id")
    if not isinstance(record, str) or not record.strip():
        raise RecordRejected("a managed device without an id")
    try:
        name = text_stated(row, "deviceName")
        identifiers, odd = sound(hearing.vocabulary, _identifiers(row, name))
        return (
            observation(
                hearing.vocabulary, source="intune", realm=hearing.realm, record=record,
                ci_class=class_by_os(text_stated(row, "operatingSystem")), name=name, identifiers=identifiers,
                attributes=_facts(row) | odd, claims=_claims(row), observed_at=last_contact(row, CONTACT, read_at),
                read_at=read_at,
            ),
        )  # fmt: skip
    except Invalid as wrong:
        raise RecordRejected(str(wrong), record) from None


def _identifiers(row: Row, name: str | None) -> Iterator[tuple[str, object]]:
    yield from (("intune_id", row["id"]), ("entra_device_id", row.get("azureADDeviceId")))
    yield from (("serial", row.get("serialNumber")), ("imei", row.get("imei")), ("hostname", name_as_host(name)))
    yield from (("mac", row.get(theirs)) for theirs in ("wiFiMacAddress", "ethernetMacAddress"))


def _facts(row: Row) -> dict[str, Any]:
    facts: dict[str, Any] = {ours: row.get(theirs) for ours, theirs in FACTS.items()}
    facts["os"] = os_with_version(text_stated(row, "operatingSystem"), text_stated(row, "osVersion"))
    for ours, theirs in (("total_bytes", "totalStorageSpaceInBytes"), ("free_bytes", "freeStorageSpaceInBytes")):
        facts[f"storage.{ours}"] = row.get(theirs)
    facts["memory_bytes"] = row.get("physicalMemoryInBytes") or None  # 0 where it was not asked for
    return {key: value for key, value in facts.items() if value is not None and value != ""}


def _claims(row: Row) -> list[Claim]:
    """The person it is assigned to, by the id that Entra knows and by the name that other directories know too."""
    user, upn, email = (
        text_stated(row, "userId"),
        text_stated(row, "userPrincipalName"),
        text_stated(row, "emailAddress"),
    )
    said = []
    if user and user != NOBODY and _is_guid(user):
        said.append(f"entra_object_id:{user}")
    if upn:
        said.append(f"upn:{upn}")
    return [Claim("assigned_to", True, one) for one in said or ([f"email:{email}"] if email else [])]


def _is_guid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
