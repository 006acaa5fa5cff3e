"""CSV files: what the mapping says is what is understood, row by row."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from discovery.run import Parts
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.source import Reading
from discovery.sources.csv import CSV
from discovery.sources.csv.fetch import CsvSettings
from graph.store import Search

MAPPING = """
system = "assets"
delimiter = ";"
class = { column = "Type", map = { "Laptop" = "workstation", "Server" = "server" } }
record = "Tag"
name = "Host"
observed_at = { column = "Seen", format = "%d.%m.%Y", zone = "Europe/Berlin" }
[identifiers]
serial = "Serial"
mac = { column = "MACs", split = " " }
fqdn = { template = "{Host}.corp.example" }
[attributes]
tier = { column = "Tier", type = "integer" }
owner = { column = "Owner", empty = "null" }
[[relations]]
type = "located_in"
to = "room.name:{Room}"
"""
HEADER = "Tag;Type;Host;Serial;MACs;Tier;Owner;Room;Seen"
ROWS = (
    "A1;Server;db1;SN-1;8c:85:90:00:00:01 8c:85:90:00:00:02;1;ann;R7;01.10.2024",
    'A2;Laptop;lap2;SN-2;;;;"";',
)
Read = Callable[..., RunReport]


@pytest.fixture
def read(parts: Parts, tmp_path: Path) -> Read:
    def of(*rows: str, header: str = HEADER, mapping: str = MAPPING, raw: bytes | None = None) -> RunReport:
        (tmp_path / "assets.csv").write_bytes("\n".join((header, *rows, "")).encode() if raw is None else raw)
        (tmp_path / "assets.toml").write_text(mapping)
        settings = CsvSettings(file=str(tmp_path / "assets.csv"), mapping=str(tmp_path / "assets.toml"))
        return run_source(parts, CSV, settings)

    return of


def _view(parts: Parts, name: str) -> Any:
    (found,) = parts.store.search(Search(words=(name,), lifecycles=()), after=None, limit=9)
    view = parts.store.item(found.id)
    assert view is not None
    return view


def test_every_column_means_what_the_mapping_says(parts: Parts, read: Read) -> None:
    assert read(*ROWS).status == "complete"
    view = _view(parts, "db1")
    assert (view.ci.ci_class, view.ci.facts["tier"].value, view.ci.facts["owner"].value) == ("server", 1, "ann")
    assert {(held.kind, held.value) for held in view.ci.identifiers} == {
        ("serial", "SN-1"), ("mac", "8c:85:90:00:00:01"), ("mac", "8c:85:90:00:00:02"), ("fqdn", "db1.corp.example"),
    }  # fmt: skip
    assert view.ci.last_seen == 1_727_733_600_000_000  # midnight in Berlin
    assert parts.store.counts().waiting == 1
    laptop = _view(parts, "lap2")
    assert laptop.ci.facts["owner"].value is None
    assert "tier" not in laptop.ci.facts


def test_the_same_file_again_changes_nothing_and_what_it_no_longer_lists_is_missing(parts: Parts, read: Read) -> None:
    read(*ROWS)
    again = read(*ROWS)
    assert (again.created, again.updated) == (0, 0)
    assert read(ROWS[0]).missed == 1
    assert _view(parts, "lap2").ci.lifecycle == "missing"


def test_a_file_that_lists_only_some_misses_nothing(parts: Parts, read: Read) -> None:
    read(*ROWS)
    assert read(ROWS[0], mapping="whole = false\n" + MAPPING).missed == 0


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("A3;Toaster;x;;;;;;", "column Type says 'Toaster'"),
        ("A3;Server;x;;;first;;;", "column Tier says 'first': integer is wanted"),
        ("A3;Server;x;;;;;;yesterday", "column Seen says 'yesterday'"),
        ("A3;Server;x", "has 3 cells where the header names 9"),
        ("A3;Server;x;;;;;;;;", "has 11 cells"),
    ],
)
def test_a_row_that_cannot_be_understood_rejects_itself_and_is_not_missed(
    parts: Parts, read: Read, row: str, said: str
) -> None:
    read(*ROWS, "A3;Server;x3;SN-3;;;;;")
    report = read(*ROWS, row)
    assert report.status == "complete"
    assert [(line, said in reason) for line, reason in report.reasons] == [(4, True)]
    assert (report.rejected, report.missed) == (1, 0)


def test_a_row_without_its_key_leaves_the_run_partial(parts: Parts, read: Read) -> None:
    read(*ROWS)
    report = read(ROWS[0], ";Server;x;;;;;;")
    assert (report.status, report.missed) == ("partial", 0)


@pytest.mark.parametrize(
    "raw", [HEADER.encode() + b'\nA1;Server;"db1', HEADER.encode() + b"\nA1;Server;db\xff;;;;;;\n"]
)
def test_a_file_that_breaks_off_retires_nothing(parts: Parts, read: Read, raw: bytes) -> None:
    read(*ROWS)
    report = read(raw=raw)
    assert (report.status, report.missed) in (("partial", 0), ("failed", 0))
    assert "broke off" in (report.scopes[0].reason or "")


@pytest.mark.parametrize(
    ("header", "mapping", "said"),
    [
        (HEADER.replace("Serial", "Ser"), MAPPING, "has no column Serial"),
        (HEADER + ";Tag", MAPPING, "several columns of the name Tag"),
        ("", MAPPING, "is empty"),
        (HEADER, MAPPING.replace('record = "Tag"', ""), "record: Field required"),
        (HEADER, MAPPING + "colour = 1", "relations.0.colour"),
        (HEADER, "no toml", "is no TOML file"),
    ],
)
def test_a_mapping_that_does_not_fit_the_file_is_said_before_anything_is_read(
    parts: Parts, read: Read, header: str, mapping: str, said: str
) -> None:
    report = read(*ROWS, header=header, mapping=mapping)
    assert report.status == "failed"
    assert said in report.errors[0]
    assert parts.store.counts().cis == 0


def test_check_says_which_file_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "assets.toml").write_text(MAPPING)
    (tmp_path / "assets.csv").write_text("\n".join((HEADER, *ROWS)))

    def checked(file: str, mapping: str) -> list[tuple[str, bool]]:
        settings = CsvSettings(file=str(tmp_path / file), mapping=str(tmp_path / mapping))
        assert CSV.check is not None
        return [(found.name, found.ok) for found in CSV.check(settings, Reading(lambda: 0))]

    assert checked("assets.csv", "assets.toml") == [("read the mapping", True), ("read the file", True)]
    assert checked("assets.csv", "nothing.toml") == [("read the mapping", False)]
    assert checked("nothing.csv", "assets.toml") == [("read the mapping", True), ("read the file", False)]
