"""Whether the API client may read what is wanted, privilege by privilege."""

from collections.abc import Iterator
from functools import partial

from discovery.clients.answer import Refused
from discovery.clients.http import JsonClient
from discovery.clients.rights import Right, try_rights
from discovery.source import Permission, Reading
from discovery.sources.jamf.settings import JamfSettings, Part, open_jamf, wanted

LOG_IN = "Set `client_id` and `client_secret` of an API client that is enabled, or `token`."


def check(settings: JamfSettings, reading: Reading) -> Iterator[Permission]:
    """A Permission for the login and for each inventory wanted."""
    parts = wanted(settings)

    def rights(client: JsonClient) -> list[Right]:
        return [Right(part.permission, partial(_first, client, part), _grant(part)) for part in parts]

    yield from try_rights(lambda: open_jamf(settings, reading), rights, log_in=LOG_IN)


def _grant(part: Part) -> str:
    where = "Settings → System → API roles and clients"
    return f"give the API role of this client the privilege {part.permission} (Jamf Pro: {where})"


def _first(client: JsonClient, part: Part) -> None:
    for path in part.paths:
        try:
            client.get(path, [("page", "0"), ("page-size", "1"), ("section", "GENERAL")])
            return
        except Refused as refused:
            if refused.status != 404 or path == part.paths[-1]:
                raise
