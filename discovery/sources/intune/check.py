"""Whether Intune lets its devices be read."""

from collections.abc import Iterator

from discovery.clients.graph_login import GRANT, LOG_IN, open_graph
from discovery.clients.rights import Right, try_rights
from discovery.source import Permission, Reading
from discovery.sources.intune.fetch import DEVICES, PERMISSION, IntuneSettings


def check(settings: IntuneSettings, reading: Reading) -> Iterator[Permission]:
    """A Permission for the login and one for the devices."""
    with open_graph(settings, reading) as graph:
        question = f"{DEVICES}?$select=id&$top=1"
        right = Right(PERMISSION, lambda: graph.get(question), GRANT.format(permission=PERMISSION))
        yield from try_rights([right], log_in=LOG_IN)
