"""quality, coverage: how good what is known is, and what was never looked at."""

from typing import Annotated, Any

import typer

from api.cli import app
from api.cli.output import console, plain_errors, print_json, table

Several = list[str] | None
Json = Annotated[bool, typer.Option("--json", help="Print what the API would answer.")]
Realms = Annotated[Several, typer.Option(help="Only in these realms.")]

MEASURES = ("completeness", "staleness", "duplicates", "orphans", "conflicts", "unresolved_ends")


def quality(
    class_: Annotated[Several, typer.Option("--class", help="Only these classes.")] = None,
    source: Annotated[Several, typer.Option(help="Only these sources.")] = None,
    realm: Realms = None,
    sample: Annotated[
        int | None, typer.Option(min=1, max=500, help="Draw so many CIs by chance and look at them again now.")
    ] = None,
    seed: Annotated[str | None, typer.Option(help="Draw the CIs of this seed again.")] = None,
    seconds: Annotated[int, typer.Option(min=1, max=3600, help="Look for no longer than this.")] = 60,
    allow: Annotated[Several, typer.Option(help="Networks that may be scanned for a sample.")] = None,
    exclude: Annotated[Several, typer.Option(help="Never touch these for a sample.")] = None,
    as_json: Json = False,
) -> None:
    """Count what is incomplete, stale, doubled, alone, disputed or unresolved; or measure how much of it is true."""
    with plain_errors():
        from api.searching import listed

        classes, sources, realms = listed(class_), listed(source), listed(realm)
        if sample is None:
            _count(classes, sources, realms, as_json=as_json)
        else:
            chosen = {name: said for name, said in (("allow", allow), ("exclude", exclude)) if said}
            _sample(sample, seed, classes, sources, realms, seconds, chosen, as_json=as_json)


def _count(classes: tuple[str, ...], sources: tuple[str, ...], realms: tuple[str, ...], *, as_json: bool) -> None:
    from api.quality_views import spelled_quality

    system = app.system()
    for name in classes:
        system.vocabulary.ci_class(name)
    found = spelled_quality(system.stock.now(realms), system.vocabulary, realms)
    if as_json:
        print_json(found)
        return
    kind = "by_class_and_source" if classes and sources else "by_source" if sources else "by_class"
    rows = [
        row
        for row in found[kind]
        if (not classes or row.get("class") in classes) and (not sources or row.get("source") in sources)
    ]
    if not sources and not classes:
        rows.append({"class": "all", **{key: found[key] for key in ("cis", *MEASURES)}})
    table(
        f"Quality at revision {found['revision']}",
        ("class", "source", "CIs", "said", "incomplete", *(name.replace("_", " ") for name in MEASURES[1:]), "asked"),
        [
            (row.get("class"), row.get("source"), row["cis"]["count"], _percent(row["completeness"]["share"]),
             *(row[name]["count"] or None for name in MEASURES), row["duplicates"]["open_reviews"]["count"] or None)
            for row in rows
        ],
    )  # fmt: skip
    console.print(
        "\ncmdb find --incomplete | --stale | --orphan | --conflict '*' lists them; --json names each question; "
        "cmdb review answers what is asked"
    )


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.0%}"


def _sample(
    n: int, seed: str | None, classes: tuple[str, ...], sources: tuple[str, ...], realms: tuple[str, ...], seconds: int,
    chosen: dict[str, Any], *, as_json: bool,
) -> None:  # fmt: skip
    from api.sampling import Sampling, sample_answer

    system = app.system()
    for name in classes:
        system.vocabulary.ci_class(name)
    chance = int(seed) if seed is not None and seed.isdecimal() else seed
    said = sample_answer(system, Sampling(n, chance, classes, sources, realms, float(seconds), {"nmap": chosen}))
    if as_json:
        print_json(said)
        return
    console.print(
        f"{said['drawn']} of {said['population']} CIs drawn (seed {said['seed']}), {said['checked']} looked at again, "
        f"{said['cannot_be_reread']} cannot be re-read",
        highlight=False,
    )
    accuracy = said["accuracy"]
    if accuracy is not None:
        low, high = accuracy["interval"]
        console.print(
            f"[bold]{said['right']} of {said['checked']} are right: {accuracy['value']:.1%}[/bold], "
            f"with 95 % confidence between {low:.1%} and {high:.1%}\n"
        )
    if said["not_reread"]:
        table(
            "Why records cannot be re-read",
            ("source", "records", "why"),
            [(row["source"], row["records"], row["reason"]) for row in said["not_reread"]],
        )
        console.print()
    table(
        "What was found",
        ("class", "name", "verdict", "why"),
        [(item["class"], item["name"], item["verdict"], _why(item["records"])) for item in said["items"]],
    )


def _why(records: list[dict[str, Any]]) -> str:
    said = [record["reason"] for record in records if record["reason"]]
    said += [f"{d['about']}: {d['known']} is {d['found']}" for record in records for d in record["differences"]]
    return "; ".join(dict.fromkeys(said))


def coverage(
    realm: Realms = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Of each kind at most so many.")] = 50,
    as_json: Json = False,
) -> None:
    """Show which scopes were read to the end, and what is known to exist that nobody ever read."""
    with plain_errors():
        from api.coverage_answers import coverage_answer
        from api.searching import listed

        found = coverage_answer(app.system(), listed(realm), limit)
        if as_json:
            print_json(found)
        else:
            _print_coverage(found)


def _print_coverage(found: dict[str, Any]) -> None:
    never, counts = found["never_read"], found["never_read"]["counts"]
    table(
        f"Scopes ({found['scopes_count']})",
        ("source", "realm", "scope", "last complete run", "last run", "status", "why"),
        [
            (s["source"], s["realm"], s["scope"], (s["last_complete"] or {}).get("at", "never"), s["last_run"]["at"],
             s["last_run"]["status"], s["last_run"]["reason"])
            for s in found["scopes"]
        ],
    )  # fmt: skip
    console.print()
    table(
        f"Networks that were never read ({counts['networks']})",
        ("realm", "network", "seen in", "for example"),
        [
            (n["realm"], n["network"], ", ".join(f"{count} {what}" for what, count in n["seen_in"].items()),
             ", ".join(n["examples"]))
            for n in never["networks"]
        ],
    )  # fmt: skip
    for kind, title in (("organizational_units", "Organizational units"), ("tenants", "Tenants")):
        if counts[kind]:
            console.print()
            table(
                f"{title} that were never read ({counts[kind]})",
                ("realm", "name", "things"),
                [(one["realm"], one["name"], one["things"]) for one in never[kind]],
            )
