"""The words of this installation: classes, relation types, identifier kinds and what is known of each source."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from cmdb.ci_class import CIClass
from cmdb.classes import CLASSES
from cmdb.errors import Invalid
from cmdb.identifier import IDENTIFIER_KINDS, IdentifierKind
from cmdb.relation_type import RELATION_TYPES, RelationType

HUMAN = "human"
"""the source that stands for a person; refused at every door"""


@dataclass(frozen=True, slots=True)
class SourceTraits:
    """What identity and belief must know about a source, declared by the source itself."""

    authority: float = 1.0
    """how much its word counts for any attribute; `authority_of` overrides it by attribute"""
    authority_of: Mapping[str, float] = field(default_factory=dict)
    one_record_per_thing: bool = True
    """two of its records alive together are two things"""
    by_address: bool = False
    """its records are slots (addresses), not things"""
    scan: bool = False
    """it only hears what answers: silence is weak"""
    knows_contact: bool = False
    """its `observed_at` is the thing's last contact, not the time of the listing"""
    guarantees_names: bool = False
    """it keeps device names unique (a domain, an MDM)"""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Frozen; an argument of everything that has to know a word."""

    classes: Mapping[str, CIClass]
    relation_types: Mapping[str, RelationType]
    identifier_kinds: Mapping[str, IdentifierKind]
    sources: Mapping[str, SourceTraits]

    def ci_class(self, name: str) -> CIClass:
        """Raises Invalid for an undeclared class."""
        declared = self.classes.get(name)
        if declared is None:
            raise Invalid(f"unknown class {name!r}; known: {', '.join(sorted(self.classes))}")
        return declared

    def traits(self, source: str) -> SourceTraits:
        """Traits of a source; one that declared none keeps one record per thing and speaks with authority 1."""
        return self.sources.get(source, _UNDECLARED)

    def fingerprint(self) -> str:
        """Changes whenever a declaration that decides identity or impact does; a store refuses another one."""
        words = [
            *(f"{c.name}/{c.family}/{c.named}/{c.apart}/{c.own_record}" for c in self.classes.values()),
            *(f"{r.name}/{r.effect}/{r.effect_if_observed}/{r.default_group}" for r in self.relation_types.values()),
            *(f"{k.name}/{k.one_valued}/{k.by_realm}" for k in self.identifier_kinds.values()),
        ]
        return hashlib.blake2b("\n".join(sorted(words)).encode(), digest_size=8).hexdigest()


_UNDECLARED = SourceTraits()
HUMAN_TRAITS = SourceTraits(authority=1e6)


def vocabulary(sources: Mapping[str, SourceTraits] | None = None) -> Vocabulary:
    """The built-in declarations with the traits of the sources at hand."""
    return Vocabulary(CLASSES, RELATION_TYPES, IDENTIFIER_KINDS, {**(sources or {}), HUMAN: HUMAN_TRAITS})
