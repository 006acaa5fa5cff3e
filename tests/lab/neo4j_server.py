"""A real Neo4j for tests and benchmarks: one that the user named, a container, or a Java process of our own."""

import contextlib
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from neo4j import Driver, GraphDatabase, NotificationMinimumSeverity
from neo4j.exceptions import DriverError, Neo4jError

from lab.free_port import free_port
from lab.neo4j_jars import Jars, find_java, is_newer_line, neo4j_jars
from lab.unavailable import Unavailable

DEFAULT_VERSION = "5.26.19"
START_SECONDS = 180
MARK = "CmdbTestSuite"


class UnfitServer(Exception):
    """The server that the user named cannot be used; never skipped, because somebody asked for it."""


@dataclass(frozen=True, slots=True)
class Neo4jServer:
    """Where the server answers and how to log in; `origin` says which kind of server it is."""

    url: str
    user: str
    password: str
    origin: str

    def driver(self) -> Driver:
        """A driver of the caller's own, to be closed by the caller."""
        return GraphDatabase.driver(
            self.url,
            auth=(self.user, self.password),
            # In an empty database every label is "unknown"; such notes would drown what a failing test logs.
            notifications_min_severity=NotificationMinimumSeverity.OFF,
        )


def wanted_version() -> str:
    """The version to run, from CMDB_LAB_NEO4J_VERSION."""
    return os.environ.get("CMDB_LAB_NEO4J_VERSION") or DEFAULT_VERSION


@contextlib.contextmanager
def any_neo4j(
    version: str, *, apoc: bool = False, heap: str = "768m", page_cache: str = "256m"
) -> Iterator[Neo4jServer]:
    """The first server that can be had: CMDB_TEST_NEO4J, a container engine, Java and Maven; stopped at the end.

    With `apoc` only a Java process will do. Raises Unavailable where there is none, UnfitServer where the named one
    must not be touched.
    """
    named = os.environ.get("CMDB_TEST_NEO4J")
    engine = None if named or apoc else _container_engine()
    with contextlib.ExitStack() as running:
        server = None
        if named:
            server = _named_server(named)
        elif engine:
            # An engine without the image and without a way to pull it is as good as none.
            with contextlib.suppress(Unavailable):
                server = running.enter_context(container_neo4j(engine, version, heap=heap, page_cache=page_cache))
        if server is None:
            server = running.enter_context(java_neo4j(version, apoc=apoc, heap=heap, page_cache=page_cache))
        yield server


def wipe(server: Neo4jServer, *, schema: bool = True) -> None:
    """Delete every node, and with `schema` every constraint and index; the mark of a named server stays."""
    with server.driver() as driver, driver.session() as session:
        session.run(
            f"MATCH (n) WHERE NOT n:{MARK} CALL (n) {{ DETACH DELETE n }} IN TRANSACTIONS OF 10000 ROWS"
        ).consume()
        if not schema:
            return
        for (name,) in session.run("SHOW CONSTRAINTS YIELD name RETURN name").values():
            session.run(f"DROP CONSTRAINT `{name}` IF EXISTS").consume()
        # Token look-up indexes belong to the database, not to us: without them every label scan is a full scan.
        for (name,) in session.run("SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name").values():
            session.run(f"DROP INDEX `{name}` IF EXISTS").consume()


def _named_server(url: str) -> Neo4jServer:
    """The user's server, if it is empty or bears the mark of this suite: nobody's data is deleted by a test."""
    server = Neo4jServer(
        url,
        os.environ.get("CMDB_TEST_NEO4J_USER") or "neo4j",
        os.environ.get("CMDB_TEST_NEO4J_PASSWORD") or "",
        "CMDB_TEST_NEO4J",
    )
    try:
        with server.driver() as driver:
            driver.verify_connectivity()  # tries once, where a query tries for half a minute
            nodes = driver.execute_query("MATCH (n) RETURN count(n)").records[0][0]
            marked = driver.execute_query(f"MATCH (n:{MARK}) RETURN count(n)").records[0][0]
            if nodes and not marked:
                raise UnfitServer(
                    f"{url} (CMDB_TEST_NEO4J) holds {nodes} nodes and does not bear the mark :{MARK}; "
                    "tests delete everything, so only an empty or a marked server is used"
                )
            driver.execute_query(f"MERGE (:{MARK} {{says: 'tests may delete everything here'}})")
    except (DriverError, Neo4jError, OSError) as error:
        raise UnfitServer(f"{url} (CMDB_TEST_NEO4J) cannot be used: {error}") from error
    return server


def _container_engine() -> str | None:
    """The engine whose daemon really answers; a client alone is no engine."""
    for name in ("docker", "podman"):
        engine = shutil.which(name)
        if engine is None:
            continue
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            if subprocess.run([engine, "info"], capture_output=True, timeout=20, check=False).returncode == 0:
                return engine
    return None


@contextlib.contextmanager
def container_neo4j(engine: str, version: str, *, heap: str, page_cache: str) -> Iterator[Neo4jServer]:
    """A container with Neo4j on a free port of the loopback address, removed at the end. Raises Unavailable."""
    password = secrets.token_hex(12)
    settings = {
        "NEO4J_AUTH": f"neo4j/{password}",
        "NEO4J_server_memory_heap_max__size": heap,
        "NEO4J_server_memory_pagecache_size": page_cache,
        "NEO4J_dbms_usage__report_enabled": "false",
    }
    command = [engine, "run", "--detach", "--rm", "--publish", "127.0.0.1::7687"]
    for name, value in settings.items():
        command += ["--env", f"{name}={value}"]
    container = _said_by([*command, f"neo4j:{version}-community"], seconds=900)
    try:
        address = _said_by([engine, "port", container, "7687/tcp"], seconds=30).splitlines()[0]
        server = Neo4jServer(f"bolt://127.0.0.1:{address.rsplit(':', 1)[1]}", "neo4j", password, Path(engine).name)
        _wait_until_it_answers(server, lambda: None)
        yield server
    finally:
        subprocess.run([engine, "rm", "--force", container], capture_output=True, timeout=60, check=False)


@contextlib.contextmanager
def java_neo4j(version: str, *, apoc: bool = False, heap: str, page_cache: str) -> Iterator[Neo4jServer]:
    """A Java process with Neo4j on free ports of the loopback address, its data thrown away. Raises Unavailable."""
    newer = is_newer_line(version)
    java = find_java(21 if newer else 17)
    jars = neo4j_jars(version, apoc=apoc)
    main = "org.neo4j.server.Neo4jCommunity" if newer else "org.neo4j.server.CommunityEntryPoint"
    password = secrets.token_hex(12)
    with tempfile.TemporaryDirectory(prefix="cmdb-lab-neo4j-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        port = free_port()
        _configure(home, jars, port, page_cache)
        environment = {**os.environ, "NEO4J_HOME": folder, "NEO4J_CONF": str(home / "conf")}
        run = [str(java), "-cp", f"{jars.lib}/*"]
        _said_by(
            [*run, "org.neo4j.cli.AdminTool", "dbms", "set-initial-password", password], seconds=120, env=environment
        )
        command = [
            *_dies_with_us(), *run[:1], f"-Xms{heap}", f"-Xmx{heap}", *run[1:],
            main, f"--home-dir={home}", f"--config-dir={home / 'conf'}",
        ]  # fmt: skip
        with (home / "output.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=home)
        server = Neo4jServer(f"bolt://127.0.0.1:{port}", "neo4j", password, f"java, {version}")
        try:
            _wait_until_it_answers(server, lambda: _last_words(process, home / "output.log"))
            yield server
        finally:
            process.kill()  # its data goes with it: there is nothing to shut down in order
            process.wait()


def _configure(home: Path, jars: Jars, port: int, page_cache: str) -> None:
    settings = {
        "server.default_listen_address": "127.0.0.1",
        "server.bolt.listen_address": f"127.0.0.1:{port}",
        "server.bolt.advertised_address": f"127.0.0.1:{port}",
        "server.http.enabled": "false",
        "server.https.enabled": "false",
        "server.memory.pagecache.size": page_cache,
        "server.directories.plugins": str(jars.plugins),
        "dbms.security.procedures.unrestricted": "apoc.*",
        "dbms.usage_report.enabled": "false",
        "db.tx_log.preallocate": "false",
    }
    for name in ("conf", "data", "logs", "run"):
        (home / name).mkdir()
    (home / "conf" / "neo4j.conf").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))


def _dies_with_us() -> list[str]:
    """Where util-linux is there, the kernel ends the server with us, even when we are killed and clean up nothing."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL"] if setpriv else []


def _wait_until_it_answers(server: Neo4jServer, last_words: Callable[[], str | None]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with server.driver() as driver, driver.session() as session:
                session.run("RETURN 1").consume()
            return
        except (DriverError, Neo4jError, OSError) as error:
            ended = last_words()
            if ended is not None:
                raise Unavailable(f"Neo4j ended before it answered:\n{ended}") from error
            if time.monotonic() > deadline:
                raise Unavailable(f"Neo4j did not answer within {START_SECONDS} s: {error}") from error
        time.sleep(0.25)


def _last_words(process: "subprocess.Popen[bytes]", log: Path) -> str | None:
    """None while the process runs, else the end of what it wrote."""
    return None if process.poll() is None else log.read_text(errors="replace")[-3000:]


def _said_by(command: list[str], *, seconds: float, env: dict[str, str] | None = None) -> str:
    """What a command prints. Raises Unavailable where it fails or takes longer than `seconds`."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, env=env, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{command[0]} could not be run: {error}") from error
    if done.returncode != 0:
        raise Unavailable(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout.strip()
