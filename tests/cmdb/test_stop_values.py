"""Values that somebody stopped identify nothing, whatever they were said of, and nothing else is weighed otherwise."""

from collections.abc import Callable

import pytest

from cmdb.fold import fold
from cmdb.identification import identify
from cmdb.identity_settings import DEFAULT_IDENTITY
from cmdb.observation import Observation
from cmdb.sighting import Sighting
from cmdb.vocabulary import Vocabulary
from cmdb.vocabulary_file import with_file

Say = Callable[..., Observation]
See = Callable[..., list[Sighting]]

UUID = "4c4c4544-0051-3510-8052-b4c04f4a3132"
SWAPPED = "44454c4c-5100-1035-8052-b4c04f4a3132"


def _grouped(words: Vocabulary, stopped: str, sightings: list[Sighting]) -> list[list[str]]:
    match = identify(sightings, with_file(words, f"[identifier_kinds]\n{stopped}\n", "words.toml"), DEFAULT_IDENTITY)
    assert {member for group in match.groups for member in group} == set(sightings), "as they were given"
    return sorted(sorted(member.said.record for member in group) for group in match.groups)


@pytest.mark.parametrize(
    ("stopped", "one", "other"),
    [
        ('serial.stop = ["demo 1"]', {"serial": "DEMO1"}, {"serial": "demo 1"}),
        (f'uuid.stop = ["{SWAPPED}"]', {"uuid": UUID}, {"uuid": SWAPPED}),
        ('mac.stop = ["8C-85-90-00-00-01"]', {"mac": "8c:85:90:00:00:01"}, {"mac": "8c:85:90:00:00:01"}),
        ('hostname.stop = ["debian"]', {"name": "Debian"}, {"hostname": "debian"}),
        (
            'hostname.stop = ["debian"]\nfqdn.stop = ["debian.corp.example"]',
            {"fqdn": "debian.corp.example"},
            {"name": "debian.corp.example"},
        ),
        ('ip.stop = ["10.0.0.1"]', {"ip": "10.0.0.1"}, {"ip": "10.0.0.1"}),
    ],
)
def test_a_stopped_value_makes_nothing_one(
    words: Vocabulary, say: Say, see: See, stopped: str, one: dict[str, str], other: dict[str, str]
) -> None:
    sightings = see(say("a", source="ad", **one), say("b", source="jamf", **other))
    assert _grouped(words, "", sightings) == [["a", "b"]]
    assert _grouped(words, stopped, sightings) == [["a"], ["b"]]


def test_a_stopped_value_keeps_nothing_apart(words: Vocabulary, say: Say, see: See) -> None:
    sightings = see(
        say("a", source="ad", fqdn="h.corp.example", serial="BOARD"),
        say("b", source="jamf", fqdn="h.corp.example", serial="C02XK1"),
    )
    assert _grouped(words, "", sightings) == [["a"], ["b"]]
    assert _grouped(words, 'serial.stop = ["BOARD"]', sightings) == [["a", "b"]]


def test_a_stopped_value_stays_and_is_shown_to_weigh_nothing(words: Vocabulary, say: Say, see: See) -> None:
    stopped = with_file(words, '[identifier_kinds.serial]\nstop = ["DEMO1"]\nbits = 20', "words.toml")
    weights = {
        held.value: held.weight for held in fold(see(say("a", serial=["DEMO1", "C02XK1"])), stopped, 0).identifiers
    }
    assert weights == {"DEMO1": 0.0, "C02XK1": 20.0}
