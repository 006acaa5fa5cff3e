"""ask: which pairs wait for a person after a block was decided, and which no longer do."""

from collections.abc import Collection, Iterable

from cmdb.draft import Draft
from cmdb.graph_patch import DocumentWrite
from cmdb.identification import Review
from cmdb.sighting import record_of

REVIEWS = "review"
"""ledger kind"""


def ask(draft: Draft, members: Collection[str], reviews: Iterable[Review]) -> None:
    """Note the reviews of a block on the records that they are about; what is no longer asked has lapsed.

    `members`: its sightings. What is asked about others of the same records stays asked.
    """
    records = {record_of(member) for member in members}
    seen = {sighting.key: sighting for key in records for sighting in draft.sightings[key]}
    asked: dict[str, set[str]] = {}
    for review in reviews:
        one, other = seen[review.a], seen[review.b]
        review_id = f"{one.brought}.{other.brought}"
        draft.reviews[review_id] = review
        draft.lapsed.discard(review_id)
        asked.setdefault(one.record_key, set()).add(review_id)
    for key in records:
        record = draft.new[key]
        apart = {sighting.brought for sighting in draft.sightings[key] if sighting.key not in members}
        kept = {review_id for review_id in record.asked if apart & set(review_id.split("."))} if apart else set()
        now = tuple(sorted(asked.get(key, set()) | kept))
        if record.asked != now:
            draft.lapsed.update(set(record.asked) - set(now) - draft.reviews.keys())
            draft.new[key] = record._replace(asked=now)


def review_documents(draft: Draft) -> Iterable[DocumentWrite]:
    """What a person finds in the queue."""
    for review_id, review in sorted(draft.reviews.items()):
        a, b = review_id.split(".")
        yield DocumentWrite(
            REVIEWS,
            review_id,
            {
                "id": review_id,
                "a": a,
                "b": b,
                "score": review.score,
                "threshold": review.threshold,
                "evidence": [list(piece) for piece in review.evidence],
                "vetoes": list(review.vetoes),
                "state": "open",
                "opened_at": draft.context.now,
            },
        )
    for review_id in sorted(draft.lapsed):
        a, b = review_id.split(".")
        lapsed = {"id": review_id, "a": a, "b": b, "state": "lapsed", "lapsed_at": draft.context.now}
        yield DocumentWrite(REVIEWS, review_id, lapsed)
