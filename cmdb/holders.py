"""follow_holders: parts go with the thing that they are on, and come back with it."""

from collections.abc import Collection

from cmdb.draft import Draft
from cmdb.fold import fold
from cmdb.lifecycle import WITH_ITS_HOLDER
from cmdb.settling import settle

DEEPEST = 16
"""parts of parts of parts"""


def follow_holders(draft: Draft) -> None:
    """Fold anew every part whose holder is retired, or is so no longer; loads those that the draft did not hold."""
    followed: set[str] = set()
    for _ in range(DEEPEST):
        crossed = {
            ci
            for ci, item in draft.items.items()
            if ci not in followed
            and (was := draft.were.get(ci)) is not None
            and (was.lifecycle == "retired") != (item.lifecycle == "retired")
        }
        followed |= crossed
        children = set(draft.around.children(sorted(crossed))) - draft.settled if crossed else set()
        if children:
            draft.load(draft.around.records(sorted(children - draft.new.keys())))
            settle(draft, children)
        if not _fold_with_holders(draft) and not children:
            return


def _fold_with_holders(draft: Draft) -> bool:
    """Whether any part moved."""
    classes = draft.vocabulary.classes
    parts = {
        ci: item.parent
        for ci, item in draft.items.items()
        if item.parent is not None and classes[item.ci_class].absence.with_holder
    }
    until = _last_signs(draft, set(parts.values()))
    moved = False
    for ci, holder in parts.items():
        item = draft.items[ci]
        if holder not in until and item.because != WITH_ITS_HOLDER:
            continue
        anew = fold(draft.groups[ci], draft.vocabulary, draft.context.now, draft.weights, until.get(holder), keep=ci)
        if anew != item:
            draft.items[ci] = anew
            moved = True
    return moved


def _last_signs(draft: Draft, holders: Collection[str]) -> dict[str, int]:
    """Retired holder → its last sign of life."""
    until = {}
    unknown = []
    for holder in holders:
        item = draft.items.get(holder)
        if item is None:
            unknown.append(holder)
        elif item.lifecycle == "retired":
            until[holder] = item.last_seen
    if unknown:
        bearers = draft.around.bearers(sorted(f"id|{holder}" for holder in unknown), 1)
        retired = {found[0].ci for found in bearers.values() if found[0].lifecycle == "retired"}
        stored = draft.around.items(sorted(retired)) if retired else {}
        until.update((holder, item.last_seen) for holder, item in stored.items())
    return until
