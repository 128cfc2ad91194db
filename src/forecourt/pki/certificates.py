"""Reading certificates, and naming them as OCPP does: CertificateHashDataType."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

_HASHES: Final[Mapping[str, Callable[[], hashes.HashAlgorithm]]] = {
    "SHA256": hashes.SHA256,
    "SHA384": hashes.SHA384,
    "SHA512": hashes.SHA512,
}

LEAST_RSA_BITS: Final = 2048
LEAST_CURVE_BITS: Final = 224


class InvalidCertificate(Exception):
    """What was given is no certificate, or none for this use. The text says why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HashData:
    """CertificateHashDataType: lower-case hexadecimal digits, the serial number without leading zeros."""

    algorithm: str
    issuer_name: str
    issuer_key: str
    serial_number: str

    def same(self, other: HashData) -> bool:
        """Whether both name one certificate; the case of digits and leading zeros do not matter."""
        return self._plain() == other._plain()

    def _plain(self) -> tuple[str, ...]:
        texts = (self.algorithm, self.issuer_name, self.issuer_key, self.serial_number.lstrip("0"))
        return tuple(text.casefold() for text in texts)


def read(text: str) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM text, in its order; at least one. Raises InvalidCertificate."""
    try:
        found = x509.load_pem_x509_certificates(text.encode())
    except ValueError as error:
        raise InvalidCertificate(f"no certificate: {error}") from None
    return tuple(found)


def write(certificates: Sequence[x509.Certificate]) -> str:
    """Their PEM text (A00.FR.507)."""
    return "".join(one.public_bytes(serialization.Encoding.PEM).decode("ascii") for one in certificates)


def fingerprint(certificate: x509.Certificate) -> str:
    """What tells a certificate from all others, as hexadecimal digits."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def serial_of(certificate: x509.Certificate) -> str:
    """Its serial number as CertificateHashDataType writes it: hexadecimal digits, no leading zeros."""
    return f"{certificate.serial_number:x}"


def hash_data(certificate: x509.Certificate, issuer: x509.Certificate, algorithm: str = "SHA256") -> HashData:
    """How OCPP names a certificate: hashes of its issuer's name and key, as in OCSP (RFC 6960, 4.1.1), and its number.

    A root is its own issuer. Raises KeyError for an algorithm that OCPP does not have.
    """
    kind = _HASHES[algorithm]()
    request = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, kind).build()
    return HashData(
        algorithm=algorithm,
        issuer_name=request.issuer_name_hash.hex(),
        issuer_key=request.issuer_key_hash.hex(),
        serial_number=serial_of(certificate),
    )


def responder(certificate: x509.Certificate) -> str | None:
    """Where an OCSP responder tells what has become of it (RFC 5280, 4.2.2.1); None where it names none."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, ValueError):
        return None
    found = (one.access_location for one in access if one.access_method == AuthorityInformationAccessOID.OCSP)
    return next((place.value for place in found if isinstance(place, x509.UniformResourceIdentifier)), None)


def revocation_lists(certificate: x509.Certificate) -> tuple[str, ...]:
    """Where lists of revoked certificates are to be had (RFC 5280, 4.2.1.13)."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    places = (place for point in points for place in point.full_name or ())
    return tuple(place.value for place in places if isinstance(place, x509.UniformResourceIdentifier))


def answered(response: bytes, named: HashData) -> bool:
    """Whether this is an OCSPResponse in DER that tells the status, good or bad, of the certificate with this name."""
    try:
        read = ocsp.load_der_ocsp_response(response)
        if read.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return False
        return any(f"{one.serial_number:x}" == named.serial_number.casefold().lstrip("0") for one in read.responses)
    except (ValueError, UnsupportedAlgorithm):
        return False


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether `issuer` has the name and the key that the certificate was signed with."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def check_root(certificate: x509.Certificate, at: datetime, *, before: x509.Certificate | None = None) -> None:
    """Whether this can be trusted as a root at that moment; as the one after `before`, which then must have signed it.

    Raises InvalidCertificate.
    """
    if not issued_by(certificate, certificate if before is None else before):
        raise InvalidCertificate(f"not signed by {'itself' if before is None else 'the root before'}")
    try:
        authority = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        raise InvalidCertificate("not said to be an authority") from None
    if not authority:
        raise InvalidCertificate("no authority")
    check_dates(certificate, at)
    check_strength(certificate)


def check_dates(certificate: x509.Certificate, at: datetime) -> None:
    """Raises InvalidCertificate."""
    if at < certificate.not_valid_before_utc:
        raise InvalidCertificate("not valid yet")
    if at > certificate.not_valid_after_utc:
        raise InvalidCertificate("expired")


def check_strength(certificate: x509.Certificate) -> None:
    """A00.FR.502, 503: the least sizes of keys. Raises InvalidCertificate."""
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidCertificate("an unknown kind of key") from None
    if isinstance(key, rsa.RSAPublicKey | dsa.DSAPublicKey) and key.key_size < LEAST_RSA_BITS:
        raise InvalidCertificate(f"a key of {key.key_size} bits")
    if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < LEAST_CURVE_BITS:
        raise InvalidCertificate(f"a key of {key.key_size} bits")


def common_name(certificate: x509.Certificate) -> str | None:
    """The first CN of the subject."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else None
