"""create_app: the HTTP application around one system."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
from fastapi import FastAPI, Request, Response

from api import problems
from api.problems import Problem
from api.routes import cis, impact, operations, runs
from api.wiring import System

MAX_QUESTION = 4 * 1024 * 1024
"""bytes of any request that does not carry observations"""


def create_app(system: System, *, on_ready: Callable[[], None] = lambda: None) -> FastAPI:
    """The app; the graph is loaded and its kernels are compiled before it says that it is ready."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await anyio.to_thread.run_sync(system.graph.warm)
        on_ready()
        yield

    app = FastAPI(title="cmdb", version="1", lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.state.system = system
    problems.install(app)

    @app.middleware("http")
    async def bounded(request: Request, call_next):  # type: ignore[no-untyped-def]
        """Refuse what says that it is too large before reading any of it."""
        said = request.headers.get("content-length", "0")
        if not request.url.path.endswith("/observations") and said.isdigit() and int(said) > MAX_QUESTION:
            return problems.answer(Problem("too-large", f"this request is at most {MAX_QUESTION} bytes"))
        answered: Response = await call_next(request)
        return answered

    for router in (operations.router, runs.router, impact.router, cis.router, cis.last):
        app.include_router(router)
    return app
