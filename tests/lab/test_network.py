"""What the laboratory promises about its network, seen with nmap as a scanner would see it."""

import hashlib
import os
import shutil
import signal
import ssl
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import psutil
import pytest

from lab.network import LabNetwork
from lab.unavailable import Unavailable, skip_or_fail

pytestmark = [pytest.mark.network, pytest.mark.nmap]


@pytest.fixture(autouse=True)
def _nmap_is_here() -> None:
    if shutil.which("nmap") is None:
        skip_or_fail(Unavailable("the program nmap"))


def scan(network: LabNetwork) -> dict[str, tuple[str, set[int]]]:
    """MAC → (address, open ports) of every host that nmap finds."""
    output = subprocess.run(
        ["nmap", "-sT", "-n", "-T4", "-p22,53,80,443,8080", "--exclude", network.scanner, "-oX", "-", network.subnet],
        capture_output=True,
        check=True,
        timeout=120,
    ).stdout
    found = {}
    for host in ElementTree.fromstring(output).iter("host"):
        addresses = {a.get("addrtype"): a.get("addr", "") for a in host.iter("address")}
        ports = {int(p.get("portid", 0)) for p in host.iter("port") if p.find("state[@state='open']") is not None}
        found[addresses.get("mac", "").lower()] = (addresses["ipv4"], ports)
    return found


def expected(network: LabNetwork) -> dict[str, tuple[str, set[int]]]:
    return {host.mac: (host.address, set(host.ports)) for host in network.hosts if host.up}


def test_nmap_finds_every_host_with_its_mac_and_its_services(lab_network: LabNetwork) -> None:
    assert {host.name: host.ports for host in lab_network.hosts} == {
        "web": (80, 443), "ssh": (22,), "dns": (53,), "silent": (),
    }  # fmt: skip
    assert scan(lab_network) == expected(lab_network)


def test_a_host_moves_stops_and_comes_new(lab_network: LabNetwork) -> None:
    before = lab_network.host("ssh")
    address = lab_network.subnet.replace(".0/24", ".99")
    moved = lab_network.move("ssh", address)
    assert (moved.address, moved.mac, moved.shows) == (address, before.mac, before.shows)
    lab_network.stop("dns")
    lab_network.add("web2", services=["web"])
    found = scan(lab_network)
    assert found == expected(lab_network)
    assert lab_network.host("dns").mac not in found


def test_services_show_what_the_laboratory_says_they_show(lab_network: LabNetwork) -> None:
    web = lab_network.host("web")
    pem = ssl.get_server_certificate((web.address, 443))
    assert hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest() == web.shows["certificate_sha256"]
    keys = subprocess.run(
        ["ssh-keyscan", "-t", "ed25519", lab_network.host("ssh").address], capture_output=True, text=True, check=True
    ).stdout
    assert lab_network.host("ssh").shows["host_key"] in keys


def test_what_a_killed_run_left_is_cleared_away_by_the_next(request: pytest.FixtureRequest) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", DIES_WITH_ITS_NETWORK_UP],
        env={**os.environ, "PYTHONPATH": str(request.config.rootpath / "tests")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if killed.returncode != -signal.SIGKILL:
        skip_or_fail(Unavailable(killed.stderr))
    daemon = int(killed.stdout)
    assert lives(daemon)
    request.getfixturevalue("lab_network")
    assert not lives(daemon)


DIES_WITH_ITS_NETWORK_UP = """
import os, signal
from lab.network import lab_network_of_hosts
with lab_network_of_hosts() as network:
    print(network.daemons("web")[0], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def lives(pid: int) -> bool:
    """Whether the process runs; a dead one that nobody has waited for does not."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
