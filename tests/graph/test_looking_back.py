"""What was read when a revision was the present is read of it ever after, from each store."""

import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cmdb.draft import Context, name_key
from cmdb.observation import Claim, Observation
from cmdb.reconciliation import reconcile, reconcile_absence
from cmdb.vocabulary import Vocabulary
from graph.as_it_stood import item_at, moved_cis
from graph.estate_as_of import estate_as_of
from graph.estate_then import estate_then
from graph.item_as_of import item_as_of
from graph.open_store import open_store
from graph.past import HORIZON
from graph.past_search import search_at
from graph.store import GraphStore, ItemView, Search
from graph.topology import Topology

Say = Callable[..., Observation]
DAY = 24 * 3600 * 1_000_000
MACS = [f"8c:85:90:00:00:{n:02x}" for n in range(6)]


def _anything(say: Say, chance: random.Random, day: float) -> Observation:
    """One observation of a small, restless fleet: records move, join, part, point at each other and vanish."""
    source, record = chance.choice(["ad", "mdm", "agent"]), f"r{chance.randrange(5)}"
    if chance.random() < 0.1:
        return say(record, source=source, day=day, gone=True, ci_class="")
    identifiers = [("serial", f"SERIAL{chance.randrange(4)}")] if chance.random() < 0.6 else []
    identifiers += [("mac", mac) for mac in chance.sample(MACS, chance.randrange(3))]
    identifiers += [("fqdn", f"h{chance.randrange(4)}.corp.example")] if chance.random() < 0.5 else []
    claims = tuple(
        Claim(
            "depends_on",
            chance.random() < 0.7,
            chance.choice([f"name:n{chance.randrange(4)}", f"fqdn:h{chance.randrange(4)}.corp.example", "name:no"]),
            group=chance.choice([None, "g"]),
        )
        for _ in range(chance.randrange(3))
    )
    return say(
        record,
        source=source,
        day=day - chance.choice([0, 0, 0, 3]),
        ci_class=chance.choice(["server", "server", "device"]),
        name=f"n{chance.randrange(4)}",
        identifiers=identifiers,
        attributes={"os": f"v{chance.randrange(3)}", "tier": chance.randrange(3)} if chance.random() < 0.8 else {},
        claims=tuple(dict.fromkeys(claims)),
    )


def _without_times(view: ItemView | None) -> Any:
    if view is None:
        return None
    ci = view.ci._replace(last_seen=0, due=None, facts=dict(sorted(view.ci.facts.items())))
    return ci, view.relations, dict(view.neighbours), {key: times.open_ci for key, times in view.records.items()}


def _live(
    store: GraphStore, words: Vocabulary, say: Say, seed: int, batches: int, *, late: bool = False
) -> Iterator[int]:
    """Let batches and misses come, some of them late; each revision that they became."""
    chance = random.Random(seed)
    ids = itertools.count(1)
    for day in range(1, batches + 1):
        context = Context(words, day * DAY, lambda: f"c{next(ids):05}", scope="s")

        def work(tx: Any, day: int = day, context: Context = context) -> int:
            if chance.random() < 0.25:
                known = [found.key for found in tx.scope_records("agent", "default", "s")]
                missed = [key for key in known if chance.random() < 0.5]
                return int(tx.apply(reconcile_absence(missed, tx, context, heard_until=1 << 40).patch))
            days = [day - chance.randrange(4) if late and day > 4 else day for _ in range(chance.randrange(1, 5))]
            batch = [_anything(say, chance, then) for then in days]
            return int(tx.apply(reconcile(batch, tx, context).patch))

        yield store.write(work)


def test_an_export_brings_its_past_along(
    store: GraphStore, words: Vocabulary, say: Say, put: Callable[..., Any], tmp_path: Path
) -> None:
    origin = open_store(f"sqlite:///{tmp_path}/origin.db", words)
    put(origin, say("a", name="old", identifiers=[("serial", "S1AB")]))
    put(origin, say("a", name="new", day=2, identifiers=[("serial", "S1AB")]))
    rows = list(origin.dump())
    store.load(rows)
    assert list(store.dump()) == rows
    (ci,) = store.search(Search(), after=None, limit=5)
    before = store.read(lambda look, _: item_at(look, ci.id, 1, words))
    assert before is not None
    assert (before.ci.name, ci.name) == ("old", "new")
    assert store.document(*HORIZON) is None
    origin.close()


def test_an_export_without_a_past_begins_one(
    store: GraphStore, words: Vocabulary, say: Say, put: Callable[..., Any], tmp_path: Path
) -> None:
    origin = open_store(f"sqlite:///{tmp_path}/origin.db", words)
    put(origin, say("a", name="a"), say("b", name="b", claims=(Claim("depends_on", True, "name:a"),)))
    rows = [dict(row) for row in origin.dump() if row["kind"] != "past"]
    for row in rows:
        row.get("row", {}).pop("born", None)
    store.load(rows)
    kept = store.document(*HORIZON)
    assert kept is not None
    assert kept.body == {"revision": 1}
    put(store, say("a", name="renamed", day=2))
    found = store.search(Search(words=("renamed",)), after=None, limit=5)
    before = store.read(lambda look, _: item_at(look, found[0].id, 1, words))
    assert before is not None
    assert (before.ci.name, len(before.relations)) == ("a", 1)
    origin.close()


SEARCHES = (
    Search(lifecycles=()),
    Search(),
    Search(words=("n1",), lifecycles=()),
    Search(words=("serial2", "n")),
    Search(classes=("server",), tier=(1,)),
    Search(seen_by=("ad",), lifecycles=()),
    Search(not_seen_by=("agent",)),
    Search(bearing="name|n2"),
)


def _found_now(store: GraphStore, asked: Search) -> list[Any]:
    return [found[:-1] for found in store.search(asked, after=None, limit=1000)]


def _found_at(store: GraphStore, words: Vocabulary, asked: Search, revision: int) -> list[Any]:
    """Page by page, three at a time."""
    found: list[Any] = []
    after: tuple[str, str] | None = None

    def work(look: Any, _: int) -> Any:
        return search_at(look, moved_cis(look, revision, words), asked, words, after=after, limit=3)

    while page := store.read(work):
        found += [one[:-1] for one in page]
        after = (name_key(page[-1].name), page[-1].id)
    return found


def _same_topology(one: Topology, other: Topology) -> None:
    for name in Topology.__slots__:
        mine, theirs = getattr(one, name), getattr(other, name)
        same = np.array_equal(mine, theirs) if isinstance(mine, np.ndarray) else mine == theirs
        assert same, (name, mine, theirs)


@pytest.mark.parametrize("seed", range(3))
def test_a_topology_that_is_held_is_renewed_to_what_is_read_whole(
    store: GraphStore, words: Vocabulary, say: Say, seed: int
) -> None:
    chance = random.Random(seed)
    held = [store.topology()]
    for _ in _live(store, words, say, seed, 40 if store.url.startswith("sqlite") else 4):
        whole = store.topology()
        for before in (held[-1], chance.choice(held)):
            _same_topology(store.renewed(before), whole)
        held.append(store.renewed(held[-1]))


@pytest.mark.parametrize("seed", range(4))
def test_a_revision_is_read_as_it_was_when_it_was_the_present(
    store: GraphStore, words: Vocabulary, say: Say, seed: int
) -> None:
    seen: dict[int, dict[str, Any]] = {0: {}}
    topologies = {0: store.topology()}
    searches: dict[int, list[Any]] = {0: [[] for _ in SEARCHES]}
    batches = 25 if store.url.startswith("sqlite") else 5  # a server takes a round trip for each of thousands of reads
    ids = [f"c{n:05}" for n in range(1, 3 * batches)]
    for revision in _live(store, words, say, seed, batches):
        topologies[revision] = store.topology()
        searches[revision] = [_found_now(store, asked) for asked in SEARCHES]
        seen[revision] = {id_: _without_times(store.item(id_)) for id_ in ids}
    assert len({id_ for items in seen.values() for id_, found in items.items() if found is not None}) > batches / 2
    for revision, items in seen.items():
        _same_topology(store.topology(revision), topologies[revision])
        for asked, found_then in zip(SEARCHES, searches[revision], strict=True):
            assert _found_at(store, words, asked, revision) == found_then, (revision, asked)
        for id_ in ids:
            found = store.read(lambda look, _, id_=id_, n=revision: item_at(look, id_, n, words))
            assert found is None or found.revision == revision
            assert _without_times(found) == items.get(id_), (revision, id_)


def _believed(view: ItemView | None) -> Any:
    """A CI of a past without the times of last contact."""
    if view is None:
        return None
    seen = _without_times(view)
    return (seen[0]._replace(first_seen=0), tuple(one._replace(first_seen=0) for one in seen[1]), *seen[2:])


@pytest.mark.parametrize("seed", [0, 3])
def test_what_was_believed_at_a_revision_of_an_earlier_time_is_read_of_it_ever_after(
    store: GraphStore, words: Vocabulary, say: Say, seed: int
) -> None:
    batches = 14 if store.url.startswith("sqlite") else 4
    ids = [f"c{n:05}" for n in range(1, 3 * batches)]
    items: dict[tuple[int, int], list[Any]] = {}
    topologies: dict[tuple[int, int], Topology] = {}
    searches: dict[tuple[int, int], list[Any]] = {}

    def believed(look: Any, revision: int, known_at: int | None, at: int) -> tuple[list[Any], list[Any]]:
        estate = estate_as_of(look, revision, at, words) if known_at is None else estate_then(look, known_at, at, words)
        found = [_believed(item_as_of(look, revision, id_, estate)) for id_ in ids]
        lists = [search_at(look, estate.cis, asked, words, after=None, limit=100) for asked in SEARCHES]
        return found, [[one[:-1] for one in several] for several in lists]

    for revision in _live(store, words, say, seed, batches, late=True):
        for at in range(0, revision + 1, 2):
            then = (revision, at * DAY + DAY // 2)
            items[then], searches[then] = store.read(lambda look, last, at=then[1]: believed(look, last, None, at))
            topologies[then] = store.topology(as_of=then[1])
    for (revision, at), wanted in items.items():
        found = store.read(lambda look, _, n=revision, at=at: believed(look, n, n, at))
        assert found[0] == wanted, (revision, at / DAY)
        assert found[1] == searches[revision, at], (revision, at / DAY)
        _same_topology(store.topology(revision, at), topologies[revision, at])
