"""The words of this installation: classes, relation types, identifier kinds and what is known of each source."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from cmdb.ci_class import DAY, CIClass
from cmdb.classes import CLASSES
from cmdb.errors import Invalid
from cmdb.identifier import IDENTIFIER_KINDS, IdentifierKind, is_address
from cmdb.relation_type import RELATION_TYPES, RelationType

HUMAN = "human"
"""the source that stands for a person; refused at every door"""

HALF_LIVES: Mapping[str, int] = {
    "os": 30 * DAY,
    "version": 30 * DAY,
    "owner": 180 * DAY,
    "environment": 365 * DAY,
    "tier": 365 * DAY,
    "serial": 3650 * DAY,
}
DEFAULT_HALF_LIFE = 90 * DAY
"""microseconds after which a value is worth half: a property of the attribute, so that the winner depends on the
sightings alone and never on the clock"""


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
    half_lives: Mapping[str, int] = field(default_factory=lambda: HALF_LIVES)

    def ci_class(self, name: str) -> CIClass:
        """Raises Invalid for an undeclared class."""
        declared = self.classes.get(name)
        if declared is None:
            raise Invalid(f"unknown class {name!r}; known: {', '.join(sorted(self.classes))}")
        return declared

    def traits(self, source: str) -> SourceTraits:
        """Traits of a source; one that declared none keeps one record per thing and speaks with authority 1."""
        return self.sources.get(source, _UNDECLARED)

    def traits_of(self, source: str, record: str) -> SourceTraits:
        """The same for one record: what nobody declared and goes by its address is keyed by address."""
        declared = self.sources.get(source)
        if declared is None:
            return _UNDECLARED_SLOT if is_address(record) else _UNDECLARED
        return declared

    def half_life(self, attribute: str) -> int:
        """Microseconds after which a value of the attribute is worth half."""
        return self.half_lives.get(attribute, DEFAULT_HALF_LIFE)

    def words(self) -> dict[str, str]:
        """Every word that data in a store may bear, with what of its declaration decides identity or impact.

        A store was written under its words: it can take more of them, but none of them away or to another meaning.
        """
        return {
            **{f"class {c.name}": f"{c.family}/{c.named}/{c.apart}/{c.own_record}" for c in self.classes.values()},
            **{
                f"relation type {r.name}": f"{r.effect}/{r.effect_if_observed}/{r.default_group}"
                for r in self.relation_types.values()
            },
            **{
                f"identifier kind {k.name}": f"{k.one_valued}/{k.by_realm}/{k.form}"
                for k in self.identifier_kinds.values()
            },
        }

    def fingerprint(self) -> str:
        """Changes with any word; writers of one store must have the same."""
        return _digest(sorted(self.words().items()))

    def rules(self) -> str:
        """Changes with anything by which a CI is folded: when it has moved, every CI has to be folded anew."""
        return _digest(
            [
                sorted((name, asdict(traits)) for name, traits in self.sources.items()),
                sorted(self.half_lives.items()),
                sorted((c.name, asdict(c.absence)) for c in self.classes.values()),
                sorted((k.name, k.bits, *sorted(k.stop)) for k in self.identifier_kinds.values()),
            ]
        )


def _digest(value: object) -> str:
    return hashlib.blake2b(json.dumps(value, sort_keys=True, default=dict).encode(), digest_size=8).hexdigest()


_UNDECLARED = SourceTraits()
_UNDECLARED_SLOT = SourceTraits(one_record_per_thing=False, by_address=True)
HUMAN_TRAITS = SourceTraits(authority=1e6)


def vocabulary(sources: Mapping[str, SourceTraits] | None = None) -> Vocabulary:
    """The built-in declarations with the traits of the sources at hand."""
    return Vocabulary(CLASSES, RELATION_TYPES, IDENTIFIER_KINDS, {**(sources or {}), HUMAN: HUMAN_TRAITS})
