"""Which settings are secret, and how text is kept free of them whatever a source or a library writes into it."""

import base64
import json
from collections.abc import Callable, Iterable
from typing import Any, get_args
from urllib.parse import quote, quote_plus

from pydantic import BaseModel, SecretStr

HIDDEN = "[hidden]"
SHORTEST = 3
"""characters; what is shorter stands in every text and is hidden nowhere"""
LONG_LINE = 12
"""characters from which a line of a key or certificate is hidden by itself"""

Hide = Callable[[str], str]


def secret_fields(model: type[BaseModel]) -> tuple[str, ...]:
    """Names of the settings that hold a secret, as their types say."""
    return tuple(name for name, field in model.model_fields.items() if _is_secret(field.annotation))


def _is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(_is_secret(part) for part in get_args(annotation))


def secrets_in(settings: BaseModel) -> tuple[str, ...]:
    """The values of a model's secrets."""
    found = (getattr(settings, name) for name in secret_fields(type(settings)))
    return tuple(value.get_secret_value() for value in found if isinstance(value, SecretStr))


def hiding(secrets: Iterable[str]) -> Hide:
    """A function that gives a text back without these, in whatever spelling a message may quote them."""
    spellings = {spelling for secret in secrets for spelling in _spellings(secret) if len(spelling) >= SHORTEST}
    longest_first = sorted(spellings, key=lambda spelling: (-len(spelling), spelling))

    def hide(text: str) -> str:
        for spelling in longest_first:
            text = text.replace(spelling, HIDDEN)
        return text

    return hide


def _spellings(secret: str) -> Iterable[str]:
    for text in (secret, secret.strip(), *(line for line in secret.splitlines() if len(line) >= LONG_LINE)):
        yield text
        yield repr(text)[1:-1]
        yield json.dumps(text)[1:-1]
        yield quote(text, safe="")
        yield quote(text)
        yield quote_plus(text)
        if len(text) >= SHORTEST:
            yield base64.b64encode(text.encode("utf-8", "replace")).decode().rstrip("=")
