"""Everything that a search finds, as CSV and NDJSON: over HTTP and on the command line."""

import csv
import io
import json
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.cli.commands import app
from api.exporting import COLUMNS, lines_of
from http_api import line, needs, problem

Tell = Callable[..., dict[str, Any]]
Login = Callable[..., TestClient]

HOSTILE = [
    '=HYPERLINK("http://evil.example","x")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "＝1", 'say "hi", twice', "two\nlines",
    "a;=1+1", "d'Arc", "plain", "straße 日本",
]  # fmt: skip


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv_and_ndjson_give_everything_in_the_order_of_the_pages(viewer: TestClient, tell: Tell) -> None:
    tell(*(line(f"r{n}", attributes={"tier": n % 3}) | {"name": f"Host {n // 2}"} for n in range(250)))
    paged, cursor = [], None
    while True:
        asked = {"limit": 100, "q": "host", **({"cursor": cursor} if cursor else {})}
        page = viewer.get("/v1/cis", params=asked).json()
        paged += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    as_lines = viewer.get("/v1/cis", params={"format": "ndjson", "q": "host"})
    assert as_lines.headers["content-type"] == "application/x-ndjson"
    assert as_lines.headers["cmdb-revision"] == "1"
    assert [json.loads(one) for one in as_lines.text.splitlines()] == paged
    as_table = viewer.get("/v1/cis", params={"format": "csv", "q": "host"})
    assert as_table.headers["content-type"].startswith("text/csv")
    spelled = [{name: "" if ci[name] is None else str(ci[name]) for name in COLUMNS} for ci in paged]
    assert rows(as_table.text) == spelled
    assert len(paged) == 250


def test_csv_survives_hostile_names_and_calculates_nothing(viewer: TestClient, tell: Tell) -> None:
    tell(*(line(f"r{n}") | {"name": name, "attributes": {"owner": name}} for n, name in enumerate(HOSTILE)))
    found = rows(viewer.get("/v1/cis", params={"format": "csv"}).text)
    assert len(found) == len(HOSTILE)
    for row in found:
        for column in ("name", "owner"):
            assert row[column][0] not in "=+-@\t\r\n＝＋－＠"
    assert sorted(row["owner"].removeprefix("'") for row in found) == sorted(HOSTILE)
    raw = viewer.get("/v1/cis", params={"format": "csv"}).text
    assert '"a;=1+1"' in raw, "a semicolon separates in half of the world's spreadsheets"


def test_an_export_is_checked_before_it_begins(viewer: TestClient, stranger: TestClient) -> None:
    problem(viewer.get("/v1/cis", params={"format": "csv", "class": "spaceship"}), 422, "invalid")
    problem(viewer.get("/v1/cis", params={"format": "csv", "service": "name:nobody"}), 404, "unknown-reference")
    problem(stranger.get("/v1/cis", params={"format": "csv"}), 401, "unauthenticated")
    nothing = viewer.get("/v1/cis", params={"format": "csv"})
    assert nothing.text == ",".join(COLUMNS) + "\r\n"
    assert viewer.get("/v1/cis", params={"format": "ndjson"}).text == ""


def test_an_export_holds_what_its_reader_may_see(login: Login, tell: Tell) -> None:
    tell(line("mine", realm="berlin"), line("theirs", realm="paris"))
    berlin = login("viewer", realms=("berlin",))
    assert [row["name"] for row in rows(berlin.get("/v1/cis", params={"format": "csv"}).text)] == ["mine"]


def test_lines_are_made_as_they_are_read() -> None:
    def many() -> Iterator[dict[str, Any]]:
        for n in range(50_000):
            yield dict.fromkeys(COLUMNS, f"value {n}")

    tracemalloc.start()
    for format in ("csv", "ndjson"):
        assert sum(piece.count("\n") for piece in lines_of(format, many())) >= 50_000
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 4 * 1024 * 1024


def test_in_the_directory_but_not_in_mdm_is_one_query(viewer: TestClient, tell: Tell) -> None:
    tell(
        line("a", "workstation", identifiers={"serial": "AAA1"}) | {"source": "ldap"},
        line("b", "workstation", identifiers={"serial": "BBB2"}) | {"source": "ldap"},
        line("b", "workstation", identifiers={"serial": "BBB2"}) | {"source": "intune"},
        line("c", "workstation", identifiers={"serial": "CCC3"}) | {"source": "jamf"},
    )
    asked = {"class": "workstation", "seen_by": "ldap", "not_seen_by": "intune,jamf"}
    assert [ci["name"] for ci in viewer.get("/v1/cis", params=asked).json()["items"]] == ["a"]
    assert [row["name"] for row in rows(viewer.get("/v1/cis", params={**asked, "format": "csv"}).text)] == ["a"]


@pytest.fixture
def cmdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs a command on a store of its own."""
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path}/cli.db")

    def run(*words: str, input: str | None = None) -> Any:
        return CliRunner().invoke(app, words, input=input)

    return run


def test_the_command_line_finds_by_the_same_conditions(cmdb: Callable[..., Any], tmp_path: Path) -> None:
    estate = tmp_path / "estate.jsonl"
    lines = [
        line("sw", "switch", attributes={"owner": "net", "environment": "production"}),
        line("db", attributes={"tags": {"rack": "7"}, "os": "Debian", "tier": 1}, relations=needs("sw")),
        line("shop", "business_service", relations=needs("db")),
        line("alone", realm="berlin") | {"source": "mdm"},
    ]
    estate.write_text("".join(json.dumps(one) + "\n" for one in lines))
    assert cmdb("ingest", str(estate)).exit_code == 0

    def found(*options: str) -> list[str]:
        return [json.loads(one)["name"] for one in cmdb("find", *options, "--format", "ndjson").stdout.splitlines()]

    assert found() == ["alone", "db", "shop", "sw"]
    assert found("--class", "switch,server") == ["alone", "db", "sw"]
    assert found("--seen-by", "agent", "--not-seen-by", "mdm", "--class", "server") == ["db"]
    assert found("--service", "name:shop") == ["db", "shop", "sw"]
    assert found("--tag", "rack:7", "--attribute", "os=Debian", "--tier", "1") == ["db"]
    assert found("--realm", "berlin", "--orphan") == ["alone"]
    assert found("--lacks", "os", "--class", "server") == ["alone"]
    assert found("sw") == ["sw"]
    assert [row["name"] for row in rows(cmdb("find", "--owner", "net", "--format", "csv").stdout)] == ["sw"]
    assert json.loads(cmdb("find", "--owner", "net", "--json").stdout)["items"][0]["name"] == "sw"
    assert cmdb("find", "nothing-such", "--format", "csv").exit_code == 1
    assert cmdb("find", "--format", "xml").exit_code == 2
    assert cmdb("find", "--attribute", "os").exit_code == 2


def test_the_command_line_looks_back_as_the_api_does(cmdb: Callable[..., Any], tmp_path: Path) -> None:
    estate = tmp_path / "estate.jsonl"
    for name in ("old", "new"):
        attributes = {"owner": name, "os": "Debian"}
        at = {"old": "2026-01-01T00:00:00Z", "new": "2026-02-01T00:00:00Z"}[name]
        told = [line("db", attributes=attributes), line("sw", "switch"), *([line("late")] if name == "new" else [])]
        if name == "new":
            told[0] |= {"relations": needs("sw")}
        estate.write_text("".join(json.dumps(one | {"observed_at": at}) + "\n" for one in told))
        assert cmdb("ingest", str(estate)).exit_code == 0
    revision = json.loads(cmdb("show", "name:late", "--json").stdout)["revision"] - 1
    while "late" in cmdb("find", "--known-at", str(revision), "--format", "csv").stdout:
        revision -= 1
    for past in (("--known-at", str(revision)), ("--as-of", "2026-01-15T00:00:00Z")):
        shown = json.loads(cmdb("show", "name:db", *past, "--json").stdout)
        assert shown["facts"]["owner"]["value"] == "old"
        found = [one["name"] for one in json.loads(cmdb("find", *past, "--json").stdout)["items"]]
        assert found == ["db", "sw"]
        fallen = json.loads(cmdb("impact", "name:sw", *past, "--json").stdout)
        assert fallen["summary"]["down"] == 0
        assert cmdb("show", "name:late", *past).exit_code == 1
        assert cmdb("find", "--stale", *past).exit_code == 2
    assert json.loads(cmdb("impact", "name:sw", "--json").stdout)["summary"]["down"] == 1
    both = ("--known-at", str(revision), "--as-of", "2026-01-15T00:00:00Z")
    assert json.loads(cmdb("show", "name:db", *both, "--json").stdout)["facts"]["owner"]["value"] == "old"
    assert cmdb("show", "name:late", *both).exit_code == 1


def test_who_bears_what_thousands_bear_is_not_lost_among_them(viewer: TestClient, tell: Tell) -> None:
    url = "https://shop.corp.example/"
    several = [line(f"s{i}", "software", name="nginx", identifiers={"url": url}) for i in range(1100)]
    tell(*several, line("proxy", "application", name="nginx"))
    found = viewer.get("/v1/cis", params={"identifier": f"url:{url}", "format": "ndjson"})
    assert len(found.text.splitlines()) == len(several)
    assert viewer.get("/v1/cis", params={"ref": "application.name:nginx"}).json()["class"] == "application"
