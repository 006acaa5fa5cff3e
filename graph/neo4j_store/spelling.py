"""How classes and relation types are spelled as Neo4j's labels and types, and that nothing else becomes one.

Labels and types cannot be parameters of a statement, so they come from the vocabulary and never from data.
"""

from collections.abc import Iterable, Mapping
from functools import cache

from cmdb.vocabulary import Vocabulary
from graph.store import StoreError


class Spelling:
    """`virtual_machine` ↔ `VirtualMachine`, `depends_on` ↔ `DEPENDS_ON`, for declared words only."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.fingerprint = vocabulary.fingerprint()
        self._labels = {name: _camel(name) for name in vocabulary.classes}
        self._types = {name: name.upper() for name in vocabulary.relation_types}
        self.types: Mapping[str, str] = {upper: name for name, upper in self._types.items()}
        """relation type as Neo4j spells it → as we do"""

    def label(self, ci_class: str) -> str:
        """The label of a class. Raises StoreError for an undeclared one."""
        return _declared(self._labels, ci_class, "class")

    def type(self, relation_type: str) -> str:
        """A relation type in upper case. Raises StoreError for an undeclared one."""
        return _declared(self._types, relation_type, "relation type")

    def ends(self, ids: Iterable[str]) -> dict[str, list[list[str]]]:
        """type → [from, to, id] of each relation; an id is `<from>-<to>-<type>`.

        Where ids of CIs hold a `-` every way to cut is given: at most one of them is there.
        """
        found: dict[str, list[list[str]]] = {}
        for id_ in sorted(set(ids)):
            both, _, relation_type = id_.rpartition("-")
            cuts = found.setdefault(self.type(relation_type), [])
            at = both.find("-")
            while at >= 0:
                cuts.append([both[:at], both[at + 1 :], id_])
                at = both.find("-", at + 1)
        return dict(sorted(found.items()))


def _declared(known: Mapping[str, str], word: str, what: str) -> str:
    found = known.get(word)
    if found is None:
        raise StoreError(f"unknown {what} {word!r}: this store keeps declared ones only")
    return found


@cache
def statement(template: str, word: str, before: str = "") -> str:
    """A statement for one label or type that Spelling gave, always the same text, so that its plan is kept."""
    return template.replace("$LABEL", word).replace("$TYPE", word).replace("$BEFORE", before)


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
