"""Whether the token may list each kind."""

from collections.abc import Callable, Iterator

from discovery.clients.http import JsonClient
from discovery.clients.rights import Right, try_rights
from discovery.readable import read_permission
from discovery.source import Permission, Reading
from discovery.sources.kubernetes.server import open_server, uid_of_cluster
from discovery.sources.kubernetes.settings import KINDS, KubernetesSettings, kinds_of


def check(settings: KubernetesSettings, reading: Reading) -> Iterator[Permission]:
    """A Permission for the login, one for the cluster's uid, one a kind; or one for the file."""
    if settings.file:
        yield read_permission(settings.file)
        return

    def rights(client: JsonClient) -> list[Right]:
        def listing(kind: str) -> Callable[[], object]:
            return lambda: client.get(KINDS[kind][1], [("limit", "1")])

        grant = "let the service account's cluster role get namespaces"
        found = [Right("get the namespace kube-system", lambda: uid_of_cluster(client), grant)]
        return found + [
            Right(f"list {kind}", listing(kind), f"let the service account's cluster role list {kind}")
            for kind in kinds_of(settings)
        ]

    yield from try_rights(lambda: open_server(settings, reading), rights, log_in="Set `token` to a valid one.")
