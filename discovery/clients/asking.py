"""What every source that asks a service over HTTP can be told: how patient to be, and whether to read everything."""

import random
from collections.abc import Collection
from typing import Annotated

from pydantic import Field

from discovery.clients.patience import Patience
from discovery.errors import SourceMisconfigured
from discovery.source import Reading, SourceSettings

WHILE_SOMEBODY_WAITS = 2.0
"""seconds"""


class AskingSettings(SourceSettings):
    """How to ask."""

    scope: str = Field("", description="which parts are read, with commas between them; empty: all")
    full: bool = Field(False, description="read everything, also where only what has moved could be asked for")
    patience: Annotated[float, Field(ge=0)] = Field(
        600, description="seconds that a run may wait, in all, for a service that is busy or does not answer"
    )
    timeout: Annotated[float, Field(gt=0)] = Field(60, description="seconds for an answer to begin or to go on")


def parts_wanted(settings: AskingSettings, known: Collection[str]) -> list[str]:
    """The parts that `scope` names, all where it names none, in their own order. Raises SourceMisconfigured."""
    named = {name.strip() for name in settings.scope.split(",") if name.strip()}
    if unknown := named - set(known):
        raise SourceMisconfigured(f"scope: {', '.join(sorted(unknown))} unknown; known: {', '.join(known)}")
    return [name for name in known if not named or name in named]


def patience_of(settings: AskingSettings, reading: Reading) -> Patience:
    """A run's patience; where somebody waits for the answer, little."""
    budget = min(settings.patience, WHILE_SOMEBODY_WAITS) if reading.hurried else settings.patience
    return Patience(budget, stopped=reading.stopped, dice=random.random)
