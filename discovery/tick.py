"""tick: what moves by the passing of time alone takes effect, without a new word about the thing.

A record that is listed but not used any more, a thing that has been missing for long enough, a correction that was
given until a day: each CI knows when time next moves it (`due`), and the store finds those whose time has come by an
index. When the rules themselves have moved (another authority, another retirement age), every CI is folded anew, a
part of them at each tick, and where that stands is written with each part.
"""

import contextlib
from dataclasses import dataclass, replace

from cmdb.graph_patch import DocumentWrite
from cmdb.reconciliation import Outcome, reconcile_due
from discovery.run import Parts, context
from graph.ledger import Conflict
from graph.store import WriteTransaction

AT_ONCE = 1_000
"""CIs folded anew in one patch"""
IN_PASSING = 20_000
"""CIs folded anew at the end of a run, which somebody waits for; the rest is left to the next tick"""

RULES = "rules"
"""ledger kind: under which rules the CIs of the store were folded"""


@dataclass(frozen=True, slots=True)
class Ticked:
    """What time moved."""

    folded: int = 0
    """CIs looked at"""
    gone_missing: int = 0
    retired: int = 0
    more: bool = False
    """whether it stopped at its limit, with more to do"""

    def and_also(self, looked_at: int, outcome: Outcome) -> "Ticked":
        """With one more patch."""
        return replace(
            self,
            folded=self.folded + looked_at,
            gone_missing=self.gone_missing + outcome.gone_missing,
            retired=self.retired + outcome.retired,
        )


def tick(parts: Parts, *, most: int | None = None, at_once: int = AT_ONCE) -> Ticked:
    """Fold anew every CI whose time has come, in patches of `at_once` CIs; at most about `most` CIs.

    Costs one small read where nothing is due.
    """
    done = Ticked()
    while _something_is_due(parts):
        if most is not None and done.folded >= most:
            return replace(done, more=True)
        ticked = parts.store.write(lambda tx, done=done: _fold_some(tx, parts, done, at_once))  # type: ignore[misc]
        if ticked.folded == done.folded:
            break
        done = ticked
    return _follow_rules(parts, done, most, at_once)


def _something_is_due(parts: Parts) -> bool:
    at = parts.store.next_due()
    return at is not None and at <= parts.now()


def _fold_some(tx: WriteTransaction, parts: Parts, done: Ticked, at_once: int) -> Ticked:
    around = context(parts, None, None, tx)
    due = tx.due(around.now, at_once)
    if not due:
        return done
    outcome = reconcile_due(due, tx, around)
    tx.apply(outcome.patch)
    return done.and_also(len(due), outcome)


def _follow_rules(parts: Parts, done: Ticked, most: int | None, at_once: int) -> Ticked:
    rules = parts.vocabulary.rules()
    if parts.store.document(RULES, RULES) is None:
        # Everything there is was folded under these rules: it is their store from its first tick on.
        with contextlib.suppress(Conflict):
            parts.store.put(DocumentWrite(RULES, RULES, {"rules": rules, "reached": None}, expected=None))
    while not _stands_under(parts, rules):
        if most is not None and done.folded >= most:
            return replace(done, more=True)
        done = parts.store.write(lambda tx, done=done: _refold_some(tx, parts, rules, done, at_once))  # type: ignore[misc]
    return done


def _stands_under(parts: Parts, rules: str) -> bool:
    found = parts.store.document(RULES, RULES)
    return found is not None and found.body == {"rules": rules, "reached": None}


def _refold_some(tx: WriteTransaction, parts: Parts, rules: str, done: Ticked, at_once: int) -> Ticked:
    """The next CIs in the order of id; those that come meanwhile are folded under the new rules already."""
    found = tx.document(RULES, RULES)
    begun = found is not None and found.body["rules"] == rules
    after = found.body["reached"] if begun and found is not None else ""
    if after is None:
        return done
    cis = tx.cis_after(after, at_once)
    reached = cis[-1] if len(cis) == at_once else None
    outcome = reconcile_due(cis, tx, context(parts, None, None, tx))
    body = {"rules": rules, "reached": reached}
    documents = (*outcome.patch.documents, DocumentWrite(RULES, RULES, body))
    tx.apply(replace(outcome.patch, documents=documents))
    return done.and_also(len(cis), outcome)
