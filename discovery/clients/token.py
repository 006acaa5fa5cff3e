"""Where the token comes from that a question bears."""

from typing import Protocol

from discovery.clients.answer import Unauthorized


class TokenSource(Protocol):
    """Where a token comes from."""

    def __call__(self, *, renew: bool) -> str:
        """The token; with `renew` another one than before. Raises Unauthorized where there is no other."""
        ...


def fixed_token(token: str) -> TokenSource:
    """A token that was given and cannot be renewed."""

    def given(*, renew: bool) -> str:
        if renew:
            raise Unauthorized("the token is not accepted, or no longer (401): set another `token`")
        return token

    return given
