"""ldap: users, groups, computers and branches of Active Directory and other LDAP directories."""

from cmdb.vocabulary import SourceTraits
from discovery.source import Source
from discovery.sources.ldap.check import check
from discovery.sources.ldap.fetch import fetch
from discovery.sources.ldap.observe import observe
from discovery.sources.ldap.settings import LdapSettings

LDAP = Source(
    name="ldap",
    description="users, groups, computers and branches of Active Directory or another LDAP directory",
    settings=LdapSettings,
    # What somebody typed when the machine joined says little of what it is today; of accounts it is the authority.
    traits=SourceTraits(
        authority=0.8, authority_of={"class": 0.5, "os": 0.6}, knows_contact=True, guarantees_names=True
    ),
    fetch=fetch,
    observe=observe,
    check=check,
)
