"""One of several processes that bring the same records; a file of its own, so that a new process can import it."""

from typing import Any

from cmdb.observation import Claim, Observation, observation
from cmdb.vocabulary import Vocabulary, vocabulary
from discovery.run import Parts, take
from graph.open_store import open_store

RECORDS = 10_000
BATCH = 2_500
DAY = 24 * 3600 * 1_000_000


def _fleet(words: Vocabulary) -> list[Observation]:
    """Two records a machine, from two sources; each machine needs the one before it."""
    return [
        observation(
            words,
            source=source,
            record=f"{source}-{n}",
            ci_class="server",
            observed_at=DAY,
            name=f"host-{n}",
            identifiers=[("serial", f"SER-{n:06}"), ("fqdn", f"host-{n}.corp.example")],
            claims=[Claim("depends_on", True, f"serial:SER-{n - 1:06}")] if n else [],
        )
        for n in range(RECORDS // 2)
        for source in ("agent", "other")
    ]


def write(number: int, url: str, user: str | None, password: str | None, began: Any, done: Any) -> None:
    words = vocabulary()
    store = open_store(url, words, user=user, password=password)
    made = iter(range(1 << 40))
    parts = Parts(store, words, lambda: 2 * DAY, lambda: f"w{number}-{next(made)}")
    fleet = _fleet(words)
    batches = [fleet[begin : begin + BATCH] for begin in range(0, len(fleet), BATCH)]
    began.wait()
    fates = [0, 0, 0]
    for at in range(len(batches)):
        taken = take(parts, None, batches[(at + number) % len(batches)])
        fates = [a + b for a, b in zip(fates, (taken.created, taken.updated, taken.unchanged), strict=True)]
    store.close()
    done.put(fates)
