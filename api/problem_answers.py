"""Every error of a request as application/problem+json."""

import logging
import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.allowed_methods import allowed_methods
from api.answers import json_bytes
from api.problems import KNOWN, STATUS, Problem, body_of, problem_of

logger = logging.getLogger("cmdb.api")

MOST_SAID = 20
"""faults of one request that are named"""


def answer(problem: Problem) -> Response:
    """A problem as a response."""
    status, _ = STATUS[problem.kind]
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {"Retry-After": "2"} if status == 503 else {}
    return _response(body_of(problem), headers)


def _unnamed(status: int, title: str, detail: str) -> dict[str, Any]:
    """What has no type of ours."""
    return {"type": "about:blank", "title": title, "status": status, "detail": detail}


def _response(body: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    return Response(json_bytes(body), body["status"], dict(headers), media_type="application/problem+json")


_TYPE_TRIED = re.compile(r"[\[(]|^(?:int|str|float|bool|list|dict)\Z")


def _place(where: tuple[int | str, ...]) -> str:
    """Where in a request something is wrong, as its author would call it."""
    said = [str(part) for part in where if part not in ("query", "path", "header")]
    # Of a value that may be of several types, the last part names the type that was tried.
    return ".".join(said[:-1] if len(said) > 1 and _TYPE_TRIED.search(said[-1]) else said) or "request"


def _fault(found: Mapping[str, Any]) -> str:
    if found["type"] == "string_pattern_mismatch" and found["ctx"]["pattern"] == r"\S":
        return f"{_place(found['loc'])}: words are wanted, not only spaces"
    if found["type"] == "json_invalid":
        return f"body: no JSON after character {found['loc'][-1]}: {found['ctx']['error']}"
    return f"{_place(found['loc'])}: {found['msg']}"


def _said_to_be_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower().endswith("json")


def install(app: FastAPI) -> None:
    """Make the app answer every error so."""

    def known(request: Request, error: Exception) -> Response:
        return answer(problem_of(error))

    def wrong(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        if error.errors()[0]["loc"] == ("body",) and not _said_to_be_json(request):
            return answer(Problem("invalid", "body: JSON is wanted, sent with Content-Type: application/json"))
        said = "; ".join(_fault(found) for found in error.errors()[:MOST_SAID])
        return answer(Problem("invalid", said))

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        kind = {404: "unknown-reference", 401: "unauthenticated", 403: "forbidden", 413: "too-large"}.get(
            error.status_code
        )
        if error.status_code == 400:  # the framework's word for a body that is no JSON, or no UTF-8
            return answer(Problem("invalid", "body: JSON in UTF-8 is wanted"))
        headers = error.headers or {}
        if kind is None:
            title = said = str(error.detail)
            if error.status_code == 405:
                allowed = allowed_methods(app, request.scope["path"]) or headers.get("Allow", "")
                headers = {**headers, "Allow": allowed}
                said = f"{request.method} is not for {request.url.path}: it knows {allowed}"
            return _response(_unnamed(error.status_code, title, said), headers)
        if error.status_code == 404 and error.detail == "Not Found":  # the framework's word for no such route
            return answer(Problem(kind, f"there is no {request.url.path}: /openapi.json lists every route"))
        return answer(Problem(kind, f"{request.method} {request.url.path}: {error.detail}"))

    def unforeseen(request: Request, error: Exception) -> Response:
        logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return _response(_unnamed(500, "Our fault", "the server's log says what happened"), {})

    for type_ in KNOWN:
        app.add_exception_handler(type_, known)
    app.add_exception_handler(RequestValidationError, wrong)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unforeseen)
