"""What an entry of an LDAP server other than Active Directory says."""

from cmdb.observation import Claim
from cmdb.time import to_rfc3339
from discovery.source import Hearing
from discovery.sources.ldap.distinguished_name import normal, parent_of
from discovery.sources.ldap.entry import Entry
from discovery.sources.ldap.microsoft_values import generalized_time
from discovery.sources.ldap.said import Said

GROUPS = frozenset({"groupofnames", "groupofuniquenames", "groupofmembers", "posixgroup", "group"})
PEOPLE = frozenset({"person", "organizationalperson", "inetorgperson", "posixaccount"})
"""with the subclasses that come alone: servers need not add what a class is derived from"""
PROGRAMS = frozenset({"account", "simplesecurityobject"})
LOCKED_FOR_GOOD = b"000001010000Z"
"""pwdAccountLockedTime of an account that an administrator locked"""
DAY_SECONDS = 86_400


def observed_plain(entry: Entry, hearing: Hearing) -> Said:
    """Raises ValueError for what is of no class that is read."""
    classes = entry.classes
    identifiers = [("dn", normal(entry.dn))]
    attributes: dict[str, object] = {
        "description": entry.text("description"),
        "parent": parent_of(entry.dn) or None,
        "created_at": _shown(_time(entry, "createtimestamp")),
        "uid": entry.text("uid"),
    }
    claims = [Claim("managed_by", True, f"dn:{normal(who)}") for who in _names(entry, "manager", "owner")]
    contact: int | None = None
    if classes & GROUPS:
        kind = "group"
        members = [f"dn:{normal(who)}" for who in _names(entry, "member", "uniquemember")]
        claims += [Claim("member_of", False, who) for who in dict.fromkeys((*members, *entry.members))]
        attributes["gid_number"] = entry.number("gidnumber")
    elif classes & (PEOPLE | PROGRAMS):
        kind = "user" if classes & PEOPLE else "service_account"
        identifiers += [("email", mail) for mail in entry.texts("mail")]
        attributes |= _of_account(entry, hearing)
        contact = max(
            (at for name in ("authtimestamp", "pwdlastsuccess") if (at := _time(entry, name)) is not None), default=None
        )
    elif "organizationalunit" in classes:
        kind = "organizational_unit"
    else:
        raise ValueError(f"it is of no class that is read: {', '.join(sorted(classes)) or 'none is shown'}")
    known = {key: value for key, value in attributes.items() if value is not None}
    return Said(kind, _name(entry, kind), identifiers, known, claims, contact)


def _name(entry: Entry, kind: str) -> str:
    if kind == "organizational_unit":
        return entry.text("ou") or entry.dn
    account = entry.text("samaccountname")
    if account:
        return account.removesuffix("$") or account
    return entry.text("cn") or entry.text("uid") or entry.dn


def _names(entry: Entry, *attributes: str) -> list[str]:
    """Names that are given; servers fill groups that must not be empty with an empty one."""
    return [name for attribute in attributes for name in entry.texts(attribute) if "=" in name]


def _of_account(entry: Entry, hearing: Hearing) -> dict[str, object]:
    said: dict[str, object] = {
        "display_name": entry.text("displayname"),
        "title": entry.text("title"),
        "department": entry.text("departmentnumber") or entry.text("ou"),
        "company": entry.text("o"),
        "employee_id": entry.text("employeenumber"),
        "uid_number": entry.number("uidnumber"),
    }
    enabled = _enabled(entry, hearing)
    if enabled is not None:
        said["enabled"] = enabled
    return said


def _enabled(entry: Entry, hearing: Hearing) -> bool | None:
    """None where the server shows nothing that could lock an account."""
    if (lock := entry.text("nsaccountlock")) is not None:
        return lock.casefold() != "true"
    if entry.raw("pwdaccountlockedtime") == LOCKED_FOR_GOOD:
        return False
    days = entry.number("shadowexpire")
    if days is not None and days >= 0:
        return days * DAY_SECONDS * 1_000_000 > hearing.received_at
    return None


def _time(entry: Entry, attribute: str) -> int | None:
    raw = entry.raw(attribute)
    return None if raw is None else generalized_time(raw)


def _shown(at: int | None) -> str | None:
    return None if at is None else to_rfc3339(at)
