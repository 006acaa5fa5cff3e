"""Whether a login and the rights it brings are enough: one small question for each permission."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar

from discovery.clients.answer import Refused, Unauthorized
from discovery.errors import SourceMisconfigured, SourceUnavailable
from discovery.source import Permission

Client = TypeVar("Client")


@dataclass(frozen=True, slots=True)
class Right:
    """A permission by the service's own name, a question that needs it, and what to grant where it is refused."""

    name: str
    ask: Callable[[], object]
    grant: str


def try_rights(
    opened: Callable[[], AbstractContextManager[Client]],
    rights_of: Callable[[Client], list[Right]],
    *,
    log_in: str,
) -> Iterator[Permission]:
    """`login` first, then each right. `log_in` says what to set where the login is refused."""
    try:
        client = opened()
    except SourceMisconfigured as wrong:
        yield Permission("login", False, str(wrong))
        return
    with client as asked:
        yield from _tried(rights_of(asked), log_in)


def _tried(rights: list[Right], log_in: str) -> Iterator[Permission]:
    known = False
    for number, right in enumerate(rights):
        try:
            right.ask()
            fix = ""
        except Refused as no:
            fix = right.grant if no.status == 403 else f"could not be tried: {no}"
        except SourceUnavailable as failed:
            refused = isinstance(failed, Unauthorized)
            why = "not tried: the login comes first" if refused else f"could not be tried: {failed}"
            if not known:
                yield Permission("login", False, f"{failed}. {log_in}" if refused else why)
            for left in rights[number:]:
                yield Permission(left.name, False, why)
            return
        if not known:
            yield Permission("login", True)
            known = True
        yield Permission(right.name, not fix, fix)
