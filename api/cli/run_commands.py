"""runs: the latest runs, one of them, one as it goes on, or why one brought nothing."""

import time
from typing import Annotated, Any

import typer

from api.cli.app import Json, app, example, system
from api.cli.output import console, fail, plain_errors, print_json

LOOK_EVERY = 1.0


@app.command(epilog=example("cmdb runs", "cmdb runs 00660c8094319e2-zshd41m9 --follow", "cmdb runs corp --explain"))
def runs(
    run: Annotated[
        str | None, typer.Argument(help="A run's id, or a source instance or source, which means its latest run.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Show how far it is until it has ended.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say why it brought nothing, or not more.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many runs.")] = 20,
    as_json: Json = False,
) -> None:
    """Show the latest runs and what came of them, or one of them."""
    with plain_errors():
        from api.cli.asking import show_runs

        parts = system()
        if run is None:
            if follow or explain:
                fail("say which run: its id, or the name of a source or instance")
            show_runs(parts, limit, as_json=as_json)
            return
        run_id = _meant(parts, run)
        if explain:
            _explain(parts, run_id, as_json=as_json)
        else:
            raise typer.Exit(_show(parts, run_id, follow=follow, as_json=as_json))


def _meant(parts: Any, text: str) -> str:
    from api.run_explanation import latest_run_of

    return latest_run_of(parts, text)


def _explain(parts: Any, run_id: str, *, as_json: bool) -> None:
    from api.run_explanation import explanation

    found = explanation(parts, run_id)
    if as_json:
        print_json(found)
        return
    counts = found["counts"]
    console.print(
        f"run {run_id}: {found['status']}; {counts['seen']} seen → {counts['accepted']} accepted → "
        f"{counts['written']} written, {counts['rejected']} rejected",
        highlight=False,
    )
    for reason in found["reasons"]:
        console.print(f"  {reason['text']}", markup=False, soft_wrap=True)
        if reason["fix"]:
            console.print(f"    → {reason['fix']}", markup=False, soft_wrap=True)
    if not found["reasons"]:
        console.print("  nothing kept it from bringing what the source has")


def _show(parts: Any, run_id: str, *, follow: bool, as_json: bool) -> int:
    from api.cli.scanning import print_report
    from api.views import run as run_view
    from discovery.run import report

    said = None
    while follow and (found := report(parts.parts, run_id)).status == "running":
        step = found.progress or {}
        now = f"{found.accepted} accepted, {found.rejected} rejected"
        if "done" in step:
            now += f"; {step['done']:g}" + (f" of {step['total']:g}" if step.get("total") else "") + f" {step['unit']}"
        if now != said and not as_json:
            console.print(now, highlight=False)
            said = now
        time.sleep(LOOK_EVERY)
    found = report(parts.parts, run_id)
    if as_json:
        print_json(run_view(found))
    else:
        print_report(found)
    return 0 if found.status in ("complete", "running") else 1
