"""What an object of Active Directory says: a user, a group, a computer, a service account or a branch."""

from cmdb.observation import CLOCK_SKEW, Claim
from cmdb.time import to_rfc3339
from discovery.source import Hearing
from discovery.sources.ldap.distinguished_name import name_from, parent_of
from discovery.sources.ldap.entry import Entry
from discovery.sources.ldap.microsoft_values import (
    domain_of,
    filetime,
    generalized_time,
    guid_text,
    is_of_a_domain,
    sid_text,
)
from discovery.sources.ldap.operating_system import kind_of_machine
from discovery.sources.ldap.said import Said

DISABLED, TRUST, CONTROLLER = 0x2, 0x800, 0x2000
NO_PASSWORD_NEEDED, PASSWORD_STAYS, TRUSTED_FOR_DELEGATION = 0x20, 0x10000, 0x80000
"""bits of userAccountControl (MS-ADTS 2.2.16)"""
SECURITY = 0x8000_0000
SCOPES = {0x2: "global", 0x4: "domain_local", 0x8: "universal"}
"""bits of groupType (MS-ADTS 2.2.12)"""
MANAGED = frozenset(
    {"msds-groupmanagedserviceaccount", "msds-managedserviceaccount", "msds-delegatedmanagedserviceaccount"}
)
CONTACTS = ("lastlogontimestamp", "lastlogon", "pwdlastset")


def record_of_account(entry: Entry) -> str:
    """The objectGUID. Raises ValueError where there is none."""
    raw = entry.raw("objectguid")
    if raw is None:
        raise ValueError("it shows no objectGUID: grant this login Read Property")
    return guid_text(raw)


def observed_account(entry: Entry, hearing: Hearing) -> Said:
    """Raises ValueError for what cannot be understood."""
    kind = _kind(entry)
    control = entry.number("useraccountcontrol") or 0
    sid = None if (raw := entry.raw("objectsid")) is None else sid_text(raw)
    identifiers = [("ad_guid", record_of_account(entry)), ("dn", entry.dn)]
    if sid is not None and is_of_a_domain(sid):
        identifiers.append(("ad_sid", sid))
    claims = _memberships(entry, sid)
    for attribute in ("manager", "managedby"):
        if (named := entry.raw(attribute)) is not None and (guid := name_from(named).guid):
            claims.append(Claim("managed_by", True, f"ad_guid:{guid}"))
    attributes: dict[str, object] = {
        "description": entry.text("description"),
        "parent": parent_of(entry.dn) or None,
        "created_at": _shown(_created(entry)),
        "sid": sid if sid is not None and not is_of_a_domain(sid) else None,
    }
    if kind in ("group", "organizational_unit"):
        if kind == "group":
            attributes |= _of_group(entry)
        contact = None
    else:
        attributes |= _of_account(entry, control)
        contact = _contact(entry, hearing)
        identifiers += _names_of(entry, kind)
    if kind == "computer":
        attributes["os"] = _system(entry)
        attributes["location"] = entry.text("location")
        if entry.domain is not None and not control & DISABLED:
            claims.append(Claim("authenticates_with", True, f"ad_guid:{entry.domain}"))
        kind = kind_of_machine(entry.text("operatingsystem"), controller=bool(control & CONTROLLER))
    elif kind == "user":
        attributes |= _of_person(entry)
    known = {key: value for key, value in attributes.items() if value is not None or key in SAID_EVEN_IF_EMPTY}
    return Said(kind, _name(entry), identifiers, known, claims, contact)


SAID_EVEN_IF_EMPTY = frozenset({"expires_at"})
"""an account that never expires says so"""


def _kind(entry: Entry) -> str:
    classes = entry.classes
    if "group" in classes:
        return "group"
    if classes & MANAGED:
        return "service_account"
    if "computer" in classes:
        return "computer"
    if "user" in classes:
        trust = (entry.number("useraccountcontrol") or 0) & TRUST
        return "service_account" if trust or entry.values.get("serviceprincipalname") else "user"
    if "organizationalunit" in classes:
        return "organizational_unit"
    raise ValueError(f"it is of no class that is read: {', '.join(sorted(classes)) or 'none is shown'}")


def _name(entry: Entry) -> str:
    account = entry.text("samaccountname")
    if account:
        return account.removesuffix("$") or account
    return entry.text("cn") or entry.text("ou") or entry.text("name") or entry.dn


def _names_of(entry: Entry, kind: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if kind == "computer":
        found.append(("hostname", _name(entry)))
        if host := entry.text("dnshostname"):
            found.append(("fqdn", host))
        return found
    if upn := entry.text("userprincipalname"):
        found.append(("upn", upn))
    if mail := entry.text("mail"):
        found.append(("email", mail))
    found += [("email", more[5:]) for more in entry.texts("proxyaddresses") if more[:5].casefold() == "smtp:"]
    return found


def _memberships(entry: Entry, sid: str | None) -> list[Claim]:
    """Members by GUID, which survives their renaming; foreign ones by SID; the primary group by its number."""
    claims: list[Claim] = []
    for raw in entry.values.get("member", ()):
        member = name_from(raw)
        if foreign := member.foreign_sid:
            if is_of_a_domain(foreign):
                claims.append(Claim("member_of", False, f"ad_sid:{foreign}"))
        elif member.guid:
            claims.append(Claim("member_of", False, f"ad_guid:{member.guid}"))
        else:
            claims.append(Claim("member_of", False, f"dn:{member.dn}"))
    primary = entry.number("primarygroupid")
    domain = None if sid is None else domain_of(sid)
    if primary is not None and domain is not None:
        claims.append(Claim("member_of", True, f"ad_sid:{domain}-{primary}"))
    return claims


def _of_group(entry: Entry) -> dict[str, object]:
    said: dict[str, object] = {}
    if (form := entry.number("grouptype")) is not None:
        said["group_scope"] = next((name for bit, name in SCOPES.items() if form & bit), None)
        said["security"] = bool(form & SECURITY)
    everywhere = [
        foreign
        for raw in entry.values.get("member", ())
        if (foreign := name_from(raw).foreign_sid) and not is_of_a_domain(foreign)
    ]
    if everywhere:  # Authenticated Users and the like: no thing that could be found
        said["well_known_members"] = sorted(everywhere)
    return said


def _of_account(entry: Entry, control: int) -> dict[str, object]:
    said: dict[str, object] = {
        "password_set_at": _shown(_time(entry, "pwdlastset")),
    }
    if entry.raw("useraccountcontrol") is not None:
        said["enabled"] = not control & DISABLED
        said["password_never_expires"] = bool(control & PASSWORD_STAYS)
        said["password_not_required"] = bool(control & NO_PASSWORD_NEEDED)
        said["trusted_for_delegation"] = bool(control & TRUSTED_FOR_DELEGATION)
    if (raw := entry.raw("accountexpires")) is not None:
        said["expires_at"] = _shown(filetime(raw))
    if (protected := entry.number("admincount")) is not None:
        said["protected"] = protected > 0
    if names := entry.texts("serviceprincipalname"):
        said["service_principal_names"] = sorted(names)
    return said


def _of_person(entry: Entry) -> dict[str, object]:
    return {
        "display_name": entry.text("displayname"),
        "title": entry.text("title"),
        "department": entry.text("department"),
        "company": entry.text("company"),
        "office": entry.text("physicaldeliveryofficename"),
        "employee_id": entry.text("employeeid"),
    }


def _system(entry: Entry) -> str | None:
    parts = (entry.text(f"operatingsystem{part}") for part in ("", "version", "servicepack"))
    return " ".join(part for part in parts if part) or None


def _contact(entry: Entry, hearing: Hearing) -> int | None:
    """The last sign of life; of what never gave one, its creation. A time in the future is a clock that was wrong."""
    latest = hearing.received_at + CLOCK_SKEW
    signs = [at for attribute in CONTACTS if (at := _time(entry, attribute)) is not None and at <= latest]
    return max(signs, default=_created(entry))


def _time(entry: Entry, attribute: str) -> int | None:
    raw = entry.raw(attribute)
    return None if raw is None else filetime(raw)


def _created(entry: Entry) -> int | None:
    raw = entry.raw("whencreated")
    return None if raw is None else generalized_time(raw)


def _shown(at: int | None) -> str | None:
    return None if at is None else to_rfc3339(at)
