"""What tests of several packages ask for: a clock that they set, and the real servers of the laboratory."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from lab.neo4j_server import Neo4jServer, any_neo4j, wanted_version, wipe
from lab.network import LabNetwork, lab_network_of_hosts
from lab.samba_dc import SambaDC, samba_dc
from lab.unavailable import real
from standing_clock import Clock

# How wide somebody's terminal is changes no test's output; workers that share the tests are told a width, too.
os.environ.pop("COLUMNS", None)

# How long an example takes on a busy machine says nothing of what it promises.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def neo4j_server() -> Iterator[Neo4jServer]:
    """A running Neo4j for the whole session; what is in it is whatever the last test left."""
    with real(any_neo4j(wanted_version())) as server:
        yield server


@pytest.fixture
def empty_neo4j(neo4j_server: Neo4jServer) -> Neo4jServer:
    """The same server with nothing in it: no node, no constraint, no index."""
    wipe(neo4j_server)
    return neo4j_server


@pytest.fixture
def lab_network() -> Iterator[LabNetwork]:
    """A network with hosts `web`, `ssh`, `dns` and `silent`; the test may move, stop and add hosts."""
    with real(lab_network_of_hosts()) as network:
        yield network


@pytest.fixture(scope="session")
def domain_controller() -> Iterator[SambaDC]:
    """A running Active Directory domain controller; every test makes a branch of its own in it."""
    with real(samba_dc()) as dc:
        yield dc
