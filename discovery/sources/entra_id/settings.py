"""What the Entra ID source can be told."""

from discovery.clients.asking import parts_wanted
from discovery.clients.graph_login import GraphSettings, tenant_name
from discovery.sources.entra_id.collections import COLLECTIONS, Collection


class EntraIdSettings(GraphSettings):
    """A tenant, and which parts of it are read."""


def covers(settings: EntraIdSettings) -> list[str]:
    """Each collection of the tenant. Raises SourceMisconfigured."""
    return [f"{tenant_name(settings)}/{one.name}" for one in wanted(settings)]


def wanted(settings: EntraIdSettings) -> list[Collection]:
    """The collections to read, in their order. Raises SourceMisconfigured for one that does not exist."""
    named = parts_wanted(settings, [one.name for one in COLLECTIONS])
    return [one for one in COLLECTIONS if one.name in named]
