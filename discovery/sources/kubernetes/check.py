"""Whether the token may list each kind."""

from collections.abc import Iterator

from discovery.clients.http import JsonClient
from discovery.clients.rights import Right, try_rights
from discovery.readable import read_permission
from discovery.source import Permission, Reading
from discovery.sources.kubernetes.server import open_server, uid_of_cluster
from discovery.sources.kubernetes.settings import KubernetesSettings, address_of, lists_of


def check(settings: KubernetesSettings, reading: Reading) -> Iterator[Permission]:
    """A Permission for the login, one for the cluster's uid, one a kind (and namespace); or one for the file."""
    if settings.file:
        yield read_permission(settings.file)
        return

    def rights(client: JsonClient) -> list[Right]:
        def listing(kind: str, namespace: str) -> Right:
            where = f" in {namespace}" if namespace else ""
            role = f"a role in {namespace}" if namespace else "the service account's cluster role"
            address = address_of(kind, namespace)
            return Right(
                f"list {kind}{where}", lambda: client.get(address, [("limit", "1")]), f"let {role} list {kind}"
            )

        grant = "let the service account's cluster role get namespaces"
        if settings.namespaces:
            grant += ", or name the cluster with `cluster`"
        found = [Right("get the namespace kube-system", lambda: uid_of_cluster(client, settings), grant)]
        return found + [listing(kind, namespace) for namespace, kinds in lists_of(settings) for kind in kinds]

    yield from try_rights(lambda: open_server(settings, reading), rights, log_in="Set `token` to a valid one.")
