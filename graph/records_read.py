"""The records that one transaction looks at: each is read and decoded once, however often it is asked for."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial

from cmdb.meeting import Meetings
from cmdb.observation import Observation
from cmdb.past import open_said
from cmdb.sighting import Record, Sighting, sightings_of
from cmdb.surroundings import Asked, Bearer, Block
from cmdb.vocabulary import Vocabulary
from graph.closure import Belongings, Carried, Reads, close_block
from graph.encoding import from_json


class RecordsRead(ABC):
    """What every store answers alike, once its database has given the rows."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}
        self._linking: dict[str, tuple[frozenset[str], ...]] = {}
        """record → the linking keys of each of its sightings"""
        self._belonging: dict[str, tuple[Belongings, ...]] = {}
        self._sightings: dict[str, tuple[Sighting, ...]] = {}

    @abstractmethod
    def record_rows(self, keys: Collection[str]) -> Iterable[tuple[Record, str]]:
        """Records by key, with the linking keys of each of their sightings as JSON."""

    @abstractmethod
    def carrier_counts(self, keys: Collection[str]) -> Mapping[str, int]:
        """How many records carry each linking key."""

    @abstractmethod
    def carrier_rows(self, keys: Collection[str]) -> Iterable[tuple[str, str]]:
        """(linking key, record) of everything that carries one of the keys."""

    @abstractmethod
    def member_rows(self, cis: Collection[str]) -> Iterable[tuple[str, Collection[str]]]:
        """(CI, its records)."""

    @abstractmethod
    def bearer_rows(self, space: str, keys: Collection[str]) -> Iterable[Bearer]:
        """The bearers of each key in one name space, once for each realm that they bear it in."""

    @abstractmethod
    def waiting_rows(self, keys: Collection[str]) -> Iterable[tuple[str, str]]:
        """(lookup key, record that waits for it)."""

    def records(self, keys: Collection[str]) -> Mapping[str, Record]:
        wanted = set(keys)
        self._read(wanted)
        return {key: self._records[key] for key in wanted & self._records.keys()}

    def open_said(self, key: str, vocabulary: Vocabulary) -> Observation:
        """What the open sighting of a record says."""
        return open_said(self.records([key])[key], vocabulary)

    def kept_keys(self, record: str) -> tuple[frozenset[str], ...]:
        return self._linking[record]

    def _read(self, keys: Collection[str]) -> None:
        for record, linking in self.record_rows(set(keys) - self._records.keys()):
            self._records[record.key] = record
            self._linking[record.key] = tuple(map(frozenset, from_json(linking)))

    def forget(self) -> None:
        """Read everything anew from here on: it has been written."""
        self._records.clear()
        self._linking.clear()
        self._belonging.clear()
        self._sightings.clear()

    def block(self, asked: Asked, meetings: Meetings, *, common_at: int, largest: int) -> Block:
        return close_block(
            asked,
            Reads(
                self.carrier_counts,
                self._carriers,
                partial(self._belongings, meetings.vocabulary),
                self.member_rows,
            ),
            meetings.met,
            common_at=common_at,
            largest=largest,
        )

    def _carriers(self, allowed: Mapping[str, int]) -> Carried:
        counts = self.carrier_counts(allowed)
        carried: dict[str, list[str]] = {}
        for key, record in self.carrier_rows([key for key, count in counts.items() if count <= allowed[key]]):
            carried.setdefault(key, []).append(record)
        return Carried(carried, {key: count for key, count in counts.items() if count > allowed[key]})

    def _belongings(self, vocabulary: Vocabulary, keys: Collection[str]) -> Mapping[str, Sequence[Belongings]]:
        self._read(keys)
        return {key: self._of_each_sighting(vocabulary, key) for key in keys if key in self._records}

    def _of_each_sighting(self, vocabulary: Vocabulary, key: str) -> Sequence[Belongings]:
        known = self._belonging.get(key)
        if known is None:
            each = zip(self.sightings(key, vocabulary), self._linking[key], self._records[key].cis, strict=True)
            known = self._belonging[key] = tuple(Belongings(*one) for one in each)
        return known

    def sightings(self, record: str, vocabulary: Vocabulary) -> tuple[Sighting, ...]:
        known = self._sightings.get(record)
        if known is None:
            known = self._sightings[record] = sightings_of(self._records[record], vocabulary)
        return known

    def bearers(
        self, keys: Collection[str], limit: int, *, every_realm: bool = False
    ) -> Mapping[str, tuple[Bearer, ...]]:
        spaces: dict[str, list[str]] = {}
        for key in keys:
            space = key.partition("|")[0]
            if space not in ("id", "name", "record"):
                space = "anywhere" if every_realm and key.endswith("|") else "clue"
            spaces.setdefault(space, []).append(key)
        found: dict[str, list[Bearer]] = {}
        for space, asked in spaces.items():
            for bearer in self.bearer_rows(space, asked):
                held = found.get(bearer.key)
                if held is None:
                    found[bearer.key] = [bearer]
                elif len(held) < limit:
                    held.append(bearer)
        return {key: tuple(held) for key, held in found.items()}

    def waiting(self, keys: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for key, record in self.waiting_rows(keys):
            found.setdefault(key, []).append(record)
        return {key: tuple(records) for key, records in found.items()}
