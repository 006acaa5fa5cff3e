"""The block around some sightings, with all its records, as identification would read it."""

from collections.abc import Mapping
from typing import NamedTuple

from cmdb.identity_settings import IdentitySettings
from cmdb.meeting import Meetings
from cmdb.sighting import Record, Sighting, record_of, sightings_of
from cmdb.surroundings import Asked, Block
from cmdb.vocabulary import Vocabulary
from graph.store import ReadTransaction, WriteTransaction


class BlockRead(NamedTuple):
    """`records` and `sightings` are those of the block; a record's other sightings are in its record only."""

    block: Block
    records: Mapping[str, Record]
    sightings: list[Sighting]


def block_read(
    look: ReadTransaction | WriteTransaction, asked: Asked, words: Vocabulary, settings: IdentitySettings
) -> BlockRead:
    """The block around what is asked for."""
    block = look.block(asked, Meetings(words), common_at=settings.common_at, largest=settings.largest_block)
    records = look.records({record_of(sighting) for sighting in block.sightings})
    sightings = [s for record in records.values() for s in sightings_of(record, words) if s.key in block.sightings]
    return BlockRead(block, records, sightings)
