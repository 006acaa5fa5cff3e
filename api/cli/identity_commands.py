"""explain, review, merge, split, undo: identity as people see it and decide it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.app import Json, Ref, app, example, operator, system
from api.cli.output import fail, plain_errors

if TYPE_CHECKING:
    from api.alike_answers import Verdict

Reason = Annotated[str, typer.Option(help="Why; kept with the decision.")]


@app.command(
    epilog=example("cmdb explain fqdn:db1.corp.example ip:10.0.0.5", "cmdb explain record:jamf:C02X record:intune:77")
)
def explain(a: Ref, b: Ref, as_json: Json = False) -> None:
    """Say why two things are one CI, or why they are not."""
    with plain_errors():
        from api.cli.deciding import show_explanation

        raise typer.Exit(show_explanation(system(), operator(), a, b, as_json=as_json))


@app.command(
    epilog=example(
        "cmdb review", "cmdb review --group", "cmdb review 1ng2n.1ng3k --merge --reason 'same asset tag'",
        "cmdb review 1ng2n.1ng3k --keep-apart --reason 'two racks'",
        "cmdb review --pattern +hostname --merge --preview",
        "cmdb review --pattern +hostname --merge --reason 'one name space'",
    )
)  # fmt: skip
def review(
    review_id: Annotated[str | None, typer.Argument(help="A review of the queue, to answer it.")] = None,
    merge: Annotated[bool, typer.Option("--merge", help="Both are one.")] = False,
    keep_apart: Annotated[bool, typer.Option("--keep-apart", help="They are two.")] = False,
    reason: Annotated[str, typer.Option(help="Why; kept with the decision.")] = "",
    group: Annotated[bool, typer.Option("--group", help="Alike cases together.")] = False,
    pattern: Annotated[str | None, typer.Option(help="Answer every open review of a pattern alike.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="With --pattern: only say what that comes to.")] = False,
    state: Annotated[str, typer.Option(help="open, decided or lapsed.")] = "open",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    as_json: Json = False,
) -> None:
    """Show what waits for a person, or answer one of it."""
    with plain_errors():
        from api.cli.deciding import answer_alike, answer_review, show_reviews

        if review_id is None and pattern is None:
            show_reviews(system(), operator(), state, limit, group=group, as_json=as_json)
            return
        if review_id is not None and pattern is not None:
            fail("answer one review, or all of a --pattern")
        if merge == keep_apart or not (reason.strip() or (pattern and preview)):
            fail("answer with --merge or --keep-apart, and say why with --reason")
        verdict: Verdict = "merge" if merge else "keep_apart"
        if pattern is not None:
            answer_alike(system(), operator(), pattern, verdict, None if preview else reason, as_json=as_json)
        elif review_id is not None:
            answer_review(system(), operator(), review_id, verdict, reason, as_json=as_json)


@app.command(epilog=example("cmdb merge serial:C02X name:lap-042 --reason 'one laptop, two docks'"))
def merge(
    keep: Ref,
    absorb: Annotated[str, typer.Argument(help="What becomes part of it; its id keeps leading there.")],
    reason: Reason,
    as_json: Json = False,
) -> None:
    """Decide that two CIs are one."""
    with plain_errors():
        from api.cli.deciding import merge_two

        merge_two(system(), operator(), keep, absorb, reason, as_json=as_json)


@app.command(epilog=example("cmdb split name:lap-042 intune:77 --reason 'a loan device'"))
def split(
    ci: Ref,
    records: Annotated[list[str], typer.Argument(help="Records that leave: source:record or source@realm:record.")],
    reason: Reason,
    as_json: Json = False,
) -> None:
    """Decide that records of a CI are another thing."""
    with plain_errors():
        from api.cli.deciding import split_off

        split_off(system(), operator(), ci, records, reason, as_json=as_json)


@app.command(epilog=example("cmdb undo 1ng2g3dvmknjcxz0"))
def undo(
    decision: Annotated[str, typer.Argument(help="Id of a merge, a split or an answered review.")],
    as_json: Json = False,
) -> None:
    """Take a decision back: everything is as if it had never been made."""
    with plain_errors():
        from api.cli.deciding import take_back

        take_back(system(), decision, as_json=as_json)


@app.command(
    epilog=example(
        "cmdb resolve --shadow",
        "cmdb resolve --shadow --set common_at=30",
        "cmdb resolve --shadow --vocabulary words.toml",
        "cmdb resolve --shadow --estimate",
        "cmdb resolve",
    )
)
def resolve(
    shadow: Annotated[bool, typer.Option("--shadow", help="Only say what would change.")] = False,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of identity, name=number.", metavar="K=V")
    ] = None,
    vocabulary: Annotated[
        Path | None, typer.Option(help="With --shadow: weights, stop values and authorities of this vocabulary file.")
    ] = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Let the estate say what an address is worth in it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Decide identity anew for the whole estate."""
    with plain_errors():
        from api.cli.deciding import resolve_all

        resolve_all(system(), settings or [], vocabulary, shadow=shadow, estimate=estimate, as_json=as_json)
