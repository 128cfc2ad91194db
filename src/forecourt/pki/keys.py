"""A station's own keys, requests for certificates, and signatures of files."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID


def new_key() -> str:
    """A new private key on the curve P-256, as PEM text without a password."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")


def signing_request(key: str, *, common_name: str, organization: str, country: str = "", domain: str = "") -> str:
    """A request for a certificate (RFC 2986) of the private key `key`, as PEM text. Raises ValueError for names that do not fit."""
    names = [
        (NameOID.COMMON_NAME, common_name),
        (NameOID.ORGANIZATION_NAME, organization),
        (NameOID.COUNTRY_NAME, country),
        (NameOID.DOMAIN_COMPONENT, domain),
    ]
    subject = x509.Name([x509.NameAttribute(oid, text) for oid, text in names if text])
    signed = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(loaded(key), hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode("ascii")


def belongs(certificate: x509.Certificate, key: str) -> bool:
    """Whether the certificate is about this private key."""
    try:
        return certificate.public_key() == loaded(key).public_key()
    except (ValueError, UnsupportedAlgorithm):
        return False


def signed_by(certificate: x509.Certificate, signature: str, content: bytes) -> bool:
    """Whether `signature` (base64) was made over `content` with the key of `certificate` and SHA-256.

    L01.FR.04: ECDSA or RSA-PSS; the older padding of RSA (PKCS #1 v1.5), which many tools still use, counts as well.
    """
    try:
        raw = base64.b64decode(signature, validate=True)
        key = certificate.public_key()
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return False
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _holds(lambda: key.verify(raw, content, ec.ECDSA(hashes.SHA256())))
    if isinstance(key, rsa.RSAPublicKey):
        pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.AUTO)
        return any(
            _holds(lambda form=form: key.verify(raw, content, form, hashes.SHA256()))  # type: ignore[misc]
            for form in (pss, padding.PKCS1v15())
        )
    return False


def _holds(verify: Callable[[], None]) -> bool:
    try:
        verify()
    except InvalidSignature:
        return False
    return True


def loaded(key: str) -> ec.EllipticCurvePrivateKey:
    """The private key of a PEM text that `new_key` made. Raises ValueError."""
    found = serialization.load_pem_private_key(key.encode("ascii"), password=None)
    if not isinstance(found, ec.EllipticCurvePrivateKey):
        raise ValueError("a key of another kind than we make")
    return found
