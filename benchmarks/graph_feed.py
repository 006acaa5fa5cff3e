"""Benchmark: managed devices from Microsoft Graph, 500,000 rows in pages of 1,000, over HTTP on loopback.

    python benchmarks/graph_feed.py                   500,000 rows
    python benchmarks/graph_feed.py --rows 50000      fewer

A server in a process of its own writes the pages; each reader runs in a process of its own, whose processor time and
memory are measured: the `intune` source as it fetches (through the SDK's request adapter, with our paging), the same
with every observation made, and beside them, in the same run, the SDK's typed models with its own request builders
(both on fewer rows, being slower). Rates are per second of the reader's processor time.
"""

import argparse
import asyncio
import json
import platform
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from taken import taken

PAGE = 1_000
NOW = 1_750_000_000_000_000
LEAST_ROWS_PER_SECOND = 50_000
MOST_MIB = 200
MOST_ROWS = {"observed": 50_000, "typed models": 2_000}
"""what the slower readers are given at most"""


def device(number: int) -> dict[str, Any]:
    """A row as Intune gives it, with the properties that are asked for."""
    return {
        "id": f"705c034c-034c-705c-4c03-{number:012x}",
        "azureADDeviceId": f"4c299165-6e8f-4b45-a5ba-{number:012x}",
        "deviceName": f"LAP-{number:06d}",
        "serialNumber": f"5CD{number:07d}",
        "imei": "", "wiFiMacAddress": f"8C85{number:08X}", "ethernetMacAddress": None,
        "operatingSystem": "Windows", "osVersion": "10.0.22631.4460", "manufacturer": "HP",
        "model": "HP EliteBook 840 G9",
        "complianceState": "compliant", "isEncrypted": True, "isSupervised": False, "jailBroken": "Unknown",
        "managementAgent": "mdm", "managedDeviceOwnerType": "company", "deviceEnrollmentType": "windowsAzureADJoin",
        "deviceRegistrationState": "registered", "deviceCategoryDisplayName": "",
        "partnerReportedThreatState": "unknown",
        "enrolledDateTime": "2025-01-31T23:59:43.797191Z",
        "lastSyncDateTime": "2025-06-01T00:02:49.3205976Z",
        "managementCertificateExpirationDate": "2025-12-31T23:57:59Z",
        "androidSecurityPatchLevel": "", "userId": f"0a0a0a0a-6e8f-4b45-a5ba-{number % 5_000:012x}",
        "userPrincipalName": f"user{number % 5_000}@corp.example", "emailAddress": f"user{number % 5_000}@corp.example",
        "totalStorageSpaceInBytes": 510_770_802_688,
        "freeStorageSpaceInBytes": 310_770_802_688, "physicalMemoryInBytes": 0,
    }  # fmt: skip


def serve(rows: int) -> None:
    """Write pages until killed; prints the port."""

    class Graph(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            at = int(parse_qs(parts.query).get("$skiptoken", ["0"])[0])
            page: dict[str, Any] = {"value": [device(number) for number in range(at, min(at + PAGE, rows))]}
            if at + PAGE < rows:
                page["@odata.nextLink"] = f"http://{self.headers['Host']}{parts.path}?$skiptoken={at + PAGE}"
            body = json.dumps(page, separators=(",", ":")).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Graph)
    print(server.server_address[1], flush=True)
    server.serve_forever()


def _payloads(root: str) -> Iterator[Any]:
    from discovery.source import Raw, Reading, ScopeEnd
    from discovery.sources import SOURCES

    source = SOURCES["intune"]
    settings = source.settings.model_validate({"base_url": root, "token": "x", "tenant": "bench"})
    for found in source.fetch(settings, Reading(lambda: NOW)):
        if isinstance(found, Raw):
            yield found.payload
        assert not isinstance(found, ScopeEnd) or found.complete


def parsed(root: str) -> int:
    """Every row as the source fetches it."""
    return sum(1 for _ in _payloads(root))


def observed(root: str) -> int:
    """The same, with every observation made."""
    from cmdb.vocabulary import vocabulary
    from discovery.source import Hearing
    from discovery.sources import SOURCES

    source = SOURCES["intune"]
    hearing = Hearing(vocabulary({name: one.traits for name, one in SOURCES.items()}), "default", NOW)
    return sum(1 for payload in _payloads(root) for _ in source.observe(payload, hearing))


def typed(root: str) -> int:
    """The SDK's own way: request builders, typed models, next links by `with_url`."""
    from kiota_abstractions.authentication import AnonymousAuthenticationProvider
    from msgraph.graph_request_adapter import GraphRequestAdapter
    from msgraph.graph_service_client import GraphServiceClient

    adapter = GraphRequestAdapter(AnonymousAuthenticationProvider())
    adapter.base_url = root
    client = GraphServiceClient(request_adapter=adapter)

    async def read() -> int:
        count = 0
        page = await client.device_management.managed_devices.get()
        while page is not None:
            count += len(page.value or ())
            link = page.odata_next_link
            page = await client.device_management.managed_devices.with_url(link).get() if link else None
        return count

    return asyncio.run(read())


READERS = {"parsed": parsed, "observed": observed, "typed models": typed}


def measured(reader: str, root: str) -> None:
    """Run one reader and print what it took; what it costs to begin is left out of its rate."""
    import msgraph.graph_service_client  # noqa: F401 what an import costs is no part of reading

    import discovery.sources  # noqa: F401

    print(json.dumps(taken(lambda: {"rows": READERS[reader](root)})))


def run(reader: str, rows: int) -> dict[str, float]:
    """A reader in a process of its own, and a server in another."""
    this = [sys.executable, __file__]
    with subprocess.Popen([*this, "--serve", "--rows", str(rows)], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        root = f"http://127.0.0.1:{server.stdout.readline().strip()}/v1.0"
        try:
            done = subprocess.run([*this, "--read", reader, "--root", root], stdout=subprocess.PIPE, check=True)
        finally:
            server.kill()
    found: dict[str, float] = json.loads(done.stdout)
    assert found["rows"] == rows, found
    return found


def main() -> None:
    """Measure and print; exits 1 where it was too slow, or took too much memory."""
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("--rows", type=int, default=500_000)
    said.add_argument("--serve", action="store_true", help="serve pages and do nothing else")
    said.add_argument("--read", choices=READERS, help="read and do nothing else")
    said.add_argument("--root", help="where --read reads")
    asked = said.parse_args()
    if asked.serve:
        serve(asked.rows)
    if asked.read:
        measured(asked.read, asked.root)
        return
    size = len(json.dumps(device(1), separators=(",", ":")))
    print(f"{asked.rows:,} rows, {size} bytes each; Python {platform.python_version()}")
    rates = {}
    for reader in READERS:
        rows = min(asked.rows, MOST_ROWS.get(reader, asked.rows))
        found = run(reader, rows)
        rates[reader] = rows / found["seconds"], found["peak_mib"]
        print(f"{reader:13} {rates[reader][0]:10,.0f} rows/s   {found['peak_mib']:6,.0f} MiB peak   {rows:,} rows")
    print(f"ratio         {rates['parsed'][0] / rates['typed models'][0]:10,.0f} x as fast as the typed models")
    if rates["parsed"][0] < LEAST_ROWS_PER_SECOND:
        sys.exit(f"less than {LEAST_ROWS_PER_SECOND:,} rows/s")
    if max(rates[reader][1] for reader in ("parsed", "observed")) > MOST_MIB:
        sys.exit(f"more than {MOST_MIB} MiB")


if __name__ == "__main__":
    main()
