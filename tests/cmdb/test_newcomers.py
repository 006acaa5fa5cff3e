"""A record that shares nothing with anybody is placed as identification would place it."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from cmdb.draft import Context, Draft, keys_of
from cmdb.identification import identify
from cmdb.identity_settings import DEFAULT_IDENTITY
from cmdb.newcomers import newcomers, place_newcomers
from cmdb.observation import Observation
from cmdb.sighting import heard, sightings_of
from cmdb.vocabulary import Vocabulary

Say = Callable[..., Observation]


def _fleet(say: Say, dice: random.Random) -> list[Observation]:
    """Forty records; some share a serial number, a name or an address."""
    return [
        say(
            f"10.0.{n}.1" if source == "nmap" else str(n),
            source=source,
            serial=f"SN{dice.randrange(60):04d}" if source != "nmap" else [],
            hostname=f"host{dice.randrange(60)}" if dice.random() < 0.5 else [],
            ip=f"10.0.{dice.randrange(60)}.1" if dice.random() < 0.5 else [],
            day=dice.randrange(3),
        )
        for n in range(40)
        for source in [dice.choice(["agent", "ad", "nmap"])]
    ]


def _laid_out(said: list[Observation], around: Any, words: Vocabulary) -> Draft:
    draft = Draft(around, Context(words, 0, lambda: "unused"))
    for number, one in enumerate(said):
        record = heard(None, one, words, brought=f"ci{number}", applied=number, heard_in=1)
        draft.new[record.key] = record
        draft.sightings[record.key] = sightings_of(record, words)
        draft.keys[record.key] = keys_of(record, draft.sightings[record.key], draft.borne)
        for linking in draft.laid_out_keys(record.key):
            draft.carriers.setdefault(linking, set()).add(record.key)
    return draft


@pytest.mark.parametrize("seed", range(20))
def test_who_shares_nothing_is_alone_to_identification_as_well(
    say: Say, new_graph: Any, words: Vocabulary, seed: int
) -> None:
    draft = _laid_out(_fleet(say, random.Random(seed)), new_graph(), words)
    match = identify([seen[0] for seen in draft.sightings.values()], words, DEFAULT_IDENTITY)
    alone = newcomers(draft, draft.new)
    assert 0 < len(alone) < len(draft.new)
    place_newcomers(draft, alone)
    groups = {group[0].key: group for group in match.groups}
    assert all(groups[key] == draft.sightings[key] == draft.groups[draft.new[key].ci] for key in alone)
    assert match.steady & alone == draft.steady


def test_who_shares_a_key_is_left_to_identification(say: Say, new_graph: Any, words: Vocabulary) -> None:
    said = [say("1", serial="SN0001"), say("2", serial="SN0001"), say("3", serial="SN0003")]
    draft = _laid_out(said, new_graph(), words)
    assert newcomers(draft, draft.new) == {"agent|default|3"}
