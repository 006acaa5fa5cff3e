"""cmdb backup, restore, export, import and ingest, as whoever runs them sees it."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli.commands import app
from http_api import line, ndjson

Cmdb = Callable[..., Any]


@pytest.fixture
def cmdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cmdb:
    """Runs a command on the store of that name."""

    def run(store: str, *words: str) -> Any:
        monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path}/{store}.db")
        return CliRunner().invoke(app, words)

    return run


@pytest.fixture
def filled(cmdb: Cmdb, tmp_path: Path) -> Cmdb:
    """The same, with something in the store `a`."""
    (tmp_path / "estate.jsonl").write_bytes(ndjson(line("a"), line("b")))
    assert cmdb("a", "ingest", str(tmp_path / "estate.jsonl")).exit_code == 0
    return cmdb


@pytest.mark.parametrize(("out", "back"), [("backup", "restore"), ("export", "import"), ("export", "restore")])
def test_what_goes_out_comes_back_into_an_empty_store_only(filled: Cmdb, tmp_path: Path, out: str, back: str) -> None:
    file = str(tmp_path / "out")
    written = filled("a", out, file, "--json")
    assert (written.exit_code, json.loads(written.stdout)["file"]) == (0, file)
    taken = filled("b", back, file, "--json")
    assert taken.exit_code == 0
    assert json.loads(taken.stdout)["revision"] > 0
    found = [json.loads(filled(store, "find", "--json").stdout)["items"] for store in "ab"]
    assert found[0] == found[1]
    assert len(found[0]) == 2
    assert filled("b", back, file).exit_code == 1
    assert sorted(path.name for path in tmp_path.glob("out*")) == ["out"]


def test_only_its_owner_may_read_a_backup(filled: Cmdb, tmp_path: Path) -> None:
    filled("a", "backup", str(tmp_path / "out"))
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o600


@pytest.mark.parametrize("out", ["backup", "export"])
def test_the_store_is_not_overwritten_by_its_own_backup(filled: Cmdb, tmp_path: Path, out: str) -> None:
    refused = filled("a", out, str(tmp_path / "a.db"))
    assert (refused.exit_code, "store itself" in refused.stderr) == (2, True)
    assert len(json.loads(filled("a", "find", "--json").stdout)["items"]) == 2


def test_with_json_an_error_is_what_the_api_would_answer(cmdb: Cmdb) -> None:
    nobody = cmdb("a", "show", "name:nobody", "--json")
    assert (nobody.exit_code, json.loads(nobody.stdout)["type"]) == (1, "urn:cmdb:problem:unknown-reference")
    wrong = cmdb("a", "show", "colour:red", "--json")
    assert (wrong.exit_code, json.loads(wrong.stdout)["status"]) == (2, 422)
    assert "unknown kind" in wrong.stderr
    assert cmdb("a", "show", "name:nobody").stdout == ""


def test_what_is_not_there_or_no_backup_is_said_in_one_line(cmdb: Cmdb, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello\n")
    for words, status in (
        (("restore", str(tmp_path / "nothing")), 2),
        (("restore", str(tmp_path / "text")), 1),
        (("import", str(tmp_path / "text")), 1),
        (("backup", str(tmp_path / "no" / "folder")), 2),
    ):
        refused = cmdb("a", *words)
        assert refused.exit_code == status
        assert len(refused.stderr.strip().splitlines()) == 1


def test_a_rejected_line_of_a_file_bears_the_number_an_editor_shows(cmdb: Cmdb, tmp_path: Path) -> None:
    (tmp_path / "estate.jsonl").write_bytes(b"\n\r\n" + ndjson(line("a")) + b"\nbad\n")
    for options in ((), ("--preview",)):
        said = json.loads(cmdb("a", "ingest", str(tmp_path / "estate.jsonl"), "--json", *options).stdout)
        assert [found["line"] for found in said["rejected"]] == [5]
        assert said["scopes"][0]["reason"] == "a record in it could not be read"
