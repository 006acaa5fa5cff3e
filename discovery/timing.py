"""Timing: when something is due, in a named time zone, and when it must not be. APScheduler knows the calendar.

Where its calendar is not what those who write cron lines mean, it is put right here: weekday 0 is Sunday; a time of
day that the end of summer time brings twice is one time; a day of the month and a weekday together are refused,
because cron takes either and APScheduler both.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as TimeOfDay
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from cmdb.errors import Invalid

SECOND = 1_000_000
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CRON_DAYS = ("sun", *DAYS)
"""0 to 7 as cron counts them"""
SHORTEST = 10
"""seconds between two runs"""
LONGEST = 366 * 86_400
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the day, on some days; it may go over midnight and then belongs to the day on which it begins."""

    begins: str
    """HH:MM"""
    ends: str
    days: tuple[str, ...] = DAYS

    def holds(self, at: datetime) -> bool:
        """Whether the local time lies in it."""
        begin, end, now = _of_day(self.begins), _of_day(self.ends), at.time()
        today, yesterday = DAYS[at.weekday()], DAYS[at.weekday() - 1]
        if begin < end:
            return today in self.days and begin <= now < end
        return (today in self.days and now >= begin) or (yesterday in self.days and now < end)

    def as_body(self) -> dict[str, Any]:
        """As people write it."""
        return {"from": self.begins, "to": self.ends, "days": list(self.days)}


@dataclass(frozen=True, slots=True)
class Timing:
    """Either `cron` or `interval` (seconds)."""

    cron: str | None
    interval: int | None
    time_zone: str = "UTC"
    jitter: int = 0
    """seconds by which a run may begin later, so that not everything begins at once"""
    window: Window | None = None
    """only then"""
    blackouts: tuple[Window, ...] = ()
    """never then"""

    def next_after(self, after: int, *, begun: int) -> int | None:
        """The first due time behind a time, without jitter; microseconds UTC. None where it never is due.

        `begun`: when the schedule was made, from which intervals are counted.
        """
        moment = _moment(after) + timedelta(microseconds=1)
        if self.interval is not None:
            trigger = IntervalTrigger(seconds=self.interval, start_date=_moment(begun), timezone=UTC)
            return _microseconds(trigger.get_next_fire_time(None, moment))
        zone = ZoneInfo(self.time_zone)
        cron = CronTrigger.from_crontab(_by_names(self.cron or ""), timezone=zone)
        while (found := cron.get_next_fire_time(None, moment.astimezone(zone))) is not None:
            if not (found.fold and self._is_a_time_of_day()):
                return _microseconds(found)
            moment = found.astimezone(UTC) + timedelta(microseconds=1)
        return None

    def _is_a_time_of_day(self) -> bool:
        minute, hour = (self.cron or "").split()[:2]
        return not minute.startswith("*") and not hour.startswith("*")

    def delay(self, key: str, due: int) -> int:
        """By how many microseconds a due time is put off: the same whoever asks, and another for every key."""
        chance = hashlib.blake2b(f"{key}|{due}".encode(), digest_size=8).digest()
        return self.jitter * SECOND * int.from_bytes(chance) >> 64

    def forbids(self, at: int) -> str | None:
        """Why nothing may begin at a time; None where it may."""
        local = _moment(at).astimezone(ZoneInfo(self.time_zone))
        for blackout in self.blackouts:
            if blackout.holds(local):
                return f"blackout from {blackout.begins} to {blackout.ends} ({self.time_zone})"
        if self.window is not None and not self.window.holds(local):
            return f"outside of the window from {self.window.begins} to {self.window.ends} ({self.time_zone})"
        return None

    def as_body(self) -> dict[str, Any]:
        """As a document, and as clients see it."""
        return {
            "cron": self.cron,
            "interval": self.interval,
            "time_zone": self.time_zone,
            "jitter": self.jitter,
            "window": None if self.window is None else self.window.as_body(),
            "blackouts": [blackout.as_body() for blackout in self.blackouts],
        }


def timing(said: Mapping[str, Any]) -> Timing:
    """A timing as it is written. Raises Invalid, which says what is allowed."""
    cron, interval = said.get("cron"), said.get("interval")
    if (cron is None) == (interval is None):
        raise Invalid('say when: either cron ("30 2 * * *") or interval (seconds, or "15m", "6h", "1d")')
    zone = said.get("time_zone") or "UTC"
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError, TypeError):
        raise Invalid(f"time_zone: {zone!r} is not known; a name such as Europe/Berlin is wanted") from None
    jitter = _seconds("jitter", said.get("jitter") or 0, least=0, most=86_400)
    window = said.get("window")
    made = Timing(
        cron=None if cron is None else " ".join(str(cron).split()),
        interval=None if interval is None else _seconds("interval", interval, least=SHORTEST, most=LONGEST),
        time_zone=zone,
        jitter=jitter,
        window=None if window is None else _window("window", window),
        blackouts=tuple(_window(f"blackouts.{at}", one) for at, one in enumerate(_listed(said.get("blackouts")))),
    )
    if made.cron is not None:
        _check_cron(made)
    return made


def _check_cron(made: Timing) -> None:
    fields = (made.cron or "").split()
    if len(fields) != 5:
        raise Invalid(f"cron: five fields are wanted (minute, hour, day, month, weekday), not {len(fields)}")
    if fields[2] != "*" and fields[4] != "*":
        raise Invalid("cron: a day of the month and a weekday together mean either to cron: write two schedules")
    try:
        due = made.next_after(0, begun=0)
    except ValueError as wrong:
        raise Invalid(f"cron: {wrong}") from None
    if due is None:
        raise Invalid(f"cron: {made.cron!r} is never due")


def _by_names(cron: str) -> str:
    """The line with weekdays by name, which mean the same to everybody."""
    *fields, weekdays = cron.split()
    return " ".join([*fields, ",".join(_weekdays(part) for part in weekdays.split(","))])


def _weekdays(part: str) -> str:
    days, slash, step = part.partition("/")
    if days == "*":
        if not slash:
            return "*"
        days = "0-6"
    first, dash, last = days.partition("-")
    if not (first.isdecimal() and (not dash or last.isdecimal())):
        return part
    begin, end = int(first), int(last) if dash else 6 if slash else int(first)
    by = int(step) if step.isdecimal() else 1
    if begin > 7 or end > 7 or end < begin or by < 1:
        raise ValueError(f"weekday {part!r}: 0 to 7 or sun to sat are wanted")
    return ",".join(dict.fromkeys(CRON_DAYS[day] for day in range(begin, end + 1, by)))


def _seconds(name: str, value: object, *, least: int, most: int) -> int:
    found = re.fullmatch(r"\s*(\d{1,9})\s*([smhd]?)\s*", str(value)) if not isinstance(value, bool) else None
    seconds = int(found[1]) * UNITS[found[2] or "s"] if found else -1
    if not least <= seconds <= most:
        raise Invalid(f'{name}: seconds from {least} to {most} are wanted, or such as "90s", "15m", "6h", "1d"')
    return seconds


def _listed(value: object) -> Sequence[Any]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise Invalid("blackouts: a list is wanted")
    return value


def _window(name: str, said: Any) -> Window:
    wanted = f'{name}: {{"from": "22:00", "to": "06:00", "days": ["mon", "tue"]}} is wanted; without days every day'
    if not isinstance(said, Mapping) or not {"from", "to"} <= said.keys() <= {"from", "to", "days"}:
        raise Invalid(wanted)
    days = said.get("days") or DAYS
    if isinstance(days, str) or any(day not in DAYS for day in days):
        raise Invalid(f"{name}.days: of {', '.join(DAYS)}")
    try:
        begins, ends = (_of_day(said[key]) for key in ("from", "to"))
    except (ValueError, TypeError):
        raise Invalid(wanted) from None
    if begins == ends:
        raise Invalid(f"{name}: it begins when it ends")
    return Window(said["from"], said["to"], tuple(day for day in DAYS if day in days))


def _of_day(text: str) -> TimeOfDay:
    if not re.fullmatch(r"\d\d:\d\d", text):
        raise ValueError(text)
    return TimeOfDay.fromisoformat(text)


def _moment(at: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)


def _microseconds(at: datetime | None) -> int | None:
    return None if at is None else (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
