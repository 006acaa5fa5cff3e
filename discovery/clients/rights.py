"""Whether a login and the rights it brings are enough: one small question for each permission."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from discovery.clients.answer import Refused, Unauthorized
from discovery.errors import SourceMisconfigured, SourceUnavailable
from discovery.source import Permission


@dataclass(frozen=True, slots=True)
class Right:
    """A permission by the service's own name, a question that needs it, and what to grant where it is refused."""

    name: str
    ask: Callable[[], object]
    grant: str


def try_rights(rights: list[Right], *, log_in: str) -> Iterator[Permission]:
    """`login` first, then each right. `log_in` says what to set where the login is refused."""
    login_shown = False
    for right in rights:
        try:
            right.ask()
            refused = None
        except (Unauthorized, SourceMisconfigured) as wrong:
            if not login_shown:
                yield Permission("login", False, f"{wrong}. {log_in}")
            for left in rights[rights.index(right) :]:
                yield Permission(left.name, False, "not tried: the login comes first")
            return
        except Refused as no:
            refused = right.grant if no.status == 403 else f"could not be tried: {no}"
        except SourceUnavailable as failed:
            if not login_shown:
                yield Permission("login", False, f"could not be tried: {failed}")
            for left in rights[rights.index(right) :]:
                yield Permission(left.name, False, f"could not be tried: {failed}")
            return
        if not login_shown:
            yield Permission("login", True)
            login_shown = True
        yield Permission(right.name, refused is None, refused or "")
