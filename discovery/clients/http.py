"""One small client for services that speak JSON over HTTP: a token, patience, and nothing followed elsewhere."""

import ssl
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from discovery.clients.answer import Again, RunEnds, Unauthorized, read_answer, shown
from discovery.clients.patience import Patience
from discovery.clients.token import TokenSource

if TYPE_CHECKING:
    import httpx

CONNECT_TIMEOUT = 10.0
"""seconds"""

Parameters = Iterable[tuple[str, str]]


def broken_connection(what: str, error: Exception) -> Again:
    """What broke, as the system calls it, else by its kind: the library's own text may hold the whole request.

    Raises RunEnds where asking again is of no use: a certificate that is not trusted.
    """
    import httpx  # heavy; whoever gets here has it already

    if isinstance(error, httpx.DecodingError):
        return Again(f"{what}: the answer is not compressed as it says", garbled=True)
    cause: BaseException | None = error
    while cause is not None and not (isinstance(cause, OSError) and cause.strerror):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        raise RunEnds(
            f"{what}: the server's certificate is not trusted ({cause.verify_message}): name the authority that signed "
            "it with `ca_file` where the source has that setting, else among this machine's own authorities"
        ) from None
    said = cause.strerror if isinstance(cause, OSError) and cause.strerror else type(error).__name__
    return Again(f"{what}: no answer ({said})")


class JsonClient:
    """Asks one service. Use it as a context; `now` is our clock in microseconds.

    `timeout`: seconds for any piece of an answer to come. `verify`: whether, and by what, certificates are verified.
    """

    def __init__(
        self,
        root: str,
        patience: Patience,
        *,
        now: Callable[[], int],
        timeout: float,
        verify: "ssl.SSLContext | bool" = True,
    ) -> None:
        import httpx  # heavy: not before something is asked

        self.root = root
        self._patience = patience
        self._now = now
        self._broken = (httpx.TransportError, httpx.DecodingError)
        limits = httpx.Timeout(timeout, connect=min(CONNECT_TIMEOUT, timeout))
        accept = {"Accept": "application/json"}
        self._http = httpx.Client(timeout=limits, follow_redirects=False, headers=accept, verify=verify)
        self._token: TokenSource | None = None

    def log_in(self, token: TokenSource) -> None:
        """What every later question bears."""
        self._token = token

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, parameters: Parameters = ()) -> dict[str, Any]:
        """The JSON object at a path below the root. Raises Refused, Unreadable or RunEnds."""
        return self._ask("GET", path, list(parameters), None)

    def post_form(self, path: str, form: dict[str, str]) -> dict[str, Any]:
        """What a form is answered with; sent without a token, since this is how one is got."""
        return self._ask("POST", path, [], form)

    def _ask(
        self, method: str, path: str, parameters: list[tuple[str, str]], form: dict[str, str] | None
    ) -> dict[str, Any]:
        url = f"{self.root}{path}"
        what = shown(method, url)
        attempts = self._patience.attempts(None if form is not None else self._token)
        no: Again | Unauthorized
        while True:
            self._patience.check_stopped()
            try:
                response = self._send(method, url, parameters, form)
                seconds = self._now() / 1_000_000
                return read_answer(what, response.status_code, response.headers, response.content, seconds)
            except self._broken as broken:
                no = broken_connection(what, broken)
            except (Again, Unauthorized) as said:
                no = said
            wait(attempts.wait_after(no), self._patience)

    def _send(
        self, method: str, url: str, parameters: list[tuple[str, str]], form: dict[str, str] | None
    ) -> "httpx.Response":
        headers = {}
        if form is None and self._token is not None:
            headers["Authorization"] = f"Bearer {self._token(renew=False)}"
        return self._http.request(method, url, params=tuple(parameters), data=form, headers=headers)


def wait(seconds: float, patience: Patience) -> None:
    """Sleep in pieces. Raises RunEnds where the run is to stop."""
    for piece in patience.slices(seconds):
        patience.check_stopped()
        time.sleep(piece)
