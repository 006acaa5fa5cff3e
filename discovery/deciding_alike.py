"""Alike reviews decided together: what that would do, doing it, and taking it back as one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cmdb.errors import Contradiction, Invalid, UnknownReference
from cmdb.graph_patch import DocumentWrite
from discovery.decisions import DECISIONS, decide_review, undo
from discovery.run import Parts

ALIKE = "alike"
"""kind of a decision that is made of others"""


@dataclass(frozen=True, slots=True)
class Effect:
    """What deciding these reviews alike comes to."""

    reviews: int
    cis: int
    """CIs that are concerned"""
    becoming: int
    """how many they become"""
    largest: int
    """of how many CIs the largest becomes made"""


@dataclass(frozen=True, slots=True)
class Alike:
    """What was decided. `refused`: review → why it was left alone."""

    id: str
    decisions: tuple[str, ...]
    refused: Mapping[str, str]


def effect_of(pairs: Sequence[tuple[str, str]], decision: Literal["merge", "keep_apart"]) -> Effect:
    """The predicted effect on the CIs of these reviews (by id, each pair one review)."""
    above: dict[str, str] = {ci: ci for pair in pairs for ci in pair}

    def top(ci: str) -> str:
        while above[ci] != ci:
            above[ci] = above[above[ci]]
            ci = above[ci]
        return ci

    if decision == "merge":
        for a, b in pairs:
            above[top(a)] = top(b)
    sizes: dict[str, int] = {}
    for ci in above:
        sizes[top(ci)] = sizes.get(top(ci), 0) + 1
    return Effect(len(pairs), len(above), len(sizes), max(sizes.values(), default=0))


def decide_alike(
    parts: Parts, reviews: Sequence[str], decision: Literal["merge", "keep_apart"], *, author: str, reason: str
) -> Alike:
    """Decide each of these reviews; one that cannot be decided so (any more) is left alone and listed.

    Each is a patch of its own; the decision that holds them together is written first, so that what a crash leaves
    can be taken back as one too.
    """
    together = parts.new_id()
    now = parts.now()
    body = {
        "id": together, "kind": ALIKE, "author": author, "reason": reason, "decided_at": now, "withdrawn_at": None,
        "records": [], "decisions": [],
    }  # fmt: skip
    parts.store.put(DocumentWrite(DECISIONS, together, body, expected=None))
    done: list[str] = []
    refused: dict[str, str] = {}
    for review in reviews:
        try:
            done.append(
                decide_review(
                    parts,
                    review,
                    decision,
                    author=author,
                    reason=reason,
                    also=lambda made: (DocumentWrite(DECISIONS, together, {**body, "decisions": [*done, made.id]}),),
                ).id
            )
        except (Contradiction, Invalid, UnknownReference) as error:
            refused[review] = str(error)
    return Alike(together, tuple(done), refused)


def undo_alike(parts: Parts, together: str, *, author: str) -> int:
    """Take back everything that was decided together, the last first; the revision. Raises UnknownReference."""
    document = parts.store.document(DECISIONS, together)
    if document is None or document.body["kind"] != ALIKE or document.body["withdrawn_at"] is not None:
        raise UnknownReference(f"no decision {together} stands")
    revision = parts.store.revision()[0]
    for decision in reversed(document.body["decisions"]):
        kept = parts.store.document(DECISIONS, decision)
        if kept is not None and kept.body["withdrawn_at"] is None:
            revision = undo(parts, decision, ["review"], author=author)
    withdrawn = {**document.body, "withdrawn_at": parts.now(), "withdrawn_by": author}
    parts.store.put(DocumentWrite(DECISIONS, together, withdrawn))
    return revision


def is_alike(parts: Parts, decision: str) -> bool:
    """Whether a decision is one that holds others together."""
    document = parts.store.document(DECISIONS, decision)
    return document is not None and document.body["kind"] == ALIKE
