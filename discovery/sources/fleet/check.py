"""Whether the token may list hosts."""

from collections.abc import Iterator

from discovery.clients.http import JsonClient
from discovery.clients.rights import Right, try_rights
from discovery.source import Permission, Reading
from discovery.sources.fleet.fetch import HOSTS, FleetSettings, open_fleet

GRANT = "give the API-only user whose token this is the role Observer for all fleets (fleetctl user create --api-only)"


def check(settings: FleetSettings, reading: Reading) -> Iterator[Permission]:
    """A Permission for the login and one for the hosts."""

    def rights(client: JsonClient) -> list[Right]:
        question = [("page", "0"), ("per_page", "1")]
        return [Right("Observer: list hosts", lambda: client.get(HOSTS, question), GRANT)]

    log_in = "Set `token` to that of an API-only user."
    yield from try_rights(lambda: open_fleet(settings, reading), rights, log_in=log_in)
