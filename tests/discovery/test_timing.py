"""When things are due: time zones, summer time, windows, and cron as those who write it mean it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cmdb.errors import Invalid
from discovery.timing import timing


def _at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def _next(said: dict[str, Any], after: str, count: int = 3) -> list[str]:
    """Due times in UTC behind a time."""
    found, at = [], _at(after)
    for _ in range(count):
        due = timing(said).next_after(at, begun=_at("2026-01-01T00:00"))
        assert due is not None
        at = due
        found.append(datetime.fromtimestamp(at / 1e6, UTC).strftime("%m-%dT%H:%M"))
    return found


def test_a_time_that_summer_time_leaves_out_comes_once_an_hour_later_on_the_wall() -> None:
    found = _next({"cron": "30 2 * * *", "time_zone": "Europe/Berlin"}, "2026-03-28T00:00")
    assert found == ["03-28T01:30", "03-29T01:30", "03-30T00:30"]


def test_a_time_that_the_end_of_summer_time_brings_twice_comes_once() -> None:
    found = _next({"cron": "30 2 * * *", "time_zone": "Europe/Berlin"}, "2026-10-24T00:00")
    assert found == ["10-24T00:30", "10-25T00:30", "10-26T01:30"]


def test_every_half_hour_is_every_half_hour_also_when_the_clocks_are_changed() -> None:
    assert _next({"cron": "*/30 * * * *", "time_zone": "Europe/Berlin"}, "2026-10-25T00:00", 4) == [
        "10-25T00:30", "10-25T01:00", "10-25T01:30", "10-25T02:00",
    ]  # fmt: skip
    assert _next({"cron": "*/30 * * * *", "time_zone": "Europe/Berlin"}, "2026-03-29T00:00", 4) == [
        "03-29T00:30", "03-29T01:00", "03-29T01:30", "03-29T02:00",
    ]  # fmt: skip


def test_the_same_line_is_another_time_in_another_zone() -> None:
    assert _next({"cron": "0 22 * * *", "time_zone": "America/New_York"}, "2026-01-10T00:00", 1) == ["01-10T03:00"]
    assert _next({"cron": "0 22 * * *"}, "2026-01-10T00:00", 1) == ["01-10T22:00"]


@pytest.mark.parametrize("sunday", ["0", "7", "sun"])
def test_sunday_is_sunday_however_cron_writes_it(sunday: str) -> None:
    assert _next({"cron": f"0 0 * * {sunday}"}, "2026-03-25T00:00", 2) == ["03-29T00:00", "04-05T00:00"]


def test_weekdays_may_be_ranges_steps_and_lists() -> None:
    assert _next({"cron": "0 0 * * 1-5"}, "2026-03-27T00:00", 2) == ["03-30T00:00", "03-31T00:00"]
    assert _next({"cron": "0 0 * * 6,0"}, "2026-03-25T00:00", 2) == ["03-28T00:00", "03-29T00:00"]
    assert _next({"cron": "0 0 * * 1-5/2"}, "2026-03-29T00:00", 3) == ["03-30T00:00", "04-01T00:00", "04-03T00:00"]


def test_intervals_are_counted_from_when_the_schedule_was_made() -> None:
    assert _next({"interval": "6h"}, "2026-03-29T00:30", 3) == ["03-29T06:00", "03-29T12:00", "03-29T18:00"]


def test_a_window_may_go_over_midnight_and_belongs_to_the_day_it_begins_on() -> None:
    friday_night = {"from": "22:00", "to": "06:00", "days": ["fri"]}
    only = timing({"interval": 60, "window": friday_night, "time_zone": "Europe/Berlin"})
    never = timing({"interval": 60, "blackouts": [friday_night], "time_zone": "Europe/Berlin"})
    for text, inside in (
        ("2026-03-27T20:59", False),
        ("2026-03-27T21:00", True),
        ("2026-03-28T04:59", True),
        ("2026-03-28T05:00", False),
        ("2026-03-28T22:00", False),
    ):
        assert (only.forbids(_at(text)) is None) is inside, text
        assert (never.forbids(_at(text)) is None) is not inside, text


def test_jitter_spreads_beginnings_and_stays_below_its_bound() -> None:
    spread = timing({"interval": "1h", "jitter": "10m"})
    delays = {spread.delay(f"schedule {n}", 0) for n in range(200)}
    assert len(delays) > 190
    assert 0 <= min(delays) < 60_000_000 < 540_000_000 < max(delays) < 600_000_000
    assert spread.delay("a", 1) == spread.delay("a", 1)
    assert timing({"interval": "1h"}).delay("a", 1) == 0


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ({}, "either cron"),
        ({"cron": "0 0 * * *", "interval": 60}, "either cron"),
        ({"cron": "0 0 * *"}, "five fields"),
        ({"cron": "61 * * * *"}, "cron: "),
        ({"cron": "0 0 1 * 1"}, "write two schedules"),
        ({"cron": "0 0 30 2 *"}, "never due"),
        ({"cron": "0 0 * * 9"}, "0 to 7"),
        ({"interval": 1}, "interval: seconds from 10"),
        ({"interval": "soon"}, "interval: seconds from 10"),
        ({"interval": 60, "time_zone": "Europe/Atlantis"}, "Europe/Berlin"),
        ({"interval": 60, "window": {"from": "8", "to": "9"}}, "window: "),
        ({"interval": 60, "blackouts": [{"from": "08:00", "to": "08:00"}]}, "begins when it ends"),
        ({"interval": 60, "blackouts": [{"from": "08:00", "to": "09:00", "days": ["someday"]}]}, "mon, tue"),
    ],
)
def test_what_is_no_time_is_refused_with_what_is_allowed(said: dict[str, Any], about: str) -> None:
    with pytest.raises(Invalid) as caught:
        timing(said)
    assert about in str(caught.value)
