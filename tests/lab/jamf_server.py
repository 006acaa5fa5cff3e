"""A server that behaves like Jamf Pro: OAuth client credentials, privileges, sections, pages with a total count."""

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lab.json_service import Answer, Query, Service, serving

Row = dict[str, Any]
SECTIONS = {
    "GENERAL": "general", "HARDWARE": "hardware", "OPERATING_SYSTEM": "operatingSystem",
    "USER_AND_LOCATION": "userAndLocation", "STORAGE": "storage", "DISK_ENCRYPTION": "diskEncryption",
    "NETWORK": "network", "SECURITY": "security",
}  # fmt: skip
ALWAYS = frozenset({"id", "udid", "mobileDeviceId", "deviceType"})


class JamfServer(Service):
    """A server in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.clients = {"client": "secret"}
        self.granted = {"Read Computers", "Read Mobile Devices"}
        self.computers: list[Row] = []
        self.mobile_devices: list[Row] = []
        self.most = 2_000
        """records on a page at most"""
        self.uncounted = 0
        """records that the server counts and does not give"""
        self.version = 1
        """of the computers' inventory, the only one it knows"""
        self.filters = True
        """whether it heeds `filter`"""
        self.lasts = 1_200
        """seconds that a token is said to live"""
        self._numbers = itertools.count(1)

    def open_to_all(self, path: str) -> bool:
        return path == "/api/oauth/token"

    def answer(self, method: str, path: str, query: Query, form: Query) -> Answer:
        """As documented; what is not built here is not there."""
        if (method, path) == ("POST", "/api/oauth/token"):
            return self._token(form)
        if (method, path) == ("GET", f"/api/v{self.version}/computers-inventory"):
            return self._page("Read Computers", self.computers, query)
        if (method, path) == ("GET", "/api/v2/mobile-devices/detail"):
            return self._page("Read Mobile Devices", self.mobile_devices, query)
        return _refused(404, "NOT_FOUND")

    def _token(self, form: Query) -> Answer:
        client, secret = form.get("client_id", [""])[0], form.get("client_secret", [""])[0]
        if form.get("grant_type") != ["client_credentials"] or self.clients.get(client) != secret:
            return Answer(401, {"error": "invalid_client"})
        token = f"token-{next(self._numbers)}"
        self.tokens = {token}  # the one before has ended
        return Answer(
            200, {"access_token": token, "token_type": "Bearer", "expires_in": self.lasts, "scope": "api-role:1"}
        )

    def _page(self, privilege: str, rows: list[Row], query: Query) -> Answer:
        if privilege not in self.granted:
            return _refused(403, "INVALID_PRIVILEGE")
        if (asked := query.get("filter")) is not None:
            rows = _filtered(rows, asked[0]) if self.filters else rows
        size = min(int(query.get("page-size", ["100"])[0]), self.most)
        at = int(query.get("page", ["0"])[0]) * size
        wanted = {SECTIONS[section] for section in query.get("section", ["GENERAL"])} | ALWAYS
        shown = [{name: value for name, value in row.items() if name in wanted} for row in rows[at : at + size]]
        return Answer(200, {"totalCount": len(rows) + self.uncounted, "results": shown})


def _filtered(rows: list[Row], asked: str) -> list[Row]:
    """As RSQL says it: `field=in=("a","b")`, of the fields by which a record is known."""
    found = re.fullmatch(r'(udid|id|mobileDeviceId)=in=\(("[^"]*"(?:,"[^"]*")*)\)', asked)
    assert found is not None, f"a filter that this server does not know: {asked}"
    values = {value.casefold() for value in re.findall('"([^"]*)"', found[2])}
    known = ((row, row.get(found[1]) or row.get("general", {}).get(found[1])) for row in rows)
    return [row for row, value in known if str(value).casefold() in values]


def _refused(status: int, code: str) -> Answer:
    return Answer(status, {"httpStatus": status, "errors": [{"code": code, "description": "as documented", "id": "0"}]})


@contextmanager
def jamf_server() -> Iterator[JamfServer]:
    """A running server without a record in it; `client` and `secret` sign in."""
    service = JamfServer()
    service.tokens = set()
    with serving(service):
        yield service
