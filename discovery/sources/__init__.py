"""Every source by name: one line each."""

from discovery.source import Source
from discovery.sources.connections import CONNECTIONS
from discovery.sources.csv import CSV
from discovery.sources.json_lines import JSON_LINES
from discovery.sources.ldap import LDAP
from discovery.sources.nmap import NMAP

SOURCES: dict[str, Source] = {
    "connections": CONNECTIONS,
    "csv": CSV,
    "json_lines": JSON_LINES,
    "ldap": LDAP,
    "nmap": NMAP,
}
