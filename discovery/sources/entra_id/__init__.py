"""Entra ID: users, groups, devices and service principals of a tenant, by Microsoft Graph."""

from cmdb.vocabulary import SourceTraits
from discovery.source import Source
from discovery.sources.entra_id.again import AGAIN
from discovery.sources.entra_id.check import check
from discovery.sources.entra_id.fetch import fetch
from discovery.sources.entra_id.observe import observe
from discovery.sources.entra_id.settings import EntraIdSettings, covers

ENTRA_ID = Source(
    name="entra_id",
    description="users, groups and members, devices and service principals of a Microsoft Entra tenant",
    settings=EntraIdSettings,
    traits=SourceTraits(knows_contact=True),
    fetch=fetch,
    observe=observe,
    again=AGAIN,
    check=check,
    covers=covers,
)
