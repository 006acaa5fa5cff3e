"""What a scan can be told."""

import os

from pydantic import Field, field_validator

from discovery.several_texts import Texts
from discovery.source import SourceSettings
from discovery.sources.nmap.profiles import DEFAULT, PROFILES, Profile
from discovery.targets import scopes_asked


class NmapSettings(SourceSettings):
    """Targets as networks, addresses or host names; lists may be written with commas."""

    targets: Texts = Field((), description="networks, addresses or host names to scan")
    exclude: Texts = Field((), description="never touch these, whatever the targets say")
    allow: Texts = Field((), description="what may be scanned; empty: private ranges of this machine's own interfaces")
    profile: str = Field(DEFAULT, description=f"one of {', '.join(PROFILES)}")
    xml: str | None = Field(None, description="a saved -oX file to read instead of scanning")
    large: bool = Field(False, description="more than a /20 in one run is meant")

    @field_validator("profile")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in PROFILES:
            raise ValueError(f"unknown profile; known: {', '.join(PROFILES)}")
        return name

    def chosen(self) -> Profile:
        """The profile, as this user can run it."""
        return PROFILES[self.profile]


def covers(settings: NmapSettings) -> tuple[str, ...]:
    """The addresses that will be asked; a saved scan asks nobody."""
    return () if settings.xml is not None else scopes_asked(settings.targets, settings.exclude)


def is_root() -> bool:
    """Whether raw packets may be sent."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
