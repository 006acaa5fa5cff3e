"""source, secret, check: sources under names of their own, their secrets, and whether they can be read."""

import sys
from typing import Annotated, Any

import typer

from api.cli.app import Json, Set, app, example, system
from api.cli.output import console, fail, plain_errors, print_json, stderr, table

source_app = typer.Typer(no_args_is_help=True, help="Sources under names of their own: settings, realm, secrets.")
secret_app = typer.Typer(no_args_is_help=True, help="Secrets that the store keeps, encrypted under a key of yours.")
app.add_typer(source_app, name="source")
app.add_typer(secret_app, name="secret")

Name = Annotated[str, typer.Argument(help="Name of the source instance.")]
SecretSet = Annotated[
    list[str] | None,
    typer.Option("--secret", metavar="FIELD=REFERENCE", help="Where a secret is: env:NAME, file:/path, secret:NAME."),
]
Zone = Annotated[str | None, typer.Option(help="Only workers of this zone read it.")]


@source_app.command(
    "add",
    epilog=example(
        "cmdb source add corp ldap --set base=DC=corp,DC=example --set url=ldaps://dc1 --secret password=secret:corp",
        "cmdb source add berlin nmap --realm berlin --set targets=10.2.0.0/16",
    ),
)
def add(
    name: Name,
    source: Annotated[str, typer.Argument(help="The source it is one of.")],
    settings: Set = None,
    secrets: SecretSet = None,
    realm: Annotated[str, typer.Option(help="The address space of what it reads.")] = "default",
    zone: Zone = None,
    as_json: Json = False,
) -> None:
    """Add a source instance."""
    with plain_errors():
        from api.cli.choosing import pairs
        from discovery import source_instance as instances

        said = instances.SourceInstance(name, source, realm, zone, pairs(settings), pairs(secrets, "--secret"))
        _show(instances.add(system().means, said).as_body(), as_json=as_json)


@source_app.command("list", epilog=example("cmdb source list"))
def list_(as_json: Json = False) -> None:
    """Show every source instance."""
    with plain_errors():
        from discovery import source_instance as instances

        found = instances.instances(system().means)
        if as_json:
            print_json({"items": [one.as_body() for one in found], "next": None})
        else:
            table(
                "Source instances",
                ("name", "source", "realm", "zone"),
                [(one.name, one.source, one.realm, one.zone) for one in found],
            )


@source_app.command("show", epilog=example("cmdb source show corp"))
def show(name: Name, as_json: Json = False) -> None:
    """Show one source instance; of secrets only where they are."""
    with plain_errors():
        from discovery import source_instance as instances

        _show(instances.instance(system().means, name).as_body(), as_json=as_json)


@source_app.command(
    "edit", epilog=example("cmdb source edit corp --set page_size=500", "cmdb source edit corp --set filter=")
)
def edit(
    name: Name,
    settings: Set = None,
    secrets: SecretSet = None,
    realm: Annotated[str | None, typer.Option(help="The address space of what it reads.")] = None,
    zone: Zone = None,
    as_json: Json = False,
) -> None:
    """Change a source instance; `--set NAME=` takes a setting out."""
    with plain_errors():
        from api.cli.choosing import pairs
        from discovery import source_instance as instances

        said: dict[str, Any] = {
            "settings": {key: value or None for key, value in pairs(settings).items()},
            "secrets": {key: value or None for key, value in pairs(secrets, "--secret").items()},
        }
        said |= {"realm": realm} if realm is not None else {}
        said |= {"zone": zone or None} if zone is not None else {}
        _show(instances.edit(system().means, name, said).as_body(), as_json=as_json)


@source_app.command("remove", epilog=example("cmdb source remove corp"))
def remove(name: Name, as_json: Json = False) -> None:
    """Forget a source instance; what it observed stays."""
    with plain_errors():
        from discovery import source_instance as instances

        instances.remove(system().means, name)
        if as_json:
            print_json({"removed": name})


@app.command(epilog=example("cmdb check corp", "cmdb check ldap --set url=ldaps://dc1 --set password_file=/run/pw"))
def check(
    name: Annotated[str, typer.Argument(help="A source instance, or a source.")],
    settings: Set = None,
    as_json: Json = False,
) -> None:
    """Say whether login and rights of a source suffice, and what to grant."""
    with plain_errors():
        from api.cli.choosing import chosen_source
        from api.instance_views import checked
        from discovery.checking import check as check_source

        parts = system()
        chosen = chosen_source(parts, name, settings or [])
        found = check_source(parts.parts, chosen.source, chosen.settings)
        if as_json:
            print_json(checked(found))
        elif found.permissions:
            table(
                f"{name}: {'it can be read' if found.ok else 'something is lacking'}",
                ("", "permission", "what to do"),
                [("ok" if one.ok else "lacking", one.name, one.fix) for one in found.permissions],
            )
        else:
            console.print(f"{name} needs no login and no rights")
        raise typer.Exit(0 if found.ok else 1)


@secret_app.command("key", epilog=example("cmdb secret key > /etc/cmdb/secret.key"))
def key() -> None:
    """Make a key for stored secrets; keep it outside of the store, and never lose it."""
    from discovery.secret_store import new_key

    sys.stdout.write(new_key() + "\n")


@secret_app.command("set", epilog=example("cmdb secret set corp", "pass show corp | cmdb secret set corp"))
def set_(name: Annotated[str, typer.Argument(help="Its name: secret:NAME.")], as_json: Json = False) -> None:
    """Keep a secret, read from a prompt or from stdin."""
    with plain_errors():
        parts = system()
        if sys.stdin.isatty():
            value = typer.prompt("Secret", hide_input=True, confirmation_prompt=True, err=True)
        else:
            value = sys.stdin.read().rstrip("\r\n")
        parts.secrets.set(name, value, parts.parts.now())
        if as_json:
            print_json({"name": name})
        else:
            console.print(f"kept; name it as secret:{name}")


@secret_app.command("list", epilog=example("cmdb secret list"))
def secrets(as_json: Json = False) -> None:
    """Show the names of stored secrets."""
    with plain_errors():
        from cmdb.time import to_rfc3339

        found = [{"name": one.name, "set_at": to_rfc3339(one.set_at)} for one in system().secrets.names()]
        if as_json:
            print_json({"items": found, "next": None})
        else:
            table("Secrets", ("name", "set at"), [(one["name"], one["set_at"]) for one in found])


@secret_app.command("delete", epilog=example("cmdb secret delete corp"))
def delete(name: Annotated[str, typer.Argument(help="Its name.")], as_json: Json = False) -> None:
    """Forget a stored secret."""
    with plain_errors():
        if not system().secrets.delete(name):
            fail(f"no secret {name} is stored", 1)
        if as_json:
            print_json({"deleted": name})


@secret_app.command("rotate", epilog=example("CMDB_SECRET_KEY=$NEW,$OLD cmdb secret rotate"))
def rotate(as_json: Json = False) -> None:
    """Encrypt every stored secret anew under the first key of CMDB_SECRET_KEY."""
    with plain_errors():
        done = system().secrets.rotate()
        if as_json:
            print_json({"rotated": done})
        else:
            console.print(f"{done} secrets are encrypted under the first key; the others are needed no more")


def _show(body: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(body)
        return
    settings, secrets = body.pop("settings"), body.pop("secrets")
    rows = [*body.items(), *settings.items(), *secrets.items()]
    table("Source instance", ("setting", "value"), rows)
    if not sys.stdin.isatty():
        return
    stderr.print(f"cmdb check {body['name']} says whether it can be read", style="dim")
