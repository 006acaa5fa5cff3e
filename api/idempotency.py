"""Idempotency-Key: the same request sent twice is done once and answered alike, for a day."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import Depends, Header, Request, Response

from api.access import ANYTHING, needs
from api.answers import json_answer, json_bytes
from api.asking import TheSystem
from api.problems import Problem
from api.tokens import Caller
from api.wiring import System
from cmdb.graph_patch import DocumentWrite
from graph.ledger import Conflict

ANSWERS = "idempotency"
"""ledger kind of the answers kept"""
KEPT = 24 * 3600 * 1_000_000
"""microseconds for which an answer is kept"""
CLAIMED = 60 * 1_000_000
"""microseconds after which a request that was begun and never answered may be tried again"""
IN_USE = "another request with this Idempotency-Key is being answered: try again"


@dataclass(frozen=True, slots=True)
class Once:
    """One request under its key; without a key nothing is kept."""

    system: System
    place: str | None
    """where the answer is kept: per token and route"""

    def kept(self, body: bytes) -> Response | None:
        """The answer given before. Raises Problem `key-reused` for another body, `key-in-use` while it is answered."""
        return None if self.place is None else self._found(body)[0]

    def _found(self, body: bytes) -> tuple[Response | None, int | None]:
        """The answer given before, and the version of the document that stands in the way of a new one."""
        assert self.place is not None
        document = self.system.store.document(ANSWERS, self.place)
        if document is None:
            return None, None
        age = self.system.parts.now() - document.body["at"]
        claimed = document.body["answer"] is None
        if age > (CLAIMED if claimed else KEPT):
            return None, document.version
        if document.body["body"] != _digest(body):
            raise Problem("key-reused", "this Idempotency-Key was used with another body: choose a new one")
        if claimed:
            raise Problem("key-in-use", IN_USE)
        return json_answer(orjson.loads(document.body["answer"]), document.body["status"]), document.version

    def kept_with_patch(self, body: bytes) -> Callable[[dict[str, Any]], tuple[DocumentWrite, ...]]:
        """Spells an answer as what is to be written in the transaction that it speaks of.

        What stands under the key is read now, before that transaction; if it moves, the transaction conflicts.
        """
        if self.place is None:
            return lambda answer: ()
        version = self._found(body)[1]
        return lambda answer: (self._document(body, answer, 200, version),)

    def do(self, body: bytes, make: Callable[[], dict[str, Any]], status: int = 200) -> Response:
        """Do what has a transaction of its own: the key is claimed before and the answer kept after."""
        if self.place is None:
            return json_answer(make(), status)
        kept, version = self._found(body)
        if kept is not None:
            return kept
        try:
            claimed = self.system.store.put(self._document(body, None, status, version))
        except Conflict:
            raise Problem("key-in-use", IN_USE) from None
        try:
            made = make()
        except BaseException:
            self.system.store.put(DocumentWrite(ANSWERS, self.place, None))
            raise
        self.system.store.put(self._document(body, made, status, claimed))
        return json_answer(made, status)

    def _document(self, body: bytes, answer: Any, status: int, version: int | None) -> DocumentWrite:
        assert self.place is not None
        kept = {
            "at": self.system.parts.now(),
            "body": _digest(body),
            "answer": None if answer is None else json_bytes(answer).decode(),
            "status": status,
        }
        return DocumentWrite(ANSWERS, self.place, kept, expected=version)


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def _once(
    request: Request,
    system: TheSystem,
    caller: Annotated[Caller, Depends(needs(ANYTHING))],
    key: Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=256)] = None,
) -> Once:
    return Once(system, None if key is None else f"{caller.token}|{request.method} {request.url.path}|{key}")


TheOnce = Annotated[Once, Depends(_once)]


def forget_old_answers(system: System) -> None:
    """Drop what is kept no longer."""
    after: str | None = None
    while documents := system.store.documents(ANSWERS, after=after):
        for document in documents:
            if system.parts.now() - document.body["at"] > KEPT:
                system.store.put(DocumentWrite(ANSWERS, document.key, None))
        after = documents[-1].key
