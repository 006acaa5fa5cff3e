"""Benchmark (d): identity on hostile fleets with known truth, beside the two usual ways on the same data.

    python benchmarks/identity.py                              three seeds of 5,000 devices, eight days
    python benchmarks/identity.py --devices 20000 --seeds 1
    python benchmarks/identity.py --store                      also the whole way: taken into SQLite, day by day

The engine alone sees, each day, everything that was said until then. Printed per seed: pair precision; B-cubed recall
and how far it lies under the bound (`identity_scores.bound` says what it is); the most machines in one false cluster;
the largest share of right groups that came apart from one day to the next; reviews per device; records per second.
"""

import argparse
import itertools
import tempfile
import time
from collections import defaultdict
from collections.abc import Hashable, Mapping

from cmdb.identification import Match, identify
from cmdb.identity_settings import DEFAULT_IDENTITY
from cmdb.reference import record_key
from cmdb.sighting import Record, Sighting, heard, sightings_of
from cmdb.uncollected import uncollected
from discovery.run import MAX_BATCH, Parts, take
from fleet import Fleet
from fleet_records import START, WORDS, Said, sayings
from graph.open_store import open_store
from identity_baselines import BASELINES
from identity_scores import Score, bound, score, split_overnight


class Heard:
    """Everything said so far: records as a store would keep them, and the truth of each version of a record."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.truths: dict[tuple[str, object], set[int | None]] = defaultdict(set)
        self.ordinal = itertools.count(1)

    def hear(self, said: list[Said]) -> None:
        """One day more."""
        for truth, one in said:
            key = record_key(one.source, one.realm, one.record)
            n = next(self.ordinal)
            record = heard(self.records.get(key), one, WORDS, brought=f"{n:09d}", applied=n, heard_in=1)
            self.records[key] = record
            self.truths[key, _signature_of(record, one.content)].add(truth)

    def sightings(self) -> list[Sighting]:
        """All of them, in the order of record keys."""
        return [sighting for _, record in sorted(self.records.items()) for sighting in sightings_of(record, WORDS)]

    def scored(self) -> dict[str, int]:
        """Sighting key → machine, where every observation in it is of that one machine."""
        found: dict[str, int] = {}
        for key, record in self.records.items():
            seen = sightings_of(record, WORDS)
            of: list[set[int | None]] = [set() for _ in seen]
            at = 0
            for version in sorted(record.versions, key=lambda v: (v.last, v.said.read_at, v.said.content)):
                while version.last > seen[at].last:
                    at += 1
                of[at] |= self.truths[key, version.signature]
            for sighting, truths in zip(seen, of, strict=True):
                if len(truths) == 1 and (truth := next(iter(truths))) is not None:
                    found[sighting.key] = truth
        return found


def _signature_of(record: Record, content: str) -> object:
    return next((v.signature for v in record.versions if v.said.content == content), record.versions[-1].signature)


def labels_of(match: Match) -> dict[str, Hashable]:
    """Sighting key → its group."""
    return {member.key: at for at, group in enumerate(match.groups) for member in group}


def by_birth(labels: Mapping[str, Hashable], sightings: list[Sighting]) -> dict[str, Hashable]:
    """The same by the id that each sighting brought, which a closed one keeps."""
    return {sighting.brought: labels[sighting.key] for sighting in sightings}


def report(name: str, found: Score, best: float, extra: str = "") -> None:
    """One line."""
    print(
        f"  {name:16} precision {found.precision:.4f}  recall {found.recall:.4f} ({best - found.recall:+.4f} under the "
        f"bound)  largest false {found.largest_false:>5}  false clusters {found.false_clusters:>5}  {extra}",
        flush=True,
    )


def engine_alone(days: list[list[Said]], machines: int, *, baselines: bool = True) -> None:
    """Every day's partition; the last day's scores."""
    heard_so_far = Heard()
    before: dict[str, Hashable] = {}
    splits: list[float] = []
    for said in days:
        heard_so_far.hear(said)
        sightings = heard_so_far.sightings()
        with uncollected():
            began = time.perf_counter()
            match = identify(sightings, WORDS, DEFAULT_IDENTITY)
            seconds = time.perf_counter() - began
        labels, truths = labels_of(match), heard_so_far.scored()
        now = by_birth(labels, sightings)
        born = {s.brought: truths[s.key] for s in sightings if s.key in truths}
        splits.append(split_overnight(before, now, born))
        before = now
    best = score(bound(sightings, truths, WORDS), truths)
    print(f"  {len(sightings):,} sightings, {len(truths):,} of them with one truth; bound {best.recall:.4f}")
    extra = f"split {max(splits):.4f}  reviews {len(match.reviews) / machines:.4f}  {len(sightings) / seconds:,.0f}/s"
    report("cmdb, engine", score(labels, truths), best.recall, extra)
    if baselines:
        for name, baseline in BASELINES.items():
            report(name, score(baseline(sightings), truths), best.recall)


def whole_way(days: list[list[Said]], machines: int) -> None:
    """The same through `take` into SQLite; what the store then holds."""
    heard_so_far = Heard()
    ids = itertools.count(1)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/graph.db", WORDS)
        observations, seconds = 0, 0.0
        for day, said in enumerate(days):
            parts = Parts(store, WORDS, lambda day=day: START + (day + 1) * 86_400_000_000, lambda: f"{next(ids):016x}")
            batch = [one.said for one in said]
            began = time.perf_counter()
            for begin in range(0, len(batch), MAX_BATCH // 2):
                take(parts, None, batch[begin : begin + MAX_BATCH // 2])
            seconds += time.perf_counter() - began
            observations += len(batch)
            heard_so_far.hear(said)
        records = store.write(lambda tx: tx.records(sorted(heard_so_far.records)))
        reviews = sum(found.body["state"] == "open" for found in store.documents("review", limit=10_000_000))
        store.close()
    labels: dict[str, Hashable] = {}
    for record in records.values():
        labels.update(zip((s.key for s in sightings_of(record, WORDS)), record.cis, strict=True))
    sightings, truths = heard_so_far.sightings(), heard_so_far.scored()
    best = score(bound(sightings, truths, WORDS), truths).recall
    rate = f"reviews {reviews / machines:.4f}  {observations / seconds:,.0f} observations/s"
    report("cmdb, SQLite", score(labels, truths), best, rate)


def main() -> None:
    """Measure and print."""
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("--devices", type=int, default=5_000)
    said.add_argument("--days", type=int, default=8)
    said.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    said.add_argument("--store", action="store_true", help="also the whole way into SQLite")
    asked = said.parse_args()
    for seed in asked.seeds:
        fleet = Fleet(asked.devices, days=asked.days, seed=seed)
        days = list(sayings(fleet, seed=seed))
        machines = len(fleet.machines)
        print(
            f"seed {seed}: {machines:,} machines, {asked.days} days, {sum(map(len, days)):,} observations", flush=True
        )
        engine_alone(days, machines)
        if asked.store:
            whole_way(days, machines)


if __name__ == "__main__":
    main()
