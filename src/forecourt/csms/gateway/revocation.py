"""Certificates of stations that their authorities have revoked, from lists (CRL) that are files, held in memory.

Looked up at the handshake by issuer and serial number. A list that has run out holds on: what was revoked stays revoked, and
stations are not locked out because a new list is late (docs/operations.md, TLS).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509

from forecourt.transport.handshake import Certificate

_PEM: Final = re.compile(rb"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class RevocationList:
    """One list as it was read. `revoked` holds serial numbers; `next_update` is when it should have been replaced."""

    file: Path
    issuer: bytes
    revoked: frozenset[int] = field(repr=False)
    next_update: datetime | None

    def is_late(self, now: datetime) -> bool:
        """Whether a newer one should be there."""
        return self.next_update is not None and self.next_update <= now


class Revoked:
    """What all lists together revoke."""

    def __init__(self, lists: Iterable[RevocationList] = ()) -> None:
        self.lists = tuple(lists)
        self._pairs = frozenset((one.issuer, serial) for one in self.lists for serial in one.revoked)

    def covers(self, certificate: Certificate) -> bool:
        """Whether a certificate that a TLS handshake has verified is revoked."""
        if not self._pairs or not certificate.parsed:
            return False
        shown = x509.load_der_x509_certificate(certificate.der)
        return (shown.issuer.public_bytes(), shown.serial_number) in self._pairs


def read_lists(files: Sequence[Path], roots: str) -> Revoked:
    """The lists in `files`, PEM (several in one file) or DER, each signed by one of `roots`. Raises OSError, ValueError."""
    authorities = x509.load_pem_x509_certificates(roots.encode()) if files else []
    return Revoked(one for file in files for one in _lists_of(file, authorities))


def _lists_of(file: Path, authorities: Sequence[x509.Certificate]) -> list[RevocationList]:
    content = file.read_bytes()
    texts = _PEM.findall(content)
    try:
        found = [x509.load_pem_x509_crl(one) for one in texts] if texts else [x509.load_der_x509_crl(content)]
    except ValueError as error:
        raise ValueError(f"{file} is no certificate revocation list: {error}") from error
    return [_checked(file, one, authorities) for one in found]


def _checked(
    file: Path, found: x509.CertificateRevocationList, authorities: Sequence[x509.Certificate]
) -> RevocationList:
    issuer = found.issuer.rfc4514_string()
    if not any(one.subject == found.issuer and _has_signed(one, found) for one in authorities):
        raise ValueError(f"{file}: none of the certificates in client_ca has signed this list of {issuer}")
    for extension in found.extensions:
        # It would be read as if it were the whole list, or as if all of it were of one issuer.
        if isinstance(extension.value, x509.DeltaCRLIndicator):
            raise ValueError(f"{file}: this list of {issuer} holds differences only; the whole one is needed")
        if isinstance(extension.value, x509.IssuingDistributionPoint) and extension.value.indirect_crl:
            raise ValueError(f"{file}: this list of {issuer} is about certificates of others, which is not read")
    return RevocationList(
        file, found.issuer.public_bytes(), frozenset(one.serial_number for one in found), found.next_update_utc
    )


def _has_signed(authority: x509.Certificate, found: x509.CertificateRevocationList) -> bool:
    key = authority.public_key()
    try:
        return found.is_signature_valid(key)  # type: ignore[arg-type]
    except TypeError:
        # A key of a kind that signs no lists.
        return False
