"""snmp: network devices, their interfaces and their neighbours, as their agents tell them."""

from cmdb.vocabulary import SourceTraits
from discovery.source import Source
from discovery.sources.snmp.again import AGAIN
from discovery.sources.snmp.check import check
from discovery.sources.snmp.fetch import fetch
from discovery.sources.snmp.observe import observe
from discovery.sources.snmp.settings import SnmpSettings
from discovery.targets import scopes_asked

SNMP = Source(
    name="snmp",
    description="network devices, interfaces and neighbours (LLDP, CDP, ARP, bridge tables) over SNMP v2c and v3",
    settings=SnmpSettings,
    traits=SourceTraits(authority=0.9, one_record_per_thing=False, by_address=True, scan=True, knows_contact=True),
    fetch=fetch,
    observe=observe,
    again=AGAIN,
    check=check,
    covers=lambda settings: scopes_asked(settings.targets, settings.exclude),
)
