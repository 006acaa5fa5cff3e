"""Secrets kept in the ledger, encrypted under a key that is kept elsewhere (Fernet: AES-CBC with HMAC-SHA256)."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cmdb.errors import Invalid, UnknownReference
from cmdb.graph_patch import DocumentWrite
from graph.ledger import Document, Ledger

SECRETS = "secret"
"""ledger kind; an export carries these documents as they are: ciphertext"""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
LARGEST = 65_536
"""characters of a secret"""
NO_KEY = (
    "no key for stored secrets: make one with `cmdb secret key`, keep it outside of the store, and name it by "
    "CMDB_SECRET_KEY or CMDB_SECRET_KEY_FILE"
)


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """What may be shown of one."""

    name: str
    set_at: int


@dataclass(frozen=True, slots=True)
class SecretStore:
    """The first key encrypts, every key decrypts: so keys can be changed without a moment in which one is missing."""

    ledger: Ledger
    keys: tuple[str, ...] = field(default=(), repr=False)

    def set(self, name: str, value: str, now: int) -> None:
        """Keep a secret, in place of what was kept under this name."""
        if not NAME.fullmatch(name):
            raise Invalid("the name of a secret is letters, digits, '_', '.' and '-', at most 128 of them")
        if not value or len(value) > LARGEST:
            raise Invalid(f"a secret is 1 to {LARGEST} characters")
        self._write(name, value, now)

    def get(self, name: str) -> str:
        """The value. Raises UnknownReference, Invalid where no key fits."""
        found = self.ledger.document(SECRETS, name)
        if found is None:
            raise UnknownReference(f"no secret {name!r} is stored: set it with `cmdb secret set {name}`")
        return self._read(found)

    def names(self) -> list[StoredSecret]:
        """Every secret kept, without its value."""
        return [StoredSecret(document.key, document.body["set_at"]) for document in self._all()]

    def delete(self, name: str) -> bool:
        """Whether there was one to forget."""
        if self.ledger.document(SECRETS, name) is None:
            return False
        self.ledger.put(DocumentWrite(SECRETS, name, None))
        return True

    def rotate(self) -> int:
        """Encrypt every secret anew under the first key; how many. All can be read, or none is touched."""
        values = [(document, self._read(document)) for document in self._all()]
        for document, value in values:
            self._write(document.key, value, document.body["set_at"], document.version)
        return len(values)

    def _all(self) -> Iterator[Document]:
        after: str | None = None
        while page := self.ledger.documents(SECRETS, after=after):
            yield from page
            after = page[-1].key

    def _write(self, name: str, value: str, set_at: int, expected: int | None = -1) -> None:
        from cryptography.fernet import Fernet

        # The name is part of what is encrypted: a ciphertext moved to another name does not open.
        text = json.dumps([name, value]).encode()
        cipher = Fernet(self._checked()[0]).encrypt(text).decode()
        self.ledger.put(DocumentWrite(SECRETS, name, {"cipher": cipher, "set_at": set_at}, expected=expected))

    def _read(self, document: Document) -> str:
        from cryptography.fernet import Fernet, InvalidToken, MultiFernet

        try:
            text = MultiFernet([Fernet(key) for key in self._checked()]).decrypt(document.body["cipher"].encode())
        except InvalidToken:
            raise Invalid(
                f"secret {document.key!r} was stored under another key: name that one too, behind a comma, in "
                "CMDB_SECRET_KEY; then `cmdb secret rotate`"
            ) from None
        name, value = json.loads(text)
        if name != document.key:
            raise Invalid(f"what is stored as secret {document.key!r} was stored under another name: set it again")
        return str(value)

    def _checked(self) -> tuple[str, ...]:
        from cryptography.fernet import Fernet

        if not self.keys:
            raise Invalid(NO_KEY)
        for key in self.keys:
            try:
                Fernet(key)
            except ValueError:
                raise Invalid("CMDB_SECRET_KEY is no key: `cmdb secret key` makes one") from None
        return self.keys


def new_key() -> str:
    """A key that nobody has."""
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()
