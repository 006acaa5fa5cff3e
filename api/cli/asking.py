"""show, history, runs, impact, spof: questions and how their answers look in a terminal."""

from typing import Any

from rich.markup import escape

from api.cli.output import console, print_json, table
from api.impact_answers import Asked, impact_answer, spof_answer
from api.looking_back import NOW, Then, told_of_cut, whole_ci_then
from api.resolution import resolve
from api.tokens import Caller
from api.views import past_event, run, whole_ci
from api.wiring import System
from cmdb.errors import UnknownReference
from discovery.run import reports

NAMED = 5
"""lines of one kind that say what an answer cannot know"""


def _more(more: bool) -> str:
    return ", and more: raise --limit" if more else ""


def show_ci(system: System, caller: Caller, ref: str, then: Then = NOW, *, as_json: bool) -> None:
    """Everything about one CI, now or in the past."""
    found = whole_ci_then(system, then, ref, caller)
    if found is None:
        raise UnknownReference(f"no CI bears {ref}")
    ci = whole_ci(found) | told_of_cut(system, then)
    if as_json:
        print_json(ci)
        return
    console.print(f"[bold]{escape(ci['name'])}[/bold]  {ci['class']}, {ci['lifecycle']}  [dim]{ci['id']}[/dim]")
    console.print(f"first seen {ci['first_seen']}, last seen {ci['last_seen']}, revision {ci['revision']}\n")
    table("Identifiers", ("kind", "value", "realm"), [(i["kind"], i["value"], i["realm"]) for i in ci["identifiers"]])
    console.print()
    table(
        "Facts",
        ("fact", "value", "says", "at", "outvoted"),
        [
            (name, f["value"], f["source"], f["observed_at"],
             "; ".join(f"{o['value']} ({o['source']})" for o in f["outvoted"]))
            for name, f in ci["facts"].items()
        ],
    )  # fmt: skip
    console.print()
    table(
        "Relations",
        ("", "type", "other end", "group", "need", "effect", "basis", "said by"),
        [
            ("→" if r["direction"] == "out" else "←", r["type"], r["name"], r["group"], r["need"], r["effect"],
             r["basis"], ", ".join(sorted({w["source"] for w in r["witnesses"]})))
            for r in ci["relations"]
        ],
    )  # fmt: skip
    console.print()
    table("Records", ("source", "realm", "record"), [(r["source"], r["realm"], r["record"]) for r in ci["records"]])


def show_history(system: System, caller: Caller, ref: str, limit: int, *, as_json: bool) -> None:
    """Events of one CI."""
    found = system.store.history(resolve(system, ref, caller), before=None, limit=limit + 1)
    events = [past_event(event) for event in found[:limit]]
    if as_json:
        print_json({"items": events, "next": None, "more": len(found) > limit})
        return
    table(
        f"{len(events)} events, newest first" + _more(len(found) > limit),
        ("observed", "revision", "source", "kind", "key", "before", "after"),
        [
            (e["observed_at"], e["revision"], e["source"], e["kind"], e["key"], _short(e["before"]), _short(e["after"]))
            for e in events
        ],
    )


def _short(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def show_runs(system: System, limit: int, *, as_json: bool) -> None:
    """The latest runs."""
    latest = reports(system.parts, after=None, limit=limit + 1)
    found = [run(report) for report in latest[:limit]]
    if as_json:
        print_json({"items": found, "next": None, "more": len(latest) > limit})
        return
    table(
        "Runs, newest first" + _more(len(latest) > limit),
        ("run", "source", "scope", "status", "accepted", "created", "updated", "rejected", "why"),
        [
            (r["run_id"], r["source"], r["scope"], r["status"], r["counts"]["accepted"], r["counts"]["created"],
             r["counts"]["updated"], r["counts"]["rejected"], _why(r))
            for r in found
        ],
    )  # fmt: skip


def _why(report: dict[str, Any]) -> str:
    reasons = [*report["errors"], *(s["reason"] for s in report["scopes"] if s["reason"])]
    return report["held_because"] or "; ".join(dict.fromkeys(reasons))


def show_impact(
    system: System,
    caller: Caller,
    ref: str,
    dependencies: bool,
    depth: int | None,
    limit: int,
    then: Then = NOW,
    *,
    as_json: bool,
) -> None:
    """A blast radius, or what a CI needs, now or in the past."""
    direction = "dependencies" if dependencies else "dependents"
    asked = Asked((ref,), direction=direction, depth=depth, limit=limit, then=then)
    found = impact_answer(system, caller, asked, "")
    if as_json:
        print_json(found)
    else:
        print_impact(found, dependencies=dependencies)


def print_impact(found: dict[str, Any], *, dependencies: bool = False, rows: int | None = None) -> None:
    """An answer of section 3 as people read it."""
    names = ", ".join(f"{ci['class']} {ci['name']}" for ci in found["failed"])
    summary = found["summary"]
    if dependencies:
        console.print(f"[bold]{escape(names)}[/bold] needs {summary['reachable']} CIs\n")
    else:
        console.print(
            f"If [bold]{escape(names)}[/bold] fails: [red]{summary['down']} down[/red], "
            f"[yellow]{summary['degraded']} degraded[/yellow] ({summary['reachable']} would be reached if nothing were "
            f"redundant)\n"
        )
    if summary["services"]:
        table(
            "Services",
            ("state", "tier", "service", "owner"),
            [(s["state"], s["tier"], s["name"], s["owner"]) for s in summary["services"]],
        )
        console.print()
    listed = found["affected"] if rows is None else found["affected"][:rows]
    table(
        "Affected" if not dependencies else "Needed",
        ("state", "class", "name", "tier", "distance", "margin", "because of"),
        [(a["state"], a["class"], a["name"], a["tier"], a["distance"], a["margin"], _way(a)) for a in listed],
    )
    hidden = summary["down"] + summary["degraded"] - len(listed)
    if not dependencies and hidden > 0:
        console.print(f"… and {hidden} more: --limit and --json show them")
    if found["truncated"]:
        lacking = "what was purged since is lacking in all of it"
        cut = f"the list is cut by {found['truncated']}; the summary is not"
        console.print(f"[yellow]{lacking if found['truncated'] == 'history' else cut}[/yellow]")
    _print_coverage(found["coverage"])


def _way(affected: dict[str, Any]) -> str:
    """The nearest cause: the last relation on the path."""
    last = affected["path"][-1]
    return f"{last['type']} {last['to_name']}"


def _print_coverage(coverage: dict[str, Any]) -> None:
    if coverage["complete"]:
        console.print("\n[green]Nothing known is missing from this answer.[/green]")
        return
    console.print("\n[yellow]What this answer cannot know:[/yellow]")
    _print_first("never looked at", coverage["never_looked"])
    _print_first("not read to the end", coverage["unscanned_scopes"])
    _print_first(
        "connections probably not seen yet",
        [
            f"{one['share']:.0%} of {one['name']} ({one['low']:.0%} to {one['high']:.0%})"
            for one in coverage["unseen_relations"]
        ],
    )
    if coverage["stale_relations"]:
        console.print(f"  {coverage['stale_relations']} relations that nobody confirms any more")
    if coverage["undiscovered"]:
        console.print(f"  {coverage['undiscovered']} named ends that were never discovered")


def _print_first(what: str, names: list[str]) -> None:
    for name in names[:NAMED]:
        console.print(f"  {what}: {escape(name)}")
    if len(names) > NAMED:
        console.print(f"  {what}: … and {len(names) - NAMED} more lines: --json shows them")


def show_spof(system: System, caller: Caller, ref: str, limit: int, *, as_json: bool) -> None:
    """Single points of failure of one CI."""
    found = spof_answer(system, caller, ref, limit, None, "")
    if as_json:
        print_json(found)
        return
    table(
        f"{len(found['items'])} CIs whose loss alone brings it down" + (", and more" if found["next"] else ""),
        ("class", "name", "by"),
        [(i["class"], i["name"], " → ".join(step["type"] for step in i["path"])) for i in found["items"]],
    )
