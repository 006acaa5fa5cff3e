"""What a command works with: the parts that the settings ask for, and the person at the terminal."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.tokens import Caller
    from api.wiring import System


def system() -> "System":
    """The parts around the store that the settings name. Raises graph.store.StoreError."""
    from api.settings import Settings
    from api.wiring import build

    return build(Settings())


def operator() -> "Caller":
    """Whoever can open the store may do everything."""
    from api.tokens import Caller

    return Caller("", "command line", "admin", frozenset(), frozenset())
