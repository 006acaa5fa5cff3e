"""otel_service_graph: which services call which, as their traces were counted into a Prometheus metric."""

from cmdb.vocabulary import SourceTraits
from discovery.source import Source
from discovery.sources.otel_service_graph.again import AGAIN
from discovery.sources.otel_service_graph.check import check
from discovery.sources.otel_service_graph.fetch import fetch
from discovery.sources.otel_service_graph.observe import observe
from discovery.sources.otel_service_graph.settings import ServiceGraphSettings

OTEL_SERVICE_GRAPH = Source(
    name="otel_service_graph",
    description="services and their calls, from the service graph metrics of OpenTelemetry or Tempo",
    settings=ServiceGraphSettings,
    traits=SourceTraits(authority=0.5, scan=True, knows_contact=False),
    fetch=fetch,
    observe=observe,
    again=AGAIN,
    check=check,
)
