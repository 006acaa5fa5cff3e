"""What Fleet says of a host."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cmdb.errors import Invalid
from cmdb.observation import Observation, observation
from discovery.errors import RecordRejected
from discovery.identifiers_stated import name_as_host, sound
from discovery.kind_of_machine import class_by_os
from discovery.last_contact import last_contact
from discovery.source import Hearing

Row = Mapping[str, Any]
CONTACT = ("seen_time", "detail_updated_at", "last_enrolled_at")
DESKS = frozenset({"darwin", "chrome", "macos", "ios", "ipados", "android"})
"""platforms that are never servers"""
FACTS = {
    "os": "os_version", "kernel": "build", "vendor": "hardware_vendor", "model": "hardware_model",
    "cpu_type": "cpu_brand", "cpu_count": "cpu_logical_cores", "cpu_cores": "cpu_physical_cores",
    "memory_bytes": "memory", "agent_version": "osquery_version", "ip_address": "primary_ip", "team": "team_name",
    "enrolled_at": "last_enrolled_at", "disk_encrypted": "disk_encryption_enabled",
}  # fmt: skip
"""our name → Fleet's"""


def observe(payload: Mapping[str, Any], hearing: Hearing) -> Iterable[Observation]:
    """One observation, keyed by the host's UUID and number. Raises RecordRejected."""
    row, read_at = payload["row"], payload["read_at"]
    record = record_of(row)
    if record is None:
        raise RecordRejected("a host without uuid and id")
    try:
        identifiers, odd = sound(hearing.vocabulary, _identifiers(row))
        facts = {ours: row.get(theirs) for ours, theirs in FACTS.items()}
        facts["memory_bytes"] = facts["memory_bytes"] or None  # 0 until the agent has told
        facts["storage.free_share"] = _share(row.get("percent_disk_space_available"))
        name = row.get("computer_name") or row.get("hostname")
        return (
            observation(
                hearing.vocabulary, source="fleet", realm=hearing.realm, record=record, ci_class=_class(row),
                name=name if isinstance(name, str) else None, identifiers=identifiers,
                attributes={key: value for key, value in facts.items() if value not in (None, "")} | odd,
                observed_at=last_contact(row, CONTACT, read_at), read_at=read_at,
            ),
        )  # fmt: skip
    except Invalid as wrong:
        raise RecordRejected(str(wrong), record) from None


def record_of(row: object) -> str | None:
    """The host's UUID and number, as far as it has them."""
    if not isinstance(row, dict):
        return None
    # Cloned machines share a UUID, and two servers count from 1 each.
    parts = [str(part).strip() for part in (row.get("uuid"), row.get("id")) if isinstance(part, str | int)]
    return "/".join(part for part in parts if part) or None


def _identifiers(row: Row) -> Iterator[tuple[str, object]]:
    yield from (("uuid", row.get("uuid")), ("serial", row.get("hardware_serial")), ("mac", row.get("primary_mac")))
    host = name_as_host(row.get("hostname") if isinstance(row.get("hostname"), str) else None)
    yield ("fqdn" if host and "." in host else "hostname", host)


def _class(row: Row) -> str:
    """What runs Linux may be a desk machine or a server: Fleet does not say."""
    platform = str(row.get("platform") or "").casefold()
    system = str(row.get("os_version") or "")
    if platform == "windows":
        return class_by_os(system if system.casefold().startswith("windows") else f"Windows {system}")
    return class_by_os(platform) if platform in DESKS else "device"


def _share(percent: object) -> float | None:
    return percent / 100 if isinstance(percent, int | float) and not isinstance(percent, bool) else None
