"""scan, run, ingest: sources read from the command line, with progress."""

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import typer
from pydantic import ValidationError
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from api.cli.output import console, fail, print_json, stderr, table
from api.views import batch as batch_view
from api.views import run as run_view
from api.wiring import System
from cmdb.observation import Observation
from discovery.errors import RecordRejected, SourceMisconfigured
from discovery.run import preview as preview_of
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.source import Hearing, Raw, Reading, Source
from discovery.source import Progress as Step
from discovery.sources import SOURCES


def source_named(name: str) -> Source:
    """A source by name."""
    found = SOURCES.get(name)
    if found is None:
        fail(f"unknown source {name!r}; known: {', '.join(sorted(SOURCES))}")
    return found


def settings_of(source: Source, said: dict[str, Any]) -> Any:
    """The settings of a source, checked."""
    try:
        return source.settings(**said)
    except ValidationError as wrong:
        reasons = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in wrong.errors())
        fail(f"{source.name}: {reasons}; known settings: {', '.join(source.settings.model_fields)}")


def run_now(system: Callable[[], System], name: str, said: list[str], *, preview: bool, as_json: bool) -> int:
    """Run a source; 1 where the run was not complete."""
    source = source_named(name)
    pairs = [pair.partition("=") for pair in said]
    for key, equals, _ in pairs:
        if not equals:
            fail(f"--set {key}: key=value is wanted")
    settings = settings_of(source, {key: value for key, _, value in pairs})
    if preview:
        return _preview(system(), source, settings, as_json=as_json)
    return _run(system(), source, settings, as_json=as_json)


def scan_now(
    system: Callable[[], System],
    targets: list[str],
    plan_only: bool,
    exclude: list[str],
    profile: str | None,
    realm: str,
    *,
    yes: bool,
    as_json: bool,
) -> int:
    """Scan with nmap; with `plan_only` nothing is sent and no store is opened."""
    from discovery.sources.nmap.plan import plan

    source = source_named("nmap")
    said: dict[str, Any] = {"targets": targets, "exclude": exclude, "realm": realm, "large": True}
    if profile is not None:
        said["profile"] = profile
    settings = settings_of(source, said)
    planned = plan(settings)
    if plan_only:
        _print_plan(planned, as_json=as_json)
        return 0
    if planned.hosts > 4096 and not yes:
        _print_plan(planned, as_json=False)
        if not typer.confirm("More than a /20. Scan?", err=True):
            return 1
    return _run(system(), source, settings, as_json=as_json)


def _print_plan(planned: Any, *, as_json: bool) -> None:
    body = dataclasses.asdict(planned)
    if as_json:
        print_json(body)
        return
    table(
        "What would be sent; nothing is",
        ("", ""),
        [(key.replace("_", " "), _flat(value)) for key, value in body.items()],
    )


def _flat(value: Any) -> str:
    if isinstance(value, list | tuple):
        shown = ", ".join(str(item) for item in value[:20])
        return shown + (f", … ({len(value)} in all)" if len(value) > 20 else "")
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _run(system: System, source: Source, settings: Any, *, as_json: bool) -> int:
    with _progress() as bar:
        task = bar.add_task(source.name, total=None)

        def show(step: Step, report: RunReport) -> None:
            bar.update(
                task, completed=step.done, total=step.total,
                description=f"{source.name}: {report.accepted} observations",
            )  # fmt: skip

        report = run_source(system.parts, source, settings, progress=show)
    if as_json:
        print_json(run_view(report))
    else:
        print_report(report)
    return 0 if report.status == "complete" else 1


def print_report(report: RunReport) -> None:
    """A run's report as people read it."""
    colour = "green" if report.status == "complete" else "yellow"
    console.print(
        f"{report.source} {report.scope}: [{colour}]{report.status}[/{colour}], {report.accepted} observations: "
        f"{report.created} CIs created, {report.updated} updated, {report.unchanged} unchanged, "
        f"{report.rejected} rejected"
    )
    for scope in report.scopes:
        if scope.reason:
            console.print(f"  {scope.scope}: {scope.reason}", markup=False)
    for line, reason in report.reasons[:10]:
        console.print(f"  line {line}: {reason}", markup=False)
    if report.rejected > 10:
        console.print(f"  … and {report.rejected - 10} more rejected")
    for text in (*report.errors, *report.notes, *([report.held_because] if report.held_because else [])):
        console.print(f"  {text}", markup=False)
    if report.unresolved:
        console.print(f"  {report.unresolved} ends of relations fit no single CI yet; they are kept and wait")


def ingest_now(system: System, file: str, *, preview: bool, as_json: bool) -> int:
    """Take a file of JSON lines; 1 where a line was rejected."""
    source = SOURCES["json_lines"]
    settings = settings_of(source, {"file": file})
    if preview:
        return _preview(system, source, settings, as_json=as_json)
    return _run(system, source, settings, as_json=as_json)


def _preview(system: System, source: Source, settings: Any, *, as_json: bool) -> int:
    hearing = Hearing(system.vocabulary, settings.realm, system.parts.now())
    observations: list[Observation] = []
    rejected: list[dict[str, Any]] = []
    try:
        for number, raw in enumerate(
            (f for f in source.fetch(settings, Reading(system.parts.now)) if isinstance(f, Raw)), 1
        ):
            try:
                observations.extend(source.observe(raw.payload, hearing))
            except RecordRejected as refused:
                rejected.append({"line": number, "reason": refused.reason})
    except SourceMisconfigured as wrong:
        fail(str(wrong))
    found = batch_view(preview_of(system.parts, observations)) | {"rejected": rejected}
    if as_json:
        print_json(found)
    else:
        console.print(
            f"would create {found['created']} CIs, update {found['updated']}, leave {found['unchanged']} unchanged, "
            f"ask {found['reviews']} reviews, reject {len(rejected)} lines; nothing was written"
        )
        for line in rejected[:10]:
            console.print(f"  line {line['line']}: {line['reason']}", markup=False)
    return 1 if rejected else 0


def _progress() -> Progress:
    """Counts and an estimate, on a terminal only; nothing for what is over in a moment."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TimeElapsedColumn(),
        TimeRemainingColumn(), console=stderr, transient=True, disable=not stderr.is_terminal, get_time=time.monotonic,
    )  # fmt: skip
