"""Whether the tenant lets itself be read: one row of each collection, permission by permission."""

from collections.abc import Iterator
from functools import partial

from discovery.clients.graph_login import GRANT, LOG_IN, open_graph
from discovery.clients.msgraph import Graph
from discovery.clients.rights import Right, try_rights
from discovery.source import Permission, Reading
from discovery.sources.entra_id.collections import Collection
from discovery.sources.entra_id.settings import EntraIdSettings, wanted


def check(settings: EntraIdSettings, reading: Reading) -> Iterator[Permission]:
    """A Permission for the login and for each collection wanted."""
    collections = wanted(settings)

    def rights(graph: Graph) -> list[Right]:
        return [
            Right(one.permission, partial(_first, graph, one), GRANT.format(permission=one.permission))
            for one in collections
        ]

    yield from try_rights(lambda: open_graph(settings, reading), rights, log_in=LOG_IN)


def _first(graph: Graph, of: Collection) -> None:
    """One object, and what belongs to it."""
    rows = graph.get(f"{of.path}?$select=id&$top=1").get("value")
    if of.also is not None and not of.also_may_lack and isinstance(rows, list) and rows:
        graph.get(f"{of.path}/{rows[0]['id']}/{of.also}?$top=1")
