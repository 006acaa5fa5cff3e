"""Intune: the devices it manages, by Microsoft Graph."""

from cmdb.vocabulary import SourceTraits
from discovery.source import Source
from discovery.sources.intune.again import AGAIN
from discovery.sources.intune.check import check
from discovery.sources.intune.fetch import IntuneSettings, fetch, scope_of
from discovery.sources.intune.observe import observe

INTUNE = Source(
    name="intune",
    description="devices managed by Microsoft Intune: compliance, owner, serial, addresses, storage",
    settings=IntuneSettings,
    traits=SourceTraits(authority=2.0, knows_contact=True, guarantees_names=True),
    fetch=fetch,
    observe=observe,
    again=AGAIN,
    check=check,
    covers=lambda settings: (scope_of(settings),),
)
