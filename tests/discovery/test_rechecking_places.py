"""What files, agents and metrics are believed to say, read again: right, changed, gone, and not to be read."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from discovery.looking_again import look_again
from discovery.rechecking import RIGHT, UNKNOWN, WRONG, Difference, Rechecked
from discovery.run import take
from discovery.source import Again, Known, ScopeEnd, Source
from discovery.source_instance import edit, remove
from discovery.sources.csv import CSV
from discovery.way_again import Way
from lab.snmp_agent import COMMUNITY, SnmpAgent, snmpd
from lab.unavailable import real

PLACES = {"assets": [Known("assets:A1", "assets")]}
Keep = Callable[..., Any]
Read = Callable[..., Any]
Look = Callable[..., dict[str, Rechecked]]
MAPPING = 'system = "assets"\nclass = "server"\nrecord = "Tag"\nname = "Host"\nattributes = { owner = "Owner" }\n'
METRIC = 'traces_service_graph_request_total{{client="web",server="{server}"}} 5\n'


def verdicts(found: dict[str, Rechecked]) -> dict[str, str]:
    return {name: one.verdict for name, one in found.items()}


def reasons(found: dict[str, Rechecked]) -> set[str | None]:
    return {record.reason for one in found.values() for record in one.records}


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Writes a table; what a source instance is told of it."""

    def written(*rows: str, mapping: str = MAPPING) -> dict[str, str]:
        file, meaning = tmp_path / "assets.csv", tmp_path / "assets.toml"
        file.write_text("\n".join(("Tag,Host,Owner", *rows, "")))
        meaning.write_text(mapping)
        return {"file": str(file), "mapping": str(meaning)}

    return written


def test_rows_of_a_file_are_right_changed_gone_or_unreadable(
    table: Callable[..., dict[str, str]], keep: Keep, read_instance: Read, look: Look
) -> None:
    rows = ("A1,db1,ann", "A2,db2,bob", "A3,db3,")
    told = table(*rows)
    read_instance(keep("csv", **told))
    assert verdicts(look()) == {"db1": RIGHT, "db2": RIGHT, "db3": RIGHT}
    table("A1,db1,eve", "A3,db3,", "A4,db4,")
    found = look()
    assert found["db1"].records[0].differences == (Difference("owner", "ann", "eve"),)
    assert (found["db2"].verdict, found["db3"].verdict) == (WRONG, RIGHT)
    table("A1,db1,ann,and a cell too many", "A3,db3,")
    assert look()["db1"].verdict == UNKNOWN
    table("A1,db1,ann", mapping=f"{MAPPING}whole = false\n")
    found = look()
    assert (found["db1"].verdict, found["db2"].verdict) == (RIGHT, UNKNOWN), "it never lists everything"
    Path(told["file"]).unlink()
    found = look()
    assert set(verdicts(found).values()) == {UNKNOWN}
    assert "No such file" in str(reasons(found))


def test_a_record_that_was_missed_already_makes_nothing_wrong_that_lives_by_another(
    table: Callable[..., dict[str, str]], keep: Keep, read_instance: Read, look: Look, parts: Any, say: Any
) -> None:
    mapping = f"{MAPPING}identifiers = {{ serial = {{ template = 'S-{{Tag}}7' }} }}\n"
    kept = keep("csv", **table("A1,db1,ann", "A2,db2,bob", mapping=mapping))
    read_instance(kept)
    take(parts, None, [say("x1", name="db1", identifiers=[("serial", "S-A17")])])
    table("A2,db2,bob", mapping=mapping)
    assert look()["db1"].verdict == WRONG, "the graph does not know it yet"
    assert read_instance(kept).status == "complete"
    found = look(lifecycles=("live",))
    assert (found["db1"].verdict, found["db2"].verdict) == (UNKNOWN, RIGHT)
    assert "it is not found, as was known already" in reasons(found)
    table("A1,db1,ann", "A2,db2,bob", mapping=mapping)
    assert look()["db1"].verdict == RIGHT


@pytest.mark.parametrize("failing", [KeyError("a fault of ours"), MemoryError(), RecursionError()])
def test_a_source_that_breaks_makes_nothing_wrong(parts: Any, failing: Exception) -> None:
    said = look_again(
        parts, _broken(failing), "default", PLACES, (Way("main", CSV.settings(file="f", mapping="m")),), lambda: False
    )
    assert said.read == set()
    assert said.unread["assets"].startswith(f"main: {type(failing).__name__}")


def test_whoever_interrupts_a_sample_ends_it(parts: Any) -> None:
    ways = (Way("main", CSV.settings(file="f", mapping="m")),)
    with pytest.raises(KeyboardInterrupt):
        look_again(parts, _broken(KeyboardInterrupt()), "default", PLACES, ways, lambda: False)


def _broken(failing: BaseException) -> Source:
    def fetch_again(*said: Any) -> Iterator[Any]:
        yield ScopeEnd("other", complete=True)
        raise failing

    return replace(CSV, again=Again(lambda known: known.scope, fetch_again))


def test_services_are_found_again_or_not_in_what_was_counted(
    tmp_path: Path, keep: Keep, read_instance: Read, look: Look
) -> None:
    file = tmp_path / "graph.prom"
    file.write_text(METRIC.format(server="cart") + METRIC.format(server="mail"))
    read_instance(keep("otel_service_graph", file=str(file)))
    assert verdicts(look()) == {"cart": RIGHT, "mail": RIGHT, "web": RIGHT}
    file.write_text(METRIC.format(server="cart"))
    assert verdicts(look()) == {"cart": RIGHT, "mail": WRONG, "web": RIGHT}
    file.write_text(METRIC.format(server="cart").rstrip("\n"))
    assert verdicts(look()) == {"cart": RIGHT, "mail": UNKNOWN, "web": RIGHT}, "the file is cut off"


@pytest.fixture(scope="module")
def agent() -> Iterator[SnmpAgent]:
    with real(snmpd()) as running:
        yield running


def test_a_device_is_right_changed_or_unreadable(
    agent: SnmpAgent, keep: Keep, read_instance: Read, look: Look, passwords: dict[str, str], means: Any, parts: Any,
    say: Any,
) -> None:  # fmt: skip
    passwords["env:COMMUNITY"] = COMMUNITY
    told = {"targets": ["127.0.0.1"], "port": agent.port, "timeout": 1, "retries": 0, "packets_per_second": 1000}
    read_instance(keep("snmp", **told, secrets={"community": "env:COMMUNITY"}))
    first = look(classes=("device", "interface"))
    of_device = {name: one for name, one in first.items() if "heard" not in str(one.records)}
    assert (of_device["lab-agent.corp.example"].verdict, of_device["lo"].verdict) == (RIGHT, RIGHT)
    assert WRONG not in verdicts(first).values()
    parts.now.at += 1_000_000
    device = {"source": "snmp", "ci_class": "device"}
    take(parts, None, [say("127.0.0.1", name="lab-agent.corp.example", attributes={"location": "attic"}, **device)])
    (difference,) = look(classes=("device",))["lab-agent.corp.example"].records[0].differences
    assert difference == Difference("location", "attic", "lab")
    edit(means, "main", {"settings": {"exclude": ["127.0.0.1"]}})
    assert "main: it is excluded" in reasons(look(classes=("device", "interface")))
    edit(means, "main", {"settings": {"exclude": None, "targets": ["127.0.0.2"]}})
    found = look(classes=("interface",))
    assert reasons(found) == {"no source instance of snmp in realm default reads 127.0.0.1"}
    edit(means, "main", {"settings": {"targets": ["127.0.0.1"]}})
    passwords["env:COMMUNITY"] = "wrong"
    found = look(classes=("device", "interface"))
    assert set(verdicts(found).values()) == {UNKNOWN}, "silence cannot be told from a login that is not accepted"
    remove(means, "main")
    assert set(verdicts(look()).values()) == {UNKNOWN}
