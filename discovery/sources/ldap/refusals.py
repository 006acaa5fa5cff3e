"""What an error of the directory calls for: try again later, or change the settings. No message holds a password."""

import contextlib
import re
from collections.abc import Iterator

from ldap3.core.exceptions import (
    LDAPCertificateError,
    LDAPConfidentialityRequiredResult,
    LDAPException,
    LDAPInappropriateAuthenticationResult,
    LDAPInsufficientAccessRightsResult,
    LDAPInvalidCredentialsResult,
    LDAPInvalidDNSyntaxResult,
    LDAPNoSuchObjectResult,
    LDAPOperationResult,
    LDAPOperationsErrorResult,
    LDAPSSLConfigurationError,
    LDAPStrongerAuthRequiredResult,
)

from discovery.errors import DiscoveryError, SourceMisconfigured, SourceUnavailable
from discovery.sources.ldap.settings import Where

SIGN_IN_REASONS = {
    "525": "there is no such user",
    "52e": "wrong user or password",
    "530": "the account may not sign in at this time",
    "531": "the account may not sign in from this machine",
    "532": "the password has expired",
    "533": "the account is disabled",
    "701": "the account has expired",
    "773": "the password has to be changed first",
    "775": "the account is locked",
}
"""what Active Directory adds to a refused login, as `data 52e`"""
_DATA = re.compile(r"data ([0-9a-f]{3})\b")


class NotTrusted(SourceMisconfigured):
    """The certificate is not the server's, or nobody we trust vouches for it."""


class NoSuchBranch(SourceMisconfigured):
    """There is nothing of that name, or this login may not see it."""


@contextlib.contextmanager
def named_by_reaction(where: Where) -> Iterator[None]:
    """Turn errors of the protocol and the socket into those of discovery/errors.py."""
    try:
        yield
    except (LDAPException, OSError, UnicodeError) as error:
        raise reaction(error, where) from None


def reaction(error: Exception, where: Where) -> DiscoveryError:
    """What the error calls for, in words for the person who has to act."""
    text = " ".join(str(error).split())
    if isinstance(error, LDAPOperationResult):
        return _answered(error, where)
    if isinstance(error, LDAPCertificateError) or "doesn't match" in text:
        return NotTrusted(
            f"{where}: its certificate is for another name: write in url the name that stands in the certificate"
        )
    if isinstance(error, UnicodeError):
        return SourceMisconfigured(f"{where}: that is no name of a server")
    if "SASLprep" in text:
        return SourceMisconfigured(f"{where}: user or password holds a character that cannot be sent")
    if "CERTIFICATE_VERIFY_FAILED" in text:
        why = text.partition("certificate verify failed: ")[2].partition(" (_ssl")[0] or "it cannot be verified"
        return NotTrusted(
            f"{where}: its certificate is not trusted ({why}): set ca_file to the authority that signed it"
        )
    if isinstance(error, LDAPSSLConfigurationError):
        return SourceMisconfigured(f"{where}: TLS cannot be set up: {text[:300]}")
    if "SSL" in text or "wrapping error" in text or "wrap socket" in text:
        return SourceUnavailable(f"{where}: TLS failed, perhaps nothing speaks TLS there: {_short(text)}")
    return SourceUnavailable(f"{where} does not answer: {_short(text)}")


def _answered(error: LDAPOperationResult, where: Where) -> DiscoveryError:
    said = " ".join(str(error.message or "").replace("\x00", "").split())[:300]
    if isinstance(error, LDAPInvalidCredentialsResult):
        found = _DATA.search(said)
        why = SIGN_IN_REASONS.get(found[1]) if found else None
        return SourceMisconfigured(f"{where}: login refused: {why or 'wrong user or password'}")
    if isinstance(error, LDAPStrongerAuthRequiredResult | LDAPConfidentialityRequiredResult):
        return SourceMisconfigured(f"{where}: it wants TLS: write ldaps:// in url, or leave tls at required")
    if isinstance(error, LDAPOperationsErrorResult) and re.search("bind|authentication", said, re.IGNORECASE):
        return SourceMisconfigured(f"{where}: it tells nothing without a login: set user and password")
    if isinstance(error, LDAPNoSuchObjectResult):
        return NoSuchBranch(f"{where}: no such object")
    if isinstance(error, LDAPInvalidDNSyntaxResult):
        return SourceMisconfigured(f"{where}: a name is no distinguished name, check base and user: {said}")
    if isinstance(error, LDAPInsufficientAccessRightsResult | LDAPInappropriateAuthenticationResult):
        return SourceMisconfigured(f"{where}: this login may not do that: {said or error.description}")
    return SourceUnavailable(f"{where} answered {error.description}{f': {said}' if said else ''}")


def _short(text: str) -> str:
    found = re.search(
        r"(?:error while opening|wrapping error|wrap socket error|receiving data|sending data): ([^'\")]+)", text
    )
    return (found[1] if found else text).strip()[:200]
