"""Tokens: who asks, in which role, and how far that reaches."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.problems import Problem
from api.wiring import System
from cmdb.graph_patch import DocumentWrite
from cmdb.time import to_rfc3339
from cmdb.vocabulary import HUMAN
from graph.ledger import Document

TOKENS = "token"
ROLES = ("viewer", "responder", "change_manager", "steward", "collector", "admin")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a token's holder. No realms means every realm, no sources every source."""

    token: str
    name: str
    role: str
    sources: frozenset[str]
    realms: frozenset[str]

    def may_feed(self, source: str, realm: str) -> bool:
        """Whether it may bring observations of this source into this realm."""
        named = self.role != "collector" or source in self.sources
        return named and self.sees(realm)

    def sees(self, realm: str) -> bool:
        """Whether it may see what stands in this realm."""
        return not self.realms or realm in self.realms


LONGEST_DAYS = 36_500
"""a hundred years: a day that no calendar has would be kept, and never be shown again"""


def create_token(
    system: System,
    role: str,
    *,
    name: str | None = None,
    sources: tuple[str, ...] = (),
    realms: tuple[str, ...] = (),
    days: int | None = None,
) -> dict[str, Any]:
    """A new token; its secret is in the answer and nowhere else. Raises Problem for an unknown role."""
    if role not in ROLES:
        raise Problem("invalid", f"unknown role {role!r}; known: {', '.join(ROLES)}")
    if role == "collector" and not sources:
        raise Problem("invalid", "a collector's token names the sources that it may feed: --source")
    if role != "collector" and sources:
        raise Problem("invalid", f"--source limits a collector; a {role} is not limited by it")
    if HUMAN in sources:
        raise Problem("invalid", f"nobody may feed source {HUMAN}: a person corrects, with the role steward")
    if days is not None and not 0 < days <= LONGEST_DAYS:
        raise Problem("invalid", f"a token expires after 1 to {LONGEST_DAYS} days, or never: leave it out")
    token_id, secret = system.parts.new_id(), secrets.token_urlsafe(32)
    now = system.parts.now()
    body = {
        "id": token_id,
        "name": name or role,
        "role": role,
        "sources": sorted(sources),
        "realms": sorted(realms),
        "created_at": now,
        "expires_at": None if days is None else now + days * 86_400_000_000,
        "hash": _hash(secret),
    }
    system.store.put(DocumentWrite(TOKENS, token_id, body, expected=None))
    return {**_shown(body), "token": f"{token_id}.{secret}"}


def list_tokens(system: System) -> list[dict[str, Any]]:
    """Every token without its hash."""
    return [_shown(document.body) for document in system.store.documents(TOKENS)]


def _shown(body: Mapping[str, Any]) -> dict[str, Any]:
    expires = body["expires_at"]
    return {
        **{key: body[key] for key in ("id", "name", "role", "sources", "realms")},
        "created_at": to_rfc3339(body["created_at"]),
        "expires_at": None if expires is None else to_rfc3339(expires),
    }


def revoke_token(system: System, token_id: str) -> bool:
    """Whether there was one to revoke."""
    if system.store.document(TOKENS, token_id) is None:
        return False
    system.store.put(DocumentWrite(TOKENS, token_id, None))
    return True


def _hash(secret: str) -> str:
    # The secret is random and long, so a plain fast hash is enough; nothing could be guessed offline.
    return hashlib.blake2b(secret.encode(), digest_size=32).hexdigest()


def caller_of(system: System, header: str | None) -> Caller:
    """Who sent this Authorization header. Raises Problem `unauthenticated`."""
    scheme, _, given = (header or "").partition(" ")
    token_id, _, secret = given.strip().partition(".")
    if scheme.lower() != "bearer" or not secret:
        raise Problem("unauthenticated", "send Authorization: Bearer <token>; cmdb token create makes one")
    document: Document | None = system.store.document(TOKENS, token_id)
    stored = document.body["hash"] if document else _hash("")
    if not hmac.compare_digest(stored, _hash(secret)) or document is None:
        raise Problem("unauthenticated", "this token is unknown, or has been revoked")
    body = document.body
    if body["expires_at"] is not None and body["expires_at"] <= system.parts.now():
        raise Problem("unauthenticated", "this token has expired")
    return Caller(token_id, body["name"], body["role"], frozenset(body["sources"]), frozenset(body["realms"]))
