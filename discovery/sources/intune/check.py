"""Whether Intune lets its devices be read."""

from collections.abc import Iterator

from discovery.clients.graph_login import GRANT, LOG_IN, open_graph
from discovery.clients.msgraph import Graph
from discovery.clients.rights import Right, try_rights
from discovery.source import Permission, Reading
from discovery.sources.intune.fetch import DEVICES, PERMISSION, IntuneSettings


def check(settings: IntuneSettings, reading: Reading) -> Iterator[Permission]:
    """A Permission for the login and one for the devices."""

    def rights(graph: Graph) -> list[Right]:
        question = f"{DEVICES}?$select=id&$top=1"
        return [Right(PERMISSION, lambda: graph.get(question), GRANT.format(permission=PERMISSION))]

    yield from try_rights(lambda: open_graph(settings, reading), rights, log_in=LOG_IN)
