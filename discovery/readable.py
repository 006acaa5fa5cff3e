"""Whether a file that a source is to read can be opened."""

from pathlib import Path

from discovery.source import Permission


def read_permission(path: str) -> Permission:
    """The permission to read this file, with what the system says against it."""
    try:
        Path(path).open("rb").close()
    except OSError as wrong:
        return Permission("read the file", False, f"{path}: {wrong.strerror or wrong}")
    return Permission("read the file", True)
