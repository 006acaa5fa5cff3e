"""The `cmdb` application, and what its commands share."""

from typing import Annotated, Any

import typer

from api.cli.output import note_json

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="A configuration management database and discovery service that says what it knows, how it knows it, "
    "and what it does not know.",
    epilog="Settings come from the environment: CMDB_STORE (sqlite:///cmdb.db by default), CMDB_STORE_USER, "
    "CMDB_STORE_PASSWORD; or from a TOML file named by CMDB_CONFIG.",
)
token_app = typer.Typer(no_args_is_help=True, help="Create, list and revoke API tokens.")
app.add_typer(token_app, name="token")

Json = Annotated[bool, typer.Option("--json", callback=note_json, help="Print what the API would answer.")]
Ref = Annotated[str, typer.Argument(help="An id, or [class.]kind[@realm]:value such as name:core-switch-1.")]
KnownAt = Annotated[
    str | None, typer.Option("--known-at", help="As the store stood then: a time, or a revision.", metavar="TIME")
]
AsOf = Annotated[str | None, typer.Option("--as-of", help="As it is now believed to have been then.", metavar="TIME")]
Set = Annotated[list[str] | None, typer.Option("--set", help="A setting of the source, key=value.", metavar="K=V")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def system() -> Any:
    """The parts around the store of the settings."""
    from api.settings import told_settings
    from api.wiring import build

    return build(told_settings())


def operator() -> Any:
    """Whoever can open the store may do everything."""
    from api.tokens import Caller

    return Caller("", "command line", "admin", frozenset(), frozenset())


def example(*lines: str) -> str:
    """Examples below a command's help."""
    return "[bold]Examples[/bold]\n\n" + "\n\n".join(f"  {line}" for line in lines)
