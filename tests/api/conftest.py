"""The whole application on a fresh SQLite file, with a clock that tests set and a client for every role."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from api.tokens import create_token
from api.wiring import System, build
from http_api import Line, ndjson
from standing_clock import Clock


@pytest.fixture
def system(tmp_path: Path, clock: Clock) -> Iterator[System]:
    built = build(Settings(store=f"sqlite:///{tmp_path}/graph.db"), clock=clock)
    yield built
    built.close()


@pytest.fixture
def stranger(system: System) -> Iterator[TestClient]:
    """Sends no token."""
    with TestClient(create_app(system)) as client:
        yield client


@pytest.fixture
def login(system: System, stranger: TestClient) -> Callable[..., TestClient]:
    """A client with a token of its own: `login(role, sources=…, realms=…, days=…)`."""

    def logged_in(role: str, **limits: Any) -> TestClient:
        token = create_token(system, role, **limits)["token"]
        return TestClient(stranger.app, headers={"Authorization": f"Bearer {token}"})

    return logged_in


@pytest.fixture
def admin(login: Callable[..., TestClient]) -> TestClient:
    return login("admin")


@pytest.fixture
def viewer(login: Callable[..., TestClient]) -> TestClient:
    return login("viewer")


@pytest.fixture
def tell(admin: TestClient) -> Callable[..., dict[str, Any]]:
    """Post lines and have them all accepted."""

    def told(*lines: Line) -> dict[str, Any]:
        answer = admin.post("/v1/observations", content=ndjson(*lines))
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        assert not body["rejected"], body["rejected"]
        return body

    return told


@pytest.fixture
def id_of(admin: TestClient) -> Callable[[str], str]:
    def found(ref: str) -> str:
        answer = admin.get("/v1/cis", params={"ref": ref})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    return found
