"""Reads one branch of one directory: the only I/O of this source."""

from collections.abc import Iterator

from discovery.errors import DiscoveryError, SourceMisconfigured
from discovery.source import Fetched, Progress, Reading, ScopeEnd
from discovery.sources.ldap.active_directory import BranchReader
from discovery.sources.ldap.connection import connection_of
from discovery.sources.ldap.directory import EXTENDED_NAMES, Directory, Found
from discovery.sources.ldap.plain_directory import PlainReader
from discovery.sources.ldap.refusals import NoSuchBranch
from discovery.sources.ldap.root import Root, root_of
from discovery.sources.ldap.settings import LdapSettings, where_of

OF_A_BRANCH = ("objectClass", "objectGUID", "objectSid", "entryUUID", "description", "dc", "o")


def fetch(settings: LdapSettings, reading: Reading) -> Iterator[Fetched]:
    """One scope: the branch. It ends incomplete, with the reason, wherever an answer was not whole."""
    with connection_of(settings) as (connection, steps):
        for step in steps:
            step.act()
        directory = Directory(connection, where_of(settings.url), settings.page_size)
        root = root_of(directory)
        scope = settings.base or root.default
        base = branch(directory, root, scope)
        if not settings.tls_verify or settings.tls == "none":
            yield Progress(0, None, "objects", "whoever sits between could have listened: TLS was not verified")
        try:
            if root.active_directory:
                domain = branch(directory, root, root.default or scope)
                yield from BranchReader(directory, root, settings, reading, scope, base, domain).read()
            else:
                yield from PlainReader(directory, root, reading, scope, base).read()
        except DiscoveryError as failed:
            yield ScopeEnd(scope, complete=False, reason=str(failed))
            raise


def branch(directory: Directory, root: Root, dn: str) -> Found:
    """The object at the top of a branch. Raises SourceMisconfigured where there is none that this login may see."""
    kept = "; ".join(root.contexts) or "nothing that it would name"
    if not dn:
        raise SourceMisconfigured(f"{directory.where}: say in base which branch to read; it keeps {kept}")
    controls = (EXTENDED_NAMES,) if root.active_directory else ()
    try:
        found = directory.read(dn, OF_A_BRANCH, controls=controls)
    except NoSuchBranch:
        found = None
    if found is None:
        raise NoSuchBranch(
            f"{directory.where}: base {dn} is not there, or this login may not see it; the server keeps {kept}"
        )
    return found
