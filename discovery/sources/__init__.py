"""Every source by name: one line each."""

from discovery.source import Source

SOURCES: dict[str, Source] = {}
