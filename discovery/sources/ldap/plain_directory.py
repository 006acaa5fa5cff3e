"""How a branch of any other LDAP server is read: everything, each time."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from discovery.source import Fetched, Progress, Raw, Reading, ScopeEnd
from discovery.sources.ldap.directory import Directory, Found
from discovery.sources.ldap.distinguished_name import normal
from discovery.sources.ldap.entry import Entry
from discovery.sources.ldap.plain_record import record_of
from discovery.sources.ldap.root import Root

CLASSES = (
    *("person", "posixAccount", "account", "simpleSecurityObject", "organizationalUnit"),
    *("groupOfNames", "groupOfUniqueNames", "groupOfMembers", "posixGroup", "group"),
)
WANTED = f"(|{''.join(f'(objectClass={name})' for name in CLASSES)})"
ATTRIBUTES = (
    *("objectClass", "cn", "uid", "ou", "description", "displayName", "givenName", "sn", "mail", "title", "o"),
    *("departmentNumber", "employeeNumber", "employeeType", "manager", "owner", "uidNumber", "gidNumber"),
    *("member", "uniqueMember", "memberUid", "sAMAccountName", "groupType", "shadowExpire", "nsAccountLock"),
    *("pwdAccountLockedTime", "authTimestamp", "pwdLastSuccess", "createTimestamp", "entryUUID", "nsUniqueId"),
)
"""never a password or a photo"""
STEP = 1_000
"""objects between two words of progress"""


@dataclass(slots=True)
class PlainReader:
    """One reading of one branch; groups that name members by uid wait until everybody is known."""

    directory: Directory
    root: Root
    reading: Reading
    scope: str
    base: Found
    objects: int = 0
    by_uid: dict[str, list[str]] = field(default_factory=dict)
    by_group_number: dict[str, list[str]] = field(default_factory=dict)
    """gidNumber → records of accounts whose primary group it is"""
    waiting: list[Entry] = field(default_factory=list)

    def read(self) -> Iterator[Fetched]:
        """Objects and the scope's end. Nothing tells of deletions here but a reading in full."""
        for found in self.directory.search(self.base.name.dn, WANTED, ATTRIBUTES):
            if self.reading.stopped():
                yield ScopeEnd(self.scope, complete=False, reason="stopped")
                return
            self.objects += 1
            entry = Entry("plain", found.name.dn, found.values)
            if "posixgroup" in entry.classes:
                self.waiting.append(entry)
                continue
            self._remember(entry)
            yield Raw(self.scope, entry)
            if self.objects % STEP == 0:
                yield Progress(self.objects, None, "objects")
        for group in self.waiting:
            yield Raw(self.scope, replace(group, members=self._members(group)))
        if normal(self.base.name.dn) in {normal(context) for context in self.root.contexts}:
            yield Raw(self.scope, Entry("domain", self.base.name.dn, self.base.values))
        elsewhere = ", ".join(self.directory.referrals)
        note = f"{self.scope}: in full: {self.objects} objects, {self.directory.requests} requests"
        yield Progress(self.objects, None, "objects", note)
        reason = f"part of it lies elsewhere and was not read: {elsewhere}" if elsewhere else None
        yield ScopeEnd(self.scope, complete=reason is None, reason=reason)

    def _remember(self, entry: Entry) -> None:
        if "posixaccount" not in entry.classes:
            return
        record = record_of(entry)
        for uid in entry.texts("uid"):
            self.by_uid.setdefault(uid.casefold(), []).append(record)
        if number := entry.text("gidnumber"):
            self.by_group_number.setdefault(number, []).append(record)

    def _members(self, group: Entry) -> tuple[str, ...]:
        """Accounts by uid, where it is one account's alone, and those whose primary group it is."""
        known = [self.by_uid.get(uid.casefold(), []) for uid in group.texts("memberuid")]
        records = [found[0] for found in known if len(found) == 1]
        records += self.by_group_number.get(group.text("gidnumber") or "", [])
        return tuple(f"record:ldap:{record}" for record in dict.fromkeys(records))
