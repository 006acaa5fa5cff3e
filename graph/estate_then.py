"""The estate of any past that can be asked for: as the store stood, as it is believed to have been, or both at once."""

from cmdb.vocabulary import Vocabulary
from graph.as_it_stood import MovedCIs, moved_cis, not_later
from graph.estate_as_of import estate_as_of
from graph.estate_at import MovedEstate, moved_estate
from graph.store import ReadTransaction
from graph.store_at import StoreAt


def estate_then(
    look: ReadTransaction, known_at: int, as_of: int, vocabulary: Vocabulary, *, records: bool = True
) -> MovedEstate:
    """What had been the case at `as_of` (microseconds UTC), as the store at revision `known_at` had it.

    Without `records`, those of CIs that moved since `known_at` are left out. O(what moved since the earlier of both).
    """
    stood = moved_estate(look, known_at, vocabulary)
    believed = estate_as_of(StoreAt(look, known_at, vocabulary), known_at, as_of, vocabulary)
    held = moved_cis(look, known_at, vocabulary).records if records else {}
    at = believed.cis.at
    before = {id_: None if ci is None else not_later(ci, at) for id_, ci in stood.cis.cis.items()}
    return MovedEstate(
        MovedCIs(known_at, at, {**before, **believed.cis.cis}, {**held, **believed.cis.records}),
        {**stood.relations, **believed.relations},
        {**stood.records, **believed.records},
    )


def cis_then(
    look: ReadTransaction,
    last: int,
    known_at: int | None,
    as_of: int | None,
    vocabulary: Vocabulary,
    *,
    records: bool = True,
) -> MovedCIs:
    """The CIs that stand otherwise now; at least one of the two times is given. `last`: the present revision."""
    if as_of is None:
        return moved_cis(look, last if known_at is None else known_at, vocabulary, records=records)
    if known_at is None:
        return estate_as_of(look, last, as_of, vocabulary).cis
    return estate_then(look, known_at, as_of, vocabulary, records=records).cis


def past_estate(
    look: ReadTransaction, last: int, vocabulary: Vocabulary, known_at: int | None, as_of: int | None
) -> tuple[int, Vocabulary, MovedEstate | None]:
    """What `GraphStore.topology` reads: of which revision, and what has to be put back; `last`: the present one."""
    if known_at is not None and as_of is not None:
        return known_at, vocabulary, estate_then(look, known_at, as_of, vocabulary, records=False)
    if as_of is not None:
        return last, vocabulary, estate_as_of(look, last, as_of, vocabulary)
    if known_at is not None:
        return known_at, vocabulary, moved_estate(look, known_at, vocabulary)
    return last, vocabulary, None
