"""Fleet: every machine that runs its osquery agent, Linux servers among them."""

from cmdb.vocabulary import SourceTraits
from discovery.source import Source
from discovery.sources.fleet.again import AGAIN
from discovery.sources.fleet.check import check
from discovery.sources.fleet.fetch import FleetSettings, fetch, scope_of
from discovery.sources.fleet.observe import observe

FLEET = Source(
    name="fleet",
    description="hosts of a Fleet server (osquery): Linux, macOS, Windows, Chrome OS",
    settings=FleetSettings,
    traits=SourceTraits(authority=1.5, knows_contact=True),
    fetch=fetch,
    observe=observe,
    again=AGAIN,
    check=check,
    covers=lambda settings: (scope_of(settings),),
)
