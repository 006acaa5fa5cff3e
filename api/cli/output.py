"""How commands speak: tables for people, JSON for programs, one clear line for an error."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

NARROW = frozenset({"state", "class", "type", "kind", "tier", "status", "lifecycle", "distance", "margin", "revision"})
"""columns whose words are never cut in two"""
PIPED_WIDTH = 160
"""columns where nobody's terminal sets a limit (COLUMNS does)"""

console = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else PIPED_WIDTH)
stderr = Console(stderr=True)


def print_json(value: Any) -> None:
    """What the API would answer."""
    sys.stdout.write(orjson.dumps(value, default=list, option=orjson.OPT_INDENT_2).decode() + "\n")


def fail(message: str, status: int = 2) -> NoReturn:
    """One line on stderr, and out."""
    stderr.print(f"[red]error:[/red] {escape(message)}", soft_wrap=True)
    raise typer.Exit(status)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table; empty cells where nobody said anything."""
    drawn = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for column in columns:
        drawn.add_column(column, overflow="fold", no_wrap=column in NARROW)
    for row in rows:
        drawn.add_row(*("" if cell is None else escape(str(cell)) for cell in row))
    console.print(drawn)


_json = ContextVar("json", default=False)


def note_json(asked: bool) -> bool:
    """Remember whether the running command was asked for JSON, so that its errors are JSON too."""
    _json.set(asked)
    return asked


@contextmanager
def plain_errors() -> Iterator[None]:
    """Errors that a user can mend, as one line: wrong use 2, everything else 1. With --json as the API answers, too."""
    from api.problems import KNOWN, Problem, body_of, problem_of
    from cmdb.errors import AmbiguousReference, Contradiction, Invalid, UnknownReference
    from discovery.errors import DiscoveryError
    from discovery.run import AlreadyRunning, RunEnded, UnknownRun
    from discovery.source_instance import NameTaken
    from graph.store import StoreError

    known: tuple[type[Exception], ...] = (*KNOWN, DiscoveryError)
    try:
        try:
            yield
        except known as error:
            if _json.get():
                print_json(body_of(problem_of(error)))
            raise
    except AmbiguousReference as error:
        lines = "".join(
            f"\n  {c.id}  {c.ci_class} {c.name} ({c.realm or 'any realm'}, {c.lifecycle})" for c in error.candidates
        )
        fail(f"{error}{lines}", 1)
    except (UnknownReference, Contradiction) as error:
        fail(str(error), 1)
    except (Invalid, Problem, DiscoveryError) as error:
        fail(str(error))
    except (StoreError, AlreadyRunning, NameTaken, RunEnded, UnknownRun) as error:
        fail(str(error), 1)
    except BrokenPipeError:
        raise typer.Exit(0) from None
    finally:
        _json.set(False)
