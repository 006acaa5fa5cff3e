"""Most commands of `cmdb`, with what they print."""

from typing import Annotated

import typer

from api.cli.app import AsOf, Json, KnownAt, Ref, Set, Yes, app, example, operator, system, token_app
from api.cli.finding import find
from api.cli.output import console, fail, plain_errors, print_json, stderr, table
from api.cli.quality import coverage, quality


@app.command(epilog=example("cmdb demo", "cmdb demo --no-serve", "cmdb demo --store sqlite:///my-demo.db"))
def demo(
    store: Annotated[str, typer.Option(help="Where the demo keeps its graph.")] = "sqlite:///cmdb-demo.db",
    serve: Annotated[bool, typer.Option(help="Serve the API after the answers.")] = True,
    port: Annotated[int, typer.Option(help="Port of the API.")] = 8080,
    as_json: Json = False,
) -> None:
    """Scan this machine and a sample estate, answer two questions, and serve the API."""
    with plain_errors():
        from api.cli.demo import run_demo

        run_demo(store, serve=serve and not as_json, port=port, as_json=as_json)


@app.command(epilog=example("cmdb serve", "cmdb serve --host 0.0.0.0 --port 8443"))
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    as_json: Json = False,
) -> None:
    """Serve the API."""
    with plain_errors():
        from api.cli.serving import serve_api

        parts = system()
        serve_api(parts, host or parts.settings.host, port or parts.settings.port, as_json=as_json)


@app.command(
    epilog=example(
        "cmdb scan 192.168.1.0/24 --plan", "cmdb scan 10.0.0.5 10.0.1.0/26 --exclude 10.0.1.9 --allow 10.0.0.0/16"
    )
)
def scan(
    targets: Annotated[list[str], typer.Argument(help="Networks or addresses.")],
    plan: Annotated[bool, typer.Option("--plan", help="Print what would be sent; send nothing.")] = False,
    exclude: Annotated[list[str] | None, typer.Option(help="Never touch these, whatever the targets say.")] = None,
    allow: Annotated[
        list[str] | None, typer.Option(help="What may be scanned; else the private networks of this machine.")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="A named set of options.")] = None,
    realm: Annotated[str, typer.Option(help="The address space the targets lie in.")] = "default",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Scan networks with nmap now."""
    with plain_errors():
        from api.cli.scanning import scan_now

        raise typer.Exit(
            scan_now(system, targets, plan, exclude or [], allow or [], profile, realm, yes=yes, as_json=as_json)
        )


@app.command(
    epilog=example(
        "cmdb run connections", "cmdb run json_lines --set file=estate.jsonl", "cmdb run nmap --set xml=scan.xml"
    )
)
def run(
    source: Annotated[str, typer.Argument(help="A source instance, or a source.")],
    settings: Set = None,
    preview: Annotated[bool, typer.Option("--preview", help="Say what would change; write nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Run any source now."""
    with plain_errors():
        from api.cli.scanning import run_now

        raise typer.Exit(run_now(system, source, settings or [], preview=preview, as_json=as_json))


@app.command(
    epilog=example("cmdb ingest estate.jsonl", "my-exporter | cmdb ingest -", "cmdb ingest estate.jsonl --preview")
)
def ingest(
    file: Annotated[str, typer.Argument(help="A file of JSON lines, or - for stdin.")],
    preview: Annotated[bool, typer.Option("--preview", help="Say what would change; write nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Take observations from JSON lines; bad lines reject themselves."""
    with plain_errors():
        from api.cli.scanning import ingest_now

        raise typer.Exit(ingest_now(system(), file, preview=preview, as_json=as_json))


@app.command(epilog=example("cmdb export estate.cmdb", "cmdb export - | gzip > estate.cmdb.gz"))
def export(
    file: Annotated[str, typer.Argument(help="A file to write, or - for stdout.")], as_json: Json = False
) -> None:
    """Write everything the store holds to a file that `cmdb import` reads."""
    with plain_errors():
        from api.cli.moving import export_to

        export_to(system(), file, as_json=as_json)


@app.command("import", epilog=example("CMDB_STORE=sqlite:///new.db cmdb import estate.cmdb"))
def import_(
    file: Annotated[str, typer.Argument(help="A file that `cmdb export` wrote, or - for stdin.")],
    as_json: Json = False,
) -> None:
    """Fill an empty store from an export."""
    with plain_errors():
        from api.cli.moving import import_from

        import_from(system(), file, as_json=as_json)


@app.command(epilog=example("cmdb backup /var/backups/estate.cmdb"))
def backup(file: Annotated[str, typer.Argument(help="A file to write.")], as_json: Json = False) -> None:
    """Write a backup of the store, while others go on using it."""
    with plain_errors():
        from api.cli.moving import backup_to

        backup_to(system(), file, as_json=as_json)


@app.command(epilog=example("CMDB_STORE=sqlite:///new.db cmdb restore /var/backups/estate.cmdb"))
def restore(
    file: Annotated[str, typer.Argument(help="A file that `cmdb backup` or `cmdb export` wrote.")],
    as_json: Json = False,
) -> None:
    """Fill an empty store from a backup."""
    with plain_errors():
        from api.cli.moving import restore_from

        restore_from(system(), file, as_json=as_json)


app.command(
    epilog=example(
        "cmdb find switch",
        "cmdb find 'core berlin' --class switch",
        "cmdb find --seen-by ldap --not-seen-by intune,jamf --format csv > not-in-mdm.csv",
        "cmdb find --service 'business_service.name:Payments' --stale",
    )
)(find)


@app.command(epilog=example("cmdb show name:core-switch-1", "cmdb show fqdn:db1.corp.example --known-at 812 --json"))
def show(ref: Ref, known_at: KnownAt = None, as_of: AsOf = None, as_json: Json = False) -> None:
    """Show a CI: its facts and who says so, its relations, its records."""
    with plain_errors():
        from api.cli.asking import show_ci
        from api.looking_back import then_from

        built = system()
        show_ci(built, operator(), ref, then_from(built, known_at, as_of), as_json=as_json)


@app.command(epilog=example("cmdb history name:core-switch-1"))
def history(
    ref: Ref,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many events.")] = 50,
    as_json: Json = False,
) -> None:
    """Show what changed on a CI, newest first."""
    with plain_errors():
        from api.cli.asking import show_history

        show_history(system(), operator(), ref, limit, as_json=as_json)


@app.command(epilog=example("cmdb diff 2026-11-01T00:00:00Z", "cmdb diff 812 940 --json"))
def diff(
    since: Annotated[str, typer.Argument(metavar="FROM", help="A time (RFC 3339) or a revision.")],
    until: Annotated[str | None, typer.Argument(metavar="[TO]", help="The same; now, unless said.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many entries.")] = 200,
    as_json: Json = False,
) -> None:
    """Show what is different between two times."""
    with plain_errors():
        from api.cli.looking_back import show_diff

        show_diff(system(), operator(), since, until, limit, as_json=as_json)


@app.command(epilog=example("cmdb tick", "*/10 * * * * cmdb tick    # where nothing serves"))
def tick(as_json: Json = False) -> None:
    """Let time take effect: what is out of contact, long enough missing, or corrected until now."""
    with plain_errors():
        from api.cli.ticking import tick_now

        tick_now(system(), as_json=as_json)


@app.command(epilog=example("cmdb purge --preview", "cmdb purge --older-than 730 --json"))
def purge(
    older_than: Annotated[
        int | None, typer.Option(min=1, help="Days since it was retired and last seen.", metavar="DAYS")
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Say what would go, and keep it.")] = False,
    as_json: Json = False,
) -> None:
    """Forget what was retired long ago, with all of its past; its ids are known to have been purged."""
    with plain_errors():
        from api.cli.purging import purge_now

        purge_now(system(), older_than, preview=preview, as_json=as_json)


@app.command(
    epilog=example(
        "cmdb impact name:core-switch-1", "cmdb impact name:payments --dependencies", "cmdb impact ip:10.0.0.5 --json"
    )
)
def impact(
    ref: Ref,
    dependencies: Annotated[
        bool, typer.Option("--dependencies", help="What it needs, instead of what needs it.")
    ] = False,
    depth: Annotated[int | None, typer.Option(min=0, help="List no further away than this.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="List at most so many.")] = 200,
    known_at: KnownAt = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Show what falls when a CI fails."""
    with plain_errors():
        from api.cli.asking import show_impact
        from api.looking_back import then_from

        built = system()
        then = then_from(built, known_at, as_of)
        show_impact(built, operator(), ref, dependencies, depth, limit, then, as_json=as_json)


@app.command(epilog=example("cmdb spof 'business_service.name:Payments'"))
def spof(
    ref: Ref, limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 100, as_json: Json = False
) -> None:
    """Show the single points of failure of a CI."""
    with plain_errors():
        from api.cli.asking import show_spof

        show_spof(system(), operator(), ref, limit, as_json=as_json)


app.command(
    epilog=example(
        "cmdb quality",
        "cmdb quality --class server --source ldap",
        "cmdb quality --sample 50 --class server --seconds 300",
    )
)(quality)
app.command(epilog=example("cmdb coverage", "cmdb coverage --json"))(coverage)


@app.command(epilog=example("cmdb doctor"))
def doctor(as_json: Json = False) -> None:
    """Say what works here, and what is missing and how to get it."""
    with plain_errors():
        from api.cli.doctor import examine

        raise typer.Exit(examine(as_json=as_json))


@token_app.command(
    "create",
    epilog=example(
        "cmdb token create --role viewer --name grafana",
        "cmdb token create --role collector --source jamf --expires 90",
    ),
)
def token_create(
    role: Annotated[str, typer.Option(help="viewer, responder, change_manager, steward, collector or admin.")],
    name: Annotated[str | None, typer.Option(help="Whose token it is.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="A source that a collector may feed.")] = None,
    realm: Annotated[list[str] | None, typer.Option(help="Only these realms.")] = None,
    expires: Annotated[int | None, typer.Option(min=1, help="Days until it expires.", metavar="DAYS")] = None,
    as_json: Json = False,
) -> None:
    """Make a token; its secret is shown once."""
    with plain_errors():
        from api.tokens import create_token

        made = create_token(
            system(), role, name=name, sources=tuple(source or ()), realms=tuple(realm or ()), days=expires
        )
        if as_json:
            print_json(made)
        else:
            stderr.print("Keep it: it cannot be shown again.")
            console.print(made["token"], soft_wrap=True, highlight=False)


@token_app.command("list", epilog=example("cmdb token list"))
def token_list(as_json: Json = False) -> None:
    """Show every token, without its secret."""
    with plain_errors():
        from api.tokens import list_tokens
        from cmdb.time import to_rfc3339

        found = list_tokens(system())
        if as_json:
            print_json({"items": found, "next": None})
        else:
            table(
                "Tokens",
                ("id", "name", "role", "sources", "realms", "expires"),
                [
                    (t["id"], t["name"], t["role"], ", ".join(t["sources"]), ", ".join(t["realms"]),
                     t["expires_at"] and to_rfc3339(t["expires_at"]))
                    for t in found
                ],
            )  # fmt: skip


@token_app.command("revoke", epilog=example("cmdb token revoke 1ng2g3dvmknjcxz0"))
def token_revoke(token_id: Annotated[str, typer.Argument(help="The token's id.")], as_json: Json = False) -> None:
    """Make a token useless at once."""
    with plain_errors():
        from api.tokens import revoke_token

        if not revoke_token(system(), token_id):
            fail(f"no token {token_id}", 1)
        if as_json:
            print_json({"revoked": token_id})
