"""What commands answer to what cannot be done: what is wrong, what to do, and a status that says so."""

import json
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.commands import app


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path}/cli.db")
    return CliRunner()


def test_nobody_is_told_an_address_or_a_token_where_nothing_can_answer(run: CliRunner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for port in (str(taken.getsockname()[1]), "99999"):
            refused = run.invoke(app, ["serve", "--port", port])
            assert refused.exit_code == 2
            assert f"127.0.0.1 port {port} cannot be listened on" in refused.stderr
            assert refused.stdout == ""
    assert json.loads(run.invoke(app, ["token", "list", "--json"]).stdout)["items"] == []


def test_what_a_scan_may_touch_can_be_said(run: CliRunner) -> None:
    asked = ["scan", "203.0.113.0/28", "--plan"]
    refused = run.invoke(app, asked)
    assert refused.exit_code == 2
    assert "allow=203.0.113.0/28" in refused.stderr
    assert run.invoke(app, [*asked, "--allow", "203.0.113.0/24"]).exit_code == 0
