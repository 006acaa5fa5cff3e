"""Whom to ask over SNMP, as whom, and how fast."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from discovery.errors import SourceMisconfigured
from discovery.several_texts import Texts
from discovery.source import SourceSettings

SHORTEST_KEY = 8
"""characters of a v3 pass phrase (RFC 3414)"""


class SnmpSettings(SourceSettings):
    """Targets as networks, addresses or host names, and either a community (v2c) or a user (v3)."""

    targets: Texts = Field((), description="networks, addresses or host names to ask")
    exclude: Texts = Field((), description="never ask these, whatever the targets say")
    allow: Texts = Field((), description="what may be asked; empty: private ranges of this machine's own interfaces")
    large: bool = Field(False, description="more than a /20 in one run is meant")
    community: SecretStr | None = Field(None, description="v2c: the community that may read")
    user: str = Field("", description="v3: the user that may read")
    auth_protocol: Literal["MD5", "SHA", "SHA224", "SHA256", "SHA384", "SHA512"] = Field(
        "SHA", description="v3: how the user is proved"
    )
    auth_key: SecretStr | None = Field(None, description="v3: pass phrase that proves the user")
    priv_protocol: Literal["DES", "3DES", "AES", "AES192", "AES256"] = Field(
        "AES", description="v3: how what is said is encrypted"
    )
    priv_key: SecretStr | None = Field(None, description="v3: pass phrase of the encryption")
    port: Annotated[int, Field(ge=1, le=65_535)] = Field(161, description="UDP port of the agents")
    timeout: Annotated[float, Field(gt=0, le=60)] = Field(2, description="seconds for an agent to answer")
    retries: Annotated[int, Field(ge=0, le=10)] = Field(1, description="how often a question is asked again")
    packets_per_second: Annotated[float, Field(gt=0, le=10_000)] = Field(
        100, description="questions sent in a second, retries apart"
    )
    max_rows: Annotated[int, Field(ge=1)] = Field(
        50_000, description="rows of one column, above which it is given up and the device not read to its end"
    )
    neighbours: bool = Field(True, description="bridge and ARP tables are read too, for what hangs on a port")
    heard: bool = Field(True, description="who answered under an address, by the ARP table, is said as a device")
    full: bool = Field(False, description="what a device says now stands, also where it once said more")


def checked(settings: SnmpSettings) -> SnmpSettings:
    """Raises SourceMisconfigured where it is not clear as whom to ask."""
    if not settings.targets:
        raise SourceMisconfigured("no targets: name networks or addresses, such as 192.168.1.0/24")
    community = settings.community.get_secret_value() if settings.community else ""
    if bool(community) == bool(settings.user):
        raise SourceMisconfigured("set either `community` (v2c) or `user` with `auth_key` and `priv_key` (v3)")
    for name in ("auth_key", "priv_key"):
        key: SecretStr | None = getattr(settings, name)
        if settings.user and key is not None and len(key.get_secret_value()) < SHORTEST_KEY:
            raise SourceMisconfigured(f"{name} is shorter than {SHORTEST_KEY} characters, which no agent takes")
    if settings.user and settings.priv_key is not None and settings.auth_key is None:
        raise SourceMisconfigured("priv_key without auth_key: who is not proved cannot be answered encrypted")
    return settings
