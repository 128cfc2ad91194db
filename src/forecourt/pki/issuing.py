"""Issuing certificates for stations: a root, and what is signed with its key (A00)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from forecourt.pki import keys
from forecourt.pki.certificates import InvalidCertificate, read, write

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

EARLY: Final = timedelta(days=1)
"""A certificate holds from a day before it was made: clocks of stations are not exact."""

MOST_NAME_LENGTH: Final = 64
"""The longest CN or O (RFC 5280, appendix A.1)."""

_SERIAL_BITS: Final = 79
"""At most 20 hexadecimal digits, which is all that some stations of 1.6 take."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A root and its private key, both PEM."""

    certificate: x509.Certificate
    key: str = field(repr=False)

    def as_text(self) -> str:
        """Both, the key first."""
        return self.key + write([self.certificate])


def new_authority(common_name: str, now: datetime, days: int) -> Authority:
    """A new root on the curve P-256 that may sign certificates of stations and nothing else."""
    key = keys.new_key()
    own = keys.loaded(key)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    certificate = (
        _builder(name, name, own.public_key(), now, now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        .sign(own, hashes.SHA256())
    )
    return Authority(certificate, key)


def read_authority(text: str) -> Authority:
    """The root and the key of `Authority.as_text`. Raises InvalidCertificate."""
    certificate = read(text)[0]
    if not keys.belongs(certificate, text):
        raise InvalidCertificate("the private key is not that of the certificate")
    return Authority(certificate, text[: text.index("-----BEGIN CERTIFICATE-----")])


def issue(
    authority: Authority, key: PublicKey, *, common_name: str, organization: str, now: datetime, days: int
) -> x509.Certificate:
    """A certificate with which the holder of `key` proves at TLS who it is (A00.FR.511). It ends with the root at the latest.

    Raises ValueError for names that do not fit.
    """
    if not (0 < len(common_name) <= MOST_NAME_LENGTH and 0 < len(organization) <= MOST_NAME_LENGTH):
        raise ValueError(f"a name in a certificate has 1 to {MOST_NAME_LENGTH} characters")
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
        ]
    )
    root = authority.certificate
    until = min(now + timedelta(days=days), root.not_valid_after_utc)
    signer = keys.loaded(authority.key)
    return (
        _builder(subject, root.subject, key, now, until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )


def packed(key: str, certificate: x509.Certificate, root: x509.Certificate, *, name: str, password: str) -> bytes:
    """Key, certificate and root in one file (PKCS #12) that `password` opens."""
    return pkcs12.serialize_key_and_certificates(
        name.encode(), keys.loaded(key), certificate, [root], serialization.BestAvailableEncryption(password.encode())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(1 + secrets.randbits(_SERIAL_BITS))
        .not_valid_before(now - EARLY)
        .not_valid_after(until)
    )


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
