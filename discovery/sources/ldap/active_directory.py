"""How a branch of Active Directory is read: everything, or what has moved since by update sequence numbers (USN)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from cmdb.scope import lies_in
from discovery.source import Bookmark, Fetched, Progress, Raw, Reading, ScopeEnd
from discovery.sources.ldap.deletions import can_see_deleted, deleted_since
from discovery.sources.ldap.directory import EXTENDED_NAMES, Directory, Found
from discovery.sources.ldap.distinguished_name import normal
from discovery.sources.ldap.entry import Entry
from discovery.sources.ldap.mark import Mark, mark_from, why_in_full
from discovery.sources.ldap.microsoft_values import guid_text
from discovery.sources.ldap.refusals import NoSuchBranch
from discovery.sources.ldap.root import Root
from discovery.sources.ldap.settings import LdapSettings

WANTED = "(|(objectClass=user)(objectClass=group)(objectClass=organizationalUnit))"
"""computers and managed service accounts are users too"""
BRANCHES = "(|(objectClass=organizationalUnit)(objectClass=container)(objectClass=builtinDomain))"
CONTROLLERS = "(&(objectClass=computer)(userAccountControl:1.2.840.113556.1.4.803:=8192))"
DOMAINS = "(&(objectClass=crossRef)(systemFlags:1.2.840.113556.1.4.803:=2))"
"""naming contexts that are domains; those of applications (DomainDnsZones) hold no accounts"""
ATTRIBUTES = (
    *("objectClass", "objectGUID", "objectSid", "cn", "ou", "name", "sAMAccountName", "description", "whenCreated"),
    *("userAccountControl", "userPrincipalName", "mail", "proxyAddresses", "displayName", "title", "department"),
    *("company", "physicalDeliveryOfficeName", "employeeID", "manager", "managedBy", "primaryGroupID"),
    *("servicePrincipalName", "accountExpires", "lastLogon", "lastLogonTimestamp", "pwdLastSet", "adminCount"),
    *(
        "groupType",
        "dNSHostName",
        "operatingSystem",
        "operatingSystemVersion",
        "operatingSystemServicePack",
        "location",
    ),
)
"""never a password, a photo or a key"""
STEP = 1_000
"""objects between two words of progress"""


def attributes_of(at_once: int) -> list[str]:
    """What is asked of an object, so many members at a time."""
    return [*ATTRIBUTES, f"member;range=0-{at_once - 1}"]


def account(directory: Directory, found: Found, domain: Found, at_once: int) -> Entry:
    """An object with all of its members. Raises Incomplete."""
    whole = directory.whole(found, f"<GUID={found.name.guid}>", "member", at_once)
    return Entry("account", found.name.dn, whole.values, domain.name.guid)


@dataclass(slots=True)
class BranchReader:
    """One reading of one branch. `domain` is what the branch lies in."""

    directory: Directory
    root: Root
    settings: LdapSettings
    reading: Reading
    scope: str
    base: Found
    domain: Found
    objects: int = 0
    deleted: int = 0
    created: dict[str, int] = field(default_factory=dict)
    """objectGUID of a branch below → the update sequence number with which it was made"""

    def read(self) -> Iterator[Fetched]:
        """Objects, what is gone, the scope's end, and the mark that the next reading goes on from."""
        before, now = mark_from(self.reading.bookmark(self.scope)), self._now()
        sees_deleted = can_see_deleted(self.directory, self.root)
        why: str | None = "this login cannot read the domain controller's invocationId"
        if now is not None:
            asked, days = self.settings.full, self.settings.full_after_days
            why = why_in_full(before, now, self.created, asked=asked, deleted=sees_deleted, after_days=days)
        delta = why is None
        if delta and before is not None:
            yield from self._moved_since(before)
        else:
            yield from self._everything()
        if before is not None and sees_deleted:
            yield from self._gone(before, by_usn=delta)
        if self.reading.stopped():
            yield ScopeEnd(self.scope, complete=False, reason="stopped", delta=delta)
            return
        if self.objects or self.deleted:
            yield Raw(self.scope, self._keeper())
        reason = self._not_whole(delta=delta)
        yield Progress(self.objects + self.deleted, None, "objects", self._note(why, sees_deleted=sees_deleted))
        yield ScopeEnd(self.scope, complete=reason is None, reason=reason, delta=delta)
        if now is not None and self.root.in_step:
            full_at = before.full_at if delta and before is not None else now.read_at
            yield Bookmark(self.scope, {**now.kept(), "full_at": full_at})

    def _now(self) -> Mark | None:
        """The mark of this moment: its number was read before anything is searched. None where a login may not know."""
        root = self.root
        if root.usn is None or not root.service:
            return None
        try:
            service = self.directory.read(root.service, ["invocationId"])
        except NoSuchBranch:
            return None
        invocation = service.values.get("invocationid") if service else None
        if not invocation:
            return None
        branches: dict[str, str] = {}
        for found in self.directory.search(self.base.name.dn, BRANCHES, ["uSNCreated"], controls=(EXTENDED_NAMES,)):
            if guid := found.name.guid:
                branches[guid] = normal(found.name.dn)
                self.created[guid] = int(next(iter(found.values.get("usncreated", ())), b"0"))
        now = self.reading.now()
        return Mark(root.service, guid_text(invocation[0]), root.usn, self.base.name.guid or "", branches, now, now)

    def _everything(self) -> Iterator[Fetched]:
        yield from self._objects(WANTED)

    def _moved_since(self, before: Mark) -> Iterator[Fetched]:
        """Objects written since, each whole. What has left the branch still exists: a full reading tells of it."""
        yield from self._objects(f"(&{WANTED}(uSNChanged>={before.usn + 1}))")

    def _objects(self, wanted: str) -> Iterator[Fetched]:
        at_once = self.settings.values_at_once
        attributes = attributes_of(at_once)
        for found in self.directory.search(self.base.name.dn, wanted, attributes, controls=(EXTENDED_NAMES,)):
            if self.reading.stopped():
                return
            self.objects += 1
            yield Raw(self.scope, account(self.directory, found, self.domain, at_once))
            if self.objects % STEP == 0:
                yield Progress(self.objects, None, "objects")

    def _gone(self, before: Mark, *, by_usn: bool) -> Iterator[Fetched]:
        for found in deleted_since(self.directory, self.root, before, by_usn=by_usn):
            self.deleted += 1
            yield Raw(self.scope, Entry("deleted", found.name.dn, found.values))

    def _keeper(self) -> Entry:
        """The domain itself, with its domain controllers."""
        found = self.directory.search(self.domain.name.dn, CONTROLLERS, ["objectGUID"], controls=(EXTENDED_NAMES,))
        controllers = tuple(f"ad_guid:{one.name.guid}" for one in found if one.name.guid)
        return Entry("domain", self.domain.name.dn, self.domain.values, self.domain.name.guid, controllers)

    def _not_whole(self, *, delta: bool) -> str | None:
        """Why what was not reported may still be there; None where it cannot."""
        if not self.root.in_step:
            return "this domain controller has not yet got everything from the others"
        if delta:
            return None
        inside = [(url, dn) for url in self.directory.referrals if lies_in(dn := _named_by(url), self.base.name.dn)]
        domains = self._domains() if inside else frozenset()
        others = [dn for _, dn in inside if normal(dn) in domains]
        if not others:
            return None
        return f"in it lies {', '.join(others)}, a domain of its own: read that one, and this one by its branches"

    def _domains(self) -> frozenset[str]:
        """Names of all domains of the forest."""
        if self.root.configuration is None:
            return frozenset()
        found = self.directory.search(f"CN=Partitions,{self.root.configuration}", DOMAINS, ["nCName"])
        names = (value.decode("utf-8", "replace") for one in found for value in one.values.get("ncname", ()))
        return frozenset(normal(name) for name in names)

    def _note(self, why: str | None, *, sees_deleted: bool) -> str:
        how = f"{self.scope}: what has moved" if why is None else f"{self.scope}: in full ({why})"
        told = f"{how}: {self.objects} objects, {self.deleted} deleted, {self.directory.requests} requests"
        if sees_deleted:
            return told
        return f"{told}; deleted objects cannot be read, see cmdb check ldap"


def _named_by(url: str) -> str:
    """The distinguished name in an LDAP url."""
    return unquote(urlsplit(url).path.lstrip("/"))
