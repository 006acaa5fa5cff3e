"""nmap: what answers in the networks we may scan."""

from cmdb.vocabulary import SourceTraits
from discovery.source import Source
from discovery.sources.nmap.again import AGAIN
from discovery.sources.nmap.fetch import fetch
from discovery.sources.nmap.observe import observe
from discovery.sources.nmap.settings import NmapSettings, covers

NMAP = Source(
    name="nmap",
    description="hosts, ports, services and certificates, by scanning networks or from a saved scan",
    settings=NmapSettings,
    traits=SourceTraits(authority=0.3, one_record_per_thing=False, by_address=True, scan=True, knows_contact=True),
    fetch=fetch,
    observe=observe,
    again=AGAIN,
    covers=covers,
)
