"""What was the case at a time, as it is believed now: whatever the order in which it was told."""

import itertools
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cmdb.draft import Context
from cmdb.observation import Claim, Observation
from cmdb.reconciliation import reconcile
from cmdb.vocabulary import Vocabulary
from graph.estate_as_of import estate_as_of
from graph.item_as_of import item_as_of
from graph.open_store import open_store
from graph.store import GraphStore, ItemView, Search
from graph.topology import Topology

Say = Callable[..., Observation]
DAY = 24 * 3600 * 1_000_000
DAYS = 8


def _story(say: Say, chance: random.Random) -> list[Observation]:
    """Every record says something else each day, or nothing; nobody is ever taken for somebody else."""
    told = []
    for day in range(1, DAYS + 1):
        for n in range(4):
            if chance.random() < 0.6:
                claims = tuple(
                    Claim("depends_on", outgoing, f"name:n{other}", group=chance.choice([None, "g"]))
                    for outgoing, other in {(chance.random() < 0.7, chance.randrange(5)) for _ in range(2)}
                    if other != n
                )
                attributes = {"os": f"v{day}", "tier": chance.randrange(3)} | (
                    {"x": 1} if chance.random() < 0.5 else {}
                )
                identifiers = [("serial", f"SERIAL{n}")] + ([("cloud_id", f"i-{n}")] if chance.random() < 0.5 else [])
                told.append(
                    say(f"r{n}", name=f"n{n}", day=day, identifiers=identifiers, attributes=attributes, claims=claims)
                )
    return told


def _tell(store: GraphStore, words: Vocabulary, batch: list[Observation], at: int, ids: Any) -> None:
    context = Context(words, at, lambda: f"c{next(ids):05}", scope="s")
    store.write(lambda tx: tx.apply(reconcile(batch, tx, context).patch))


def _seen(view: ItemView | None, names: dict[str, str]) -> Any:
    """What must not depend on the order of telling, up to the renaming of ids."""
    if view is None:
        return None
    ci = view.ci
    facts = {name: (fact.value, fact.record) for name, fact in ci.facts.items()}
    relations = sorted(
        (r.type, names[r.from_ci], names[r.to_ci], r.requirements, [w.record for w in r.witnesses])
        for r in view.relations
    )
    return ci.ci_class, ci.name, ci.lifecycle, facts, ci.identifiers, ci.records, relations


def _estate(store: GraphStore, words: Vocabulary, at: int | None) -> dict[str, Any]:
    names = {ci.id: ci.name for ci in store.search(Search(lifecycles=()), after=None, limit=100)}

    def read(id_: str) -> ItemView | None:
        if at is None:
            return store.item(id_)
        return store.read(lambda look, last: item_as_of(look, last, id_, estate_as_of(look, last, at, words)))

    found = {name: _seen(read(id_), names) for id_, name in names.items()}
    return {name: seen for name, seen in found.items() if seen is not None}


def _same_but_for_the_revision(one: Topology, other: Topology) -> None:
    for name in sorted(set(Topology.__slots__) - {"revision"}):
        mine, theirs = getattr(one, name), getattr(other, name)
        same = np.array_equal(mine, theirs) if isinstance(mine, np.ndarray) else mine == theirs
        assert same, (name, mine, theirs)


@pytest.mark.parametrize("seed", [0, 1, 22, 30])
def test_as_of_tells_what_had_been_said_by_then_in_whatever_order_it_came(
    store: GraphStore, words: Vocabulary, say: Say, seed: int, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    story = _story(say, chance)
    prompt = open_store(f"sqlite:///{tmp_path}/prompt.db", words)
    ids = itertools.count(1)
    then: dict[int, dict[str, Any]] = {}
    topologies: dict[int, Topology] = {}
    for day in range(1, DAYS + 1):
        _tell(prompt, words, [said for said in story if said.read_at == day * DAY], day * DAY, ids)
        then[day], topologies[day] = _estate(prompt, words, None), prompt.topology()
    late = story + chance.sample(story, len(story) // 3)
    chance.shuffle(late)
    while late:
        batch, late = late[:3], late[3:]
        _tell(store, words, batch, 100 * DAY, ids)
    assert _estate(store, words, None) == then[DAYS]
    for told in (prompt, store):
        for day, wanted in then.items():
            assert _estate(told, words, day * DAY) == wanted, (day, told.url)
            assert _estate(told, words, day * DAY + DAY // 2) == wanted, (day, told.url)
        assert _estate(told, words, DAY - 1) == {}
        assert _estate(told, words, 1000 * DAY) == then[DAYS]
    for day, wanted_topology in topologies.items():
        _same_but_for_the_revision(prompt.topology(as_of=day * DAY), wanted_topology)
    prompt.close()
