"""What tests of several packages ask for: a clock that they set, and the real servers of the laboratory."""

import contextlib
from collections.abc import Iterator

import pytest

from lab.neo4j_server import Neo4jServer, any_neo4j, wanted_version, wipe
from lab.network import LabNetwork, lab_network_of_hosts
from lab.samba_dc import SambaDC, samba_dc
from lab.unavailable import Unavailable, skip_or_fail
from standing_clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def neo4j_server() -> Iterator[Neo4jServer]:
    """A running Neo4j for the whole session; what is in it is whatever the last test left."""
    try:
        with any_neo4j(wanted_version()) as server:
            yield server
    except Unavailable as reason:
        skip_or_fail(reason)


@pytest.fixture
def empty_neo4j(neo4j_server: Neo4jServer) -> Neo4jServer:
    """The same server with nothing in it: no node, no constraint, no index."""
    wipe(neo4j_server)
    return neo4j_server


@pytest.fixture
def lab_network() -> Iterator[LabNetwork]:
    """A network with hosts `web`, `ssh`, `dns` and `silent`; the test may move, stop and add hosts."""
    with contextlib.ExitStack() as built:
        try:
            network = built.enter_context(lab_network_of_hosts())
        except Unavailable as reason:
            skip_or_fail(reason)
        yield network


@pytest.fixture(scope="session")
def domain_controller() -> Iterator[SambaDC]:
    """A running Active Directory domain controller; every test makes a branch of its own in it."""
    with contextlib.ExitStack() as running:
        try:
            dc = running.enter_context(samba_dc())
        except Unavailable as reason:
            skip_or_fail(reason)
        yield dc
