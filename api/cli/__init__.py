"""The command line: `cmdb COMMAND`. Heavy parts are imported by the command that needs them."""

import sys


def main() -> None:
    """Entry point. Exit status: 0 done, 1 the answer is "no" or a run was not complete, 2 wrong use."""
    from api.cli import commands, identity_commands, run_commands, schedule_commands, source_commands  # noqa: F401  (they register themselves)
    from api.cli.app import app

    try:
        app()
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        sys.exit(1)
