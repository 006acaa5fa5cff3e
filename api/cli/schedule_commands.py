"""schedule: the scheduler as a process of its own, and the schedules it goes by."""

import signal
import threading
from typing import Annotated, Any

import typer

from api.cli.app import Json, app, example, system
from api.cli.output import console, plain_errors, print_json, table

schedule_app = typer.Typer(help="The scheduler as a process of its own, and the schedules it goes by.")
app.add_typer(schedule_app, name="schedule")

Id = Annotated[str, typer.Argument(help="Id of the schedule.")]
Cron = Annotated[str | None, typer.Option(help="Five fields: minute, hour, day, month, weekday.")]
Interval = Annotated[str | None, typer.Option(help="Seconds, or such as 15m, 6h, 1d.")]
TimeZone = Annotated[str | None, typer.Option(help="A name such as Europe/Berlin; UTC unless said.")]
Jitter = Annotated[str | None, typer.Option(help="Begin up to so much later: seconds, or such as 10m.")]
Blackout = Annotated[
    list[str] | None,
    typer.Option(metavar="HH:MM-HH:MM[/DAYS]", help="Never then; 08:00-18:00/mon,tue,wed for some days only."),
]
Window = Annotated[str | None, typer.Option(metavar="HH:MM-HH:MM[/DAYS]", help="Only then.")]


@schedule_app.callback(
    invoke_without_command=True, epilog=example("cmdb schedule", "cmdb schedule add corp --cron '30 2 * * *'")
)
def schedule(context: typer.Context) -> None:
    """Begin what is due until stopped. Any number of these and of `cmdb serve` act as one."""
    if context.invoked_subcommand is not None:
        return
    with plain_errors():
        from api.clock import clock_of

        parts = system()
        over = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: over.set())
        with clock_of(parts):
            console.print(f"The scheduler runs as {parts.owner} (Ctrl-C stops it)", highlight=False)
            over.wait()


@app.command(epilog=example("cmdb worker", "cmdb worker --zone dmz --zone plant"))
def worker(
    zone: Annotated[list[str] | None, typer.Option(help="Read only what is meant for this zone.")] = None,
) -> None:
    """Read what the scheduler sends through the broker (CMDB_BROKER) until stopped."""
    with plain_errors():
        from api.workers import work

        parts = system()
        console.print(f"The worker runs as {parts.owner} (Ctrl-C stops it)", highlight=False)
        work(parts, zone or [])


@schedule_app.command("add", epilog=example("cmdb schedule add corp --cron '30 2 * * *' --time-zone Europe/Berlin"))
def add(
    instance: Annotated[str, typer.Argument(help="The source instance to read.")],
    cron: Cron = None,
    interval: Interval = None,
    time_zone: TimeZone = None,
    jitter: Jitter = None,
    blackout: Blackout = None,
    window: Window = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything, not only what moved.")] = False,
    as_json: Json = False,
) -> None:
    """Read a source instance again and again."""
    with plain_errors():
        from discovery import schedule as schedules

        said = {
            "source_instance": instance, "cron": cron, "interval": interval, "time_zone": time_zone or "UTC",
            "jitter": jitter or 0, "window": _window(window), "blackouts": [_window(one) for one in blackout or []],
            "full": full,
        }  # fmt: skip
        _show(schedules.add(system().means, said), as_json=as_json)


@schedule_app.command("list", epilog=example("cmdb schedule list"))
def list_(as_json: Json = False) -> None:
    """Show every schedule, when it is next due, and what came of the last time."""
    with plain_errors():
        from api.schedule_views import schedule as view
        from discovery import schedule as schedules

        found = [view(one) for one, _ in schedules.every_schedule(system().means)]
        if as_json:
            print_json({"items": found, "next": None})
            return
        table(
            "Schedules",
            ("id", "source instance", "when", "time zone", "next", "last", "why"),
            [
                (one["id"], one["source_instance"], one["cron"] or f"every {one['interval']} s", one["time_zone"],
                 one["next_at"] if one["enabled"] else "off", (one["last"] or {}).get("outcome"),
                 (one["last"] or {}).get("why"))
                for one in found
            ],
        )  # fmt: skip


@schedule_app.command("edit", epilog=example("cmdb schedule edit 1ng2 --interval 6h", "cmdb schedule edit 1ng2 --off"))
def edit(
    schedule_id: Id,
    cron: Cron = None,
    interval: Interval = None,
    time_zone: TimeZone = None,
    jitter: Jitter = None,
    blackout: Blackout = None,
    window: Window = None,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Whether it is in force.")] = None,
    as_json: Json = False,
) -> None:
    """Change a schedule; what is not said stays."""
    with plain_errors():
        from discovery import schedule as schedules

        said = {
            "cron": cron, "interval": interval, "time_zone": time_zone, "jitter": jitter, "enabled": on,
            "window": _window(window), "blackouts": None if blackout is None else [_window(one) for one in blackout],
        }  # fmt: skip
        told = {key: value for key, value in said.items() if value is not None}
        _show(schedules.edit(system().means, schedule_id, told), as_json=as_json)


@schedule_app.command("remove", epilog=example("cmdb schedule remove 1ng2g3dvmknjcxz0"))
def remove(schedule_id: Id, as_json: Json = False) -> None:
    """Forget a schedule."""
    with plain_errors():
        from discovery import schedule as schedules

        schedules.remove(system().means, schedule_id)
        if as_json:
            print_json({"removed": schedule_id})


@schedule_app.command("run", epilog=example("cmdb schedule run 1ng2g3dvmknjcxz0"))
def run(schedule_id: Id, as_json: Json = False) -> None:
    """Have a schedule's source instance read now, by the scheduler that runs."""
    with plain_errors():
        from api.views import run as run_view
        from discovery import schedule as schedules

        means = system().means
        found = schedules.run_now(
            means, schedules.schedule(means, schedule_id).source_instance, schedule_id=schedule_id
        )
        if as_json:
            print_json(run_view(found))
        else:
            console.print(f"asked for: cmdb runs {found.run_id} --follow", highlight=False)


def _window(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    times, _, days = text.partition("/")
    begins, _, ends = times.partition("-")
    return {"from": begins, "to": ends, **({"days": days.split(",")} if days else {})}


def _show(found: Any, *, as_json: bool) -> None:
    from api.schedule_views import schedule as view

    shown = view(found)
    if as_json:
        print_json(shown)
    else:
        console.print(f"schedule {shown['id']}: {shown['source_instance']} next at {shown['next_at']}", highlight=False)
