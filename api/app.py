"""create_app: the HTTP application around one system."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api import problem_answers
from api.access import OPEN
from api.clock import clock_of
from api.doorway import Doorway
from api.idempotency import forget_old_answers
from api.routes import cis, identity, impact, operations, past, quality, runs, schedules, source_instances
from api.ticking import ticking
from api.wiring import System


def create_app(system: System, *, on_ready: Callable[[], None] = lambda: None) -> FastAPI:
    """The app; the graph is loaded and its kernels are compiled before it says that it is ready."""

    def prepare() -> None:
        system.graph.warm()
        forget_old_answers(system)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await anyio.to_thread.run_sync(prepare)
        on_ready()
        with ticking(system), clock_of(system):
            yield

    app = FastAPI(title="cmdb", version="1", lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.state.system = system
    app.openapi = lambda: described(app)  # type: ignore[method-assign]
    app.add_middleware(Doorway)
    problem_answers.install(app)
    for section in (operations, runs, impact, identity, past, quality, source_instances, schedules, cis):
        app.include_router(section.router)
    return app


def described(app: FastAPI) -> dict[str, Any]:
    """The app as OpenAPI, with what every route asks for and how every error looks."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
    components = schema.setdefault("components", {})
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    problem = {"$ref": "#/components/schemas/Problem"}
    components.setdefault("schemas", {})["Problem"] = {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
        },
    }
    schema["security"] = [{"token": []}]
    for path, operations_of in schema["paths"].items():
        for operation in operations_of.values():
            if path in OPEN:
                operation["security"] = []
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = {
                "description": "a problem (RFC 9457)",
                "content": {"application/problem+json": {"schema": problem}},
            }
    app.openapi_schema = schema
    return schema
