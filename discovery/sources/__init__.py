"""Every source by name: one line each."""

from discovery.source import Source
from discovery.sources.connections import CONNECTIONS
from discovery.sources.csv import CSV
from discovery.sources.entra_id import ENTRA_ID
from discovery.sources.fleet import FLEET
from discovery.sources.intune import INTUNE
from discovery.sources.jamf import JAMF
from discovery.sources.json_lines import JSON_LINES
from discovery.sources.kubernetes import KUBERNETES
from discovery.sources.ldap import LDAP
from discovery.sources.nmap import NMAP
from discovery.sources.otel_service_graph import OTEL_SERVICE_GRAPH
from discovery.sources.snmp import SNMP

SOURCES: dict[str, Source] = {
    "connections": CONNECTIONS,
    "csv": CSV,
    "entra_id": ENTRA_ID,
    "fleet": FLEET,
    "intune": INTUNE,
    "jamf": JAMF,
    "json_lines": JSON_LINES,
    "kubernetes": KUBERNETES,
    "ldap": LDAP,
    "nmap": NMAP,
    "otel_service_graph": OTEL_SERVICE_GRAPH,
    "snmp": SNMP,
}
