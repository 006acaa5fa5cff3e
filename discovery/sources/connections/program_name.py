"""program_name: what a process is called from one release to the next.

An interpreter's name says nothing of what it runs: there it is the script's, module's or archive's. Nothing else of a
command line is looked at, because it may hold secrets.
"""

import os
import re
from collections.abc import Sequence

INTERPRETERS = frozenset({"python", "java", "node", "nodejs", "ruby", "perl", "php", "bun", "deno", "mono", "dotnet"})
_VERSION = re.compile(r"(?<=[A-Za-z])-?\d+(\.\d+)*\Z")
_MODULE = re.compile(r"[A-Za-z_][\w.]*\Z")
_SCRIPT = re.compile(r"[\w.+@-]{1,128}\Z")
_TAKES_A_VALUE = frozenset({"-cp", "-classpath", "--class-path", "-W", "-X", "--module-path", "-p", "-r", "--require"})
_LOADERS = frozenset({"__main__.py", "index.js", "main.js", "server.js", "app.js", "main.py", "app.py", "manage.py"})


def program_name(name: str, command: Sequence[str] = ()) -> str:
    """`name`: as the system lists the process; `command`: its argument vector, as far as it may be seen."""
    program = _bare(name)
    if program.casefold() not in INTERPRETERS:
        return program
    return _script(program, command[1:]) or program


def _bare(name: str) -> str:
    """Without path, suffix and version: python3.11 is python after the next upgrade too."""
    base = os.path.basename(name.strip().split(": ")[0].strip()) or name.strip()
    return _VERSION.sub("", base.removesuffix(".exe")) or base


def _script(program: str, arguments: Sequence[str]) -> str | None:
    skip = False
    for at, argument in enumerate(arguments):
        if skip:
            skip = False
        elif argument in ("-m", "-jar") and at + 1 < len(arguments):
            return _named(arguments[at + 1])
        elif argument in ("-c", "-e", "--eval", "-"):
            return None
        elif argument in _TAKES_A_VALUE:
            skip = True
        elif not argument.startswith("-"):
            if program == "java":  # a main class: its last part
                return argument.rpartition(".")[2] if _MODULE.match(argument) else None
            return _named(argument)
    return None


def _named(path: str) -> str | None:
    """The file's name; where every project calls it so, the folder's."""
    folder, base = os.path.split(path.rstrip("/"))
    if base in _LOADERS and os.path.basename(folder):
        base = os.path.basename(folder)
    stem, dot, suffix = base.rpartition(".")
    name = (
        stem if dot and stem and suffix in ("py", "js", "mjs", "cjs", "ts", "rb", "pl", "php", "jar", "dll") else base
    )
    return name if _SCRIPT.match(name) else None
