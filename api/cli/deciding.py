"""How explanations, reviews and decisions look in a terminal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.markup import escape

from api.alike_answers import Verdict, alike, decide, effect
from api.cli.output import console, fail, print_json, stderr, table
from api.identity_views import explanation, reviews
from api.queue import patterns, queue
from api.resolution import resolve, resolve_end
from api.tokens import Caller
from api.whole_pass import PassAsked, pass_over_all
from api.wiring import System, words_of
from cmdb.address_worth import AddressWorth
from discovery.deciding_alike import is_alike, undo_alike
from discovery.decisions import Decided, decide_review, merge, split
from discovery.decisions import undo as undo_decision
from discovery.explaining import explained

AUTHOR = "command line"
SHOWN = 20
"""joins and partings that are listed"""


def show_explanation(system: System, caller: Caller, a: str, b: str, *, as_json: bool) -> int:
    """1 where they are not one."""
    one, other = resolve_end(system, a, caller), resolve_end(system, b, caller)
    found = explanation(explained(system.parts, one, other), one.ci, other.ci)
    if as_json:
        print_json(found)
        return 0 if found["same"] else 1
    console.print(f"[bold]{'one CI' if found['same'] else 'two CIs'}[/bold]")
    if found["score"] is not None:
        odds = f"{found['score']:+.1f} bits, joined from {found['threshold']:+.1f}"
        console.print(f"the evidence between them: {odds} (log2 of the odds that both are one)")
        console.print(f"before any evidence: {found['prior']:+.1f}\n")
    print_evidence(found["evidence"])
    for veto in found["vetoes"]:
        console.print(f"[red]forbidden:[/red] {escape(veto)}")
    for decision in found["decisions"]:
        console.print(f"[yellow]decided by a person:[/yellow] {decision}")
    return 0 if found["same"] else 1


def print_evidence(evidence: list[dict[str, Any]]) -> None:
    """What speaks for and against, strongest first."""
    table(
        "Evidence",
        ("bits", "kind", "value"),
        [(f"{piece['weight']:+.1f}", piece["kind"], piece["value"]) for piece in evidence],
    )


def show_reviews(system: System, caller: Caller, state: str, limit: int, *, group: bool, as_json: bool) -> None:
    """The queue, or its patterns."""
    if state not in ("open", "decided", "lapsed"):
        fail(f"unknown state {state!r}; known: open, decided, lapsed")
    waiting = queue(system, state)
    if group:
        alike = patterns(system, caller, waiting)
        if as_json:
            print_json({"items": alike, "next": None})
        else:
            table(
                f"{len(waiting)} reviews, {len(alike)} patterns",
                ("pattern", "count", "under vital services", "for example"),
                [(p["pattern"], p["count"], p["vital"], p["sample"][0]["id"] if p["sample"] else "") for p in alike],
            )
        return
    items = reviews(system, caller, (one.body for one in waiting[:limit]))
    if as_json:
        print_json({"items": items, "next": None, "more": len(waiting) > limit})
        return
    table(
        f"{len(waiting)} {state} reviews" + (", and more: raise --limit" if len(waiting) > limit else ""),
        ("id", "one", "other", "bits", "because of"),
        [(r["id"], _side(r, "a"), _side(r, "b"), r["score"], r["pattern"]) for r in items],
    )


def _side(review: dict[str, Any], end: str) -> str:
    return f"{review[f'{end}_class'] or ''} {review[f'{end}_name'] or review[end]}".strip()


def answer_review(
    system: System,
    caller: Caller,
    review: str,
    decision: Verdict,
    reason: str,
    *,
    as_json: bool,
) -> None:
    """Decide one review."""
    _said(decide_review(system.parts, review, decision, author=AUTHOR, reason=reason), "decision_id", as_json=as_json)


def answer_alike(
    system: System, caller: Caller, pattern: str, verdict: Verdict, reason: str | None, *, as_json: bool
) -> None:
    """Decide all open reviews of a pattern; without a reason only say what that comes to."""
    seen = alike(system, caller, pattern)
    if reason is None:
        found = effect(pattern, seen, verdict)
    else:
        found = decide(system, pattern, seen, verdict, author=AUTHOR, reason=reason)
    if as_json:
        print_json(found)
        return
    comes = found["effect"]
    become = f"{comes['cis']} CIs become {comes['becoming']}, the largest made of {comes['largest']}"
    console.print(f"{comes['reviews']} reviews: {become}")
    for review, why in found.get("refused", {}).items():
        console.print(f"  left alone: {review}: {why}", soft_wrap=True, markup=False)
    if reason is not None:
        console.print(f"decided: {found['decision_id']} (cmdb undo takes all of it back)")


def merge_two(system: System, caller: Caller, keep: str, absorb: str, reason: str, *, as_json: bool) -> None:
    """Decide that two are one."""
    one, other = resolve(system, keep, caller), resolve(system, absorb, caller)
    _said(merge(system.parts, one, other, author=AUTHOR, reason=reason), "merge_id", as_json=as_json)


def split_off(system: System, caller: Caller, ci: str, records: list[str], reason: str, *, as_json: bool) -> None:
    """Decide that records are another thing."""
    named = [_record(text) for text in records]
    done = split(system.parts, resolve(system, ci, caller), named, author=AUTHOR, reason=reason)
    _said(done, "split_id", as_json=as_json)


def _record(text: str) -> tuple[str, str, str]:
    head, colon, record = text.partition(":")
    if not colon or not record:
        fail(f"{text!r} names no record: source:record or source@realm:record is wanted")
    source, at, realm = head.partition("@")
    return source, realm if at else "default", record


def _said(done: Decided, named: str, *, as_json: bool) -> None:
    if as_json:
        print_json({named: done.id, "ci": done.ci, "revision": done.revision})
    else:
        console.print(f"decided: {done.id} (cmdb undo takes it back); the CI is {done.ci}")


def take_back(system: System, decision: str, *, as_json: bool) -> None:
    """Undo whatever was decided under this id."""
    if is_alike(system.parts, decision):
        revision = undo_alike(system.parts, decision, author=AUTHOR)
    else:
        revision = undo_decision(system.parts, decision, ["merge", "split", "review"], author=AUTHOR)
    if as_json:
        print_json({"undone": decision, "revision": revision})
    else:
        console.print(f"taken back in revision {revision}")


def _worth(estimated: Mapping[str, Any]) -> str:
    """What an address is worth here, in words."""
    one, two = estimated["one"], estimated["two"]
    told = f"{one + two} pairs that had an address at one time are told by other evidence, {one} of them to be one"
    later = f"{estimated['later_one'] + estimated['later_two']} with time between, {estimated['later_one']} one"
    found = [f"{name}={value}" for name, value in AddressWorth(**estimated).settings().items()]
    return f"{told}; {later}: {', '.join(found) or 'too few for an estimate'}"


def resolve_all(
    system: System, said: list[str], file: Path | None, *, shadow: bool, estimate: bool, as_json: bool
) -> None:
    """A pass over the whole estate."""
    settings: dict[str, Any] = {}
    for pair in said:
        name, equals, value = pair.partition("=")
        try:
            settings[name] = float(value) if "." in value else int(value)
        except ValueError:
            fail(f"--set {pair}: name=number is wanted{'' if equals else ' (= is missing)'}")
    with stderr.status("deciding every record anew"):
        words = None if file is None else words_of(file)
        found = pass_over_all(system, PassAsked(shadow, settings, words, estimate))
    if as_json:
        print_json(found)
        return
    if found["estimated"] is not None:
        console.print(_worth(found["estimated"]))
    verb = "would be" if shadow else "were"
    console.print(
        f"{found['records']} records, {found['cis']} CIs: {len(found['joins'])} joins and {len(found['parts'])} "
        f"partings {verb} made; {found['reviews']} pairs need a person"
    )
    for together in found["joins"][:SHOWN]:
        console.print(f"  one: {', '.join(together)}", soft_wrap=True)
    for parted in found["parts"][:SHOWN]:
        console.print(f"  parted: {parted['ci']} into {parted['into']}")
    for key, cis in found["facts"]["counts"].items():
        console.print(f"  {key}: another value on {cis} CIs")
    for moved in found["facts"]["first"][:SHOWN]:
        console.print(
            f"  {moved['ci']} {moved['key']}: {moved['before']} → {moved['after']}", soft_wrap=True, markup=False
        )
    hidden = max(0, len(found["joins"]) - SHOWN) + max(0, len(found["parts"]) - SHOWN)
    if hidden:
        console.print(f"  … and {hidden} more: --json shows them")
