"""Which methods a path knows: of all routes that have it, where the framework names those of the first alone."""

from fastapi import FastAPI
from starlette.routing import compile_path

_METHODS = frozenset({"get", "post", "put", "patch", "delete"})


def allowed_methods(app: FastAPI, path: str) -> str:
    """As the header `Allow` lists them; HEAD goes wherever GET does."""
    known: set[str] = set()
    for template, operations in app.openapi()["paths"].items():
        if compile_path(template)[0].match(path):
            known |= {method.upper() for method in operations if method in _METHODS}
    return ", ".join(sorted(known | {"HEAD"} if "GET" in known else known))
