"""A server that behaves like Microsoft Graph: $select, $top, pages, delta queries, permissions, throttling on demand.

Its rows are put in and moved by tests; `SHAPES` is what its answers have in common with the documented ones.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lab.json_service import Answer, Query, Service, serving

Row = dict[str, Any]
TYPES = {"users": "user", "groups": "group", "devices": "device", "servicePrincipals": "servicePrincipal"}
NEEDS = {
    "users": "User.Read.All", "groups": "Group.Read.All", "devices": "Device.Read.All",
    "servicePrincipals": "Application.Read.All", "deviceManagement": "DeviceManagementManagedDevices.Read.All",
}  # fmt: skip
ALONE = frozenset({"ethernetMacAddress", "physicalMemoryInBytes"})
"""properties of a managed device that a list leaves empty"""


@dataclass(frozen=True)
class Change:
    """Something that moved: which properties, or which member came (True) or went, or why the object is gone."""

    collection: str
    id: str
    properties: tuple[str, ...] = ()
    members: tuple[tuple[str, bool], ...] = ()
    removed: str | None = None


class GraphServer(Service):
    """A tenant in memory."""

    def __init__(self, *, page: int = 100) -> None:
        super().__init__()
        self.page = page
        """rows on a page where none were asked for, and the most there are"""
        self.granted = set(NEEDS.values())
        self.tables: dict[str, dict[str, Row]] = {name: {} for name in TYPES}
        self.managed: dict[str, Row] = {}
        self.members: dict[str, list[str]] = {}
        self.assigned: dict[str, list[Row]] = {}
        self.log: list[Change] = []
        """delta links from before so many changes have expired"""
        self.empty_pages = False
        """whether an empty page comes before each other"""
        self.links_to: str | None = None
        """another service that next links lead to"""
        self.has_delta = True

    # -- what tests do -------------------------------------------------------------------------------------------

    def put(self, collection: str, row: Row) -> None:
        """A new object, or other properties of one that is there."""
        with self.lock:
            there = self.tables[collection].setdefault(row["id"], {})
            moved = tuple(name for name, value in row.items() if there.get(name) != value)
            there.update(row)
            self.log.append(Change(collection, row["id"], moved))

    def set_members(self, group: str, members: Iterable[str]) -> None:
        """Who is in a group."""
        with self.lock:
            before, after = set(self.members.get(group, ())), list(members)
            self.members[group] = after
            came = [(member, True) for member in after if member not in before]
            went = [(member, False) for member in before if member not in after]
            self.log.append(Change("groups", group, members=(*came, *went)))

    def remove(self, collection: str, object_id: str, reason: str = "deleted") -> None:
        """Delete an object; `changed` as long as it can be restored."""
        with self.lock:
            self.tables[collection].pop(object_id)
            self.log.append(Change(collection, object_id, removed=reason))

    def out_of_view(self, collection: str, object_id: str) -> None:
        """Call an object removed that is still there."""
        with self.lock:
            self.log.append(Change(collection, object_id, removed="changed"))

    # -- what Graph does -----------------------------------------------------------------------------------------

    def answer(self, method: str, path: str, query: Query, form: Query) -> Answer:
        """As documented; what is not built here is not there."""
        version, *parts = path.strip("/").split("/")
        if method != "GET" or version != "v1.0" or not parts or parts[0] not in NEEDS:
            return _error(404, "ResourceNotFound")
        if NEEDS[parts[0]] not in self.granted:
            return _error(403, "Authorization_RequestDenied")
        match parts:
            case ["deviceManagement", "managedDevices"]:
                blank = [{k: None if k in ALONE else v for k, v in row.items()} for row in self.managed.values()]
                return self._list(path, blank, query)
            case ["deviceManagement", "managedDevices", one]:
                return _object(self.managed.get(one), query)
            case [collection] if collection in TYPES:
                return self._list(path, list(self.tables[collection].values()), query)
            case [collection, "delta" | "delta()"] if collection in TYPES and self.has_delta:
                return self._delta(path, collection, query)
            case [collection, one] if collection in TYPES:
                return _object(self.tables[collection].get(one), query)
            case ["groups", one, "members"] if one in self.tables["groups"]:
                return self._list(path, [self._as_member(member) for member in self.members.get(one, ())], query)
            case ["servicePrincipals", one, "appRoleAssignedTo"] if one in self.tables["servicePrincipals"]:
                return self._list(path, self.assigned.get(one, []), query)
        return _error(404, "Request_ResourceNotFound")

    def _as_member(self, member: str) -> Row:
        kind = next((TYPES[name] for name, table in self.tables.items() if member in table), "orgContact")
        return {"@odata.type": f"#microsoft.graph.{kind}", "id": member}

    def _list(self, path: str, rows: list[Row], query: Query) -> Answer:
        state = _read(query, "$skiptoken") or {"at": 0, "select": _one(query, "$select"), "top": _one(query, "$top")}
        size = min(int(state["top"] or self.page), self.page)
        return self._page(path, [_selected(row, state["select"]) for row in rows], state, size, None)

    def _delta(self, path: str, collection: str, query: Query) -> Answer:
        token = _read(query, "$deltatoken")
        state = _read(query, "$skiptoken")
        if state is None:
            since = None if token is None else token["until"]
            select = _one(query, "$select") if token is None else token["select"]
            state = {"at": 0, "select": select, "since": since, "until": len(self.log)}
        if state["since"] is None:
            rows = [self._initial(collection, row, state["select"]) for row in self.tables[collection].values()]
        else:
            rows = list(self._changes(collection, state))
        ended = self._link(path, "$deltatoken", {"until": state["until"], "select": state["select"]}, True)
        return self._page(path, rows, state, self.page, ended)

    def _initial(self, collection: str, row: Row, select: str | None) -> Row:
        shown = {name: value for name, value in _selected(row, select).items() if value is not None}
        members = self.members.get(row["id"]) if collection == "groups" else None
        return shown | ({"members@delta": [self._as_member(one) for one in members]} if members else {})

    def _changes(self, collection: str, state: Row) -> Iterator[Row]:
        """At least what has moved of each object, oldest first, and as often as it moved."""
        for change in self.log[state["since"] : state["until"]]:
            if change.collection != collection:
                continue
            if change.removed is not None:
                yield {"id": change.id, "@removed": {"reason": change.removed}}
                continue
            row = self.tables[collection].get(change.id, {})
            said: Row = {"id": change.id} | {name: row.get(name) for name in change.properties}
            if change.members:
                gone = {"@removed": {"reason": "deleted"}}
                said["members@delta"] = [self._as_member(m) | ({} if came else gone) for m, came in change.members]
            yield said

    def _page(self, path: str, rows: list[Row], state: Row, size: int, ended: str | None) -> Answer:
        at = state["at"]
        blank = self.empty_pages and not state.get("blank")
        answer: Row = {"@odata.context": f"{self.root}/v1.0/$metadata#{path}"}
        if blank:
            answer["@odata.nextLink"] = self._link(path, "$skiptoken", state | {"blank": True})
            answer["value"] = []
            return Answer(200, answer)
        if at + size < len(rows):
            answer["@odata.nextLink"] = self._link(path, "$skiptoken", state | {"at": at + size, "blank": False})
        elif ended is not None:
            answer["@odata.deltaLink"] = ended
        answer["value"] = rows[at : at + size]
        return Answer(200, answer)

    def _link(self, path: str, name: str, state: Row, own: bool = False) -> str:
        token = base64.urlsafe_b64encode(json.dumps(state).encode()).decode().rstrip("=")
        root = self.root if own or self.links_to is None else self.links_to
        return f"{root}{path}?{name}={token}"


def _read(query: Query, name: str) -> Row | None:
    token = _one(query, name)
    if token is None:
        return None
    state: Row = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    return state


def _one(query: Query, name: str) -> str | None:
    return query.get(name, [None])[0]  # type: ignore[list-item]


def _selected(row: Row, select: str | None) -> Row:
    """The properties asked for, null where there are none; the id always."""
    if not select:
        return dict(row)
    return {"id": row.get("id")} | {name: row.get(name) for name in select.split(",") if name != "members"}


def _object(row: Row | None, query: Query) -> Answer:
    return (
        _error(404, "Request_ResourceNotFound") if row is None else Answer(200, _selected(row, _one(query, "$select")))
    )


def _error(status: int, code: str) -> Answer:
    return Answer(status, {"error": {"code": code, "message": "as documented", "innerError": {}}})


@contextmanager
def graph_server(*, page: int = 100) -> Iterator[GraphServer]:
    """A running server without an object in it; `root + "/v1.0"` is its base_url, `right` its token."""
    service = GraphServer(page=page)
    with serving(service):
        yield service
