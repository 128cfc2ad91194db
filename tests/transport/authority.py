"""Certificates for tests, made on the spot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from forecourt.transport import KeyPair

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_FROM = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class Authority:
    """A certificate authority that issues leaf certificates into a folder."""

    folder: Path
    name: x509.Name
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls, folder: Path, common_name: str = "Test CA") -> Authority:
        """A new authority."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(common_name, "Forecourt tests")
        certificate = (
            _builder(name, name, key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        return cls(folder, name, key, certificate)

    @property
    def roots(self) -> str:
        """The root certificate as PEM text."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def issue(
        self,
        file: str,
        common_name: str,
        *,
        organization: str = "Forecourt tests",
        use_rsa: bool = False,
        years: int = 80,
    ) -> KeyPair:
        """A leaf for 127.0.0.1, deliberately without authority key identifier and key usage, as chargers have them."""
        key: PrivateKey = (
            rsa.generate_private_key(public_exponent=65537, key_size=2048)
            if use_rsa
            else ec.generate_private_key(ec.SECP256R1())
        )
        certificate = (
            _builder(_name(common_name, organization), self.name, key, years)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        chain, secret = self.folder / f"{file}.pem", self.folder / f"{file}.key"
        chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        secret.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return KeyPair(chain, secret)

    def revoke(
        self,
        file: str,
        *pairs: KeyPair,
        until: datetime = datetime(2090, 1, 1, tzinfo=UTC),
        der: bool = False,
        delta: bool = False,
    ) -> Path:
        """A list that revokes these certificates, written to `file`."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.name).last_update(_FROM).next_update(until)
        for pair in pairs:
            (leaf,) = x509.load_pem_x509_certificates(Path(pair.chain).read_bytes())
            entry = x509.RevokedCertificateBuilder().serial_number(leaf.serial_number).revocation_date(_FROM)
            builder = builder.add_revoked_certificate(entry.build())
        if delta:
            builder = builder.add_extension(x509.DeltaCRLIndicator(1), critical=True)
        made = builder.sign(self.key, hashes.SHA256())
        written = self.folder / file
        written.write_bytes(made.public_bytes(serialization.Encoding.DER if der else serialization.Encoding.PEM))
        return written


def _name(common_name: str, organization: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
        ]
    )


def _builder(subject: x509.Name, issuer: x509.Name, key: PrivateKey, years: int = 80) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_FROM + timedelta(days=365 * years))
    )
