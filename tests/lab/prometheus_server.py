"""A real Prometheus on loopback that scrapes one page, with a port and a folder of its own, and a past if wanted."""

import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.free_port import free_port
from lab.unavailable import Unavailable

STARTS_WITHIN = 60.0
"""seconds"""
CONFIGURED = """
global: {{scrape_interval: 200ms}}
scrape_configs: [{{job_name: lab, static_configs: [{{targets: ["{page}"]}}]}}]
"""


@contextmanager
def prometheus_server(folder: Path, page: str, past: str = "") -> Iterator[str]:
    """The address of a server that has begun to scrape `page` (host:port).

    `past`: samples with their times, as OpenMetrics, that it has kept from before. Raises Unavailable.
    """
    data, config, log = folder / "data", folder / "prometheus.yml", folder / "log"
    config.write_text(CONFIGURED.format(page=page))
    if past:
        (folder / "past").write_text(past)
        made = subprocess.run(
            [_program("promtool"), "tsdb", "create-blocks-from", "openmetrics", folder / "past", data],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        if made.returncode != 0:
            raise Unavailable(f"promtool: {made.stderr[-500:]}")
    address = f"127.0.0.1:{free_port()}"
    command = [_program("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={data}"]
    with log.open("wb") as said:
        process = subprocess.Popen([*command, f"--web.listen-address={address}"], stdout=said, stderr=said)
    try:
        deadline = time.monotonic() + STARTS_WITHIN
        while not _has_scraped(address):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Unavailable(f"prometheus does not scrape:\n{log.read_text(errors='replace')[-1000:]}")
            time.sleep(0.05)
        yield f"http://{address}"
    finally:
        process.kill()
        process.wait(20)


def _has_scraped(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}/api/v1/query?query=up==1", timeout=5) as answer:
            return b'"result":[{' in answer.read()
    except (urllib.error.URLError, OSError):
        return False


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Unavailable(f"a server of metrics needs the program {name} (apt install prometheus)")
    return found
