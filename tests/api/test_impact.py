"""Section 3 over HTTP: what falls when something does."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from http_api import line, ndjson, needs, problem

Tell = Callable[..., dict[str, Any]]
IdOf = Callable[[str], str]


@pytest.fixture
def estate(tell: Tell) -> None:
    """A switch under two of three replicas of a 2-of-3 cluster, a service on it, and a host of its own."""
    tell(
        line("switch", "switch"),
        line("other", "switch"),
        line("db1", relations=needs("switch")),
        line("db2", relations=needs("switch")),
        line("db3", relations=needs("other")),
        line("cluster", "cluster", relations=needs("db1", "db2", "db3", group="replicas", need=2)),
        line("app", "application", relations=needs("cluster", type="stores_in")),
        line("Team A", "team"),
        line("Payments", "business_service", attributes={"tier": 1},
             relations=[*needs("app"), {"type": "owned_by", "to": "team.name:Team A"}]),
        line("alone"),
    )  # fmt: skip


def impact(client: TestClient, **asked: Any) -> dict[str, Any]:
    answer = client.post("/v1/impact", json=asked)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def states(answer: dict[str, Any]) -> dict[str, str]:
    return {ci["name"]: ci["state"] for ci in answer["affected"]}


def test_the_fall_of_a_switch_is_followed_to_the_service(viewer: TestClient, estate: None, id_of: IdOf) -> None:
    answer = viewer.get("/v1/cis/name:switch/impact").json()
    assert answer == impact(viewer, fail=["name:switch"])
    assert states(answer) == dict.fromkeys(["db1", "db2", "cluster", "app", "Payments"], "down")
    assert [ci["name"] for ci in answer["failed"]] == ["switch"]
    summary = answer["summary"]
    assert (summary["down"], summary["degraded"], summary["reachable"]) == (5, 0, 5)
    assert summary["by_class"]["server"] == {"down": 2, "degraded": 0}
    assert summary["by_tier"] == {"1": {"down": 1, "degraded": 0}}
    assert summary["services"] == [
        {"id": id_of("name:Payments"), "name": "Payments", "class": "business_service", "state": "down", "tier": 1,
         "owner": "Team A"}
    ]  # fmt: skip
    assert summary["expected_impact"] is None
    service = answer["affected"][0]
    assert (service["name"], service["distance"], service["margin"], service["probability"]) == ("Payments", 4, 0, 1.0)
    assert service["path"][0]["to"] == id_of("name:switch")
    assert service["path"][-1]["from"] == id_of("name:Payments")
    assert len(service["path"]) == service["distance"]
    assert (answer["truncated"], answer["next"]) == (None, None)


def test_one_replica_only_degrades_the_cluster(viewer: TestClient, estate: None) -> None:
    answer = impact(viewer, fail=["name:db1"])
    (cluster,) = answer["affected"]
    assert (cluster["name"], cluster["state"], cluster["margin"]) == ("cluster", "degraded", 0)
    assert cluster["probability"] is None
    assert answer["summary"]["reachable"] == 3


def test_several_failures_are_one_question(viewer: TestClient, estate: None) -> None:
    answer = impact(viewer, fail=["name:db1", "name:db3"])
    assert states(answer) == dict.fromkeys(["cluster", "app", "Payments"], "down")


def test_what_has_failed_already_is_told_apart(viewer: TestClient, estate: None, id_of: IdOf) -> None:
    answer = impact(viewer, fail=["name:db3"], already_failed=["name:db1"])
    assert states(answer) == dict.fromkeys(["cluster", "app", "Payments"], "down")
    assert answer["before"]["degraded"] == 1
    assert answer["before"]["down"] == 0
    worse = {id_of(f"name:{name}") for name in ("cluster", "app", "Payments")}
    assert (set(answer["difference"]["worse"]), answer["difference"]["better"]) == (worse, [])


def test_a_relation_can_be_imagined(viewer: TestClient, estate: None, id_of: IdOf) -> None:
    second = [{"from": f"name:{db}", "type": "depends_on", "to": f"name:{switch}", "group": "uplink"}
              for db in ("db1", "db2") for switch in ("switch", "other")]  # fmt: skip
    answer = impact(viewer, fail=["name:switch"], add_relations=second)
    assert states(answer) == {"db1": "degraded", "db2": "degraded"}
    assert answer["before"]["down"] == 5
    better = {id_of(f"name:{name}") for name in ("db1", "db2", "cluster", "app", "Payments")}
    assert (answer["difference"]["worse"], set(answer["difference"]["better"])) == ([], better)
    assert states(impact(viewer, fail=["name:switch"]))["app"] == "down"


def test_a_relation_can_be_imagined_away_by_id_or_by_its_ends(viewer: TestClient, estate: None, id_of: IdOf) -> None:
    db1 = viewer.get("/v1/cis/name:db1").json()
    by_id = next(found["id"] for found in db1["relations"] if found["direction"] == "out")
    by_ends = {"from": "name:db1", "type": "depends_on", "to": "name:switch"}
    for removed in (by_id, by_ends):
        answer = impact(viewer, fail=["name:switch"], remove_relations=[removed])
        assert states(answer) == {"db2": "down", "cluster": "degraded"}
        assert id_of("name:db1") in answer["difference"]["better"]
    impact(viewer, remove_relations=[by_id])


@pytest.mark.parametrize(
    "asked",
    [
        {"remove_relations": ["no-such-relation"]},
        {"remove_relations": [{"from": "name:db1", "type": "hosted_on", "to": "name:switch"}]},
        {"remove_relations": [{"from": "name:alone", "type": "depends_on", "to": "name:switch"}]},
        {"add_relations": [{"from": "name:nobody", "type": "depends_on", "to": "name:switch"}]},
        {"fail": ["name:nobody"]},
        {"fail": ["name:db1"], "already_failed": ["name:nobody"]},
    ],
)
def test_what_is_not_there_cannot_be_asked_about(viewer: TestClient, estate: None, asked: dict[str, Any]) -> None:
    problem(viewer.post("/v1/impact", json=asked), 404, "unknown-reference")


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"fail": []},
        {"fail": "name:db1"},
        {"fail": [7]},
        {"fail": ["name:db1"], "mode": "likely"},
        {"fail": ["name:db1"], "mode": "perhaps"},
        {"fail": ["name:db1"], "direction": "sideways"},
        {"fail": ["name:db1"], "as_of": "2024-01-01"},
        {"fail": ["name:db1"], "as_of": "2024-01-01T00:00:00Z", "known_at": "yesterday"},
        {"fail": ["name:db1"], "known_at": "yesterday"},
        {"fail": ["name:db1"], "depth": -1},
        {"fail": ["name:db1"], "depth": 10**30},
        {"fail": ["name:db1"], "depth": "2"},
        {"fail": ["name:db1"], "limit": 0},
        {"fail": ["name:db1"], "limit": 1001},
        {"fail": ["name:db1"], "nonsense": True},
        {"fail": ["name:db1"], "direction": "dependencies", "already_failed": ["name:db2"]},
        {"add_relations": [{"from": "name:db1", "type": "loves", "to": "name:db2"}]},
        {"add_relations": [{"from": "name:db1", "type": "depends_on", "to": "name:db2", "need": 2}]},
        {"add_relations": [{"from": "name:db1", "type": "depends_on", "to": "name:db2", "group": "g", "need": "all"}]},
        {"add_relations": [{"from": "name:db1", "type": "depends_on", "to": "name:db2", "effect": "sad"}]},
        {"add_relations": [{"from": "name:db1", "type": "depends_on", "to": "name:db2", "strength": 2}]},
        {"add_relations": [{"type": "depends_on", "to": "name:db2"}]},
    ],
)
def test_a_question_that_makes_no_sense_is_refused(viewer: TestClient, estate: None, asked: dict[str, Any]) -> None:
    problem(viewer.post("/v1/impact", json=asked), 422, "invalid")


def test_an_ambiguous_failure_names_its_candidates(viewer: TestClient, tell: Tell) -> None:
    tell(line("r1") | {"name": "twin"}, line("r2") | {"name": "twin"})
    said = problem(viewer.post("/v1/impact", json={"fail": ["name:twin"]}), 409, "ambiguous-reference")
    assert len(said["candidates"]) == 2


def test_dependencies_are_everything_it_needs(viewer: TestClient, estate: None) -> None:
    answer = viewer.get("/v1/cis/name:app/impact", params={"direction": "dependencies"}).json()
    assert {ci["name"]: ci["distance"] for ci in answer["affected"]} == {
        "cluster": 1, "db1": 2, "db2": 2, "db3": 2, "switch": 3, "other": 3,
    }  # fmt: skip
    assert {(ci["state"], ci["probability"], ci["margin"]) for ci in answer["affected"]} == {(None, None, None)}
    assert answer["summary"]["reachable"] == 6
    removed = [{"from": "name:db3", "type": "depends_on", "to": "name:other"}]
    imagined = impact(viewer, fail=["name:app"], direction="dependencies", remove_relations=removed)
    assert "other" not in {ci["name"] for ci in imagined["affected"]}


def test_depth_cuts_the_list_and_never_the_summary(viewer: TestClient, estate: None) -> None:
    answer = viewer.get("/v1/cis/name:switch/impact", params={"depth": 2}).json()
    assert set(states(answer)) == {"db1", "db2", "cluster"}
    assert answer["truncated"] == "depth"
    assert answer["summary"]["down"] == 5


def test_a_list_is_read_to_its_end_on_the_revision_it_began_with(
    viewer: TestClient, admin: TestClient, estate: None
) -> None:
    first = viewer.get("/v1/cis/name:switch/impact", params={"limit": 2}).json()
    admin.post("/v1/observations", content=ndjson(line("late", relations=needs("switch"))))
    seen, place = [ci["name"] for ci in first["affected"]], first["next"]
    while place:
        page = viewer.get("/v1/cis/name:switch/impact", params={"limit": 2, "cursor": place}).json()
        assert page["revision"] == first["revision"]
        assert page["summary"] == first["summary"]
        seen += [ci["name"] for ci in page["affected"]]
        place = page["next"]
    assert sorted(seen) == sorted(["db1", "db2", "cluster", "app", "Payments"])
    assert viewer.get("/v1/cis/name:switch/impact").json()["summary"]["down"] == 6


def test_the_pages_of_a_posted_question_follow_each_other(viewer: TestClient, estate: None) -> None:
    asked = {"fail": ["name:switch"], "limit": 3}
    first = impact(viewer, **asked)
    second = impact(viewer, **asked, cursor=first["next"])
    assert len(first["affected"]) + len(second["affected"]) == 5
    assert second["next"] is None
    other = {"fail": ["name:db1"], "cursor": first["next"]}
    problem(viewer.post("/v1/impact", json=other), 400, "bad-cursor")


def test_single_points_of_failure_bring_it_down_alone(viewer: TestClient, estate: None) -> None:
    answer = viewer.get("/v1/cis/name:Payments/single-points-of-failure").json()
    assert {ci["name"] for ci in answer["items"]} == {"app", "cluster", "switch"}
    assert answer["next"] is None
    for point in answer["items"]:
        assert point["path"][0]["to"] == point["id"]
        alone = impact(viewer, fail=[point["id"]])
        assert states(alone)["Payments"] == "down"
    page = viewer.get("/v1/cis/name:Payments/single-points-of-failure", params={"limit": 2}).json()
    rest = viewer.get(
        "/v1/cis/name:Payments/single-points-of-failure", params={"limit": 2, "cursor": page["next"]}
    ).json()
    assert [*page["items"], *rest["items"]] == answer["items"]


def test_an_answer_says_where_nobody_looked(viewer: TestClient, admin: TestClient, estate: None) -> None:
    coverage = viewer.get("/v1/cis/name:alone/impact").json()["coverage"]
    assert coverage["never_looked"] == ["network connections of alone"]
    assert not coverage["complete"]
    switch = viewer.get("/v1/cis/name:switch/impact").json()["coverage"]
    assert set(switch["never_looked"]) == {f"network connections of {name}" for name in ("app", "db1", "db2")}

    looked = {"identifiers": {"fqdn": "alone.corp.example"}}
    admin.post("/v1/observations", content=ndjson(
        line("alone", **looked), line("alone", **looked) | {"source": "connections"}
    ))  # fmt: skip
    coverage = viewer.get("/v1/cis/name:alone/impact").json()["coverage"]
    assert coverage == {
        "unscanned_scopes": [], "stale_relations": 0, "never_looked": [], "unseen_relations": [], "undiscovered": 0,
        "complete": True,
    }  # fmt: skip


def test_an_answer_says_how_much_was_probably_never_seen(viewer: TestClient, admin: TestClient, clock: Any) -> None:
    def host(share: float) -> dict[str, Any]:
        said = {"unseen_share": share, "unseen_low": 0.0, "unseen_high": 0.6}
        return line("alone", attributes={"connections": said}) | {"source": "connections"}

    on_it = line("app", "application", relations=[{"type": "runs_on", "to": "record:connections:alone"}])
    admin.post("/v1/observations", content=ndjson(host(0.4), on_it | {"source": "connections"}))
    for asked in ("alone", "app"):  # who talks to an application shows on the host that it runs on
        coverage = viewer.get(f"/v1/cis/name:{asked}/impact").json()["coverage"]
        (unseen,) = coverage["unseen_relations"]
        assert {key: unseen[key] for key in ("name", "share", "low", "high")} == {
            "name": "alone", "share": 0.4, "low": 0.0, "high": 0.6,
        }  # fmt: skip
        assert viewer.get(f"/v1/cis/{unseen['ci']}").json()["name"] == "alone"
        assert not coverage["complete"]
    clock.at += 1_000_000
    admin.post("/v1/observations", content=ndjson(host(0.05)))
    coverage = viewer.get("/v1/cis/name:alone/impact").json()["coverage"]
    assert coverage["unseen_relations"][0]["share"] == 0.05
    assert coverage["complete"]


def test_many_that_nobody_looked_at_are_counted_not_listed(viewer: TestClient, tell: Tell) -> None:
    tell(line("core", "switch"), *(line(f"s{n:02}", relations=needs("core")) for n in range(30)))
    never = viewer.get("/v1/cis/name:core/impact").json()["coverage"]["never_looked"]
    assert len(never) == 21
    assert never[-1] == "network connections of 10 more CIs"


@pytest.mark.parametrize("ending", ["partial", "held", "cancelled", "idle"])
def test_an_answer_says_which_scopes_were_not_read_to_the_end(
    viewer: TestClient, admin: TestClient, ending: str, clock: Any
) -> None:
    def run(*lines: dict[str, Any], complete: bool = True) -> str:
        run_id = str(admin.post("/v1/runs", json={"source": "agent", "scope": "rack 7"}).json()["run_id"])
        admin.post(f"/v1/runs/{run_id}/observations", content=ndjson(*lines))
        if ending == "cancelled" and not complete:
            admin.post(f"/v1/runs/{run_id}/cancel")
        elif ending != "idle" or complete:
            admin.post(f"/v1/runs/{run_id}/finish", json={"complete": complete or ending == "held"})
        return run_id

    lines = [line(f"sw{n}", "switch") for n in range(20)]
    run(*lines)
    assert viewer.get("/v1/cis/name:sw0/impact").json()["coverage"]["complete"]
    clock.at += 1
    run(lines[0], complete=False)
    clock.at += 2 * 3600 * 1_000_000
    coverage = viewer.get("/v1/cis/name:sw0/impact").json()["coverage"]
    assert coverage["unscanned_scopes"] == ["agent rack 7"]
    assert not coverage["complete"]
    ending = ""
    run(*lines)
    assert viewer.get("/v1/cis/name:sw0/impact").json()["coverage"]["complete"]


def test_an_end_nobody_discovered_is_counted(viewer: TestClient, tell: Tell) -> None:
    tell(line("sw", "switch"), line("app", "application", relations=needs("sw", "ghost", group="any")))
    assert viewer.get("/v1/cis/name:sw/impact").json()["coverage"]["undiscovered"] == 1
