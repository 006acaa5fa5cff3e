"""Section 6: whether it is alive, whether it is ready, and its figures."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from api.access import ANYTHING, READ, needs
from api.answers import json_answer
from api.asking import TheSystem, reads
from api.problems import Problem
from api.tokens import Caller
from graph.store import StoreError

router = APIRouter(tags=["operations"])
Reader = Annotated[Caller, Depends(needs(READ))]
Anyone = Annotated[Caller, Depends(needs(ANYTHING))]


@router.get("/healthz")
def healthz() -> dict[str, str]:
    return {"status": "alive"}


@router.get("/readyz")
def readyz(system: TheSystem) -> Response:
    try:
        revision, _ = system.store.revision()
    except StoreError as error:
        raise Problem("not-ready", str(error)) from None
    if not system.graph.is_loaded():
        raise Problem("not-ready", "the graph is being loaded")
    return json_answer({"status": "ready", "revision": revision})


@router.get("/metrics", dependencies=[reads()])
def metrics(system: TheSystem, caller: Reader) -> Response:
    registry = CollectorRegistry()
    revision, recorded_at = system.store.revision()
    counts = system.store.counts()
    for name, help_, value in (
        ("cmdb_revision", "last revision of the graph", revision),
        ("cmdb_last_write_timestamp_seconds", "when the last revision was recorded", recorded_at / 1e6),
        ("cmdb_configuration_items", "configuration items in the graph", counts.cis),
        ("cmdb_relations", "relations in the graph", counts.relations),
        ("cmdb_records", "source records kept", counts.records),
        ("cmdb_waiting_references", "references that fit no single CI yet", counts.waiting),
    ):
        Gauge(name, help_, registry=registry).set(value)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/openapi.json", include_in_schema=False, dependencies=[reads()])
def openapi(request: Request, caller: Anyone) -> Response:
    described: dict[str, Any] = request.app.openapi()
    return json_answer(described)
