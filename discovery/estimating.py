"""Settings of identity that the estate itself tells: what an address is worth in it."""

from cmdb.address_worth import AddressWorth, address_worth
from cmdb.rulings import rulings_of
from cmdb.sighting import sightings_of
from cmdb.uncollected import uncollected
from discovery.run import Parts
from discovery.settings_kept import identity_settings


def estimate(parts: Parts) -> AddressWorth:
    """From everything that is held; keeps nobody from writing. O(records) memory and time."""
    with uncollected():
        records = parts.store.survey(lambda look: list(look.records()))
        sightings = [sighting for record in records for sighting in sightings_of(record, parts.vocabulary)]
        decisions = rulings_of(records, parts.vocabulary).decisions
        return address_worth(sightings, parts.vocabulary, identity_settings(parts.store), decisions)
