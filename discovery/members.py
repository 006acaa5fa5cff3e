"""What a CI is made of, as the store holds it."""

from cmdb.configuration_item import ConfigurationItem
from cmdb.errors import Invalid, UnknownReference
from cmdb.sighting import Sighting, is_human, sightings_of
from cmdb.vocabulary import Vocabulary
from graph.store import ReadTransaction, WriteTransaction


def ci_of_id(look: ReadTransaction | WriteTransaction, id_: str) -> ConfigurationItem:
    """The CI that bears an id or has absorbed it. Raises UnknownReference."""
    bearers = look.bearers([f"id|{id_}"], 1).get(f"id|{id_}", ())
    item = look.items([bearers[0].ci]).get(bearers[0].ci) if bearers else None
    if item is None:
        raise UnknownReference(f"no CI {id_}")
    return item


def reported_of(
    look: ReadTransaction | WriteTransaction, item: ConfigurationItem, vocabulary: Vocabulary
) -> list[Sighting]:
    """Its sightings, first applied first, but for people's words, which go where their record goes.

    Raises Invalid for a CI that people alone speak of.
    """
    found = [
        sighting
        for record in look.records(item.records).values()
        for sighting, ci in zip(sightings_of(record, vocabulary), record.cis, strict=True)
        if ci == item.id and not is_human(sighting)
    ]
    if not found:
        raise Invalid(f"{item.name} is known by a person's word alone")
    return sorted(found, key=lambda sighting: sighting.applied)
