"""Who may ask what."""

from collections.abc import Callable

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.testclient import TestClient

from api.access import ALLOWED, OPEN
from api.app import create_app
from api.problems import Problem
from api.tokens import ROLES, create_token, list_tokens, revoke_token
from api.wiring import System
from http_api import DAY, line, ndjson, problem

Login = Callable[..., TestClient]
GETS = (
    "/v1/cis", "/v1/cis/name:db", "/v1/cis/name:db/history", "/v1/cis/name:db/impact",
    "/v1/cis/name:db/single-points-of-failure", "/v1/records", "/v1/runs", "/v1/classes", "/v1/relation-types",
    "/v1/sources", "/metrics", "/v1/quality", "/v1/quality/duplicates", "/v1/quality/unresolved", "/v1/coverage",
    "/v1/source-instances", "/v1/schedules", "/v1/events", "/v1/reviews", "/v1/decisions", "/v1/graph/diff?from=0",
)  # fmt: skip


def actions_of(route: APIRoute) -> set[str]:
    """What the route's dependencies ask for, at any depth."""
    found, todo = set(), [route.dependant]
    while todo:
        dependant = todo.pop()
        found.add(getattr(dependant.call, "action", None))
        todo += dependant.dependencies
    return {action for action in found if action}


def routes(client: TestClient) -> list[APIRoute]:
    found = [context.original_route for context in iter_route_contexts(client.app.routes)]  # type: ignore[attr-defined]
    return [route for route in found if isinstance(route, APIRoute)]


def test_every_route_says_what_it_does_or_is_open(stranger: TestClient) -> None:
    found = routes(stranger)
    assert {route.path for route in found if not actions_of(route)} == set(OPEN)
    for route in found:
        # Beside "anything", which only asks who it is, a route names exactly one action.
        assert len(actions_of(route) - {"anything"}) == 1 or route.path in {*OPEN, "/openapi.json"}, route.path
        assert actions_of(route) <= set(ALLOWED)


def test_every_route_refuses_a_stranger_before_it_looks_at_anything_else(stranger: TestClient) -> None:
    for route in routes(stranger):
        if route.path in OPEN:
            continue
        for method in route.methods:
            path = route.path.replace("{ref}", "name:db").replace("{run_id}", "x").replace("{attribute}", "os")
            answer = stranger.request(method, path, params={"at_least": 10**9, "nonsense": 1})
            problem(answer, 401, "unauthenticated")
            assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Bearer a.b",
        "Basic YTpi",
        "Bearer .",
        "Bearer x.ünknown",
        "bearer\ta.b",
    ],
)
def test_a_token_that_is_none_is_refused(stranger: TestClient, header: str) -> None:
    answer = stranger.get("/v1/cis", headers={"Authorization": header.encode("latin-1", "replace")})  # type: ignore[dict-item]
    problem(answer, 401, "unauthenticated")


def test_the_right_id_with_another_secret_is_refused(system: System, stranger: TestClient) -> None:
    token = create_token(system, "viewer")["token"]
    other = create_token(system, "viewer")["token"].partition(".")[2]
    forged = f"{token.partition('.')[0]}.{other}"
    problem(stranger.get("/v1/cis", headers={"Authorization": f"Bearer {forged}"}), 401, "unauthenticated")


def test_a_token_ends_when_it_expires_or_is_revoked(system: System, login: Login, clock: Callable[[], int]) -> None:
    short, long = login("viewer", days=1), login("viewer")
    assert short.get("/v1/cis").status_code == 200
    clock.at += DAY  # type: ignore[attr-defined]
    problem(short.get("/v1/cis"), 401, "unauthenticated")
    assert long.get("/v1/cis").status_code == 200
    for token in list_tokens(system):
        assert revoke_token(system, token["id"])
    problem(long.get("/v1/cis"), 401, "unauthenticated")
    assert not revoke_token(system, "never-was")


def test_a_secret_is_shown_once_and_kept_nowhere(system: System) -> None:
    made = create_token(system, "viewer", name="dashboard")
    secret = made["token"].partition(".")[2]
    assert len(secret) >= 40
    assert secret not in str(list(system.store.dump()))
    assert {key for token in list_tokens(system) for key in token} == set(made) - {"token"}


@pytest.mark.parametrize("role", ["viewer", "responder", "change_manager", "steward", "admin"])
def test_everyone_but_a_collector_reads(login: Login, role: str, tell: Callable[..., object]) -> None:
    tell(line("db"))
    client = login(role)
    for path in GETS:
        assert client.get(path).status_code == 200, path
    assert client.post("/v1/impact", json={"fail": ["name:db"]}).status_code == 200


def test_a_collector_brings_observations_and_nothing_else(login: Login) -> None:
    collector = login("collector", sources=("agent",))
    for path in set(GETS) - {"/v1/runs"}:
        problem(collector.get(path), 403, "forbidden")
    problem(collector.post("/v1/impact", json={"fail": ["name:db"]}), 403, "forbidden")
    problem(collector.patch("/v1/cis/name:db", json={"attributes": {"os": "x"}, "reason": "y"}), 403, "forbidden")
    assert collector.get("/openapi.json").status_code == 200


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"collector", "admin"}))
def test_who_reads_does_not_write(login: Login, role: str) -> None:
    client = login(role)
    problem(client.post("/v1/observations", content=ndjson(line("db"))), 403, "forbidden")
    problem(client.post("/v1/runs", json={"source": "agent", "scope": "s"}), 403, "forbidden")
    if role != "steward":
        problem(client.patch("/v1/cis/name:db", json={"attributes": {"os": "x"}, "reason": "y"}), 403, "forbidden")
        problem(client.delete("/v1/cis/name:db/corrections/os"), 403, "forbidden")
        problem(client.post("/v1/runs/x/release"), 403, "forbidden")


def test_a_line_of_another_source_or_realm_rejects_itself(login: Login, admin: TestClient) -> None:
    collector = login("collector", sources=("agent",), realms=("berlin",))
    lines = [
        line("mine", realm="berlin"),
        line("of another source", realm="berlin") | {"source": "jamf"},
        line("of another realm", realm="paris"),
        line("of no realm"),
        {"source": "jamf", "realm": "berlin", "record": "bad and of another source"},
    ]
    said = collector.post("/v1/observations", content=ndjson(*lines)).json()
    assert (said["received"], said["accepted"]) == (5, 1)
    assert [found["line"] for found in said["rejected"]] == [2, 3, 4, 5]
    assert [ci["name"] for ci in admin.get("/v1/cis").json()["items"]] == ["mine"]


def test_a_collector_touches_no_run_but_those_of_its_sources(login: Login, admin: TestClient) -> None:
    agent, jamf = login("collector", sources=("agent",)), login("collector", sources=("jamf", "entra_id"))
    problem(agent.post("/v1/runs", json={"source": "jamf", "scope": "all"}), 403, "forbidden")
    run = jamf.post("/v1/runs", json={"source": "jamf", "scope": "all"}).json()["run_id"]
    for path in ("observations", "finish", "cancel"):
        answer = agent.post(f"/v1/runs/{run}/{path}", json={"complete": True})
        problem(answer, 403, "forbidden")
    problem(agent.get(f"/v1/runs/{run}"), 404, "unknown-reference")
    assert agent.get("/v1/runs").json()["items"] == []
    assert [found["run_id"] for found in jamf.get("/v1/runs").json()["items"]] == [run]
    assert admin.get(f"/v1/runs/{run}").json()["status"] == "running"


def test_nobody_speaks_as_a_person_through_the_door(admin: TestClient, system: System) -> None:
    said = admin.post("/v1/observations", content=ndjson(line("x") | {"source": "human"})).json()
    assert said["accepted"] == 0
    assert "human" in said["rejected"][0]["reason"]
    problem(admin.post("/v1/runs", json={"source": "human", "scope": "s"}), 403, "forbidden")
    with pytest.raises(Problem):
        create_token(system, "collector", sources=("human",))


@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"role": "emperor"},
        {"role": "viewer", "sources": ("agent",)},
        {"role": "viewer", "days": 9_999_999},
        {"role": "viewer", "days": 10**12},
        {"role": "viewer", "days": 0},
    ],
)
def test_a_token_that_makes_no_sense_is_not_made(system: System, limits: dict[str, object]) -> None:
    with pytest.raises(Problem):
        create_token(system, **{"role": "collector", **limits})  # type: ignore[arg-type]
    assert list_tokens(system) == []


def test_a_role_limited_to_realms_sees_those_only_and_the_rest_is_counted(
    login: Login, tell: Callable[..., object], id_of: Callable[[str], str]
) -> None:
    tell(
        line("core", "switch", realm="berlin"),
        line("seen", realm="berlin", relations=[{"type": "depends_on", "to": "name:core"}]),
        line("hidden", realm="paris", relations=[{"type": "depends_on", "to": "name@berlin:core"}]),
        line("Shop", "business_service", realm="paris", relations=[{"type": "depends_on", "to": "name:hidden"}]),
        line("beyond", realm="berlin", relations=[{"type": "depends_on", "to": "name@paris:hidden"}]),
    )
    berlin = login("viewer", realms=("berlin",))
    hidden = {id_of("name:hidden"), id_of("name:Shop")}
    assert {ci["name"] for ci in berlin.get("/v1/cis").json()["items"]} == {"core", "seen", "beyond"}
    problem(berlin.get("/v1/cis", params={"realm": "paris"}), 403, "forbidden")
    for ref in ("name:hidden", *hidden, "record@paris:agent:hidden"):
        problem(berlin.get("/v1/cis", params={"ref": ref}), 404, "unknown-reference")
        problem(berlin.post("/v1/impact", json={"fail": [ref]}), 404, "unknown-reference")
    core = berlin.get("/v1/cis/name:core")
    assert core.json()["relations_not_visible"] == 1
    assert {record["realm"] for record in berlin.get("/v1/records").json()["items"]} == {"berlin"}

    impact = berlin.get("/v1/cis/name:core/impact")
    assert impact.json()["summary"]["down"] == 4
    assert {ci["name"] for ci in impact.json()["affected"]} == {"seen", "beyond"}
    assert impact.json()["not_visible"] == 2
    spof = berlin.get("/v1/cis/name:beyond/single-points-of-failure")
    dependencies = berlin.get("/v1/cis/name:beyond/impact", params={"direction": "dependencies"})
    assert dependencies.json()["summary"]["reachable"] == 2
    question = {"fail": ["name:core"], "already_failed": ["name:beyond"]}
    compared = berlin.post("/v1/impact", json=question)
    for answer in (core, impact, spof, dependencies, compared):
        assert answer.status_code == 200
        for never in ("hidden", "Shop", *hidden):
            assert never not in answer.text, answer.url


def test_of_several_realms_all_are_searched_unless_some_are_named(login: Login, tell: Callable[..., object]) -> None:
    tell(line("a", realm="berlin"), line("b", realm="paris"), line("c", realm="rome"))
    client = login("viewer", realms=("berlin", "paris"))
    assert [ci["name"] for ci in client.get("/v1/cis").json()["items"]] == ["a", "b"]
    problem(client.get("/v1/cis", params={"realm": "paris,rome"}), 403, "forbidden")
    assert [ci["name"] for ci in client.get("/v1/cis", params={"realm": "paris"}).json()["items"]] == ["b"]
    assert client.get("/v1/cis/name:a").status_code == 200
    problem(client.get("/v1/cis/name:c"), 404, "unknown-reference")


def test_what_is_counted_over_realms_is_paged_without_gaps(login: Login, tell: Callable[..., object]) -> None:
    tell(*(line(f"r{n:02}", realm="berlin" if n % 3 else "paris") for n in range(20)))
    berlin = login("viewer", realms=("berlin",))
    seen, cursor = [], None
    while True:
        page = berlin.get("/v1/records", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [record["record"] for record in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [f"r{n:02}" for n in range(20) if n % 3]


def test_the_app_needs_no_token_to_say_that_it_lives(stranger: TestClient) -> None:
    assert stranger.get("/healthz").status_code == 200
    assert stranger.get("/readyz").json()["status"] == "ready"


def test_two_apps_share_the_tokens_of_one_store(system: System, login: Login) -> None:
    client = login("viewer")
    with TestClient(create_app(system), headers=dict(client.headers)) as other:
        assert other.get("/v1/cis").status_code == 200
