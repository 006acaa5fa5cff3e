"""Which CIs the open reviews are about, as they are held now."""

from collections.abc import Iterator

from cmdb.asking import REVIEWS
from graph.ledger import Document
from graph.quality import OpenReview
from graph.store import GraphStore

AT_ONCE = 1000


def open_reviews(store: GraphStore) -> tuple[OpenReview, ...]:
    """Every review that waits for a person, each side by the CI that holds it now; those about one CI are left out."""
    bodies = [document.body for document in _all(store) if document.body["state"] == "open"]
    sides = sorted({body[side] for body in bodies for side in ("a", "b")})
    holder: dict[str, str] = {}
    for first in range(0, len(sides), AT_ONCE):
        some = sides[first : first + AT_ONCE]
        leads = store.read(lambda look, _, some=some: look.leads(some))  # type: ignore[misc]
        holder.update({side: leads.get(side, side) for side in some})
    found = (OpenReview(body["id"], holder[body["a"]], holder[body["b"]], body.get("score")) for body in bodies)
    return tuple(review for review in found if review.a != review.b)


def _all(store: GraphStore) -> Iterator[Document]:
    after: str | None = None
    while page := store.documents(REVIEWS, after=after, limit=AT_ONCE):
        yield from page
        after = page[-1].key
