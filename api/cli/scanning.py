"""scan, run, ingest: sources read from the command line, with progress."""

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from api.cli.choosing import chosen_source, source_named
from api.cli.output import console, print_json, stderr, table
from api.instance_views import preview as preview_view
from api.views import run as run_view
from api.wiring import System
from discovery.previewing import Preview, preview_run
from discovery.run import Errand
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.source import Progress as Step
from discovery.source import Source
from discovery.source_settings import settings_of
from discovery.sources import SOURCES


def run_now(system: Callable[[], System], name: str, said: list[str], *, preview: bool, as_json: bool) -> int:
    """Run a source or an instance; 1 where the run was not complete."""
    parts = system()
    chosen = chosen_source(parts, name, said)
    if preview:
        return _preview(parts, chosen.source, chosen.settings, as_json=as_json)
    return _run(parts, chosen.source, chosen.settings, errand=chosen.errand, as_json=as_json)


def _settings_of(source: Source, said: dict[str, Any]) -> Any:
    """The settings of a source without secrets."""
    return settings_of(source, said, lambda reference: reference)


def scan_now(
    system: Callable[[], System],
    targets: list[str],
    plan_only: bool,
    exclude: list[str],
    allow: list[str],
    profile: str | None,
    realm: str,
    *,
    yes: bool,
    as_json: bool,
) -> int:
    """Scan with nmap; with `plan_only` nothing is sent and no store is opened."""
    from discovery.sources.nmap.plan import plan

    source = source_named("nmap")
    said: dict[str, Any] = {"targets": targets, "exclude": exclude, "allow": allow, "realm": realm, "large": True}
    if profile is not None:
        said["profile"] = profile
    settings = _settings_of(source, said)
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


def _run(system: System, source: Source, settings: Any, *, as_json: bool, errand: Errand | None = None) -> int:
    with _progress() as bar:
        task = bar.add_task(source.name, total=None)

        def show(step: Step, report: RunReport) -> None:
            bar.update(
                task, completed=step.done, total=step.total,
                description=f"{source.name}: {report.accepted} observations",
            )  # fmt: skip

        report = run_source(system.parts, source, settings, progress=show, errand=errand, owner=system.owner)
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
    """Take a file of JSON lines; 1 where the run was not complete, or a preview rejects a line."""
    source = SOURCES["json_lines"]
    settings = _settings_of(source, {"file": file})
    if preview:
        return _preview(system, source, settings, as_json=as_json)
    return _run(system, source, settings, as_json=as_json)


def _preview(system: System, source: Source, settings: Any, *, as_json: bool) -> int:
    found = preview_run(system.parts, source, settings)
    if as_json:
        print_json(preview_view(found))
    else:
        _print_preview(found)
    return 1 if found.rejected or found.error is not None else 0


def _print_preview(found: Preview) -> None:
    console.print(
        f"would create {found.created} CIs, update {found.updated}, leave {found.unchanged} unchanged, "
        f"ask {found.reviews} reviews, reject {len(found.rejected)} lines, miss {found.missed} records; "
        "nothing was written"
    )
    for ci_class, name in found.creates[:10]:
        console.print(f"  new {ci_class} {name}", markup=False)
    for join in found.joins[:10]:
        because = ", ".join(f"{piece.kind} {piece.value}" for piece in join.evidence if piece.weight > 0)
        console.print(f"  {join.record} would join {join.name}" + (f": {because}" if because else ""), markup=False)
    for change in found.changes[:10]:
        console.print(f"  {change.name}: {change.kind} {change.key}: {change.before} → {change.after}", markup=False)
    for miss in found.misses[:10]:
        console.print(f"  {miss.record} would be missed in {miss.scope}", markup=False)
    if found.would_be_held:
        console.print("  so many would be missed that the run would be held until somebody releases it")
    for line, reason in found.rejected[:10]:
        console.print(f"  line {line}: {reason}", markup=False)
    for text in (*([found.error] if found.error else []), *found.notes):
        console.print(f"  {text}", markup=False)
    if found.cut_off:
        console.print("  the source has more than a preview reads: it was read no further")


def _progress() -> Progress:
    """Counts and an estimate, on a terminal only; nothing for what is over in a moment."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TimeElapsedColumn(),
        TimeRemainingColumn(), console=stderr, transient=True, disable=not stderr.is_terminal, get_time=time.monotonic,
    )  # fmt: skip
