"""demo: this machine and a sample estate, two answers, and the API."""

import itertools
import shutil

from api.cli.asking import print_impact
from api.cli.output import console, print_json
from api.cli.scanning import print_report
from api.cli.serving import serve_api
from api.impact_answers import Asked, impact_answer
from api.sample_estate import sample_estate
from api.settings import Settings
from api.tokens import Caller
from api.views import run as run_view
from api.wiring import System, build
from discovery.run import MAX_BATCH, take
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.source import Hearing
from discovery.sources import SOURCES
from discovery.sources.json_lines import observe_line
from discovery.sources.nmap.settings import NmapSettings

QUESTIONS = ("name:core-switch-1", "name:vm-db-1")
"""what falls if the core switch does, and what if one replica of a 2-of-3 database does"""
SHOWN = 12


def run_demo(store: str, *, serve: bool, port: int, as_json: bool) -> None:
    """Everything real but the estate, which is made up and says so."""
    system = build(Settings(store=store))
    caller = Caller("", "demo", "admin", frozenset(), frozenset())
    scans = scan_this_machine(system)
    created = load_sample(system)
    answers = [impact_answer(system, caller, Asked((ref,)), "") for ref in QUESTIONS]
    if as_json:
        print_json({"runs": [run_view(scan) for scan in scans], "sample_created": created, "answers": answers})
        return
    console.rule("This machine, for real")
    for scan in scans:
        print_report(scan)
    if "nmap" not in {scan.source for scan in scans}:
        console.print("nmap is not installed, so ports were not scanned: apt install nmap, or brew install nmap")
    console.rule("A sample estate of two sites, made up")
    counts = system.store.counts()
    console.print(f"{counts.records} records of several sources make {counts.cis} CIs and {counts.relations} relations")
    for question, answer in zip(
        ("What falls if core-switch-1 falls?", "And if one database replica does?"), answers, strict=True
    ):
        console.rule(question)
        print_impact(answer, rows=SHOWN)
    console.rule("Go on")
    console.print(
        f"  export CMDB_STORE={store}\n"
        "  cmdb find switch\n"
        "  cmdb show name:payments-db\n"
        "  cmdb impact name:hv-berlin-3\n"
        "  cmdb spof 'business_service.name:Payments'",
        highlight=False,
    )
    if serve:
        serve_api(system, "127.0.0.1", port)


def scan_this_machine(system: System) -> list[RunReport]:
    """The connection table, and nmap on loopback where it is installed."""
    found = [run_source(system.parts, SOURCES["connections"], SOURCES["connections"].settings())]
    if shutil.which("nmap") is not None:
        scan = NmapSettings(targets=("127.0.0.1",))
        found.append(run_source(system.parts, SOURCES["nmap"], scan))
    return found


def load_sample(system: System) -> int:
    """How many CIs the sample estate brought."""
    hearing = Hearing(system.vocabulary, "default", system.parts.now())
    lines = sample_estate(system.parts.now())
    created = 0
    while batch := [observe_line(line, hearing) for line in itertools.islice(lines, MAX_BATCH)]:
        created += take(system.parts, None, batch).created
    return created
