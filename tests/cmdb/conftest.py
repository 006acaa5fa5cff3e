"""Observations and sightings drawn in one line."""

import itertools
from collections.abc import Callable

import pytest

from cmdb.ci_class import DAY
from cmdb.observation import Claim, Observation, observation
from cmdb.sighting import Sighting, heard, sightings_of
from cmdb.vocabulary import SourceTraits, Vocabulary, vocabulary

SOURCES = {
    "nmap": SourceTraits(authority=0.3, one_record_per_thing=False, by_address=True, scan=True),
    "ad": SourceTraits(one_record_per_thing=True, knows_contact=True, guarantees_names=True),
    "jamf": SourceTraits(authority=2.0, knows_contact=True, guarantees_names=True),
    "agent": SourceTraits(authority=2.0),
}


@pytest.fixture(scope="session")
def words() -> Vocabulary:
    return vocabulary(SOURCES)


Say = Callable[..., Observation]


@pytest.fixture
def say(words: Vocabulary) -> Say:
    def said(
        record: str,
        *,
        source: str = "agent",
        ci_class: str = "server",
        day: float = 0,
        realm: str = "default",
        name: str | None = None,
        claims: tuple[Claim, ...] = (),
        within: str | None = None,
        attributes: dict[str, object] | None = None,
        gone: bool = False,
        **identifiers: str | list[str],
    ) -> Observation:
        pairs = [
            (kind, value)
            for kind, values in identifiers.items()
            for value in ([values] if isinstance(values, str) else values)
        ]
        return observation(
            words,
            source=source,
            record=record,
            ci_class=ci_class,
            observed_at=int(day * DAY),
            realm=realm,
            name=name,
            identifiers=pairs,
            attributes=attributes,
            claims=claims,
            within=within,
            gone=gone,
        )

    return said


@pytest.fixture
def see(words: Vocabulary) -> Callable[..., list[Sighting]]:
    """Sightings of a series of observations, each record folded in the order given."""

    def seen(*observations: Observation) -> list[Sighting]:
        count = itertools.count(1)
        records = {}
        for said in observations:
            key = (said.source, said.realm, said.record)
            n = next(count)
            records[key] = heard(records.get(key), said, words, brought=f"id{n:03}", applied=n, heard_in=1)
        return [sighting for record in records.values() for sighting in sightings_of(record, words)]

    return seen
