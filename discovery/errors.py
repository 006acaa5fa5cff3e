"""What can go wrong while reading a source, named by the reaction it calls for.

DiscoveryError
├── SourceUnavailable     try again later; what was read so far stands, its scope is partial
├── RecordRejected        skip this record, count it, say why
└── SourceMisconfigured   stop before anything is read: a person must change the settings
"""


class DiscoveryError(Exception):
    """Root of every error of this package."""


class SourceUnavailable(DiscoveryError):
    """The source did not answer, or stopped answering."""


class RecordRejected(DiscoveryError):
    """One record cannot be understood. `record` names it where it could be read."""

    def __init__(self, reason: str, record: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.record = record


class SourceMisconfigured(DiscoveryError):
    """The settings cannot work; the message says what to change."""
