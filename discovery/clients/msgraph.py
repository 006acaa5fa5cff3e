"""Microsoft Graph by the SDK's request adapter: its authentication and pipeline, our own paging over raw bytes.

The SDK's typed models take 4 ms of processor time a row and lose what they do not know (`benchmarks/graph_feed.py`),
its page iterator loses the delta link, its retry handler honours any Retry-After without a limit, and its redirect
handler goes anywhere: pages are read as JSON here, retries and links follow our rules.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from discovery.clients.answer import Again, Refused, Unauthorized, Unreadable, read_answer, shown
from discovery.clients.http import CONNECT_TIMEOUT, broken_connection
from discovery.clients.links import own_link
from discovery.clients.patience import Patience
from discovery.clients.token import TokenSource

if TYPE_CHECKING:
    import httpx
    from msgraph.graph_request_adapter import GraphRequestAdapter

NEXT, DELTA = "@odata.nextLink", "@odata.deltaLink"
AT_ONCE = 8
"""questions under way at the same time where each object has to be asked for by itself"""
PAGE = 999
"""rows wanted on a page, the most that directory objects allow"""

Row = dict[str, Any]
Answer = TypeVar("Answer")
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a collection; `delta_link` on the last page of a delta query, where to ask for what moves next."""

    rows: list[Row]
    delta_link: str | None


class Graph:
    """A tenant, asked synchronously. Use it as a context. Errors as in `discovery/clients/answer.py`."""

    def __init__(
        self, root: str, token: TokenSource, patience: Patience, *, now: Callable[[], int], timeout: float
    ) -> None:
        self.root = root
        self._token = token
        self._patience = patience
        self._now = now
        self._loop = asyncio.Runner()
        self._adapter, self._connections = adapter(root, token, timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._loop.run(_close(self._connections))
        finally:
            self._loop.close()

    def get(self, path: str) -> Row:
        """The object at a path below the root, query included."""
        return self._loop.run(self._ask(self.root + path))

    def pages(self, path_or_link: str) -> Iterator[Page]:
        """Every page from here on; empty ones too, since more may follow. A link must lie below the root."""
        url: str | None = self._absolute(path_or_link)
        followed: set[int] = set()
        while url is not None:
            page, url = _page(self._loop.run(self._ask(url)), url, self.root, followed)
            yield page

    def each(self, paths: Sequence[str]) -> "list[Row | Refused]":
        """The objects at these paths, asked for at the same time; in place of one that is refused, why."""
        return self._loop.run(_together(self._ask(self.root + path) for path in paths))

    def rows_of(self, paths: Sequence[str]) -> "list[list[Row] | Refused]":
        """Every row of each of these collections; in place of one that is refused, why."""
        return self._loop.run(_together(self._rows(self.root + path) for path in paths))

    def _absolute(self, path_or_link: str) -> str:
        if path_or_link.startswith("/"):
            return self.root + path_or_link
        return own_link(path_or_link, self.root, "the stored link")

    async def _rows(self, url: str | None) -> list[Row]:
        rows: list[Row] = []
        followed: set[int] = set()
        while url is not None:
            page, url = _page(await self._ask(url), url, self.root, followed)
            rows += page.rows
        return rows

    async def _ask(self, url: str) -> Row:
        """One question until it is answered, refused, or patience is at its end."""
        what = shown("GET", url)
        attempts = self._patience.attempts(self._token)
        while True:
            self._patience.check_stopped()
            try:
                response = await self._send(url)
                seconds = self._now() / 1_000_000
                return read_answer(what, response.status_code, response.headers, response.content, seconds)
            except (Again, Unauthorized) as said:
                no = said
            for piece in self._patience.slices(attempts.wait_after(no)):
                self._patience.check_stopped()
                await asyncio.sleep(piece)

    async def _send(self, url: str) -> "httpx.Response":
        """Through the SDK's adapter, which authenticates it, as the bare HTTP response."""
        import httpx
        from kiota_abstractions.method import Method
        from kiota_abstractions.native_response_handler import NativeResponseHandler
        from kiota_abstractions.request_information import RequestInformation
        from kiota_http.middleware.options import ResponseHandlerOption

        request = RequestInformation()
        request.http_method = Method.GET
        request.url = url
        request.headers.try_add("Accept", "application/json")
        if "/delta?" in url:
            request.headers.try_add("Prefer", f"odata.maxpagesize={PAGE}")
        request.add_request_options([ResponseHandlerOption(NativeResponseHandler())])
        try:
            response: Any = await self._adapter.send_primitive_async(request, "bytes", {})
        except (httpx.TransportError, httpx.DecodingError) as broken:
            raise broken_connection(shown("GET", url), broken) from None
        return response  # type: ignore[no-any-return]


async def _together(questions: Iterable[Coroutine[Any, Any, Answer]]) -> "list[Answer | Refused]":
    """The answers in order, AT_ONCE under way. Raises whatever is worse than a refusal."""
    found: list[Answer | Refused] = []
    for some in batched(questions, AT_ONCE):
        for answer in await asyncio.gather(*some, return_exceptions=True):
            if isinstance(answer, BaseException) and not isinstance(answer, Refused):
                raise answer
            found.append(answer)
    return found


def batched(items: Iterable[Item], most: int) -> Iterator[list[Item]]:
    """The items in lists of at most so many."""
    left = iter(items)
    while some := list(islice(left, most)):
        yield some


def _page(answer: Row, url: str, root: str, followed: set[int]) -> tuple[Page, str | None]:
    """A page and the link to the next. Raises Unreadable where it is no page, or leads where one has been."""
    what = shown("GET", url)
    rows = answer.get("value")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unreadable(f"{what}: the answer holds no rows")
    followed.add(hash(url))
    delta = answer.get(DELTA)
    kept = own_link(delta, root, what) if delta is not None else None
    if answer.get(NEXT) is None:
        return Page(rows, kept), None
    link = own_link(answer[NEXT], root, what)
    if hash(link) in followed:
        raise Unreadable(f"{what}: the pages lead in a circle")
    return Page(rows, kept), link


async def _close(connections: "list[httpx.AsyncBaseTransport]") -> None:
    for one in connections:
        await one.aclose()


def adapter(
    root: str, token: TokenSource, timeout: float
) -> "tuple[GraphRequestAdapter, list[httpx.AsyncBaseTransport]]":
    """The SDK's adapter on a pipeline that neither retries nor follows redirects, and what is to be closed."""
    import httpx
    from kiota_abstractions.authentication import AuthenticationProvider
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_request_adapter import GraphRequestAdapter
    from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]

    class Bearer(AuthenticationProvider):
        """Gives the token to this service's addresses and to no other."""

        async def authenticate_request(
            self, request: RequestInformation, additional_authentication_context: dict[str, Any] | None = None
        ) -> None:
            own_link(request.url, root, "a request")
            request.headers.try_add("Authorization", f"Bearer {token(renew=False)}")

    limits = httpx.Timeout(timeout, connect=min(CONNECT_TIMEOUT, timeout))
    bare = httpx.AsyncClient(timeout=limits, follow_redirects=False, limits=httpx.Limits(max_connections=AT_ONCE))
    # The pipeline wraps the transports and passes no close on to them.
    connections = [one for one in (bare._transport, *bare._mounts.values()) if one is not None]
    client = GraphClientFactory.create_with_custom_middleware(middleware=[], client=bare)
    made = GraphRequestAdapter(Bearer(), client)
    made.base_url = root
    return made, connections
