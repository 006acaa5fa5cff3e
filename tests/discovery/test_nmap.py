"""nmap: what may be scanned, what is sent, and what becomes of the answers; on a real network where there is one."""

import ipaddress
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cmdb.vocabulary import Vocabulary
from discovery.errors import RecordRejected, SourceMisconfigured
from discovery.run import Parts
from discovery.run_source import run_source
from discovery.source import Hearing, Raw, Reading, ScopeEnd
from discovery.sources import SOURCES
from discovery.sources.nmap.observe import observe, weakness
from discovery.sources.nmap.plan import plan
from discovery.sources.nmap.profiles import COMMON_PORTS, FRAGILE, PROFILES
from discovery.sources.nmap.runner import command
from discovery.sources.nmap.settings import NmapSettings
from discovery.sources.nmap.stream import Hostile, Outcome, read_hosts
from discovery.targets import targets_of, tiles, without
from graph.store import Search

NMAP = SOURCES["nmap"]
needs_nmap = pytest.mark.skipif(shutil.which("nmap") is None, reason="nmap is not installed")

HOST = """<host starttime="1700000000" endtime="1700000005"><status state="up" reason="{reason}" reason_ttl="0"/>
<address addr="10.0.0.{n}" addrtype="ipv4"/><address addr="8C:85:90:01:02:{n:02X}" addrtype="mac" vendor="Apple"/>
<hostnames><hostname name="web{n}.corp.example" type="PTR"/></hostnames>
<ports><extraports state="closed" count="198"><extrareasons reason="conn-refused" count="198"/></extraports>
<port protocol="tcp" portid="443"><state state="open" reason="syn-ack" reason_ttl="0"/>
<service name="https" product="nginx" version="1.22" tunnel="ssl" method="probed" conf="10">
<cpe>cpe:/a:nginx:nginx:1.22</cpe><cpe>cpe:/o:linux:linux_kernel</cpe></service></port></ports>
<trace port="443" proto="tcp"><hop ttl="1" ipaddr="10.0.9.1" rtt="0.1"/><hop ttl="2" ipaddr="10.0.9.2" rtt="0.2"/></trace>
</host>
"""
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n<nmaprun scanner="nmap" args="nmap" start="1700000000">\n'
TAIL = (
    '<runstats><finished time="1700000009" exit="success"/><hosts up="2" down="0" total="2"/></runstats>\n</nmaprun>\n'
)
WHOLE = (HEAD + HOST.format(n=1, reason="syn-ack") + HOST.format(n=2, reason="arp-response") + TAIL).encode()


def _read(*chunks: bytes) -> tuple[list[dict[str, Any]], Outcome]:
    outcome = Outcome()
    return [found for found in read_hosts(chunks, outcome) if isinstance(found, dict)], outcome


# -- what may be scanned ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "-oN /tmp/file",
        "--script=x",
        "10.0.0.1 -oN file",
        "-iL",
        "10.0.0.0/24 10.0.1.1",
        "$(id)",
        "10.0.0.1;id",
        "1.2.3",
        "",
    ],
)
def test_an_option_is_no_target(target: str) -> None:
    with pytest.raises(SourceMisconfigured, match=r"no target"):
        plan(NmapSettings(targets=(target,), allow=("10.0.0.0/8",)))


def test_a_public_address_must_be_listed() -> None:
    with pytest.raises(SourceMisconfigured, match=r"outside what may be scanned .* allow=8\.8\.8\.8/32"):
        plan(NmapSettings(targets=("8.8.8.8",)))
    assert plan(NmapSettings(targets=("8.8.8.8",), allow=("8.8.8.8",))).hosts == 1


def test_more_than_a_slash_20_must_be_meant() -> None:
    with pytest.raises(SourceMisconfigured, match="more than a /20"):
        plan(NmapSettings(targets=("10.0.0.0/19",), allow=("10.0.0.0/8",)))
    assert plan(NmapSettings(targets=("10.0.0.0/19",), allow=("10.0.0.0/8",), large=True)).hosts == 8192


def test_exclusions_stand_above_targets_however_they_overlap() -> None:
    targets = targets_of(
        ["10.0.0.0/24", "10.0.0.5"], ["10.0.0.0/25", "10.0.0.0/26", "10.0.0.200"], ["10.0.0.0/8"], large=False
    )
    assert targets.addresses() == 127
    left = {ip for net in targets.networks for tile in tiles(net, targets.exclude) for part in tile for ip in part}
    assert ipaddress.ip_address("10.0.0.200") not in left
    assert min(left) == ipaddress.ip_address("10.0.0.128")
    assert len(left) == 127
    assert without(ipaddress.ip_network("10.0.0.0/30"), [ipaddress.ip_network("10.0.0.0/8")]) == []


def test_a_plan_says_what_would_be_sent_and_sends_nothing() -> None:
    planned = plan(NmapSettings(targets=("10.0.0.0/24",), exclude=("10.0.0.1",), allow=("10.0.0.0/8",)))
    assert (planned.hosts, planned.tiles, planned.ports, planned.excluded) == (255, 4, 200, ("10.0.0.1/32",))
    assert planned.packets == 255 * (4 + 200 * 3), "four to find a host; a connect to an open port costs three"
    assert planned.minutes >= planned.packets / 500 / 60 - 0.1
    assert any("operating systems" in unseen for unseen in planned.cannot_see)


def test_the_default_profile_is_gentle() -> None:
    profile = PROFILES["safe"]
    options = profile.arguments()
    assert len(COMMON_PORTS) == len(set(COMMON_PORTS)) == 200
    assert not set(FRAGILE) & set(COMMON_PORTS)
    assert "-sT" in options
    assert not {"-O", "-sV", "-A", "--script", "-sC"} & set(options)
    # What leaves this machine are packets, and a connect to an open port is three of them.
    assert 3 * (int(options[options.index("--max-rate") + 1]) + 1) <= 500
    assert 3 * (1000 // int(options[options.index("--scan-delay") + 1].removesuffix("ms")) + 1) <= 40


@needs_nmap
def test_no_profile_asks_fragile_ports_what_they_are() -> None:
    for profile in PROFILES.values():
        line = command(profile, [ipaddress.ip_network("10.0.0.1")])
        if "-sV" in line:
            assert set(line[line.index("--exclude-ports") + 1].split(",")) == {str(port) for port in FRAGILE}


# -- how output is read ----------------------------------------------------------------------------------------------


def test_every_host_is_read_with_what_python_nmap_drops() -> None:
    hosts, outcome = _read(WHOLE)
    assert outcome.finished
    assert [host["address"] for host in hosts] == ["10.0.0.1", "10.0.0.2"]
    (port,) = hosts[0]["ports"]
    assert (port["product"], port["tunnel"], len(port["cpe"])) == ("nginx", "ssl", 2)
    assert [hop["address"] for hop in hosts[0]["hops"]] == ["10.0.9.1", "10.0.9.2"]


def test_output_cut_anywhere_keeps_the_hosts_before_the_cut() -> None:
    ends = [WHOLE.index(b"</host>", WHOLE.index(f"10.0.0.{n}".encode())) + len(b"</host>") for n in (1, 2)]
    for cut in range(0, len(WHOLE) - len("\n"), 7):
        hosts, outcome = _read(WHOLE[:cut])
        assert len(hosts) == sum(cut >= end for end in ends), cut
        if cut < len(WHOLE) - len(b"</nmaprun>\n"):
            assert outcome.errors or not outcome.finished, cut


def test_chunks_may_end_anywhere() -> None:
    for cut in range(1, len(WHOLE), 11):
        hosts, outcome = _read(WHOLE[:cut], WHOLE[cut:])
        assert (len(hosts), outcome.finished, outcome.errors) == (2, True, []), cut
    one_by_one, _ = _read(*(WHOLE[i : i + 1] for i in range(len(WHOLE))))
    assert len(one_by_one) == 2


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE nmaprun [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><nmaprun>&b;</nmaprun>'
)
XXE = '<?xml version="1.0"?><!DOCTYPE nmaprun [<!ENTITY x SYSTEM "file:///etc/passwd">]><nmaprun>&x;</nmaprun>'


@pytest.mark.parametrize(
    "text",
    [
        BOMB.encode(),
        XXE.encode(),
        BOMB.encode("utf-16"),
        BOMB.encode("utf-16-be"),
        b'<!DOCTYPE nmaprun SYSTEM "http://127.0.0.1/evil.dtd"><nmaprun/>',
        b'<!DOCTYPE nmaprun PUBLIC "x" "y"><nmaprun/>',
        b"<html><body/></html>",
    ],
)
def test_xml_that_nmap_never_writes_is_refused(text: bytes) -> None:
    with pytest.raises(Hostile):
        _read(text)
    if not text.startswith(b"<html"):
        with pytest.raises(Hostile):
            _read(*(text[i : i + 1] for i in range(len(text))))


def test_a_host_that_is_too_large_is_left_out_and_the_rest_is_read() -> None:
    large = (b'<host><hostscript><script id="x" output="' + b"A" * 65_536 + b'"/></hostscript>' for _ in range(100))
    rest = WHOLE[WHOLE.index(b"<host ") :].replace(b'up="2"', b'up="3"')
    hosts, outcome = _read(HEAD.encode(), *large, b"</host>", rest)
    assert [host["address"] for host in hosts] == ["10.0.0.1", "10.0.0.2"]
    assert "a host has more than" in outcome.errors[0]
    assert "nmap counts 3 hosts up, and 2 could be read" in outcome.errors[1]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('portid="443"', 'portid="x"'),
        ('<state state="open" reason="syn-ack" reason_ttl="0"/>', ""),
        ('addr="10.0.0.1"', 'addr="10.0.0.1 -oN x"'),
        ("</ports>", ""),
        ("nginx:1.22<", "&evil;<"),
    ],
)
def test_a_damaged_host_is_left_out_and_makes_the_scope_partial(
    before: str, after: str, tmp_path: Path, parts: Parts
) -> None:
    file = tmp_path / "scan.xml"
    file.write_bytes(WHOLE.decode().replace(before, after, 1).encode())
    report = run_source(parts, NMAP, NmapSettings(xml=str(file)))
    assert report.status == "partial"
    assert "nmap counts 2 hosts up, and 1 could be read" in (report.scopes[0].reason or "")
    assert parts.store.counts().cis >= 1


def test_a_saved_file_that_is_cut_off_is_partial_and_keeps_what_it_has(tmp_path: Path, parts: Parts) -> None:
    file = tmp_path / "scan.xml"
    file.write_bytes(WHOLE[: WHOLE.index(b"10.0.0.2")])
    report = run_source(parts, NMAP, NmapSettings(xml=str(file)))
    assert report.status == "partial"
    assert "cut off" in (report.scopes[0].reason or "")
    assert [ci.name for ci in parts.store.search(Search(classes=("device",), words=("web1",)), after=None, limit=9)]
    missing = run_source(parts, NMAP, NmapSettings(xml=str(tmp_path / "nothing.xml")))
    assert missing.status == "failed"
    assert "nothing.xml" in missing.errors[0]


# -- what is observed ------------------------------------------------------------------------------------------------


def test_hosts_ports_software_and_hops_become_observations(words: Vocabulary) -> None:
    hosts, _ = _read(WHOLE)
    said = list(observe(hosts[0], Hearing(words, "berlin", 1_800_000_000_000_000)))
    assert [(one.ci_class, one.record) for one in said] == [
        ("device", "10.0.0.1"),
        ("endpoint", "10.0.0.1/tcp/443"),
        ("software", "10.0.0.1/software/nginx"),
        ("interface", "hop 10.0.9.1"),
        ("interface", "hop 10.0.9.2"),
    ]
    assert ("mac", "8c:85:90:01:02:01") in said[0].identifiers
    assert ("fqdn", "web1.corp.example") in said[0].identifiers
    assert said[0].observed_at == 1_700_000_005_000_000
    assert said[1].within == "record@berlin:nmap:10.0.0.1"
    assert [(c.type, c.reference) for c in said[4].claims] == [
        ("connects_to", "record@berlin:nmap:hop 10.0.9.1"),
        ("part_of", "ip@berlin:10.0.9.2"),
    ]


def test_what_answers_everywhere_and_what_only_refuses_is_weak_evidence(words: Vocabulary) -> None:
    (host, _), _ = _read(WHOLE)
    hearing = Hearing(words, "default", 1_800_000_000_000_000)
    port = host["ports"][0]
    tarpit = {**host, "ports": [{**port, "port": n} for n in range(200)], "uncounted": []}
    assert weakness(tarpit) == "answers on 200 of 200 ports"
    assert [one.ci_class for one in observe({**tarpit, "hops": []}, hearing)] == ["device"]
    refusing = {**host, "ports": [], "reason": "reset", "addresses": host["addresses"][:1], "names": []}
    assert weakness(refusing) == "only refused"
    with pytest.raises(RecordRejected, match="weak evidence") as refused:
        observe(refusing, hearing)
    assert refused.value.record == "10.0.0.1", "what is known of the address counts as seen"


# -- real scans ------------------------------------------------------------------------------------------------------


@pytest.fixture
def scan(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    def scanned(*targets: str, **more: Any) -> Any:
        return run_source(parts, NMAP, NmapSettings(targets=targets, **more))

    return scanned


@needs_nmap
@pytest.mark.nmap
def test_a_dead_binary_or_a_refused_option_leaves_the_scope_partial(scan: Callable[..., Any]) -> None:
    from discovery.sources.nmap import profiles

    broken = profiles.Profile("broken", "", ("--no-such-option",), ())
    ended = profiles.PROFILES["broken"] = broken
    try:
        report = scan("127.0.0.1", profile="broken")
    finally:
        del profiles.PROFILES["broken"]
    assert ended is broken
    assert report.status == "partial"
    assert "status" in (report.scopes[0].reason or "")


def _cis(parts: Parts) -> dict[str, str]:
    return {ci.id: f"{ci.ci_class} {ci.name}" for ci in parts.store.search(Search(), after=None, limit=1000)}


@needs_nmap
@pytest.mark.network
def test_a_network_scanned_twice_gives_the_same_cis(
    lab_network: Any, parts: Parts, clock: Any, scan: Callable[..., Any]
) -> None:
    clock.at = time.time_ns() // 1000
    report = scan(lab_network.subnet, exclude=(lab_network.scanner,))
    assert report.status == "complete", report
    before = _cis(parts)
    addresses = {place.record for place in parts.store.record_places("nmap", None, after=None, limit=1000)}
    for host in lab_network.hosts:
        assert host.address in addresses
        for port in host.ports:
            if port in COMMON_PORTS:
                assert f"{host.address}/tcp/{port}" in addresses
    clock.at = time.time_ns() // 1000
    again = scan(lab_network.subnet, exclude=(lab_network.scanner,))
    assert (again.created, again.status) == (0, "complete")
    assert _cis(parts) == before


@needs_nmap
@pytest.mark.network
def test_a_host_that_moved_keeps_its_id(lab_network: Any, parts: Parts, clock: Any, scan: Callable[..., Any]) -> None:
    clock.at = time.time_ns() // 1000
    scan(lab_network.subnet, exclude=(lab_network.scanner,), profile="ping")
    host = lab_network.host("web")
    (before,) = parts.store.bearers([f"mac|{host.mac}|"], 5)[f"mac|{host.mac}|"]
    network = ipaddress.ip_network(lab_network.subnet)
    lab_network.move("web", str(network[200]))
    time.sleep(1.1)
    clock.at = time.time_ns() // 1000
    scan(lab_network.subnet, exclude=(lab_network.scanner,), profile="ping")
    found = parts.store.bearers([f"mac|{host.mac}|"], 5)[f"mac|{host.mac}|"]
    assert {bearer.ci for bearer in found} == {before.ci}


@needs_nmap
@pytest.mark.network
def test_a_stopped_scan_keeps_what_it_finished_and_retires_nothing(
    lab_network: Any, parts: Parts, clock: Any, scan: Callable[..., Any]
) -> None:
    clock.at = time.time_ns() // 1000
    scan(lab_network.subnet, exclude=(lab_network.scanner,), profile="ping")
    before = {ci.id: ci.lifecycle for ci in parts.store.search(Search(lifecycles=()), after=None, limit=1000)}
    lab_network.stop("ssh")
    stop = threading.Event()

    def progress(step: Any, report: Any) -> None:
        if step.done >= 64:
            stop.set()

    clock.at = time.time_ns() // 1000
    settings = NmapSettings(targets=(lab_network.subnet,), exclude=(lab_network.scanner,), profile="ping")
    report = run_source(parts, NMAP, settings, stopped=stop.is_set, progress=progress)
    assert report.status == "partial"
    assert report.accepted >= 1
    after = {ci.id: ci.lifecycle for ci in parts.store.search(Search(lifecycles=()), after=None, limit=1000)}
    assert before.items() <= after.items()
    assert set(after.values()) == {"live"}


@needs_nmap
@pytest.mark.nmap
def test_a_scan_stops_at_once_and_leaves_no_process(words: Vocabulary) -> None:
    stop = threading.Event()
    threading.Timer(1.0, stop.set).start()
    began = time.monotonic()
    fetched = list(NMAP.fetch(NmapSettings(targets=("127.0.0.0/26",)), Reading(lambda: 0, stop.is_set)))
    assert time.monotonic() - began < 20
    (end,) = [item for item in fetched if isinstance(item, ScopeEnd)]
    assert (end.complete, end.reason) == (False, "stopped")
    assert all(isinstance(item.payload, dict) for item in fetched if isinstance(item, Raw))
