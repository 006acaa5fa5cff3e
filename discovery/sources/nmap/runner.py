"""run_nmap: the nmap binary on one tile, its output as it comes, and never more of it left behind than we asked for."""

import contextlib
import os
import re
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from discovery.errors import SourceMisconfigured
from discovery.sources.nmap.profiles import FRAGILE, Profile
from discovery.targets import Network

CHUNK = 65_536
KEPT_OF_STDERR = 4_096
LEFT_BEHIND = 1 << 20
"""bytes read at most of what an ended nmap had written before"""
GRACE = 2.0
"""seconds between asking nmap to end and making it"""

_HARMLESS = re.compile(
    r"mass_dns: warning|retransmission cap hit|RTTVAR has grown|Increasing send delay|soft-matched|"
    r"OSScan results may be unreliable"
)
"""said of names that could not be looked up, and of guesses: no host and no port is left out for it"""


@dataclass(slots=True)
class Ended:
    """How the process ended; filled in when its output is exhausted."""

    status: int | None = None
    reason: str | None = None
    """why it did not end by itself, or what it complained of"""
    said: str = field(default="")


def binary() -> str:
    """Where nmap is. Raises SourceMisconfigured where it is not."""
    found = shutil.which("nmap")
    if found is None:
        raise SourceMisconfigured("nmap is not installed: apt install nmap, or brew install nmap")
    return found


def command(profile: Profile, tile: Sequence[Network]) -> list[str]:
    """The whole command line: nothing of it comes from outside; the targets go in by stdin."""
    options = profile.arguments()
    if "-sV" in options:
        options += ["--exclude-ports", ",".join(map(str, FRAGILE))]
    if any(network.version == 6 for network in tile):
        options.append("-6")
    return [binary(), *options, "--stats-every", "1s", "-oX", "-", "-iL", "-"]


def run_nmap(
    profile: Profile, tile: Sequence[Network], *, deadline: float, stopped: Callable[[], bool], ended: Ended
) -> Iterator[bytes]:
    """Chunks of nmap's XML. `deadline`: seconds this tile may take. The process and its children never outlive this.

    Targets are validated networks, one a line: nothing in them can be an option.
    """
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command(profile, tile), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            start_new_session=True, env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with contextlib.suppress(BrokenPipeError), process.stdin:  # ended already: its status will say why
                process.stdin.write("".join(f"{network}\n" for network in tile).encode())
            yield from _output(process, deadline, stopped, ended)
        finally:
            _end(process)
            process.stdout.close()
            ended.status = process.returncode
            errors.seek(0)
            ended.said = errors.read(KEPT_OF_STDERR).decode(errors="replace").strip()
            if ended.reason is None and process.returncode != 0:
                ended.reason = f"nmap ended with status {process.returncode}: {ended.said or 'no word why'}"


def complaints(said: str) -> list[str]:
    """What nmap said beside its output, without what it says of scans that went well."""
    return [line.strip() for line in said.splitlines() if line.strip() and not _HARMLESS.search(line)]


def _output(
    process: subprocess.Popen[bytes], deadline: float, stopped: Callable[[], bool], ended: Ended
) -> Iterator[bytes]:
    """Until nmap ends, or is ended; what it had written by then is still read, because hosts in it are finished."""
    assert process.stdout is not None
    until = time.monotonic() + deadline
    left = LEFT_BEHIND
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while left > 0:
            if ended.reason is None:
                if stopped():
                    ended.reason = "stopped"
                elif time.monotonic() > until:
                    ended.reason = f"not finished after {deadline:.0f} s"
                if ended.reason is not None:
                    _end(process)
            if selector.select(0.2):
                chunk = os.read(process.stdout.fileno(), CHUNK)
                if not chunk:
                    break
                if ended.reason is not None:
                    left -= len(chunk)
                yield chunk
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE)


def _end(process: subprocess.Popen[bytes]) -> None:
    """The whole group, and waited for: no zombie, no orphan that goes on scanning."""
    if process.returncode is not None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    process.wait()
