"""find: a search, as a table, as the API's JSON, or everything as CSV or NDJSON."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.app import AsOf, KnownAt, operator, system
from api.cli.output import plain_errors, print_json, table

if TYPE_CHECKING:
    from api.looking_back import Then
    from api.searching import Filters
    from api.wiring import System

FORMATS = ("table", "json", "csv", "ndjson")

Several = list[str] | None


def find(
    text: Annotated[str, typer.Argument(help="Words; each must begin a word of the CI.")] = "",
    class_: Annotated[Several, typer.Option("--class", help="Only of these classes.")] = None,
    lifecycle: Annotated[Several, typer.Option(help="live, missing, retired; live and missing by default.")] = None,
    identifier: Annotated[str | None, typer.Option(help="kind[@realm]:value that it bears.")] = None,
    environment: Annotated[Several, typer.Option(help="Only of these environments.")] = None,
    tier: Annotated[Several, typer.Option(help="Only of these tiers.")] = None,
    owner: Annotated[Several, typer.Option(help="Only of these owners.")] = None,
    service: Annotated[str | None, typer.Option(help="Only what this service stands on.", metavar="REF")] = None,
    realm: Annotated[Several, typer.Option(help="Only in these realms.")] = None,
    status: Annotated[Several, typer.Option(help="Only of these statuses.")] = None,
    tag: Annotated[Several, typer.Option(help="Only with this tag.", metavar="K:V")] = None,
    attribute: Annotated[Several, typer.Option(help="Only with this fact.", metavar="K=V")] = None,
    seen_by: Annotated[Several, typer.Option(help="Only what one of these sources knows.")] = None,
    not_seen_by: Annotated[Several, typer.Option(help="Only what none of these sources knows.")] = None,
    seen_before: Annotated[str | None, typer.Option(help="Only what was last seen before.", metavar="TIME")] = None,
    lacks: Annotated[Several, typer.Option(help="Only without this attribute.")] = None,
    incomplete: Annotated[bool, typer.Option("--incomplete", help="Only what lacks something expected of it.")] = False,
    conflict: Annotated[str | None, typer.Option(help="Only where sources disagree on it; * for any.")] = None,
    stale: Annotated[bool, typer.Option("--stale", help="Only what was not seen for too long for its class.")] = False,
    orphan: Annotated[bool, typer.Option("--orphan", help="Only what has no relation.")] = False,
    known_at: KnownAt = None,
    as_of: AsOf = None,
    format: Annotated[str, typer.Option(help="table, json, csv or ndjson; the last two give everything.")] = "table",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print what the API would answer.")] = False,
) -> None:
    """Find configuration items by words and by conditions, which all must hold; lists may be written with commas."""
    with plain_errors():
        from api.looking_back import then_from
        from api.searching import Filters, listed, tiers

        filters = Filters(
            q=text or None, classes=listed(class_), lifecycles=listed(lifecycle), identifier=identifier,
            environment=listed(environment), tier=tiers(listed(tier)), owner=tuple(owner or ()), service=service,
            realm=listed(realm), status=listed(status), seen_by=listed(seen_by), not_seen_by=listed(not_seen_by),
            seen_before=seen_before, tags=tuple(tag or ()), attributes=_pairs(attribute or ()), lacks=listed(lacks),
            incomplete=incomplete, conflict=conflict, stale=stale, orphan=orphan,
        )  # fmt: skip
        built = system()
        then = then_from(built, known_at, as_of)
        raise typer.Exit(_found(built, filters, then, "json" if as_json else format, limit))


def _pairs(said: Sequence[str]) -> tuple[tuple[str, str], ...]:
    from cmdb.errors import Invalid

    for pair in said:
        if "=" not in pair:
            raise Invalid(f"attribute {pair!r} is wrong: key=value is wanted")
    return tuple((key, value) for key, _, value in (pair.partition("=") for pair in said))


def _found(built: "System", filters: "Filters", then: "Then", format: str, limit: int) -> int:
    """Print it; 1 where nothing is found."""
    from api.looking_back import all_found_then, found_then, told_of_cut
    from api.searching import known_of_today, search_for
    from api.views import found_ci
    from cmdb.errors import Invalid

    if format not in FORMATS:
        raise Invalid(f"unknown format {format!r}; known: {', '.join(FORMATS)}")
    today = known_of_today(filters)
    if today and not then.is_now:
        raise Invalid(f"{', '.join(today)}: known of today only, not with --known-at or --as-of; leave it out")
    search = search_for(filters, built, operator())
    if format in ("csv", "ndjson"):
        everything = built.store.search_all(search)[1] if then.is_now else all_found_then(built, then, search)
        return _stream(format, (found_ci(ci) for ci in everything))
    found = found_then(built, then, search, after=None, limit=limit + 1)
    items = [found_ci(ci) for ci in found[:limit]]
    more = len(found) > limit
    if format == "json":
        print_json({"items": items, "next": None, "more": more, **told_of_cut(built, then)})
    else:
        table(
            f"{len(items)} found"
            + (", and more: raise --limit" if more else "")
            + (", without what was purged since" if told_of_cut(built, then) else ""),
            ("class", "name", "lifecycle", "tier", "owner", "last seen", "id"),
            [(i["class"], i["name"], i["lifecycle"], i["tier"], i["owner"], i["last_seen"], i["id"]) for i in items],
        )
    return 0 if items else 1


def _stream(format: str, items: Iterator[dict[str, Any]]) -> int:
    from api.exporting import lines_of

    count = 0

    def counted() -> Iterator[dict[str, Any]]:
        nonlocal count
        for item in items:
            count += 1
            yield item

    for piece in lines_of(format, counted()):
        # As bytes: the line ends of CSV are its own, whatever the platform's are.
        sys.stdout.buffer.write(piece.encode())
    sys.stdout.flush()
    return 0 if count else 1
