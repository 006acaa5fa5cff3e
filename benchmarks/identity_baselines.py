"""Two ways in which identity is usually decided: any shared key, and a first-match cascade."""

from collections.abc import Callable, Hashable, Iterable, Sequence

from cmdb.identifier import NAME_KINDS, swapped_uuid
from cmdb.sighting import Sighting

CASCADE = ("agent_id", "serial", "uuid", "entra_device_id", "mac", "fqdn", "hostname", "ip")
"""what is asked first decides; as in the identification rules of the widespread products"""


def any_shared_key(sightings: Sequence[Sighting]) -> dict[str, Hashable]:
    """One where anything is shared, transitively; our refusal of worthless values is its stop list."""
    parent: dict[Hashable, Hashable] = {}

    def root(node: Hashable) -> Hashable:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for sighting in sightings:
        for key in _keys(sighting):
            parent[root(key)] = root(sighting.key)
    return {sighting.key: root(sighting.key) for sighting in sightings}


def first_match(sightings: Sequence[Sighting]) -> dict[str, Hashable]:
    """Records in the order of arrival; each goes to the thing found under the first kind that finds one."""
    thing: dict[tuple[str, str], int] = {}
    labels: dict[str, Hashable] = {}
    found: int | None
    for sighting in sorted(sightings, key=lambda s: s.applied):
        keys = sorted(_keys(sighting), key=lambda key: (CASCADE.index(key[0]) if key[0] in CASCADE else 99, key))
        found = next((thing[key] for key in keys if key[0] in CASCADE and key in thing), None)
        label = len(labels) if found is None else found
        labels[sighting.key] = label
        for key in keys:
            thing.setdefault(key, label)
    return labels


def _keys(sighting: Sighting) -> Iterable[tuple[str, str]]:
    for kind, value, _, _ in sighting.lifetimes:
        if kind in NAME_KINDS:
            yield ("fqdn" if "." in value else "hostname", value)
        elif kind == "ip":
            yield kind, f"{value} in {sighting.realm}"
        else:
            yield kind, min(value, swapped_uuid(value)) if kind == "uuid" else value


BASELINES: dict[str, Callable[[Sequence[Sighting]], dict[str, Hashable]]] = {
    "any shared key": any_shared_key,
    "first match": first_match,
}
