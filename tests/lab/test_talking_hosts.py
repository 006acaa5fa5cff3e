"""An estate in which every host talks to a log, a backup and a jump host, and two applications to one database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cmdb.vocabulary import vocabulary
from discovery.sources import SOURCES
from graph.open_store import open_store
from graph.store import GraphStore
from impact.impact_graph import orient
from impact.single_points_of_failure import single_points_of_failure
from lab.network import LabNetwork
from lab.talking_hosts import TalkingHosts, talking_hosts

pytestmark = pytest.mark.network

SECOND = 1_000_000
HOUR = 3600 * SECOND
START = 20_000 * 24 * HOUR
HOSTS = ("bill", "shop", "db", "log", "backup", "jump")
LOOKS = [START + look * HOUR for look in range(3)]


@pytest.fixture
def talking(lab_network: LabNetwork, tmp_path: Path) -> Iterator[TalkingHosts]:
    for name in HOSTS:
        lab_network.add(name)
    at = {host.name: host.address for host in lab_network.hosts}
    with talking_hosts(lab_network.bridge.removesuffix("br"), tmp_path) as hosts:
        hosts.start("log", "rsyslogd", "listen", "514")
        hosts.start("backup", "bareos-sd", "listen", "9103")
        hosts.start("db", "postgres", "listen", "5432")
        for name in HOSTS:
            hosts.start(name, "sshd", "listen", "22")
        for name in HOSTS:
            if name != "log":
                hosts.start(name, "shipper", "call", f"{at['log']}:514")
            if name != "backup":
                hosts.start(name, "saver", "call", f"{at['backup']}:9103")
            if name != "jump":
                hosts.start("jump", "ssh", "call", f"{at[name]}:22")
                hosts.start(name, "tunnel", "call", f"{at['jump']}:22")
        hosts.start("shop", "shop", "call", f"{at['db']}:5432")
        hosts.start("bill", "billing", "call", f"{at['db']}:5432")
        hosts.start("bill", "report", "knock", f"{at['db']}:22")
        yield hosts


def read(store: GraphStore) -> tuple[dict[str, int], dict[int, str], dict[int, set[int]]]:
    """Record without machine id → number; number → its host; number → its single points of failure."""
    graph = orient(store.topology())
    number: dict[str, int] = {}
    host: dict[int, str] = {}
    for place in store.record_places("connections", None, after=None, limit=1000):
        name, slash, what = place.record.partition("/")
        number[name.split()[0] + slash + what] = graph.number[place.ci]
        host[graph.number[place.ci]] = name.split()[0]
    return number, host, {ci: set(single_points_of_failure(graph, ci).tolist()) for ci in range(graph.size)}


def test_what_every_host_talks_to_is_no_single_point_of_failure_and_the_database_of_two_applications_is(
    talking: TalkingHosts, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/graph.db"
    store = open_store(url, vocabulary({name: source.traits for name, source in SOURCES.items()}))
    talking.read(HOSTS, url, LOOKS[:1])
    number, host, points = read(store)
    assert {ci for ci in points if number["db/postgres"] in points[ci] and host[ci] != "db"} == set(), "one look"

    talking.read(HOSTS, url, LOOKS[1:])
    number, host, points = read(store)
    ids = store.topology().ids
    bill = store.item(ids[number["bill"]])
    store.close()
    assert len(points) > 40
    for name in ("log", "backup", "jump"):
        of_it = {ci for ci, where in host.items() if where == name}
        assert {ci for ci in points if host[ci] != name and points[ci] & of_it} == set(), name
    needing = {ci for ci in points if number["db/postgres"] in points[ci]}
    assert needing - {number["db/tcp/5432"]} == {number["shop/shop"], number["bill/billing"]}
    assert needing <= {ci for ci in points if number["db"] in points[ci]}
    assert number["shop"] not in points[number["bill/billing"]]
    assert bill is not None
    (short,) = [one for one in bill.relations if (one.from_ci, one.to_ci) == (ids[number["bill"]], ids[number["db"]])]
    assert (short.type, short.effect) == ("depends_on", "none"), "it was over when it was seen, and nobody's"
