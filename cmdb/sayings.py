"""What a record said before: every former saying with the first and last time at which it was said."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from cmdb.observation import Observation
from cmdb.past import Saying, open_said
from cmdb.sighting import Record
from cmdb.vocabulary import Vocabulary


class Told(NamedTuple):
    """Since when a record says what it says, and what else it is now known to have said."""

    since: int
    """`read_at` (microseconds UTC)"""
    late: tuple[Saying, ...] = ()
    """what came late, or between two tellings of the same; what merely stood until now is not among it"""


def told(before: Record | None, saids: Sequence[Observation], now: Record, vocabulary: Vocabulary) -> Told:
    """The sayings of a record after it was heard saying these.

    One saying lasts while the same is said again and nothing else is known to have been said between.
    """
    heard = [said for said in saids if not said.gone]
    if before is None:
        if len(heard) == 1:
            return Told(heard[0].read_at)
        sayings = []
    else:
        former = open_said(before, vocabulary)
        if all(said.content == former.content and said.read_at >= former.read_at for said in heard):
            return Told(before.since)
        sayings = [(before.since, former), (former.read_at, former)]
    sayings += [(said.read_at, said) for said in heard]
    sayings.sort(key=lambda one: (one[0], one[1].observed_at, one[1].content))
    runs = []
    for _, several in groupby(sayings, lambda one: one[1].content):
        together = list(several)
        runs.append(Saying(now.key, together[0][0], together[-1][0], together[-1][1]))
    standing = open_said(now, vocabulary).content
    last = max((at for at, run in enumerate(runs) if run.said.content == standing), default=len(runs) - 1)
    late = [run for at, run in enumerate(runs) if at != last]
    if before is not None:
        whole = (before.since, former.read_at, former.content)
        late = [run for run in late if (run.first, run.last, run.said.content) != whole or former.content == standing]
    return Told(runs[last].first, tuple(late))
