"""What the Entra ID source can be told."""

from discovery.clients.graph_login import GraphSettings
from discovery.errors import SourceMisconfigured
from discovery.sources.entra_id.collections import COLLECTIONS, Collection


class EntraIdSettings(GraphSettings):
    """A tenant, and which parts of it are read."""


def wanted(settings: EntraIdSettings) -> list[Collection]:
    """The collections to read, in their order. Raises SourceMisconfigured for one that does not exist."""
    named = {name.strip() for name in settings.scope.split(",") if name.strip()}
    known = [one.name for one in COLLECTIONS]
    if unknown := named - set(known):
        raise SourceMisconfigured(f"scope: {', '.join(sorted(unknown))} unknown; known: {', '.join(known)}")
    return [one for one in COLLECTIONS if not named or one.name in named]
