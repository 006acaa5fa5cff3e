"""The key of an entry that stays when it is renamed or moved."""

from discovery.sources.ldap.distinguished_name import normal
from discovery.sources.ldap.entry import Entry

STABLE = ("entryuuid", "nsuniqueid")
"""RFC 4530; 389 Directory Server"""


def record_of(entry: Entry) -> str:
    """The server's own id of the entry; its name where it keeps none or does not show it."""
    for attribute in STABLE:
        if found := entry.text(attribute):
            return found.casefold()
    return normal(entry.dn)
