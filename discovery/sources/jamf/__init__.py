"""Jamf Pro: the Macs, iPhones, iPads and Apple TVs it manages."""

from cmdb.vocabulary import SourceTraits
from discovery.source import Source
from discovery.sources.jamf.again import AGAIN
from discovery.sources.jamf.check import check
from discovery.sources.jamf.fetch import fetch
from discovery.sources.jamf.observe import observe
from discovery.sources.jamf.settings import JamfSettings, covers

JAMF = Source(
    name="jamf",
    description="computers and mobile devices of a Jamf Pro server",
    settings=JamfSettings,
    traits=SourceTraits(authority=2.0, knows_contact=True, guarantees_names=True),
    fetch=fetch,
    observe=observe,
    again=AGAIN,
    check=check,
    covers=covers,
)
