"""Keys and certificates for tests, made on the spot, good and bad ones."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from forecourt.pki.certificates import write

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

BEGIN = datetime(2029, 1, 1, tzinfo=UTC)
"""From when on certificates hold; the stations of tests live in 2030."""
DAYS = 3650


@dataclass(frozen=True)
class Holder:
    """A certificate with its private key."""

    key: PrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return write([self.certificate])

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    def issue(
        self,
        common_name: str,
        *,
        ca: bool | None = None,
        use_rsa: bool = False,
        begin: datetime = BEGIN,
        days: float = DAYS,
        cert_sign: bool | None = None,
        responder: str | None = None,
        lists: str | None = None,
    ) -> Holder:
        """Another holder, whose certificate is signed with this key."""
        key = new_key(use_rsa)
        builder = _builder(common_name, self.certificate.subject, key.public_key(), begin, days)
        return Holder(key, _signed(_listed_at(_answered_for(builder, responder), lists), self.key, ca, cert_sign))

    def sign_request(
        self, csr: str, *, begin: datetime = BEGIN, days: float = DAYS, responder: str | None = None
    ) -> str:
        """The certificate that was asked for, as PEM text."""
        request = x509.load_pem_x509_csr(csr.encode())
        assert request.is_signature_valid
        builder = _builder("", self.certificate.subject, request.public_key(), begin, days)  # type: ignore[arg-type]
        builder = _answered_for(builder.subject_name(request.subject), responder)
        return write([_signed(builder, self.key, None, None)])

    def sign(self, content: bytes, *, pss: bool = True) -> str:
        """A signature over a file, in base64."""
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return base64.b64encode(self.key.sign(content, ec.ECDSA(hashes.SHA256()))).decode()
        form = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH) if pss else padding.PKCS1v15()
        return base64.b64encode(self.key.sign(content, form, hashes.SHA256())).decode()


def root(
    common_name: str,
    *,
    ca: bool | None = True,
    key: PrivateKey | None = None,
    begin: datetime = BEGIN,
    days: float = DAYS,
) -> Holder:
    """A certificate that is signed by itself."""
    key = key or new_key()
    builder = _builder(common_name, _name(common_name), key.public_key(), begin, days)
    return Holder(key, _signed(builder, key, ca, None))


def new_key(use_rsa: bool = False, bits: int = 2048) -> PrivateKey:
    return rsa.generate_private_key(65537, bits) if use_rsa else ec.generate_private_key(ec.SECP256R1())


def _builder(
    common_name: str,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    begin: datetime,
    days: float,
) -> x509.CertificateBuilder:
    builder = (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
    )
    return builder.subject_name(_name(common_name)) if common_name else builder


def _answered_for(builder: x509.CertificateBuilder, responder: str | None) -> x509.CertificateBuilder:
    """With the address of an OCSP responder, if there is one."""
    if responder is None:
        return builder
    place = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(responder))
    return builder.add_extension(x509.AuthorityInformationAccess([place]), critical=False)


def _listed_at(builder: x509.CertificateBuilder, lists: str | None) -> x509.CertificateBuilder:
    """With the address of a list of what is revoked, if there is one."""
    if lists is None:
        return builder
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(lists)], None, None, None)
    return builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)


def _signed(
    builder: x509.CertificateBuilder, key: PrivateKey, ca: bool | None, cert_sign: bool | None
) -> x509.Certificate:
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    if cert_sign is not None:
        others = dict.fromkeys(
            (
                "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                "crl_sign", "encipher_only", "decipher_only",
            ),
            False,
        )  # fmt: skip
        builder = builder.add_extension(x509.KeyUsage(key_cert_sign=cert_sign, **others), critical=True)
    return builder.sign(key, hashes.SHA256())


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Forecourt tests"),
        ]
    )
