"""What a kubeconfig says of one of its contexts: where the server is, whom to trust, and as whom to ask."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from discovery.errors import SourceMisconfigured

INSTEAD = "make a service account, and set `token` to one of its tokens"
NOT_DONE = {
    "exec": "signs in by running a program, which is never run from here",
    "auth-provider": "signs in by a plug-in of kubectl's, which is not here",
    "username": "signs in with a password, which API servers no longer take",
    "as": "acts as somebody else, which would be left out",
}
"""what a user may hold that we cannot, or will not, do"""


@dataclass(frozen=True, slots=True)
class Access:
    """`authority`, `certificate` and `key` are PEM texts; empty: what it does not say."""

    server: str
    authority: str = ""
    verify: bool = True
    token: str = ""
    certificate: str = ""
    key: str = ""


def access_of(path: str, context: str, *, as_user: bool = True) -> Access:
    """What the context says, by default the current one; `as_user` False leaves out whom it signs in as.

    Raises SourceMisconfigured, and quotes nothing of the file but names.
    """
    return _Kubeconfig(path).access(context, as_user=as_user)


class _Kubeconfig:
    def __init__(self, path: str) -> None:
        import yaml  # not before such a file is read

        self.path = Path(path)
        try:
            found = yaml.safe_load(self.path.read_text(encoding="utf-8-sig"))
        except OSError as wrong:
            raise SourceMisconfigured(f"kubeconfig {path}: {wrong.strerror or wrong}") from None
        except (yaml.YAMLError, ValueError, RecursionError):
            raise self._wrong("is no YAML") from None
        if not isinstance(found, dict) or not found.get("contexts"):
            raise self._wrong("holds no contexts: is it what `kubectl config view --raw` shows?")
        self.said: dict[str, Any] = found

    def access(self, context: str, *, as_user: bool) -> Access:
        name = context or self.said.get("current-context")
        if not name:
            known = ", ".join(self._named("contexts"))
            raise self._wrong(f"has no current context: say which with `context`; it has {known}")
        chosen = self._one("contexts", "context", name)
        cluster = self._one("clusters", "cluster", chosen.get("cluster"))
        for setting in ("proxy-url", "tls-server-name"):
            if cluster.get(setting):
                raise self._wrong(f"cluster {chosen.get('cluster')}: {setting} is not supported")
        user = self._one("users", "user", chosen.get("user")) if as_user else {}
        for setting, why in NOT_DONE.items():
            if user.get(setting):
                raise self._wrong(f"user {chosen.get('user')} {why} ({setting}): {INSTEAD}")
        token = user.get("token") or self._file(user, "tokenFile")
        return Access(
            server=str(cluster.get("server") or ""),
            authority=self._text(cluster, "certificate-authority"),
            verify=cluster.get("insecure-skip-tls-verify") is not True,
            token=str(token).strip(),
            certificate=self._text(user, "client-certificate"),
            key=self._text(user, "client-key"),
        )

    def _named(self, kind: str) -> dict[str, Any]:
        entries = self.said.get(kind)
        return {str(one.get("name")): one for one in entries or () if isinstance(one, dict)}

    def _one(self, kind: str, part: str, name: Any) -> Mapping[str, Any]:
        known = self._named(kind)
        found = known.get(str(name), {}).get(part)
        if not isinstance(found, dict):
            raise self._wrong(f"has no {part} {name}; it has {', '.join(known) or 'none'}")
        return found

    def _text(self, said: Mapping[str, Any], name: str) -> str:
        """PEM, from the field that holds it in base 64, else from the file that the other field names."""
        inline = said.get(f"{name}-data")
        if not inline:
            return self._file(said, name)
        try:
            return base64.b64decode(str(inline), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise self._wrong(f"{name}-data is no PEM text in base 64") from None

    def _file(self, said: Mapping[str, Any], name: str) -> str:
        """What a file holds; a path that is not absolute begins where the kubeconfig lies."""
        named = said.get(name)
        if not named:
            return ""
        try:
            return (self.path.parent / str(named)).read_text()
        except (OSError, UnicodeDecodeError) as wrong:
            said_of_it = wrong.strerror if isinstance(wrong, OSError) else "is no text"
            raise self._wrong(f"{name} {named}: {said_of_it}") from None

    def _wrong(self, what: str) -> SourceMisconfigured:
        return SourceMisconfigured(f"kubeconfig {self.path}: {what}")
