"""How long to wait before asking again, and when to give up: one budget of waiting for a whole run."""

from collections.abc import Callable

from discovery.clients.answer import Again, RunEnds, Unauthorized, Unreadable
from discovery.clients.token import TokenSource

TRIES = 6
"""of one question that is not answered, the first included"""
TRIES_GARBLED = 3
"""of one question whose answers cannot be read"""
FIRST_WAIT = 0.5
"""seconds before the second attempt where the service named no time; each further wait is twice as long"""
LONGEST_SLEEP = 0.25
"""seconds slept in one piece, so that a run that is stopped does not sleep on"""


class Patience:
    """What is left of a run's budget for waiting. `dice` gives numbers from 0 to 1, so that many do not ask at once."""

    def __init__(self, budget: float, *, stopped: Callable[[], bool], dice: Callable[[], float]) -> None:
        self.budget = self.left = budget
        """seconds"""
        self._stopped = stopped
        self._dice = dice

    def attempts(self, token: TokenSource | None = None) -> "Attempts":
        """The attempts at one question; `token`: what it bears, None where it bears none that could be renewed."""
        return Attempts(self, token)

    def spend(self, again: Again, wait: float) -> None:
        """Take a wait off the budget. Raises RunEnds where that is more than is left."""
        if wait > self.left:
            left = f"{self.left:.1f} of {self.budget:.1f} s of patience are left"
            raise RunEnds(f"{again.reason}; given up: {wait:.1f} s more to wait, {left}")
        self.left -= wait

    def slices(self, wait: float) -> "list[float]":
        """The wait in pieces; `check_stopped` belongs between them."""
        whole, rest = divmod(wait, LONGEST_SLEEP)
        return [LONGEST_SLEEP] * int(whole) + ([rest] if rest else [])

    def check_stopped(self) -> None:
        """Raises RunEnds where the run is to stop."""
        if self._stopped():
            raise RunEnds("stopped")

    def jitter(self) -> float:
        """0.75 to 1.25"""
        return 0.75 + self._dice() / 2


class Attempts:
    """How often one question has been asked."""

    def __init__(self, patience: Patience, token: TokenSource | None) -> None:
        self._patience = patience
        self._token = token
        self._made = 0

    def wait_after(self, no: Again | Unauthorized) -> float:
        """Seconds to wait before asking once more, with a new token where the old one was not accepted.

        Raises RunEnds, Unauthorized or Unreadable where that is enough.
        """
        if isinstance(no, Again):
            return self._wait(no)
        if self._token is None:
            raise no
        self._token(renew=True)
        self._token = None  # another 401 is not about the token's age
        return 0

    def _wait(self, again: Again) -> float:
        self._made += 1
        if again.garbled and self._made >= TRIES_GARBLED:
            raise Unreadable(again.reason) from None
        if self._made >= TRIES:
            raise RunEnds(f"{again.reason}; given up after {self._made} attempts") from None
        wait = again.after if again.after is not None else FIRST_WAIT * 2 ** (self._made - 1) * self._patience.jitter()
        self._patience.spend(again, wait)
        return wait
