"""What the service graph says of one service: what it is, and whom it was seen to call."""

from collections.abc import Iterable, Mapping
from typing import Any

from cmdb.errors import Invalid
from cmdb.observation import Claim, Observation, observation
from discovery.errors import RecordRejected
from discovery.source import Hearing

CERTAIN = 98
"""calls from which on more of them say nothing new: 0.99"""
UNREPORTED = {"database": "database", "messaging_system": "technical_service", "virtual_node": "external_service"}
"""connection type → class of a server that sends no traces itself"""


def observe(payload: Mapping[str, Any], hearing: Hearing) -> Iterable[Observation]:
    """One observation, keyed by the service's name with its namespace."""
    name = payload["service"]
    try:
        return (
            observation(
                hearing.vocabulary, source="otel_service_graph", realm=hearing.realm, record=name,
                ci_class=_class(payload["as_client"], payload["as_server"]), name=name,
                observed_at=hearing.received_at,
                claims=[
                    Claim(
                        "calls", True, f"record:otel_service_graph:{server}", basis="observed",
                        confidence=confidence(calls),
                    )
                    for server, calls in payload["calls"].items()
                ],
            ),
        )  # fmt: skip
    except Invalid as wrong:
        raise RecordRejected(str(wrong), name) from None


def confidence(calls: float) -> float:
    """P(the next look finds the edge too), by the rule of succession: (n + 1) / (n + 2).

    n is taken down to a power of two and never above CERTAIN, so that a busy edge does not change at every reading.
    """
    n = max(int(calls), 1)
    steady = CERTAIN if n >= CERTAIN else 1 << (n.bit_length() - 1)
    return round((steady + 1) / (steady + 2), 2)


def _class(as_client: list[str], as_server: list[str]) -> str:
    """What reports traces itself is an application; what is only known by those who call it, what they say it is."""
    reports = any(seen != "virtual_node" for seen in as_client) or any(seen not in UNREPORTED for seen in as_server)
    if reports:
        return "application"
    if not as_server:
        return "external_service"  # a caller from outside, which the metrics name `user`
    return next((ci_class for seen, ci_class in UNREPORTED.items() if seen in as_server), "external_service")
