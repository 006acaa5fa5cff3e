"""Coverage over HTTP: what was read, and what is known to be there and was not."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from http_api import DAY, line, ndjson

Login = Callable[..., TestClient]
Tell = Callable[..., dict[str, Any]]


@pytest.fixture
def read(admin: TestClient, clock: Any) -> Callable[..., str]:
    """Runs a source over a scope; complete unless said otherwise."""

    def done(
        source: str,
        scope: str,
        *lines: dict[str, Any],
        complete: bool = True,
        realm: str = "default",
        full: bool = True,
    ) -> str:
        opened = admin.post("/v1/runs", json={"source": source, "realm": realm, "scope": scope, "full": full})
        run = str(opened.json()["run_id"])
        body = ndjson(*(one | {"source": source, "realm": realm} for one in lines))
        assert not admin.post(f"/v1/runs/{run}/observations", content=body).json()["rejected"]
        clock.at += 1_000_000
        assert admin.post(f"/v1/runs/{run}/finish", json={"complete": complete}).status_code == 200
        return run

    return done


def networks(answer: dict[str, Any]) -> dict[str, dict[str, int]]:
    return {found["network"]: found["seen_in"] for found in answer["never_read"]["networks"]}


def test_each_scope_names_its_last_complete_run(viewer: TestClient, read: Callable[..., str], clock: Any) -> None:
    first = read("nmap", "10.0.0.0/24", line("10.0.0.1", "device", identifiers={"ip": "10.0.0.1"}))
    at = viewer.get(f"/v1/runs/{first}").json()["ended_at"]
    clock.at += DAY
    second = read("nmap", "10.0.0.0/24", complete=False)
    read("ldap", "OU=Berlin,DC=corp", complete=False)
    delta = read("ldap", "DC=corp", full=False)
    found = {(scope["source"], scope["scope"]): scope for scope in viewer.get("/v1/coverage").json()["scopes"]}
    scanned = found["nmap", "10.0.0.0/24"]
    assert scanned["last_complete"] == {"run_id": first, "status": "complete", "at": at, "reason": None}
    assert (scanned["last_run"]["run_id"], scanned["last_run"]["status"]) == (second, "partial")
    assert scanned["last_run"]["reason"]
    assert found["ldap", "OU=Berlin,DC=corp"]["last_complete"] is None
    assert found["ldap", "DC=corp"]["last_complete"] is None, "changes alone are no reading"
    assert found["ldap", "DC=corp"]["last_run"]["run_id"] == delta


def test_networks_outside_every_scope_that_was_read_are_named(
    viewer: TestClient, read: Callable[..., str], tell: Tell
) -> None:
    read("nmap", "10.0.0.0/24", line("10.0.0.1", "device", identifiers={"ip": "10.0.0.1"}))
    read("nmap", "10.5.0.0/24", complete=False)
    tell(
        line("r1", "router", identifiers={"ip": ["10.0.0.254", "10.5.0.1"]}, attributes={"routes": ["10.9.0.0/16", "0.0.0.0/0", "10.0.0.0/25"]}),
        line("eth1", "interface", within="name:r1", identifiers={"ip": "10.6.0.1"}, attributes={"prefix": "10.6.0.0/23"}),
        line("eth2", "interface", within="name:r1", identifiers={"ip": "10.6.1.1"}),
        line("app", identifiers={"ip": "10.9.3.4"}, relations=[
            {"type": "connects_to", "to": "ip:10.7.0.9"}, {"type": "depends_on", "to": "ip:10.8.0.9"},
            {"type": "depends_on", "to": "ip:8.8.8.8"}]),
        line("office", "network", attributes={"prefix": "192.168.7.0/24"}),
        line("six", identifiers={"ip": ["fd00:1::5", "fe80::1", "127.0.0.1"]}),
        line("hop 10.4.4.4", "interface", identifiers={"ip": "10.4.4.4"}, attributes={"scan": {"reason": "hop"}}),
        line("elsewhere", realm="berlin", identifiers={"ip": "10.0.0.1"}),
    )  # fmt: skip
    answer = viewer.get("/v1/coverage").json()
    assert networks(answer) == {
        "10.5.0.0/24": {"addresses": 1},
        "10.6.0.0/23": {"interfaces": 3},
        "10.9.0.0/16": {"addresses": 1, "routes": 1},
        "10.7.0.0/24": {"neighbours": 1},
        "10.8.0.0/24": {"connections": 1},
        "10.4.4.0/24": {"routes": 1},
        "192.168.7.0/24": {"networks": 1},
        "fd00:1::/64": {"addresses": 1},
        "10.0.0.0/24": {"addresses": 1},
    }
    tried = {found["network"]: found["tried"] for found in answer["never_read"]["networks"]}
    assert {network for network, was in tried.items() if was} == {"10.5.0.0/24"}
    (other,) = [found for found in answer["never_read"]["networks"] if found["realm"] == "berlin"]
    assert (other["network"], other["examples"], other["read"]) == ("10.0.0.0/24", ["elsewhere"], 0)
    read("nmap", "10.6.0.0/24")
    later = {found["network"]: found["read"] for found in viewer.get("/v1/coverage").json()["never_read"]["networks"]}
    assert later["10.6.0.0/23"] == 0.5
    read("nmap", "10.6.1.0/24")
    assert "10.6.0.0/23" not in networks(viewer.get("/v1/coverage").json()), "two halves are the whole"


def test_units_and_tenants_that_nobody_read_are_named(viewer: TestClient, read: Callable[..., str], tell: Tell) -> None:
    read(
        "ldap",
        "OU=Berlin,OU=EU,DC=corp,DC=example",
        line("ann", "user", identifiers={"dn": "CN=Ann,OU=Berlin,OU=EU,DC=corp,DC=example"}),
    )
    read("entra_id", "contoso.example", line("contoso.example", "directory"))
    tell(
        line("bob", "user", identifiers={"dn": "CN=Bob,OU=Sales,OU=Paris,OU=EU,DC=corp,DC=example"}),
        line("Sales", "organizational_unit", identifiers={"dn": "OU=Sales,OU=Paris, OU=EU,DC=corp,DC=example"}),
        line("eve", "user", identifiers={"dn": "CN=Smith\\, Eve,OU=Rome,DC=corp,DC=example"}),
        line("fabrikam.example", "directory"),
        line("lap", "workstation", attributes={"tenant": "adatum.example"}),
        line("pad", "workstation", attributes={"tenant": "contoso.example"}),
    )  # fmt: skip
    never = viewer.get("/v1/coverage").json()["never_read"]
    assert {
        unit["name"]: (unit["things"], unit["units_below"], unit["examples"]) for unit in never["organizational_units"]
    } == {
        "ou=paris,ou=eu,dc=corp,dc=example": (1, 1, ["bob"]),
        "ou=rome,dc=corp,dc=example": (1, 0, ["eve"]),
    }
    assert {tenant["name"]: tenant["things"] for tenant in never["tenants"]} == {
        "fabrikam.example": 0,
        "adatum.example": 1,
    }
    assert never["counts"] == {"networks": 0, "organizational_units": 2, "tenants": 2}


def test_a_list_of_what_was_never_read_can_be_cut_and_says_so(viewer: TestClient, tell: Tell) -> None:
    tell(*(line(f"h{n}", identifiers={"ip": f"10.{n}.0.1"}) for n in range(9)))
    never = viewer.get("/v1/coverage", params={"limit": 4}).json()["never_read"]
    assert len(never["networks"]) == 4
    assert never["counts"]["networks"] == 9


def test_who_is_limited_to_a_realm_sees_what_was_read_there(login: Login, read: Callable[..., str], tell: Tell) -> None:
    read("nmap", "10.1.0.0/24", realm="berlin")
    read("nmap", "10.2.0.0/24", realm="paris")
    tell(
        line("a", realm="berlin", identifiers={"ip": "10.3.0.1"}),
        line("b", realm="paris", identifiers={"ip": "10.4.0.1"}),
    )
    answer = login("viewer", realms=("berlin",)).get("/v1/coverage").json()
    assert [scope["scope"] for scope in answer["scopes"]] == ["10.1.0.0/24"]
    assert list(networks(answer)) == ["10.3.0.0/24"]
    assert "paris" not in str(answer)
