"""diff: what is different between two times, in a terminal."""

from typing import Any

from api.cli.output import console, print_json, table
from api.diff_answers import diff_answer
from api.tokens import Caller
from api.wiring import System


def show_diff(system: System, caller: Caller, since: str, until: str | None, limit: int, *, as_json: bool) -> None:
    """What came, went and changed between two times or revisions."""
    found = diff_answer(system, caller, since, until, offset=0, limit=limit, question="")
    if as_json:
        print_json(found)
        return
    console.print(f"From revision {found['from']} to revision {found['to']}" + (
        ", the first entries only: raise --limit" if found["next"] else ""
    ))  # fmt: skip
    relations = found["relations"]
    rows: list[tuple[str, str, Any, Any, Any]] = []
    rows += [("+", ci["class"], ci["name"], "", ci["id"]) for ci in found["came"]]
    rows += [("-", ci["class"], ci["name"], "", ci["id"]) for ci in found["went"]]
    rows += [
        ("~", one["key"], one["name"], f"{_short(one['before'])} → {_short(one['after'])}", one["ci"])
        for one in found["changed"]
    ]
    rows += [("+", one["type"], one["from"], f"→ {one['to']}", "") for one in relations["came"]]
    rows += [("-", one["type"], one["from"], f"→ {one['to']}", "") for one in relations["went"]]
    rows += [
        ("~", one["key"], one["id"], f"{_short(one['before'])} → {_short(one['after'])}", "")
        for one in relations["changed"]
    ]
    table(f"{len(rows)} differences", ("", "what", "of", "how", "id"), rows)


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "…"
