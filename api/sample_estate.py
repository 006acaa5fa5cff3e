"""A sample estate of two sites, as lines of the contract: what `cmdb demo` answers questions about.

Made up from end to end. Several sources describe it, with what they have in common left to identity to find.
"""

from collections.abc import Iterator
from typing import Any

from cmdb.time import to_rfc3339

HOUR = 3_600_000_000
SITES = {"berlin": "10.10", "paris": "10.20"}

SERVICES: tuple[tuple[str, int, str, tuple[str, ...]], ...] = (
    ("Payments", 1, "Payments Team", ("payments-api",)),
    ("Web Shop", 1, "Shop Team", ("shop-frontend", "shop-api")),
    ("Order Management", 1, "Shop Team", ("order-engine",)),
    ("Warehouse", 2, "Logistics Team", ("warehouse-api",)),
    ("Customer Portal", 2, "Portal Team", ("portal-frontend",)),
    ("Identity and Sign-in", 0, "Platform Team", ("sign-in",)),
    ("Mail", 2, "Workplace Team", ("mail-relay",)),
    ("File Sharing", 3, "Workplace Team", ("file-share",)),
    ("Reporting", 3, "Data Team", ("reporting",)),
    ("Human Resources", 3, "Workplace Team", ("hr-suite",)),
    ("Telephony", 2, "Workplace Team", ("call-manager",)),
    ("Build and Deploy", 3, "Platform Team", ("build-server",)),
)
"""name, tier, owner, applications it needs"""

APPLICATIONS: dict[str, dict[str, Any]] = {
    "payments-api": {"on": ["vm-pay-1", "vm-pay-2"], "stores": "payments-db", "calls": ["sign-in"]},
    "shop-frontend": {"on": ["vm-web-1", "vm-web-2", "vm-web-3"], "calls": ["shop-api"]},
    "shop-api": {"on": ["vm-app-1", "vm-app-2"], "stores": "shop-db", "calls": ["payments-api", "order-engine"]},
    "order-engine": {"on": ["vm-app-3"], "stores": "shop-db"},
    "warehouse-api": {"on": ["vm-wh-1"], "stores": "warehouse-db", "calls": ["order-engine"]},
    "portal-frontend": {"on": ["vm-web-2", "vm-web-3"], "calls": ["shop-api", "sign-in"]},
    "sign-in": {"on": ["vm-idp-1", "vm-idp-2"], "stores": "directory-db"},
    "mail-relay": {"on": ["srv-mail-1"], "calls": ["sign-in"]},
    "file-share": {"on": ["srv-file-1"], "calls": ["sign-in"]},
    "reporting": {"on": ["vm-rep-1"], "stores": "shop-db"},
    "hr-suite": {"on": ["vm-hr-1"], "stores": "hr-db", "calls": ["sign-in"]},
    "call-manager": {"on": ["srv-tel-1"]},
    "build-server": {"on": ["vm-build-1"], "calls": ["sign-in"]},
}
DATABASES: dict[str, dict[str, Any]] = {
    "payments-db": {"cluster": ["vm-db-1", "vm-db-2", "vm-db-3"], "need": 2},
    "shop-db": {"cluster": ["vm-sql-1", "vm-sql-2"], "need": 1},
    "warehouse-db": {"cluster": ["vm-wh-db"], "need": 1},
    "directory-db": {"cluster": ["vm-idp-1", "vm-idp-2"], "need": 1},
    "hr-db": {"cluster": ["vm-hr-1"], "need": 1},
}
HYPERVISORS = {f"hv-{site}-{n}": site for site in SITES for n in (1, 2, 3)}
VM_HOST: dict[str, str] = {
    "vm-pay-1": "hv-berlin-1", "vm-pay-2": "hv-paris-1", "vm-web-1": "hv-berlin-1", "vm-web-2": "hv-berlin-2",
    "vm-web-3": "hv-paris-1", "vm-app-1": "hv-berlin-2", "vm-app-2": "hv-paris-2", "vm-app-3": "hv-berlin-3",
    "vm-wh-1": "hv-berlin-3", "vm-wh-db": "hv-berlin-3", "vm-idp-1": "hv-berlin-2", "vm-idp-2": "hv-paris-2",
    "vm-rep-1": "hv-paris-3", "vm-hr-1": "hv-paris-3", "vm-build-1": "hv-paris-3", "vm-db-1": "hv-berlin-1",
    "vm-db-2": "hv-berlin-2", "vm-db-3": "hv-paris-1", "vm-sql-1": "hv-berlin-3", "vm-sql-2": "hv-paris-2",
}  # fmt: skip
SERVERS = {
    "srv-mail-1": ("berlin", ("access-switch-b1",)),
    "srv-file-1": ("berlin", ("access-switch-b1", "access-switch-b2")),
    "srv-tel-1": ("paris", ("access-switch-p1",)),
    "srv-backup-1": ("paris", ("access-switch-p1", "access-switch-p2")),
}
CORES = {"berlin": ("core-switch-1",), "paris": ("core-switch-2", "core-switch-3")}
ACCESS = {
    "access-switch-b1": "berlin",
    "access-switch-b2": "berlin",
    "access-switch-p1": "paris",
    "access-switch-p2": "paris",
}
PEOPLE = (
    "Ann Archer",
    "Ben Baker",
    "Cleo Carter",
    "Dan Dyer",
    "Eva Fisher",
    "Finn Glover",
    "Gina Hunter",
    "Hugo Mason",
)


def sample_estate(now: int) -> Iterator[dict[str, Any]]:
    """Lines of every source, times relative to `now` (microseconds UTC)."""
    at = to_rfc3339(now - HOUR)
    for line in (*_network(), *_virtualization(), *_services(), *_people()):
        yield {"observed_at": at, **line}


def _line(source: str, record: str, ci_class: str, **more: Any) -> dict[str, Any]:
    return {"source": source, "record": record, "class": ci_class, "name": record, **more}


def _needs(
    *names: str, group: str | None = None, need: int | None = None, type_: str = "depends_on", kind: str = "name"
) -> list[Any]:
    more = {"group": group, **({"need": need} if need else {})} if group else {}
    return [{"type": type_, "to": f"{kind}:{name}", **more} for name in names]


def _serial(name: str) -> str:
    return f"SN-{sum(ord(c) * 31**i for i, c in enumerate(name)) % 10**9:09d}"


def _mac(name: str) -> str:
    number = sum(ord(c) * 17**i for i, c in enumerate(name)) % 2**24
    return f"00:1b:21:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"


def _network() -> Iterator[dict[str, Any]]:
    source = "sample-network"
    for site, net in SITES.items():
        yield _line(source, site, "site", name=site.title())
        yield _line(
            source, f"router-{site}", "router", identifiers={"serial": _serial(f"router-{site}"), "ip": f"{net}.0.1"},
            attributes={"model": "Edge 4000", "environment": "production"},
        )  # fmt: skip
        yield _line(
            source, f"firewall-{site}", "firewall",
            identifiers={"serial": _serial(f"firewall-{site}"), "ip": f"{net}.0.2"},
            relations=_needs(f"router-{site}"),
        )  # fmt: skip
        for n, core in enumerate(CORES[site], 10):
            yield _line(
                source, core, "switch", identifiers={"serial": _serial(core), "ip": f"{net}.0.{n}", "mac": _mac(core)},
                attributes={"model": "Core 9500", "environment": "production"},
                relations=[{"type": "located_in", "to": f"site.name:{site}", "effect": "none"}],
            )  # fmt: skip
    for name, site in ACCESS.items():
        yield _line(
            source, name, "switch", identifiers={"serial": _serial(name), "mac": _mac(name)},
            attributes={"model": "Access 2960"}, relations=_needs(*CORES[site], group="uplink"),
        )  # fmt: skip
    yield _line(
        source, "lb-shop", "load_balancer", identifiers={"serial": _serial("lb-shop")},
        relations=[*_needs("vm-web-1", "vm-web-2", "vm-web-3", type_="balances_over"), *_needs(*CORES["berlin"])],
    )  # fmt: skip


def _virtualization() -> Iterator[dict[str, Any]]:
    source = "sample-virtualization"
    for name, site in HYPERVISORS.items():
        # The third hypervisor of Berlin was cabled to one access switch only, as such things happen.
        uplinks = [switch for switch, where in ACCESS.items() if where == site]
        uplinks = uplinks[:1] if name == "hv-berlin-3" else uplinks
        yield _line(
            source, name, "hypervisor", identifiers={"serial": _serial(name), "fqdn": f"{name}.sample.example"},
            attributes={"os": "ESXi 8.0", "environment": "production"}, relations=_needs(*uplinks, group="network"),
        )  # fmt: skip
    for n, (name, host) in enumerate(VM_HOST.items(), 20):
        net = SITES[HYPERVISORS[host]]
        yield _line(
            source, name, "virtual_machine",
            identifiers={"fqdn": f"{name}.sample.example", "mac": _mac(name), "ip": f"{net}.1.{n}"},
            attributes={"environment": "production", "memory_bytes": 8 * 2**30},
            relations=_needs(host, type_="hosted_on"),
        )  # fmt: skip
        yield {
            "source": "sample-agent", "record": f"agent-{name}", "class": "virtual_machine", "name": name,
            "identifiers": {"agent_id": f"agent-{name}", "fqdn": f"{name.upper()}.sample.example.", "mac": _mac(name)},
            "attributes": {"os": "Debian 12"},
        }  # fmt: skip
    for name, (_site, switches) in SERVERS.items():
        yield _line(
            source, name, "server", identifiers={"serial": _serial(name), "fqdn": f"{name}.sample.example"},
            attributes={"os": "Windows Server 2022", "environment": "production"},
            relations=_needs(*switches, group="network"),
        )  # fmt: skip
    yield _line(
        source, "san-berlin", "storage", identifiers={"serial": _serial("san-berlin")},
        relations=_needs("access-switch-b1", "access-switch-b2", group="fabric"),
    )  # fmt: skip


def _services() -> Iterator[dict[str, Any]]:
    source = "sample-services"
    for name, database in DATABASES.items():
        members, need = database["cluster"], database["need"]
        yield _line(
            source, name, "database", attributes={"version": "PostgreSQL 16"},
            relations=_needs(*members, group="replicas", need=need, type_="runs_on"),
        )  # fmt: skip
    for name, application in APPLICATIONS.items():
        stores = _needs(application["stores"], type_="stores_in") if "stores" in application else []
        calls = _needs(*application.get("calls", ()), type_="calls")
        yield _line(
            source, name, "application",
            relations=[*_needs(*application["on"], group="instances", type_="runs_on"), *stores, *calls],
        )  # fmt: skip
    for team in sorted({owner for _, _, owner, _ in SERVICES}):
        yield _line(source, team, "team")
    for name, tier, owner, applications in SERVICES:
        yield _line(
            source, name, "business_service", attributes={"tier": tier, "environment": "production"},
            relations=[
                *_needs(*applications, kind="application.name"),
                {"type": "owned_by", "to": f"team.name:{owner}"}],
        )  # fmt: skip


def _people() -> Iterator[dict[str, Any]]:
    for n, person in enumerate(PEOPLE, 1):
        mail = person.lower().replace(" ", ".") + "@sample.example"
        laptop = f"lap-{n:03}"
        yield {
            "source": "sample-directory", "record": mail, "class": "user", "name": person,
            "identifiers": {"email": mail, "upn": mail}, "attributes": {"enabled": True},
        }  # fmt: skip
        yield {
            "source": "sample-directory", "record": f"CN={laptop}", "class": "workstation", "name": laptop,
            "identifiers": {"fqdn": f"{laptop}.sample.example", "dn": f"CN={laptop},OU=Laptops,DC=sample,DC=example"},
        }  # fmt: skip
        yield {
            "source": "sample-mdm", "record": _serial(laptop), "class": "workstation", "name": laptop.upper(),
            "identifiers": {
                "serial": _serial(laptop), "mac": [_mac(laptop), _mac(laptop + "-dock")],
                "fqdn": f"{laptop}.sample.example",
            },
            "attributes": {"os": "macOS 15.1", "model": "MacBook Pro"},
            "relations": [{"type": "assigned_to", "to": f"email:{mail}"}],
        }  # fmt: skip
