"""single: objects of a tenant by their ids, one question each, and whether one that is not found is really gone."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from discovery.clients.answer import Refused
from discovery.clients.msgraph import AT_ONCE, Graph, Row, batched
from discovery.source import Known

NOT_FOUND = 404


class Single(NamedTuple):
    """What came of one id: the object, or why it could not be read; neither where there is none of that id."""

    id: str
    row: Row | None
    unread: str | None = None


def place_of(known: Known) -> str | None:
    """An object is found again by its id, if that can stand in an address and a run told which collection it is of."""
    return known.record if known.scope is not None and not set(known.record) & set("/?#%\\ ") else None


def single(
    graph: Graph, path: str, properties: Sequence[str], ids: Sequence[str], stopped: Callable[[], bool]
) -> Iterator[Single]:
    """Until stopped. That there is nothing at an address is believed only where the collection itself can be listed.

    Raises what is worse than a refusal: then nothing else need be asked.
    """
    listed: str | None = None
    tried = False
    for some in batched(ids, AT_ONCE):
        if stopped():
            return
        answers = graph.each([f"{path}/{one}?$select={','.join(properties)}" for one in some])
        for one, answer in zip(some, answers, strict=True):
            if not isinstance(answer, Refused):
                yield Single(one, answer)
                continue
            if answer.status == NOT_FOUND and not tried:
                listed, tried = _why_not_listed(graph, path), True
            yield Single(one, None, listed if answer.status == NOT_FOUND else str(answer))


def _why_not_listed(graph: Graph, path: str) -> str | None:
    try:
        graph.get(f"{path}?$select=id&$top=1")
    except Refused as refused:
        return str(refused)
    return None
