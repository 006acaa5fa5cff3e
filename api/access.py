"""Who may ask what: tokens with roles."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from api.problems import Problem
from api.wiring import System
from cmdb.graph_patch import DocumentWrite
from graph.ledger import Document

TOKENS = "token"
ROLES = ("viewer", "responder", "change_manager", "steward", "collector", "admin")

READ, ASK, FEED, CORRECT, RELEASE, ANYTHING, HEARTBEAT = (
    "read", "ask", "feed", "correct", "release", "anything", "heartbeat",
)  # fmt: skip
"""what a route does; each route names one"""

ALLOWED: Mapping[str, frozenset[str]] = {
    READ: frozenset({"viewer", "responder", "change_manager", "steward", "admin"}),
    ASK: frozenset({"viewer", "responder", "change_manager", "steward", "admin"}),
    FEED: frozenset({"collector", "admin"}),
    CORRECT: frozenset({"steward", "admin"}),
    RELEASE: frozenset({"steward", "admin"}),
    ANYTHING: frozenset(ROLES),
}


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
        return named and (not self.realms or realm in self.realms)

    def sees(self, realms: tuple[str, ...]) -> bool:
        """Whether it may see something that stands in these realms."""
        return not self.realms or bool(self.realms & set(realms))


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
    return {**{key: value for key, value in body.items() if key != "hash"}, "token": f"{token_id}.{secret}"}


def list_tokens(system: System) -> list[dict[str, Any]]:
    """Every token without its hash."""
    return [
        {key: value for key, value in document.body.items() if key != "hash"}
        for document in system.store.documents(TOKENS)
    ]


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


def needs(action: str) -> Callable[[Request], Caller]:
    """A dependency of a route: the caller, who may do this. Every route but the heartbeats has one."""

    def check(request: Request) -> Caller:
        caller = caller_of(request.app.state.system, request.headers.get("authorization"))
        if caller.role not in ALLOWED[action]:
            allowed = ", ".join(sorted(ALLOWED[action]))
            raise Problem("forbidden", f"role {caller.role} may not do this; allowed: {allowed}")
        return caller

    check.action = action  # type: ignore[attr-defined]
    return check
