"""What a directory object says: users, groups with their members, devices, service principals with their app roles."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from cmdb.errors import Invalid
from cmdb.observation import Claim, Observation, observation
from discovery.errors import RecordRejected
from discovery.identifiers_stated import name_as_host, sound
from discovery.kind_of_machine import class_by_os, os_with_version
from discovery.last_contact import last_contact
from discovery.source import Hearing
from discovery.text_stated import text_stated

SOURCE = "entra_id"
Row = Mapping[str, Any]
Said = tuple[str, list[tuple[str, str]], dict[str, Any], list[Claim]]
"""class, identifiers, attributes, claims"""

MEMBERS = frozenset({"user", "group", "device", "servicePrincipal"})
"""kinds of members that are read themselves"""
NO_ROLE = "00000000-0000-0000-0000-000000000000"
"""assigned to an application without naming one of its roles"""
CONTACT = ("approximateLastSignInDateTime", "registrationDateTime", "createdDateTime")
"""a device's times, the last sign of life first; other objects are as fresh as the reading"""


def observe(payload: Mapping[str, Any], hearing: Hearing) -> Iterable[Observation]:
    """One observation. Raises RecordRejected."""
    read_at = payload["read_at"]
    if "gone" in payload:
        return (_said(hearing, payload["gone"], read_at, read_at, gone=True),)
    row = payload["row"]
    record = row.get("id")
    if not isinstance(record, str) or not record.strip():
        raise RecordRejected(f"one of the {payload['kind'].replace('_', ' ')} has no id")
    try:
        ci_class, identifiers, attributes, claims = _READ_AS[payload["kind"]](row, payload["also"])
        seen_at = last_contact(row, CONTACT, read_at) if payload["kind"] == "devices" else read_at
        sound_ones, odd = sound(hearing.vocabulary, identifiers)
        facts = {key: value for key, value in attributes.items() if value is not None} | odd
        return (
            _said(
                hearing, record, seen_at, read_at, ci_class=ci_class, name=text_stated(row, "displayName"),
                identifiers=sound_ones, attributes=facts, claims=claims,
            ),
        )  # fmt: skip
    except Invalid as wrong:
        raise RecordRejected(str(wrong), record) from None


def _said(
    hearing: Hearing, record: str, observed_at: int, read_at: int, *, ci_class: str = "", **more: Any
) -> Observation:
    return observation(
        hearing.vocabulary, source=SOURCE, realm=hearing.realm, record=record, ci_class=ci_class,
        observed_at=observed_at, read_at=read_at, **more,
    )  # fmt: skip


def _user(row: Row, also: object) -> Said:
    identifiers = _identifiers(
        row, entra_object_id="id", upn="userPrincipalName", email="mail", ad_sid="onPremisesSecurityIdentifier"
    )
    attributes = _attributes(
        row, enabled="accountEnabled", user_type="userType", department="department", job_title="jobTitle",
        company="companyName", office="officeLocation", employee_id="employeeId", employee_type="employeeType",
        created_at="createdDateTime", account_name="onPremisesSamAccountName", ad_domain="onPremisesDomainName",
        synced="onPremisesSyncEnabled",
    )  # fmt: skip
    return "user", identifiers, attributes, []


def _group(row: Row, members: Iterable[Row]) -> Said:
    identifiers = _identifiers(row, entra_object_id="id", email="mail", ad_sid="onPremisesSecurityIdentifier")
    attributes = _attributes(
        row, description="description", mail_enabled="mailEnabled", security_enabled="securityEnabled",
        group_types="groupTypes", membership_rule="membershipRule", visibility="visibility",
        holds_roles="isAssignableToRole", created_at="createdDateTime", account_name="onPremisesSamAccountName",
        synced="onPremisesSyncEnabled",
    )  # fmt: skip
    return "group", identifiers, attributes, list(_member_claims(members))


def _member_claims(members: Iterable[Row]) -> Iterator[Claim]:
    """A member by its record, which is exact whatever kind of object it is."""
    for member in members:
        kind = str(member.get("@odata.type", "")).rpartition(".")[2]
        if not kind or kind in MEMBERS:
            yield Claim("member_of", False, _record(member.get("id")))


def _device(row: Row, also: object) -> Said:
    identifiers = _identifiers(
        row, entra_object_id="id", entra_device_id="deviceId", ad_sid="onPremisesSecurityIdentifier"
    )
    if row.get("trustType") == "ServerAd":
        # A device that was synchronized from Active Directory bears its computer object's GUID there.
        identifiers += _identifiers(row, ad_guid="deviceId")
    if (name := name_as_host(text_stated(row, "displayName"))) is not None:
        identifiers.append(("hostname", name))
    attributes = _attributes(
        row, vendor="manufacturer", model="model", enabled="accountEnabled", compliant="isCompliant",
        managed="isManaged", trust_type="trustType", profile_type="profileType", ownership="deviceOwnership",
        registered_at="registrationDateTime", synced="onPremisesSyncEnabled",
    )  # fmt: skip
    system = text_stated(row, "operatingSystem")
    attributes["os"] = os_with_version(system, text_stated(row, "operatingSystemVersion"))
    printer = str(row.get("profileType") or "").casefold() == "printer"
    return "printer" if printer else class_by_os(system), identifiers, attributes, []


def _service_principal(row: Row, assigned: Iterable[Row]) -> Said:
    identifiers = _identifiers(row, entra_object_id="id")
    roles = [role for role in row.get("appRoles") or [] if isinstance(role, dict)]
    role_name = {role.get("id"): str(role.get("value") or role.get("displayName") or role.get("id")) for role in roles}
    attributes = _attributes(
        row, enabled="accountEnabled", app_id="appId", kind="servicePrincipalType", created_at="createdDateTime",
        app_owner_organization="appOwnerOrganizationId", assignment_required="appRoleAssignmentRequired",
        names="servicePrincipalNames",
    )  # fmt: skip
    given: dict[str, set[str]] = {}  # whom, by reference → roles
    for assignment in assigned:
        role = assignment.get("appRoleId")
        named = "default access" if role == NO_ROLE else role_name.get(role, str(role))
        given.setdefault(_record(assignment.get("principalId")), set()).add(named)
    attributes["app_roles"] = sorted(role_name.values())
    principals = ((principal.rpartition(":")[2], names) for principal, names in given.items())
    attributes["app_roles_given"] = sorted(
        f"{name} to {principal}" for principal, names in principals for name in names
    )
    return "service_account", identifiers, attributes, [Claim("assigned_to", True, one) for one in sorted(given)]


_READ_AS: Mapping[str, Callable[[Row, Any], Said]] = {
    "users": _user,
    "groups": _group,
    "devices": _device,
    "service_principals": _service_principal,
}


def _record(object_id: object) -> str:
    if not isinstance(object_id, str) or not object_id:
        raise Invalid("a member or assignment without an id")
    return f"record:{SOURCE}:{object_id}"


def _identifiers(row: Row, **kinds: str) -> list[tuple[str, str]]:
    return [(kind, value) for kind, name in kinds.items() if (value := text_stated(row, name)) is not None]


def _attributes(row: Row, **names: str) -> dict[str, Any]:
    return {ours: row.get(theirs) for ours, theirs in names.items()}
