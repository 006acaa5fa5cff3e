"""Every error as application/problem+json (RFC 9457): one table from what went wrong to what the client reads."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.answers import json_bytes
from cmdb.errors import AmbiguousReference, Invalid, UnknownReference
from discovery.run import RunEnded, UnknownRun
from graph.store import StoreError

STATUS: Mapping[str, tuple[int, str]] = {
    "bad-cursor": (400, "The cursor cannot be used"),
    "unauthenticated": (401, "Who are you?"),
    "forbidden": (403, "Your role may not do this"),
    "unknown-reference": (404, "Nothing bears this reference"),
    "ambiguous-reference": (409, "Several things bear this reference"),
    "run-ended": (409, "The run has ended"),
    "decision-conflict": (409, "A standing decision says otherwise"),
    "key-in-use": (409, "Another request with this key is being answered"),
    "purged": (410, "It has been purged"),
    "cursor-expired": (410, "The cursor has expired"),
    "too-large": (413, "The request is too large"),
    "invalid": (422, "The request is wrong"),
    "key-reused": (422, "The key was used for another request"),
    "rate-limited": (429, "Too many requests"),
    "not-ready": (503, "Not ready"),
}


class Problem(Exception):
    """Raised by routes; `more` are further members of the answer."""

    def __init__(self, kind: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.more = kind, detail, more


def answer(problem: Problem) -> Response:
    """A problem as a response."""
    status, title = STATUS[problem.kind]
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {"Retry-After": "2"} if status == 503 else {}
    return _response(f"urn:cmdb:problem:{problem.kind}", status, title, problem.detail, headers, problem.more)


def _response(
    kind: str, status: int, title: str, detail: str, headers: Mapping[str, str], more: Mapping[str, Any]
) -> Response:
    body = {"type": kind, "title": title, "status": status, "detail": detail, **more}
    return Response(json_bytes(body), status, dict(headers), media_type="application/problem+json")


def problem_of(error: Exception) -> Problem:
    """What an error of the packages below means to a client."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, AmbiguousReference):
        candidates = [
            {"id": c.id, "name": c.name, "class": c.ci_class, "realm": c.realm, "lifecycle": c.lifecycle}
            for c in error.candidates
        ]
        return Problem("ambiguous-reference", str(error), candidates=candidates)
    if isinstance(error, UnknownReference | UnknownRun):
        return Problem("unknown-reference", str(error))
    if isinstance(error, RunEnded):
        return Problem("run-ended", str(error))
    if isinstance(error, StoreError):
        return Problem("not-ready", str(error))
    return Problem("invalid", str(error))


def install(app: FastAPI) -> None:
    """Make the app answer every error so."""

    def known(request: Request, error: Exception) -> Response:
        return answer(problem_of(error))

    def wrong(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        said = "; ".join(
            f"{'.'.join(str(part) for part in found['loc'] if part not in ('body', 'query', 'path'))}: {found['msg']}"
            for found in error.errors()
        )
        return answer(Problem("invalid", said))

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        kind = {404: "unknown-reference", 401: "unauthenticated", 403: "forbidden", 413: "too-large"}.get(
            error.status_code
        )
        if kind is None:
            return _response("about:blank", error.status_code, str(error.detail), str(error.detail), {}, {})
        return answer(Problem(kind, f"{request.method} {request.url.path}: {error.detail}"))

    for type_ in (Problem, Invalid, UnknownReference, RunEnded, UnknownRun, StoreError):
        app.add_exception_handler(type_, known)
    app.add_exception_handler(RequestValidationError, wrong)
    app.add_exception_handler(HTTPException, http)
