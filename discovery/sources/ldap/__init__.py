"""ldap: users, groups, computers and branches of Active Directory and other LDAP directories."""

from collections.abc import Iterator, Mapping, Sequence

from cmdb.vocabulary import SourceTraits
from discovery.source import Again, Fetched, Known, Permission, Reading, Source
from discovery.sources.ldap.observe import observe
from discovery.sources.ldap.settings import LdapSettings, covers


def _fetch(settings: LdapSettings, reading: Reading) -> Iterator[Fetched]:
    from discovery.sources.ldap.fetch import fetch  # ldap3 takes half a second to load: most commands never need it

    yield from fetch(settings, reading)


def _check(settings: LdapSettings, reading: Reading) -> Iterator[Permission]:
    from discovery.sources.ldap.check import check

    yield from check(settings, reading)


def _place_of(known: Known) -> str | None:
    """The record itself: ids of objects stay when these are renamed or moved."""
    return known.record if known.scope is not None else None


def _fetch_again(settings: LdapSettings, wanted: Mapping[str, Sequence[Known]], reading: Reading) -> Iterator[Fetched]:
    from discovery.sources.ldap.again import fetch_again

    yield from fetch_again(settings, wanted, reading)


LDAP = Source(
    name="ldap",
    description="users, groups, computers and branches of Active Directory or another LDAP directory",
    settings=LdapSettings,
    # What somebody typed when the machine joined says little of what it is today; of accounts it is the authority.
    traits=SourceTraits(
        authority=0.8, authority_of={"class": 0.5, "os": 0.6}, knows_contact=True, guarantees_names=True
    ),
    fetch=_fetch,
    observe=observe,
    again=Again(_place_of, _fetch_again, whole=True),
    check=_check,
    covers=covers,
)
