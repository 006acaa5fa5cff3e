"""Section 6: whether it is alive, whether it is ready, and its figures."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from api.access import ANYTHING, READ, needs
from api.answers import json_answer
from api.asking import TheSystem, reads
from api.problems import Problem
from api.tokens import Caller
from api.wiring import System
from graph.store import StoreError

router = APIRouter(tags=["operations"])
Reader = Annotated[Caller, Depends(needs(READ))]
Anyone = Annotated[Caller, Depends(needs(ANYTHING))]
COUNTED_AT_ONCE = 10_000
"""CIs up to which a scrape counts quality itself"""


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
        ("cmdb_waiting_references", "references that fit no single other CI yet", counts.waiting),
    ):
        Gauge(name, help_, registry=registry).set(value)
    _quality(system, caller, registry, counts.cis)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _quality(system: System, caller: Caller, registry: CollectorRegistry, cis: int) -> None:
    """Quality by class, of the present revision where it is counted in a moment, else of the last that was counted."""
    counted = system.stock.now() if cis <= COUNTED_AT_ONCE else system.stock.last()
    if counted is None or caller.realms:
        return
    Gauge("cmdb_quality_revision", "revision that quality was counted at", registry=registry).set(counted.revision)
    help_ = "what is not as it should be: CIs, for duplicates and open_reviews pairs, for unresolved_ends ends"
    gauge = Gauge("cmdb_quality", help_, ("class", "measure"), registry=registry)
    for (ci_class, source), measures in counted.cells.items():
        if ci_class is not None and source is None:
            for name, value in (
                ("incomplete", measures.incomplete),
                ("stale", measures.stale),
                ("duplicates", measures.duplicates),
                ("open_reviews", measures.reviews),
                ("orphans", measures.orphans),
                ("conflicts", measures.conflicts),
                ("unresolved_ends", measures.unresolved),
            ):
                gauge.labels(ci_class, name).set(value)


@router.get("/openapi.json", include_in_schema=False, dependencies=[reads()])
def openapi(request: Request, caller: Anyone) -> Response:
    described: dict[str, Any] = request.app.openapi()
    return json_answer(described)
