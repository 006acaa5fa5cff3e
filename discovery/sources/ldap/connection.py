"""How a directory is reached: TLS with a certificate that was verified, before anybody signs in."""

import contextlib
import os
import ssl
from collections.abc import Callable, Iterator
from typing import NamedTuple

import ldap3
from ldap3.core.exceptions import LDAPException

from discovery.errors import SourceMisconfigured
from discovery.sources.ldap.refusals import named_by_reaction
from discovery.sources.ldap.settings import LdapSettings, Where, where_of


class Step(NamedTuple):
    """One step on the way in; `act` raises what discovery/errors.py names."""

    name: str
    act: Callable[[], None]


@contextlib.contextmanager
def connection_of(settings: LdapSettings) -> Iterator[tuple[ldap3.Connection, list[Step]]]:
    """A connection that has not been opened, and the steps that open it; closed at the end.

    Raises SourceMisconfigured for settings that would say a password aloud, or that cannot work.
    """
    where = where_of(settings.url)
    check(settings, where)
    with named_by_reaction(where):
        connection = ldap3.Connection(
            ldap3.Server(
                where.host,
                port=where.port,
                use_ssl=where.secure,
                tls=_tls(settings, where),
                get_info=ldap3.NONE,
                connect_timeout=settings.timeout,
            ),
            user=settings.user,
            password=settings.password.get_secret_value() if settings.password else None,
            authentication=ldap3.SIMPLE if settings.user else ldap3.ANONYMOUS,
            client_strategy=ldap3.SYNC,
            receive_timeout=settings.timeout,
            auto_referrals=False,
            auto_range=False,
            check_names=False,
            raise_exceptions=True,
            read_only=True,
            return_empty_attributes=False,
        )
    try:
        yield connection, _steps(connection, settings, where)
    finally:
        _close(connection)


def check(settings: LdapSettings, where: Where) -> None:
    """Raises SourceMisconfigured for what can be known to be wrong before anything is sent."""
    if settings.tls == "none" and where.secure:
        raise SourceMisconfigured("tls=none and ldaps:// contradict each other: choose one")
    if settings.user and not (settings.password and settings.password.get_secret_value()):
        # RFC 4513 5.1.2: a name without a password is accepted, and whoever asks is nobody without being told.
        raise SourceMisconfigured("user without password: set password too, or neither to read as nobody")
    if settings.password and not settings.user:
        raise SourceMisconfigured("password without user: say who signs in")
    if settings.ca_file is not None and not os.access(settings.ca_file, os.R_OK):
        raise SourceMisconfigured(f"ca_file {settings.ca_file}: there is no such file that can be read")


def _tls(settings: LdapSettings, where: Where) -> ldap3.Tls:
    numeric = where.host.replace(".", "").isdecimal() or ":" in where.host
    try:
        if settings.ca_file is not None:
            ssl.create_default_context(cafile=settings.ca_file)
        return ldap3.Tls(
            validate=ssl.CERT_REQUIRED if settings.tls_verify else ssl.CERT_NONE,
            ca_certs_file=settings.ca_file,
            sni=None if numeric else where.host,
        )
    except (LDAPException, OSError) as wrong:
        raise SourceMisconfigured(f"ca_file {settings.ca_file}: no certificates in PEM form: {wrong}") from None


def _steps(connection: ldap3.Connection, settings: LdapSettings, where: Where) -> list[Step]:
    def reach() -> None:
        with named_by_reaction(where):
            connection.open(read_server_info=False)

    def secure() -> None:
        with named_by_reaction(where):
            connection.start_tls(read_server_info=False)

    def sign_in() -> None:
        with named_by_reaction(where):
            connection.bind(read_server_info=False)

    steps = [Step("reach", reach)]
    if not where.secure and settings.tls == "required":
        steps.append(Step("secure", secure))
    steps.append(Step("sign_in", sign_in))
    return steps


def _close(connection: ldap3.Connection) -> None:
    """Say good-bye where that is possible; the socket is closed in any case."""
    socket = connection.socket
    with contextlib.suppress(LDAPException, OSError):
        connection.unbind()
    if socket is not None:
        socket.close()
