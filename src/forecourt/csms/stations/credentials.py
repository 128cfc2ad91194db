"""Whether what a station shows at the handshake is what it was given. In memory and fast: a storm must not hash slowly.

Passwords of stations are ours or at least 16 characters (A00.FR.205), so a keyed hash is enough; the key, the pepper, is a
file of the deployment and not in the database.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from enum import StrEnum

from forecourt.csms.stations.model import SecurityProfile, Station
from forecourt.errors import Invalid
from forecourt.transport.handshake import Certificate
from forecourt.transport.handshake import Credentials as Shown

MIN_PASSWORD_LENGTH = 16
MAX_PASSWORD_LENGTH = 40
"""A00.FR.205: 16 to at least 40 characters; more is not safe to ask of every station."""


class Verdict(StrEnum):
    """What the credentials of a handshake are worth. The words are the reasons that refused handshakes are listed with."""

    ACCEPTED = "accepted"
    NO_PASSWORD = "no_password"  # noqa: S105 - a word, not a secret
    WRONG_USERNAME = "wrong_username"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - a word, not a secret
    NO_CERTIFICATE = "no_certificate"
    WRONG_CERTIFICATE_NAME = "wrong_certificate_name"
    WRONG_CERTIFICATE_OWNER = "wrong_certificate_owner"
    CERTIFICATE_REVOKED = "certificate_revoked"
    PROFILE_MISMATCH = "security_profile_mismatch"
    PROFILE_0_NOT_ALLOWED = "security_profile_0_not_allowed"


def new_password() -> str:
    """A random password every version can take: 1.6 sends it as hexadecimal text of at most 40 characters (A00 of the whitepaper)."""
    return secrets.token_hex(MAX_PASSWORD_LENGTH // 2)


def check_password(password: str) -> str:
    """`password` if it may be a station's. Raises Invalid."""
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH or not password.isprintable():
        message = (
            f"a station's password has {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} printable characters (A00.FR.205)"
        )
        raise Invalid("station_password", message, {"password": message})
    return password


def digest(password: str | bytes, pepper: bytes) -> bytes:
    """What is kept of a password."""
    data = password.encode() if isinstance(password, str) else password
    return hmac.digest(pepper, data, hashlib.sha256)


def judge(
    station: Station,
    *,
    shown: Shown | None,
    certificate: Certificate | None,
    secure: bool,
    owners: frozenset[str],
    pepper: bytes,
    allow_profile_0: bool,
    profile: SecurityProfile | None = None,
    revoked: Callable[[Certificate], bool],
) -> Verdict:
    """The verdict on a station that exists. `owners` are the organisation names its certificate may carry.

    A station uses exactly the profile it was given (A00.FR.001, A00.FR.002), so a better one is refused as well: accepting
    a password where a certificate was agreed would be the downgrade, and the reverse shows a mix-up worth seeing. `profile`
    is another one that it was offered. `revoked` tells of a certificate whether its authority has taken it back.
    """
    profile = profile or station.credentials.profile
    if profile is SecurityProfile.NONE:
        return Verdict.ACCEPTED if allow_profile_0 else Verdict.PROFILE_0_NOT_ALLOWED
    if secure is (profile is SecurityProfile.BASIC):
        return Verdict.PROFILE_MISMATCH
    if profile is SecurityProfile.TLS_CERTIFICATE:
        return _judge_certificate(station, certificate, owners, revoked)
    if shown is None:
        return Verdict.NO_PASSWORD
    # A00.FR.204: the user name is the identity.
    if shown.username != station.wire_id:
        return Verdict.WRONG_USERNAME
    # A key that was set as hexadecimal text is shown as its bytes by some stations of 1.6 (J 1.6, 6.2.1) and as text by others.
    given = (digest(shown.password, pepper), digest(shown.password.hex(), pepper))
    # Everything is compared, so that the time taken says nothing.
    matches = [hmac.compare_digest(one, stored) for stored in station.credentials.password_hmacs for one in given]
    return Verdict.ACCEPTED if any(matches) else Verdict.WRONG_PASSWORD


def _judge_certificate(
    station: Station, certificate: Certificate | None, owners: frozenset[str], revoked: Callable[[Certificate], bool]
) -> Verdict:
    if certificate is None or not certificate.parsed:
        return Verdict.NO_CERTIFICATE
    if revoked(certificate):
        return Verdict.CERTIFICATE_REVOKED
    # A00.FR.405: the CN is the serial number registered for this station.
    if certificate.subject("commonName") != (station.credentials.certificate_name or station.wire_id):
        return Verdict.WRONG_CERTIFICATE_NAME
    # A00.FR.404: the O names the operator or one it trusts.
    if certificate.subject("organizationName") not in owners:
        return Verdict.WRONG_CERTIFICATE_OWNER
    return Verdict.ACCEPTED
