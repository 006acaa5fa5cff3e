"""How single objects are looked at again: by their GUID or the server's own id, else by their name."""

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cmdb.scope import lies_in
from discovery.errors import SourceMisconfigured
from discovery.source import Fetched, Known, Raw, Reading, ScopeEnd
from discovery.sources.ldap.active_directory import account, attributes_of
from discovery.sources.ldap.connection import connection_of
from discovery.sources.ldap.deletions import can_see_deleted, was_deleted
from discovery.sources.ldap.directory import EXTENDED_NAMES, Directory, Found
from discovery.sources.ldap.distinguished_name import normal
from discovery.sources.ldap.entry import Entry, Kind
from discovery.sources.ldap.fetch import OF_A_BRANCH, branch
from discovery.sources.ldap.plain_directory import ATTRIBUTES
from discovery.sources.ldap.refusals import NoSuchBranch
from discovery.sources.ldap.root import Root, root_of
from discovery.sources.ldap.settings import LdapSettings, where_of

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_SERVER_ID = re.compile(r"[0-9a-f]+(?:-[0-9a-f]+){3,4}\Z")
"""an entryUUID or nsUniqueId: what can stand in a filter as it is"""
NOT_SHOWN = "this login is shown neither the object nor its deletion"
EMPTY = "the object is there, and shows this login nothing of itself"
OUT_OF_STEP = "this domain controller has not yet got everything from the others"
NOTHING_LISTED = "this login may list nothing in the branch"


def fetch_again(settings: LdapSettings, wanted: Mapping[str, Sequence[Known]], reading: Reading) -> Iterator[Fetched]:
    """The objects that were read in this branch or in one inside it, each a place of its own."""
    if settings.base and not _inside(wanted, settings.base):
        return
    with connection_of(settings) as (connection, steps):
        for step in steps:
            step.act()
        directory = Directory(connection, where_of(settings.url), settings.page_size)
        root = root_of(directory)
        base = settings.base or root.default
        mine = _inside(wanted, base)
        if not mine:
            return
        top = branch(directory, root, base)
        if root.active_directory:
            domain = branch(directory, root, root.default or base)
            looking: _Domain | _Plain = _Domain(directory, root, settings, top, domain)
        else:
            looking = _Plain(directory, root, top)
        for record in mine:
            if reading.stopped():
                return
            try:
                entry, why = looking.found(record)
            except SourceMisconfigured as refused:
                entry, why = None, str(refused)
            if entry is not None:
                yield Raw(record, entry)
            yield ScopeEnd(record, complete=why is None, reason=why)


def _inside(wanted: Mapping[str, Sequence[Known]], base: str) -> list[str]:
    return [place for place, known in wanted.items() if known[0].scope and lies_in(known[0].scope, base)]


Answer = tuple[Entry | None, str | None]
"""the object, None where there is none; why that cannot be told"""


@dataclass(slots=True)
class _Domain:
    """A domain of Active Directory."""

    directory: Directory
    root: Root
    settings: LdapSettings
    top: Found
    domain: Found

    def found(self, record: str) -> Answer:
        """By GUID, wherever it has been moved. Raises DiscoveryError."""
        if not _GUID.match(record):
            return None, "its record is no GUID"
        if record == self.domain.name.guid:
            return Entry("domain", self.domain.name.dn, self.domain.values, record), None
        at_once = self.settings.values_at_once
        try:
            found = self.directory.read(f"<GUID={record}>", attributes_of(at_once), controls=(EXTENDED_NAMES,))
        except NoSuchBranch:
            return self._lost(record)
        if found is None or not found.values:
            return None, EMPTY
        return account(self.directory, found, self.domain, at_once), None

    def _lost(self, record: str) -> Answer:
        """Deleted; or hidden from this login, which looks alike unless deleted objects can be seen."""
        if not self.root.in_step:
            return None, OUT_OF_STEP
        if can_see_deleted(self.directory, self.root):
            if was_deleted(self.directory, record):
                return Entry("deleted", record, {"objectguid": (uuid.UUID(record).bytes_le,)}), None
            return None, NOT_SHOWN
        return None, _why_blind(self.directory, self.top)


@dataclass(slots=True)
class _Plain:
    """Any other server."""

    directory: Directory
    root: Root
    top: Found

    def found(self, record: str) -> Answer:
        """By the server's own id, where the record is one, else by name. Raises DiscoveryError."""
        found = self._by_id(record) if _SERVER_ID.match(record) else self._by_name(record)
        if found is None:
            return None, _why_blind(self.directory, self.top)
        if not found.values:
            return None, EMPTY
        contexts = {normal(context) for context in self.root.contexts}
        kind: Kind = "domain" if normal(found.name.dn) in contexts else "plain"
        return Entry(kind, found.name.dn, found.values), None

    def _by_id(self, record: str) -> Found | None:
        wanted = f"(|(entryUUID={record})(nsUniqueId={record}))"
        everything = self.directory.search(self.top.name.dn, wanted, (*ATTRIBUTES, *OF_A_BRANCH))
        return next(iter(list(everything)), None)

    def _by_name(self, record: str) -> Found | None:
        try:
            return self.directory.read(record, (*ATTRIBUTES, *OF_A_BRANCH))
        except NoSuchBranch:
            return None


def _why_blind(directory: Directory, top: Found) -> str | None:
    """Why this login may have been shown less than there is; None where it lists other objects beside."""
    listed = directory.search(top.name.dn, "(objectClass=*)", ["objectClass"], deep=False)
    return None if any(found.values for found in listed) else NOTHING_LISTED
