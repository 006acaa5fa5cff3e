"""When a real server cannot be had here: skipped and said so on a desk, a failure in CI."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import NoReturn, TypeVar

import pytest

Server = TypeVar("Server")


class Unavailable(Exception):
    """The laboratory cannot provide something on this machine; the message says what is missing."""


def required() -> bool:
    """Whether a missing server is a failure: CI is there to have run everything."""
    return any(os.environ.get(name, "").lower() not in ("", "0", "false") for name in ("CI", "CMDB_CI"))


@contextmanager
def real(server: AbstractContextManager[Server]) -> Iterator[Server]:
    """A server for as long as the context lasts; where it cannot be had, the test ends skipped, or failed."""
    with ExitStack() as running:
        try:
            started = running.enter_context(server)
        except Unavailable as reason:
            skip_or_fail(reason)
        yield started


def skip_or_fail(reason: Unavailable) -> NoReturn:
    """End the test: skipped with its reason where a person works, failed where nobody would read the reason."""
    if required():
        pytest.fail(f"needed in CI: {reason}", pytrace=False)
    pytest.skip(str(reason))
