"""Organizational units and tenants that are known to exist and that no scope which was read holds."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from graph.encoding import from_json
from graph.survey import SurveyedCI

Branch = tuple[str, ...]
"""the parts of a distinguished name, folded, nearest first"""

TENANT_FACTS = ("tenant", "tenant_id", "entra_tenant_id")
"""attributes that name the tenant that something belongs to"""
EXAMPLES = 3

_COMMA = re.compile(r"(?<!\\),")
_BETWEEN = re.compile(r"[\s,;:/]+")


@dataclass(slots=True)
class UnreadUnit:
    """A branch of a directory below which nothing was read; the branches below it are counted, not listed."""

    realm: str
    branch: Branch
    things: int = 0
    """CIs whose name lies below it"""
    units: set[Branch] = field(default_factory=set)
    """organizational units below it that are known"""
    examples: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """As a distinguished name."""
        return ",".join(self.branch)


@dataclass(slots=True)
class UnreadTenant:
    """A directory or tenant of which no scope was read to the end."""

    realm: str
    name: str
    things: int = 0
    """CIs that name it; 0 where it is only known itself"""


class Directories:
    """What is seen of directories, gathered CI by CI. Memory: O(unread units and tenants)."""

    def __init__(self, scopes: Iterable[tuple[str, str]]) -> None:
        """`scopes`: (realm, scope) of those that were read."""
        self._branches: dict[str, set[Branch]] = {}
        self._partly: set[tuple[str, Branch]] = set()
        """branches around one that was read"""
        self._words: set[str] = set()
        """everything that a scope is called, and the domains it stands for"""
        for realm, scope in scopes:
            branch = branch_of(scope)
            if branch:
                self._branches.setdefault(realm, set()).add(branch)
                self._partly.update((realm, branch[at:]) for at in range(len(branch)))
                self._words.add(_domain(branch))
            self._words |= {scope.casefold().strip(), *_BETWEEN.split(scope.casefold())}
        self._units: dict[tuple[str, Branch], UnreadUnit] = {}
        self._tenants: dict[tuple[str, str], UnreadTenant] = {}

    def take(self, ci: SurveyedCI) -> None:
        """Units and tenants that a CI shows."""
        if '"dn"' in ci.identifiers:
            for kind, value, realm, _ in from_json(ci.identifiers):
                if kind == "dn":
                    self._take_name(ci, realm, branch_of(value))
        if ci.ci_class == "directory":
            self._take_directory(ci)
        elif '"tenant' in ci.facts or '"entra_tenant_id"' in ci.facts:
            facts = from_json(ci.facts)
            for attribute in TENANT_FACTS:
                if attribute in facts and isinstance(facts[attribute][0], str):
                    self._tenant(ci.realms, facts[attribute][0], things=1)

    def _take_name(self, ci: SurveyedCI, realm: str, branch: Branch) -> None:
        read = self._branches.get(realm, set())
        if any(branch[at:] in read for at in range(len(branch))):
            return
        above = [branch[at:] for at in range(len(branch)) if branch[at].startswith("ou=")]
        if not above:
            return
        untouched = [unit for unit in above if (realm, unit) not in self._partly] or above[:1]
        top = self._units.setdefault((realm, untouched[-1]), UnreadUnit(realm, untouched[-1]))
        top.units.update(untouched[:-1])
        if ci.ci_class != "organizational_unit":
            top.things += 1
            if len(top.examples) < EXAMPLES:
                top.examples.append(ci.name)

    def _take_directory(self, ci: SurveyedCI) -> None:
        names = {ci.name.casefold()}
        for kind, value, _, _ in from_json(ci.identifiers):
            names |= {str(value).casefold(), *({_domain(branch_of(value))} if kind == "dn" else ())}
        if not names & self._words:
            self._tenant(ci.realms, ci.name, things=0)

    def _tenant(self, realms: Iterable[str], name: str, *, things: int) -> None:
        if name.casefold() in self._words:
            return
        for realm in realms:
            found = self._tenants.setdefault((realm, name.casefold()), UnreadTenant(realm, name))
            found.things += things

    def units(self) -> list[UnreadUnit]:
        """Topmost unread units, those with most below first."""
        return sorted(self._units.values(), key=lambda unit: (-unit.things, unit.realm, unit.branch[::-1]))

    def tenants(self) -> list[UnreadTenant]:
        """Unread tenants, those that most is known of first."""
        return sorted(self._tenants.values(), key=lambda tenant: (-tenant.things, tenant.realm, tenant.name))


def branch_of(text: str) -> Branch:
    """The parts of a distinguished name, folded; empty for what is none."""
    parts = tuple(_parts(text))
    return parts if parts and all("=" in part for part in parts) else ()


def _parts(text: str) -> Iterator[str]:
    for part in _COMMA.split(text.casefold()):
        kind, equals, value = part.partition("=")
        yield f"{kind.strip()}{equals}{value.strip()}"


def _domain(branch: Branch) -> str:
    """`dc=corp,dc=example` → `corp.example`; empty for a branch below a domain."""
    labels = [part.removeprefix("dc=") for part in branch if part.startswith("dc=")]
    return ".".join(labels) if len(labels) == len(branch) else ""
