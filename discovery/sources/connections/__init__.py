"""Connections: this host, what listens on it, and with what it talks."""

from cmdb.vocabulary import SourceTraits
from discovery.source import Source
from discovery.sources.connections.again import AGAIN
from discovery.sources.connections.fetch import fetch
from discovery.sources.connections.observe import observe
from discovery.sources.connections.settings import ConnectionsSettings

CONNECTIONS = Source(
    name="connections",
    description="this host: its identity, its listening processes, and what they are connected to",
    settings=ConnectionsSettings,
    traits=SourceTraits(authority=2.0, knows_contact=True),
    fetch=fetch,
    observe=observe,
    again=AGAIN,
)
