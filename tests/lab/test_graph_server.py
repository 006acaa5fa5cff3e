"""The laboratory's Graph answers as the documented one: same keys, same links, same words for what was removed.

`CMDB_TEST_GRAPH_EXAMPLES` names a folder with response examples transcribed from Microsoft's documentation.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cmdb.vocabulary import vocabulary
from discovery.source import Hearing
from discovery.sources import SOURCES
from lab.graph_server import GraphServer, graph_server

Row = dict[str, Any]


@pytest.fixture(scope="module")
def documented() -> dict[str, Row]:
    folder = os.environ.get("CMDB_TEST_GRAPH_EXAMPLES", "")
    if not folder:
        pytest.skip("CMDB_TEST_GRAPH_EXAMPLES names no folder with documented answers: not compared with them")
    found = {file.stem: json.loads(file.read_text()) for file in Path(folder).glob("*.json")}
    assert {"users_delta_1_initial", "groups_delta_5_changes", "devices_delta", "manageddevices_list"} <= found.keys()
    return found


@pytest.fixture
def tenant() -> Iterator[GraphServer]:
    with graph_server(page=1) as server:
        for collection in ("users", "groups", "devices"):
            for name in ("a", "b"):
                server.put(collection, {"id": f"{collection}-{name}", "displayName": name, "description": name})
        server.set_members("groups-a", ["users-a"])
        server.managed = {"m": {"id": "m", "deviceName": "m"}}
        yield server


def pages(server: GraphServer, link: str) -> list[Row]:
    """Every page from here to the end."""
    found: list[Row] = []
    following: str | None = link
    while following is not None:
        found.append(httpx.get(following, headers={"Authorization": "Bearer right"}).json())
        following = found[-1].get("@odata.nextLink")
    return found


def rounds(server: GraphServer, collection: str) -> tuple[list[Row], list[Row], list[Row]]:
    """The pages of a first round, of one in which nothing moved, and of one with changes and a deletion."""
    first = pages(server, f"{server.root}/v1.0/{collection}/delta?$select=displayName,description,members")
    still = pages(server, first[-1]["@odata.deltaLink"])
    server.put(collection, {"id": f"{collection}-b", "description": "new"})
    if collection == "groups":
        server.set_members("groups-a", ["users-b"])
    server.remove(collection, f"{collection}-b", "changed")
    return first, still, pages(server, still[-1]["@odata.deltaLink"])


def keys(page: Row) -> set[str]:
    return {name.removeprefix("@odata.") for name in page if name != "@odata.context"}


@pytest.mark.parametrize("collection", ["users", "groups"])
def test_a_delta_query_has_the_documented_rounds(
    documented: dict[str, Row], tenant: GraphServer, collection: str
) -> None:
    first, still, moved = rounds(tenant, collection)
    assert keys(first[0]) == keys(documented[f"{collection}_delta_1_initial"])
    assert keys(first[-1]) == keys(documented[f"{collection}_delta_3_final"])
    assert keys(still[-1]) == keys(documented[f"{collection}_delta_4_nochange"])
    assert still[-1]["value"] == documented[f"{collection}_delta_4_nochange"]["value"] == []
    assert keys(moved[-1]) == keys(documented[f"{collection}_delta_5_changes"])
    for ours, theirs in ((first[0], "1_initial"), (still[-1], "4_nochange")):
        for link in ("@odata.nextLink", "@odata.deltaLink"):
            if link in ours:
                name = documented[f"{collection}_delta_{theirs}"][link].partition("?")[2].partition("=")[0]
                assert f"/v1.0/{collection}/delta?{name}=" in ours[link]


def test_what_was_removed_is_said_as_documented(documented: dict[str, Row], tenant: GraphServer) -> None:
    (theirs,) = (row for row in documented["users_delta_5_changes"]["value"] if "@removed" in row)
    ours = [row for page in rounds(tenant, "users")[2] for row in page["value"] if "@removed" in row]
    assert [(row.keys(), row["@removed"]) for row in ours] == [(theirs.keys(), theirs["@removed"])]


def test_members_that_move_are_said_as_documented(documented: dict[str, Row], tenant: GraphServer) -> None:
    (theirs,) = documented["groups_delta_5_changes"]["value"]
    rows = [row for page in rounds(tenant, "groups")[2] for row in page["value"]]
    (ours,) = (row for row in rows if "members@delta" in row)
    shapes = [
        sorted((tuple(sorted(one)), one["@odata.type"]) for one in row["members@delta"]) for row in (ours, theirs)
    ]
    assert shapes[0] == shapes[1]


def test_every_documented_row_is_understood(documented: dict[str, Row]) -> None:
    now = 1_727_900_000_000_000
    hearing = Hearing(vocabulary(), "default", now)
    told = []
    for name, page in documented.items():
        collection = name.partition("_")[0]
        for row in page["value"]:
            if "@removed" in row:
                payload: Row = {"gone": row["id"]}
            else:
                payload = {"kind": collection, "row": row, "also": row.get("members@delta", [])}
            source = "intune" if collection == "manageddevices" else "entra_id"
            told += SOURCES[source].observe(payload | {"read_at": now}, hearing)
    assert {one.ci_class for one in told} >= {"user", "group", "workstation", ""}
    (managed,) = (one for one in told if one.source == "intune")
    assert dict(managed.attributes)["compliance"] == "compliant"


def test_the_lists_have_the_documented_form(documented: dict[str, Row], tenant: GraphServer) -> None:
    assert keys(pages(tenant, f"{tenant.root}/v1.0/devices/delta")[0]) == keys(documented["devices_delta"])
    assert keys(pages(tenant, f"{tenant.root}/v1.0/deviceManagement/managedDevices")[0]) == keys(
        documented["manageddevices_list"]
    )
