"""SNMP against machines that speak LLDP for real: who is at the other end of which port."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Any

import pytest

from discovery.run import Parts
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.source import Raw, Reading
from discovery.sources import SOURCES
from graph.store import ItemView, Search
from lab.lldp_network import COMMUNITY, LldpMachine, machines_in_a_row
from lab.unavailable import Unavailable, skip_or_fail

MINUTE = 60 * 1_000_000
SOURCE = SOURCES["snmp"]


@pytest.fixture(scope="module")
def row() -> Iterator[tuple[LldpMachine, ...]]:
    try:
        with machines_in_a_row() as machines:
            yield machines
    except Unavailable as reason:
        skip_or_fail(reason)


def settings(machines: Sequence[LldpMachine]) -> Any:
    stated = {"targets": [machine.address for machine in machines], "community": COMMUNITY, "packets_per_second": 1000}
    return SOURCE.settings.model_validate(stated)


def read(parts: Parts, machines: Sequence[LldpMachine]) -> RunReport:
    parts.now.at += MINUTE  # type: ignore[attr-defined]
    return run_source(parts, SOURCE, settings(machines))


def found(parts: Parts, *classes: str) -> list[ItemView]:
    views = [parts.store.item(one.id) for one in parts.store.search(Search(classes=classes), after=None, limit=1000)]
    return [view for view in views if view is not None]


def cables(parts: Parts) -> set[frozenset[str]]:
    """Both ends of each link, a port as `machine port`."""
    names = {view.ci.id: view.ci.name for view in found(parts)}
    for view in found(parts, "interface"):
        holder = next(names[one.to_ci] for one in view.relations if one.type == "part_of")
        names[view.ci.id] = f"{holder.partition('.')[0]} {view.ci.name}"
    links = [one for view in found(parts) for one in view.relations if one.type == "connects_to"]
    return {frozenset((names[one.from_ci], names[one.to_ci])) for one in links}


def test_each_machine_is_one_device_and_each_cable_one_link(parts: Parts, row: tuple[LldpMachine, ...]) -> None:
    report = read(parts, row)
    assert report.status == "complete", report.as_body()
    assert sorted(view.ci.name for view in found(parts, "device", "switch")) == sorted(one.name for one in row)
    assert cables(parts) == {frozenset(("left east", "middle west")), frozenset(("middle east", "right west"))}
    ports = [view for view in found(parts, "interface") if view.ci.name in ("east", "west")]
    assert sorted(view.ci.text("mac") or "" for view in ports) == sorted(
        card for machine in row for card in machine.ports.values()
    )
    again = read(parts, row)
    assert (again.status, again.created, again.updated, again.missed) == ("complete", 0, 0, 0)


def test_neighbours_of_the_only_machine_that_is_read_are_known_with_their_ports(
    parts: Parts, row: tuple[LldpMachine, ...]
) -> None:
    _, middle, _ = row
    assert read(parts, [middle]).status == "complete"
    assert {view.ci.name for view in found(parts, "device")} == {machine.name for machine in row}
    assert cables(parts) == {frozenset(("left east", "middle west")), frozenset(("middle east", "right west"))}
    for machine in row:
        (device,) = [view for view in found(parts, "device") if view.ci.name == machine.name]
        assert machine.address in {held.value for held in device.ci.identifiers if held.kind == "ip"}


def test_who_asked_stands_in_the_table_of_addresses(row: tuple[LldpMachine, ...]) -> None:
    raw, _ = [said for said in SOURCE.fetch(settings(row[:1]), Reading(lambda: 0)) if isinstance(said, Raw)]
    us = ip_address(row[0].address) - 1
    assert any(index.endswith(f".{us}") for index in raw.payload["columns"]["arp"])
