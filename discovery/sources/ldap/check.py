"""Whether a login and its rights suffice, one by one, with what to grant where they do not."""

from collections.abc import Iterator

from discovery.errors import DiscoveryError
from discovery.source import Permission, Reading
from discovery.sources.ldap.connection import connection_of
from discovery.sources.ldap.deletions import can_see_deleted
from discovery.sources.ldap.directory import Directory
from discovery.sources.ldap.fetch import branch
from discovery.sources.ldap.refusals import NotTrusted
from discovery.sources.ldap.root import root_of
from discovery.sources.ldap.settings import LdapSettings, where_of

NAMES = {"reach": "reach the server", "secure": "TLS with a trusted certificate", "sign_in": "sign in"}
GRANT_DELETED = (
    "without it every reading is in full. As a domain administrator: "
    'dsacls "CN=Deleted Objects,{domain}" /takeownership, then '
    'dsacls "CN=Deleted Objects,{domain}" /G "DOMAIN\\user:LCRP"'
)


def check(settings: LdapSettings, reading: Reading) -> Iterator[Permission]:
    """Reach, TLS, login, the branch, deleted objects; ends at the first without which the others cannot be tried."""
    where = where_of(settings.url)
    try:
        with connection_of(settings) as (connection, steps):
            for step in steps:
                try:
                    step.act()
                except DiscoveryError as failed:
                    yield from _refused(step.name, failed, secure=where.secure)
                    return
                yield Permission(NAMES[step.name], ok=True)
                if step.name == "reach" and where.secure:
                    yield Permission(NAMES["secure"], ok=True)
            yield from _rights(Directory(connection, where, settings.page_size), settings)
    except DiscoveryError as wrong:
        yield Permission("settings", ok=False, fix=str(wrong))


def _refused(step: str, failed: DiscoveryError, *, secure: bool) -> Iterator[Permission]:
    """With ldaps TLS is part of the first step, but what failed is named for what it is."""
    if step == "reach" and secure and (isinstance(failed, NotTrusted) or "TLS failed" in str(failed)):
        yield Permission(NAMES["reach"], ok=True)
        step = "secure"
    yield Permission(NAMES[step], ok=False, fix=str(failed))


def _rights(directory: Directory, settings: LdapSettings) -> Iterator[Permission]:
    root = root_of(directory)
    base = settings.base or root.default
    try:
        branch(directory, root, base)
        listed = directory.search(base, "(objectClass=*)", ["objectClass"], deep=False)
        seen = any(found.values for found in listed)  # some may be hidden from anybody
    except DiscoveryError as failed:
        yield Permission(f"read {base or 'a branch'}", ok=False, fix=str(failed))
        return
    fix = "" if seen else "this login may list nothing there: grant it List Contents and Read Property on the branch"
    yield Permission(f"read {base}", ok=seen, fix=fix)
    if root.active_directory:
        told = can_see_deleted(directory, root)
        fix = "" if told else GRANT_DELETED.format(domain=root.default)
        yield Permission("read deleted objects", ok=told, fix=fix)
