"""What an address is worth is told by the pairs that something else decides, and by no others."""

from collections.abc import Callable

import pytest

from cmdb.address_worth import ENOUGH, MOST_SURE, address_worth
from cmdb.ci_class import DAY
from cmdb.identity_settings import DEFAULT_IDENTITY
from cmdb.observation import Observation
from cmdb.sighting import Sighting
from cmdb.vocabulary import Vocabulary

Say = Callable[..., Observation]
See = Callable[..., list[Sighting]]


def _agent(say: Say, n: int, day: float = 0) -> Observation:
    return say(
        f"a{n}",
        day=day,
        serial=f"SN{n:04}",
        mac=f"8c:85:90:00:{n >> 8:02x}:{n & 255:02x}",
        ip=f"10.0.{n >> 8}.{n & 255}",
    )


def _slot(say: Say, n: int, card: int, day: float = 0) -> Observation:
    """What a scan saw at the address of the n-th agent: the card of some agent."""
    ip, mac = f"10.0.{n >> 8}.{n & 255}", f"8c:85:90:00:{card >> 8:02x}:{card & 255:02x}"
    return say(ip, source="nmap", ci_class="device", day=day, ip=ip, mac=mac)


def test_it_is_the_share_of_decided_pairs_that_are_one(words: Vocabulary, say: Say, see: See) -> None:
    agents = [_agent(say, n) for n in range(200)]
    right = [_slot(say, n, n) for n in range(90)]
    wrong = [_slot(say, n, n + 100) for n in range(90, 100)]
    silent = [say(f"10.0.0.{n}", source="nmap", ci_class="device", ip=f"10.0.0.{n}") for n in range(100, 180)]
    found = address_worth(see(*agents, *right, *wrong, *silent), words, DEFAULT_IDENTITY)
    assert (found.one, found.two) == (90, 10), "what shows nothing but the address tells nothing of it"
    assert found.at_once == pytest.approx(91 / 102)
    assert (found.later_one + found.later_two, found.half_life) == (0, None)
    assert found.settings() == {"address_at_once": found.at_once}


def test_too_few_pairs_tell_nothing(words: Vocabulary, say: Say, see: See) -> None:
    few = [said for n in range(ENOUGH - 1) for said in (_agent(say, n), _slot(say, n, n))]
    found = address_worth(see(*few), words, DEFAULT_IDENTITY)
    assert (found.one, found.settings()) == (ENOUGH - 1, {})
    assert address_worth([], words, DEFAULT_IDENTITY).settings() == {}


def test_nothing_is_certain(words: Vocabulary, say: Say, see: See) -> None:
    many = [said for n in range(2000) for said in (_agent(say, n), _slot(say, n, n))]
    assert address_worth(see(*many), words, DEFAULT_IDENTITY).at_once == MOST_SURE


@pytest.mark.parametrize("half_life", [1, 4])
def test_the_half_life_is_found_again(words: Vocabulary, say: Say, see: See, half_life: int) -> None:
    said = [_agent(say, n) for n in range(2000)]
    for n in range(1000):
        day = 0.5 + 1 + n % 5  # half a day is still at once
        stays = n % 100 < 100 * 0.97 * 2 ** (-(day - 0.5) / half_life)
        said.append(_slot(say, n, n if stays else n + 1000, day))
    found = address_worth(see(*said), words, DEFAULT_IDENTITY)
    assert found.half_life is not None
    assert half_life / 1.5 < found.half_life / DAY < half_life * 1.5
