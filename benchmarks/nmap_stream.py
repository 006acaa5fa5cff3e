"""Benchmark (c): nmap's output of a /16, 65,536 hosts with 10 open ports each, streamed into observations.

    python benchmarks/nmap_stream.py                 a /16, some 190 MB of XML
    python benchmarks/nmap_stream.py --hosts 4096    a smaller network

The output is made up by one process and piped into another, whose memory is measured: the source as it reads a saved
scan (every host parsed, judged beside its neighbours, turned into observations). Beside it, in the same run,
python-nmap reading the same output the way it does: whole, into one string, then one tree, then one dictionary.
"""

import argparse
import json
import platform
import subprocess
import sys
from collections.abc import Iterator

from taken import taken

PORTS = range(8000, 8010)
BEGAN = 1_750_000_000
LIMIT_MIB = 64

PORT = (
    '<port protocol="tcp" portid="{port}"><state state="open" reason="syn-ack" reason_ttl="64"/>'
    '<service name="http" product="nginx" version="1.22.1" extrainfo="Debian" method="probed" conf="10">'
    "<cpe>cpe:/a:igor_sysoev:nginx:1.22.1</cpe><cpe>cpe:/o:linux:linux_kernel</cpe></service></port>\n"
)
HOST = (
    '<host starttime="{began}" endtime="{ended}"><status state="up" reason="arp-response" reason_ttl="0"/>\n'
    '<address addr="10.{a}.{b}.{c}" addrtype="ipv4"/>\n'
    '<address addr="00:1B:21:{a:02X}:{b:02X}:{c:02X}" addrtype="mac" vendor="Intel Corporate"/>\n'
    '<hostnames>\n<hostname name="host-{number}.corp.example" type="PTR"/>\n</hostnames>\n'
    '<ports><extraports state="closed" count="190">\n<extrareasons reason="conn-refused" count="190"/>\n</extraports>\n'
    "{ports}</ports>\n"
    '<times srtt="1243" rttvar="571" to="100000"/>\n</host>\n'
)


def nmap_output(hosts: int) -> Iterator[str]:
    """What nmap writes of a network in which every address answers on ten ports."""
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n'
        f'<nmaprun scanner="nmap" args="nmap" start="{BEGAN}" version="7.93" xmloutputversion="1.05">\n'
        f'<scaninfo type="connect" protocol="tcp" numservices="200" services="8000-8009"/>\n'
    )
    ports = "".join(PORT.format(port=port) for port in PORTS)
    for number in range(hosts):
        a, b, c = number >> 16, number >> 8 & 255, number & 255
        yield HOST.format(began=BEGAN, ended=BEGAN + 5, a=a, b=b, c=c, number=number, ports=ports)
    yield (
        f'<runstats><finished time="{BEGAN + 9}" timestr="" elapsed="9.00" exit="success"/>'
        f'<hosts up="{hosts}" down="0" total="{hosts}"/>\n</runstats>\n</nmaprun>\n'
    )


def ours() -> dict[str, int]:
    """Read stdin as the source does, to the last observation."""
    from cmdb.vocabulary import vocabulary
    from discovery.source import Hearing, Raw, Reading, ScopeEnd
    from discovery.sources import SOURCES

    source = SOURCES["nmap"]
    words = vocabulary({name: one.traits for name, one in SOURCES.items()})
    now = (BEGAN + 100) * 1_000_000
    hearing = Hearing(words, "default", now)
    hosts = observations = complete = 0
    for found in source.fetch(source.settings.model_validate({"xml": "/dev/stdin"}), Reading(lambda: now)):
        if isinstance(found, Raw):
            hosts += 1
            observations += sum(1 for _ in source.observe(found.payload, hearing))
        elif isinstance(found, ScopeEnd):
            complete += found.complete
    return {"hosts": hosts, "observations": observations, "complete": complete}


def python_nmap() -> dict[str, int]:
    """Read stdin as python-nmap does after its scan; no observation is made of it."""
    import nmap

    class Reader(nmap.PortScanner):  # type: ignore[misc]
        def __init__(self) -> None:
            """Without a search for the binary: nothing is scanned here."""

    text = sys.stdin.buffer.read().decode()
    return {"hosts": len(Reader().analyse_nmap_xml_scan(text)["scan"])}


READERS = {"ours": ours, "python-nmap": python_nmap}


def measured(reader: str) -> None:
    """Run one reader on stdin and print what it took."""
    print(json.dumps(taken(READERS[reader])))


def run(reader: str, hosts: int) -> dict[str, float]:
    """A reader in a process of its own, fed by another."""
    this = [sys.executable, __file__, "--hosts", str(hosts)]
    with subprocess.Popen([*this, "--write"], stdout=subprocess.PIPE) as writer:
        done = subprocess.run([*this, "--read", reader], stdin=writer.stdout, stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    assert found["hosts"] == hosts, found
    return found


def main() -> None:
    """Measure and print; exits 1 where the memory was too much."""
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("--hosts", type=int, default=65_536)
    said.add_argument("--write", action="store_true", help="write the output and do nothing else")
    said.add_argument("--read", choices=READERS, help="read stdin and do nothing else")
    asked = said.parse_args()
    if asked.write:
        sys.stdout.writelines(nmap_output(asked.hosts))
        return
    if asked.read:
        measured(asked.read)
        return
    size = sum(map(len, nmap_output(asked.hosts)))
    print(f"{asked.hosts:,} hosts, {size / 1e6:,.0f} MB; {platform.machine()}, Python {platform.python_version()}")
    own, peer = run("ours", asked.hosts), run("python-nmap", asked.hosts)
    assert own["complete"] == 1
    print(
        f"streamed     {asked.hosts / own['seconds']:8,.0f} hosts/s   {own['peak_mib']:8,.0f} MiB peak   "
        f"{own['observations']:,.0f} observations made"
    )
    print(
        f"python-nmap  {asked.hosts / peer['seconds']:8,.0f} hosts/s   {peer['peak_mib']:8,.0f} MiB peak   "
        "read only, no observations"
    )
    print(
        f"ratio        {peer['seconds'] / own['seconds']:8.2f} x speed   "
        f"{peer['peak_mib'] / own['peak_mib']:8.1f} x less memory"
    )
    if own["peak_mib"] > LIMIT_MIB:
        sys.exit(f"more than {LIMIT_MIB} MiB")


if __name__ == "__main__":
    main()
