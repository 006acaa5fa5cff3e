"""Accuracy over HTTP and on the command line: CIs drawn by chance, looked at again."""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.sampling import draw
from discovery.run_source import run_source
from discovery.sources.connections import CONNECTIONS
from discovery.sources.connections.settings import ConnectionsSettings
from discovery.sources.csv import CSV
from graph.store import FoundCI
from http_api import line, problem

MAPPING = """
system = "assets"
class = "server"
record = "Tag"
name = "Host"
identifiers = { serial = { template = "S-{Tag}7" } }
attributes = { owner = "Owner" }
"""
Login = Callable[..., TestClient]
Tell = Callable[..., dict[str, Any]]


def found(n: int) -> list[FoundCI]:
    return [FoundCI(str(i), "server", str(i), "live", None, None, None, 0) for i in range(n)]


def test_each_is_drawn_as_often_as_any_other_and_none_twice() -> None:
    often: Counter[str] = Counter()
    for seed in range(4000):
        drawn, population = draw(found(20), 5, random.Random(seed))
        assert population == 20
        assert len({ci.id for ci in drawn}) == 5
        often.update(ci.id for ci in drawn)
    assert len(often) == 20
    assert all(850 < count < 1150 for count in often.values()), often


def test_fewer_than_asked_for_are_all_drawn() -> None:
    assert draw(found(3), 10, random.Random(1)) == (found(3), 3)
    assert draw([], 10, random.Random(1)) == ([], 0)


def test_a_sample_says_what_was_right_and_what_cannot_be_re_read(system: Any, admin: TestClient, tell: Tell) -> None:
    run_source(system.parts, CONNECTIONS, ConnectionsSettings())
    tell(line("pushed"), line("pushed too"), line("gone"))
    tell({"source": "agent", "record": "gone", "gone": True})
    said = admin.post("/v1/quality/sample", json={"n": 500, "class": ["device", "virtual_machine", "server"]}).json()
    assert (said["population"], said["drawn"]) == (3, 3), "what is gone is not drawn"
    assert (said["checked"], said["right"], said["wrong"], said["cannot_be_reread"]) == (1, 1, 0, 2)
    assert said["accuracy"] == {"value": 1.0, "interval": [0.2065, 1.0], "level": 0.95, "method": "wilson"}
    assert said["facts"]["checked"] == said["facts"]["right"] > 0
    assert {row["source"]: row["cannot_be_reread"] for row in said["by_source"]} == {"agent": 2, "connections": 0}
    assert [row["accuracy"] for row in said["by_class"] if row["class"] == "server"] == [None], "unknown is not right"
    reasons = {record["reason"] for item in said["items"] for record in item["records"]}
    assert reasons == {None, "nothing here can ask agent again"}


def test_the_same_seed_draws_the_same(admin: TestClient, tell: Tell) -> None:
    tell(*(line(f"r{n}") for n in range(100)))

    def drawn(**asked: Any) -> tuple[Any, list[str]]:
        said = admin.post("/v1/quality/sample", json={"n": 5, **asked}).json()
        return said["seed"], [item["name"] for item in said["items"]]

    assert drawn(seed=7) == drawn(seed=7)
    assert drawn(seed=7) != drawn(seed=8)
    seed, names = drawn()
    assert drawn() == (seed, names), "without a seed the question is the seed"
    assert drawn(seed=seed) == (seed, names), "which is told, so that it can be drawn again"
    tell(line("another"))
    assert drawn()[0] != seed


def _table(folder: Path, *rows: str) -> dict[str, str]:
    """Writes it; what a source instance is told of it."""
    (folder / "assets.csv").write_text("\n".join(("Tag,Host,Owner", *rows, "")))
    (folder / "assets.toml").write_text(MAPPING)
    return {"file": f"{folder}/assets.csv", "mapping": f"{folder}/assets.toml"}


def test_source_instances_are_asked_again_without_being_told_anew(
    admin: TestClient, login: Login, system: Any, tell: Tell, tmp_path: Path
) -> None:
    told = _table(tmp_path, *(f"A{n},db{n},ann" for n in range(10)))
    said = {"name": "assets", "source": "csv", "realm": "berlin", "settings": told}
    assert admin.post("/v1/source-instances", json=said).status_code == 201
    assert run_source(system.parts, CSV, CSV.settings(**told, realm="berlin")).status == "complete"
    _table(tmp_path, *(f"A{n},db{n},{'eve' if n < 2 else 'ann'}" for n in range(9)))
    tell(line("pushed"))
    revision = system.store.revision()
    found = admin.post("/v1/quality/sample", json={"n": 500}).json()
    assert (found["checked"], found["right"], found["wrong"], found["cannot_be_reread"]) == (10, 7, 3, 1)
    assert found["accuracy"]["interval"] == [0.3968, 0.8922]
    assert found["facts"] == {"checked": 9, "right": 7}
    assert found["not_reread"] == [{"source": "agent", "reason": "nothing here can ask agent again", "records": 1}]
    assert system.store.revision() == revision, "nothing was written"
    admin.patch("/v1/source-instances/assets", json={"zone": "dmz"})
    found = admin.post("/v1/quality/sample", json={"n": 500, "source": ["csv"]}).json()
    assert (found["accuracy"], found["not_reread"][0]["reason"]) == (
        None, "assets: only workers of the zone dmz reach it"
    )  # fmt: skip
    admin.delete("/v1/source-instances/assets")
    found = admin.post("/v1/quality/sample", json={"n": 500, "source": ["csv"]}).json()
    assert "there is no source instance of csv in realm berlin" in found["not_reread"][0]["reason"]


def test_no_source_is_asked_in_a_realm_out_of_sight(
    admin: TestClient, login: Login, system: Any, tell: Tell, tmp_path: Path
) -> None:
    told = _table(tmp_path, "A1,db1,ann")
    admin.post("/v1/source-instances", json={"name": "assets", "source": "csv", "settings": told})
    run_source(system.parts, CSV, CSV.settings(**told))
    tell(line("db", realm="berlin", identifiers={"serial": "S-A17"}))
    found = login("admin", realms=("berlin",)).post("/v1/quality/sample", json={"n": 500}).json()
    (item,) = found["items"]
    assert {(r["realm"], r["verdict"], r["reason"]) for r in item["records"]} == {
        ("berlin", "cannot be re-read", "nothing here can ask agent again"),
        ("default", "cannot be re-read", "it is of a realm that is not yours"),
    }
    assert {record["verdict"] for record in admin.post("/v1/quality/sample", json={"n": 500}).json()["items"][0][
        "records"]} == {"right", "cannot be re-read"}  # fmt: skip


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"n": 0},
        {"n": 501},
        {"n": "5"},
        {"n": 5, "class": ["spaceship"]},
        {"n": 5, "seconds": 0},
        {"n": 5, "nonsense": 1},
        {"n": 5, "settings": {"json_lines": {}}},
        {"n": 5, "settings": {"nmap": {"xml": "/etc/passwd"}}},
        {"n": 5, "settings": {"nmap": {"targets": "10.0.0.0/8"}}},
        {"n": 5, "settings": {"nmap": {"profile": "loud"}}},
    ],
)
def test_a_sample_that_makes_no_sense_is_refused(admin: TestClient, asked: dict[str, Any]) -> None:
    problem(admin.post("/v1/quality/sample", json=asked), 422, "invalid")


@pytest.mark.parametrize("role", ["viewer", "responder", "change_manager", "steward"])
def test_only_an_admin_makes_machines_be_asked(login: Login, role: str) -> None:
    problem(login(role).post("/v1/quality/sample", json={"n": 1}), 403, "forbidden")


def test_who_is_limited_to_a_realm_draws_there(login: Login, tell: Tell) -> None:
    tell(line("a", realm="berlin"), line("b", realm="paris"))
    berlin = login("admin", realms=("berlin",))
    assert [item["name"] for item in berlin.post("/v1/quality/sample", json={"n": 9}).json()["items"]] == ["a"]
    problem(berlin.post("/v1/quality/sample", json={"n": 9, "realm": ["paris"]}), 403, "forbidden")
