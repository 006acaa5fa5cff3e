"""The answer to "what was read, and what is there that nobody ever read?"."""

from collections.abc import Sequence
from typing import Any

from api.wiring import System
from cmdb.time import to_rfc3339
from discovery.scopes_read import ReadScope, RunOfScope, ScopesRead, scopes_read
from discovery.unread_directories import Directories
from discovery.unread_networks import Known, Read, UnreadNetwork
from graph.survey import Survey


def coverage_answer(system: System, realms: Sequence[str], limit: int) -> dict[str, Any]:
    """Of these realms, of all where none is named; `limit` of each kind.

    One pass over the CIs and over the records whose ends wait. O(CIs + such records + runs looked at).
    """
    looked = scopes_read(system.parts)
    links = {name for name, declared in system.vocabulary.relation_types.items() if declared.link}

    def seen(realm: str) -> bool:
        return not realms or realm in realms

    def look(survey: Survey) -> tuple[int, Known, Directories]:
        read = [(scope.realm, scope.scope) for scope in looked.scopes if scope.read]
        networks, directories = Known(Read(read)), Directories(read)
        for ci in survey.cis():
            if not realms or not set(realms).isdisjoint(ci.realms):
                networks.take(ci)
                directories.take(ci)
        for end in survey.ends(""):
            if seen(end.realm):
                networks.take_end(end, link=end.type in links)
        return survey.revision, networks, directories

    revision, networks, directories = system.store.survey(look)
    unread = [network for network in networks.unread() if seen(network.realm)]
    units = [unit for unit in directories.units() if seen(unit.realm)]
    tenants = [tenant for tenant in directories.tenants() if seen(tenant.realm)]
    tried = Read((scope.realm, scope.scope) for scope in looked.scopes if not scope.read)
    return {
        "revision": revision,
        **_scopes(looked, seen_scopes=[scope for scope in looked.scopes if seen(scope.realm)], limit=limit),
        "never_read": {
            "networks": [_network(network, tried) for network in unread[:limit]],
            "organizational_units": [
                {
                    "realm": unit.realm, "name": unit.name, "things": unit.things, "units_below": len(unit.units),
                    "examples": unit.examples,
                }
                for unit in units[:limit]
            ],
            "tenants": [
                {"realm": tenant.realm, "name": tenant.name, "things": tenant.things} for tenant in tenants[:limit]
            ],
            "counts": {"networks": len(unread), "organizational_units": len(units), "tenants": len(tenants)},
        },
    }  # fmt: skip


def _scopes(looked: ScopesRead, seen_scopes: Sequence[ReadScope], limit: int) -> dict[str, Any]:
    return {
        "scopes": [
            {
                "source": scope.source,
                "realm": scope.realm,
                "scope": scope.scope,
                "last_complete": _run(scope.last_complete),
                "last_run": _run(scope.last_run),
            }
            for scope in seen_scopes[:limit]
        ],
        "scopes_count": len(seen_scopes),
        "runs_looked_at": looked.runs_looked_at,
        "older_runs": looked.more_runs,
    }


def _run(run: RunOfScope | None) -> dict[str, Any] | None:
    if run is None:
        return None
    return {"run_id": run.run_id, "status": run.status, "at": to_rfc3339(run.at), "reason": run.reason}


def _network(found: UnreadNetwork, tried: Read) -> dict[str, Any]:
    return {
        "realm": found.realm,
        "network": str(found.network),
        "seen_in": dict(sorted(found.seen_in.items())),
        "examples": found.examples,
        "read": round(found.read, 4),
        "tried": tried.share(found.realm, found.network) > 0,
    }
