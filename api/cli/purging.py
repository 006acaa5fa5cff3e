"""purge: forget what was retired long ago, and say what goes and what stays why."""

from api.cli.output import console, print_json, table
from api.wiring import System
from cmdb.ci_class import DAY
from cmdb.errors import Invalid
from discovery.purge import purge


def purge_now(system: System, older_than: int | None, *, preview: bool, as_json: bool) -> None:
    """Forget now, whatever the clock does; `older_than` in days, by default as the settings say."""
    days = system.settings.purge_after if older_than is None else older_than
    if not days:
        raise Invalid("CMDB_PURGE_AFTER is 0: nothing is purged by itself; say --older-than DAYS")
    done = purge(system.parts, days * DAY, preview=preview)
    if as_json:
        print_json(
            {
                "preview": preview, "older_than_days": days, "purged": done.purged, "records": done.records,
                "by_class": dict(sorted(done.by_class.items())), "kept": dict(sorted(done.kept.items())),
                "revision": system.store.revision()[0],
            }
        )  # fmt: skip
        return
    what = "would be purged" if preview else "were purged"
    console.print(
        f"{done.purged} configuration items with {done.records} records {what}: retired, and not seen, for {days} days"
    )
    if done.by_class:
        table("Purged", ("class", "CIs"), sorted(done.by_class.items()))
    if done.kept:
        table("Kept, although old enough", ("why", "CIs"), sorted(done.kept.items()))
