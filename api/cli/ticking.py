"""tick: let time take effect now, and say what it moved."""

from api.cli.output import console, print_json
from api.wiring import System
from discovery.tick import tick


def tick_now(system: System, *, as_json: bool) -> None:
    """Fold anew everything whose time has come."""
    done = tick(system.parts)
    found = {"folded": done.folded, "missing": done.gone_missing, "retired": done.retired}
    if as_json:
        print_json(found | {"revision": system.store.revision()[0]})
    else:
        console.print(
            f"{done.folded} configuration items looked at: "
            f"{done.gone_missing} went missing, {done.retired} were retired"
        )
