"""The habits of this house, held by the machine: arrows, names, sizes, and what is built from the tree."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.neo4j_server import DEFAULT_VERSION

ROOT = Path(__file__).parent.parent
PACKAGES = ("cmdb", "graph", "discovery", "impact", "api")
FILES = sorted(file for folder in (*PACKAGES, "tests", "benchmarks") for file in (ROOT / folder).rglob("*.py"))

MOST_LINES = 400
LONG: dict[str, str] = {}
"""file → why it is longer than MOST_LINES and should stay one"""

NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc", "stuff"}

CATCHES_EVERYTHING = {"discovery/run_source.py"}
"""where a run must end with a report, whatever its source did"""


def shown(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def compose() -> dict[str, Any]:
    loaded = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert isinstance(loaded, dict)
    return loaded


def dockerfile(instruction: str) -> list[str]:
    """The arguments of every such instruction, in order, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    return [line.split(None, 1)[1].strip() for line in text.splitlines() if line.startswith(f"{instruction} ")]


# -- the code --------------------------------------------------------------------------------------------------------


def test_every_import_contract_holds() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", FILES, ids=shown)
def test_a_file_begins_by_saying_what_it_answers(file: Path) -> None:
    source = file.read_text()
    docstring = ast.get_docstring(ast.parse(source))
    assert docstring, "begin the file with a docstring"
    assert source.startswith(('"""', "r" + '"""')), "the docstring is the first thing in the file"


@pytest.mark.parametrize("file", FILES, ids=shown)
def test_a_file_is_short_or_says_why_not(file: Path) -> None:
    lines = len(file.read_text().splitlines())
    if shown(file) in LONG:
        assert lines > MOST_LINES, "no longer long: take it off the list"
    else:
        assert lines <= MOST_LINES, "split it by ideas, or list it in LONG with the reason"


def test_no_name_says_nothing() -> None:
    parts = {part: shown(file) for file in FILES for part in file.relative_to(ROOT).with_suffix("").parts}
    assert not {name: parts[name] for name in NAMES_THAT_SAY_NOTHING & parts.keys()}


def test_tests_are_no_packages() -> None:
    assert not [shown(file) for file in (ROOT / "tests").rglob("__init__.py")], "tests/graph would hide graph"


@pytest.mark.parametrize("file", [f for f in FILES if f.relative_to(ROOT).parts[0] in PACKAGES], ids=shown)
def test_errors_are_caught_by_name(file: Path) -> None:
    everything = [
        handler.lineno
        for handler in ast.walk(ast.parse(file.read_text()))
        if isinstance(handler, ast.ExceptHandler)
        and (handler.type is None or ast.unparse(handler.type) in ("Exception", "BaseException"))
        and not (isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None)  # tidies up and passes on
    ]
    assert not everything or shown(file) in CATCHES_EVERYTHING


def test_every_package_is_shipped_and_linted_and_typed() -> None:
    settings = pyproject()
    on_disk = {file.parent.name for file in ROOT.glob("*/__init__.py")}
    assert on_disk == set(PACKAGES)
    assert {name.rstrip("*") for name in settings["tool"]["setuptools"]["packages"]["find"]["include"]} == on_disk
    assert set(settings["tool"]["mypy"]["packages"]) == on_disk
    assert set(settings["tool"]["importlinter"]["root_packages"]) == on_disk
    assert {source.split()[0] for source in dockerfile("COPY")} >= on_disk


def test_the_command_exists() -> None:
    module, function = pyproject()["project"]["scripts"]["cmdb"].split(":")
    assert callable(getattr(import_module(module), function))


# -- make and CI -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["demo", "test", "check", "bench", "test-neo4j-newer"])
def test_make_knows_its_targets(target: str) -> None:
    subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, timeout=60, check=True)


@pytest.mark.parametrize("script", sorted((ROOT / ".ci").iterdir()), ids=lambda script: script.name)
def test_scripts_can_be_run_and_parsed(script: Path) -> None:
    assert os.access(script, os.X_OK)
    shell = script.read_text().splitlines()[0].split("/")[-1].split()[-1]
    subprocess.run([shell, "-n", str(script)], timeout=60, check=True)


# -- the image and the compose file ----------------------------------------------------------------------------------


def test_the_image_runs_cmdb_as_nobody_special() -> None:
    assert json.loads(dockerfile("ENTRYPOINT")[-1]) == ["cmdb"]
    assert dockerfile("USER")[-1] not in ("root", "0")
    assert any("nmap" in run for run in dockerfile("RUN"))
    syncs = [run for run in dockerfile("RUN") if "uv sync" in run]
    assert syncs
    assert all("--locked" in sync and "--no-dev" in sync for sync in syncs)
    for copied in dockerfile("COPY"):
        if not copied.startswith("--from"):
            assert all((ROOT / source).exists() for source in copied.split()[:-1])


def test_what_the_image_copies_is_sent_to_the_engine() -> None:
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {source for copy in dockerfile("COPY") if not copy.startswith("--from") for source in copy.split()[:-1]}
    assert copied == sent


def test_the_image_starts_a_command_that_takes_its_options() -> None:
    command = json.loads(dockerfile("CMD")[-1])
    asked = [Path(sys.executable).with_name("cmdb"), command[0], "--help"]
    wide = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    offered = subprocess.run(asked, capture_output=True, text=True, timeout=120, env=wide, check=True).stdout
    assert all(option in offered for option in command if option.startswith("--"))
    assert command[command.index("--port") + 1] == dockerfile("EXPOSE")[-1]


def test_the_compose_file_has_neo4j_and_the_api() -> None:
    services = compose()["services"]
    assert {"neo4j", "api"} <= services.keys()
    assert services["neo4j"]["image"] == f"neo4j:{'.'.join(DEFAULT_VERSION.split('.')[:2])}-community"
    assert "healthcheck" in services["neo4j"]
    assert services["api"]["depends_on"]["neo4j"]["condition"] == "service_healthy"
    assert "build" in services["api"]


def test_the_compose_file_refers_to_what_there_is() -> None:
    loaded = compose()
    for service in loaded["services"].values():
        for volume in service.get("volumes", ()):
            assert volume.split(":")[0] in loaded["volumes"]
        for published in service.get("ports", ()):
            assert published.startswith("127.0.0.1:"), "published to this machine only"
            assert published.rsplit(":", 1)[1] == dockerfile("EXPOSE")[-1]
        for needed in service.get("depends_on", {}):
            assert needed in loaded["services"]
    url = loaded["services"]["api"]["environment"]["CMDB_STORE"]
    assert re.fullmatch(r"neo4j://neo4j:7687", url)


def test_the_compose_file_sets_only_settings_that_exist() -> None:
    from api.settings import Settings

    known = {f"CMDB_{name}".upper() for name in Settings.model_fields}
    assert set(compose()["services"]["api"]["environment"]) <= known


def test_no_password_is_written_down() -> None:
    for service in compose()["services"].values():
        for name, value in service.get("environment", {}).items():
            if "PASSWORD" in name or "AUTH" in name:
                assert re.search(r"\$\{CMDB_STORE_PASSWORD:\?", value)


def test_docker_reads_the_compose_file() -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("no docker client with compose here: the file was checked as YAML only")
    subprocess.run(
        [docker, "compose", "config", "--quiet"],
        cwd=ROOT,
        env={**os.environ, "CMDB_STORE_PASSWORD": "long-enough"},
        timeout=60,
        check=True,
    )
