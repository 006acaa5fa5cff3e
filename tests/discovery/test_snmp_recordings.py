"""What must hold for whatever agent is replayed: one's own recordings, in the folder CMDB_TEST_SNMP_RECORDINGS.

The recordings of this repository are always among them; without the folder the test says that it saw no others.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from discovery.run import Parts
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.sources import SOURCES
from discovery.sources.snmp.tables import COLUMNS
from graph.store import ItemView, Search
from lab.snmp_replay import COMMUNITY, RECORDINGS, Oid, Replay, oid, recording, replay

MINUTE = 60 * 1_000_000
SOURCE = SOURCES["snmp"]
FOLDER = os.environ.get("CMDB_TEST_SNMP_RECORDINGS", "")
THEIRS = sorted(file for file in Path(FOLDER).glob("*.snmprec*")) if FOLDER else []
OURS = sorted(RECORDINGS.glob("*.snmprec"))
NAME = oid("1.3.6.1.2.1.1.5.0")
INTERFACES = oid("1.3.6.1.2.1.2.2.1")
ROWS_OF_A_QUESTION = 25


@pytest.fixture(params=[*OURS, *THEIRS], ids=lambda file: file.name)
def agent(request: pytest.FixtureRequest) -> Iterator[Replay]:
    with replay(recording(request.param)) as running:
        yield running


def read(parts: Parts, agent: Replay) -> RunReport:
    parts.now.at += MINUTE  # type: ignore[attr-defined]
    agent.asked = 0
    stated = {
        "targets": "127.0.0.1", "port": agent.port, "community": COMMUNITY, "timeout": 30,
        "packets_per_second": 10_000,
    }  # fmt: skip
    return run_source(parts, SOURCE, SOURCE.settings.model_validate(stated))


def everything(parts: Parts) -> list[ItemView]:
    views = [parts.store.item(one.id) for one in parts.store.search(Search(), after=None, limit=1000)]
    return [view for view in views if view is not None]


def indexes(values: Mapping[Oid, Any]) -> set[int]:
    """Every ifIndex that the interface table has a row of."""
    return {at[len(INTERFACES) + 1] for at in values if at[: len(INTERFACES)] == INTERFACES}


def rows(values: Mapping[Oid, Any], column: str) -> int:
    below = oid(column)
    return sum(1 for at in values if at[: len(below)] == below)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from (*strings(name), *strings(inner))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from strings(inner)


def test_whatever_an_agent_says_comes_out_whole_and_once(parts: Parts, agent: Replay) -> None:
    report = read(parts, agent)
    assert report.status == "complete", report.as_body()
    assert report.rejected == 0

    # One question to find it, one for all that stands alone, and of each column as many as its rows fill.
    assert agent.asked <= 2 + sum(rows(agent.values, column) // ROWS_OF_A_QUESTION + 1 for column in COLUMNS.values())

    views = everything(parts)
    (device,) = [view for view in views if any(key.endswith("|127.0.0.1") for key in view.ci.records)]
    assert device.ci.name == bytes(agent.values[NAME]).decode("latin-1").strip()
    ports = [
        view
        for view in views
        if view.ci.ci_class == "interface"
        and any(one.type == "part_of" and one.to_ci == device.ci.id for one in view.relations)
    ]
    assert len(ports) == len(indexes(agent.values))

    known = {view.ci.id: view for view in views}
    for port in ports:
        for one in port.relations:
            if one.type == "connects_to":
                end = known[one.to_ci if one.from_ci == port.ci.id else one.from_ci]
                assert end.ci.identifiers or end.ci.parent is not None, f"{end.ci.name} is nobody"
    names = Counter((view.ci.ci_class, view.ci.name, view.ci.parent) for view in views)
    assert names.most_common(1)[0][1] == 1
    assert all("\0" not in text for row in parts.store.dump() for text in strings(row))

    again = read(parts, agent)
    assert (again.status, again.created, again.updated, again.missed) == ("complete", 0, 0, 0)
    assert {view.ci.id for view in everything(parts)} == {view.ci.id for view in views}


def test_recordings_of_others_are_read_too() -> None:
    if not THEIRS:
        pytest.skip("CMDB_TEST_SNMP_RECORDINGS names no folder with .snmprec files: only our own recordings were read")
