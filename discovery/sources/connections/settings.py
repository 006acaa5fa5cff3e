"""What the reading of this host's connections can be told."""

from pydantic import Field

from discovery.source import SourceSettings


class ConnectionsSettings(SourceSettings):
    """It reads the machine it runs on; how often it looks is all there is to say."""

    polls: int = Field(1, ge=1, le=100_000, description="how often the table of connections is read in one run")
    interval: float = Field(5.0, ge=0.1, le=3600.0, description="seconds between two polls")
    apart: float = Field(
        300.0, ge=0.0, le=86_400.0,
        description="seconds from which on a poll is another look: what lies closer sees the same connections again",
    )  # fmt: skip
    half_life: float = Field(
        14.0, gt=0.0, le=3650.0, description="days after which a sighting of a connection is worth half"
    )
    data_ports: tuple[int, ...] = Field(
        (), description="further ports where data services listen: who is proved to call one falls with it"
    )
