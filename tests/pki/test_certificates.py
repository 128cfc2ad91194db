from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from forecourt.pki import certificates
from forecourt.pki.certificates import InvalidCertificate
from tests.pki.authority import BEGIN, DAYS, new_key, root

NOW = BEGIN + timedelta(days=365)


def test_a_text_of_several_certificates_is_read_in_its_order_and_written_again() -> None:
    first, second = root("first"), root("second")
    text = first.pem + second.pem
    assert certificates.read(text) == (first.certificate, second.certificate)
    assert certificates.write(certificates.read(text)) == text
    assert certificates.common_name(first.certificate) == "first"


@pytest.mark.parametrize(
    "text", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "\u00e4"]
)
def test_what_is_no_certificate_is_not_read(text: str) -> None:
    with pytest.raises(InvalidCertificate, match="no certificate"):
        certificates.read(text)


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
@pytest.mark.parametrize("use_rsa", [False, True])
def test_a_certificate_is_named_by_hashes_of_its_issuer_and_its_number(algorithm: str, use_rsa: bool) -> None:
    issuer = root("issuer", key=new_key(use_rsa))
    leaf = issuer.issue("leaf").certificate
    found = certificates.hash_data(leaf, issuer.certificate, algorithm)
    digest = getattr(hashlib, algorithm.lower())
    form = (
        (serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
        if use_rsa
        else (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )
    assert found.issuer_name == digest(issuer.certificate.subject.public_bytes()).hexdigest()
    assert found.issuer_key == digest(issuer.key.public_key().public_bytes(*form)).hexdigest()
    assert int(found.serial_number, 16) == leaf.serial_number
    assert not found.serial_number.startswith("0")
    assert found.same(replace(found, serial_number=f"00{found.serial_number.upper()}"))
    assert not found.same(replace(found, serial_number=f"1{found.serial_number}"))
    assert not found.same(certificates.hash_data(issuer.certificate, issuer.certificate, algorithm))


def test_a_fingerprint_tells_certificates_apart() -> None:
    one, other = root("same"), root("same")
    assert certificates.fingerprint(one.certificate) == certificates.fingerprint(one.certificate)
    assert certificates.fingerprint(one.certificate) != certificates.fingerprint(other.certificate)


def test_a_root_is_good() -> None:
    certificates.check_root(root("good").certificate, NOW)
    certificates.check_root(root("good", key=new_key(use_rsa=True)).certificate, NOW)


def test_a_root_may_follow_the_one_that_has_signed_it() -> None:
    before = root("before")
    certificates.check_root(before.issue("after", ca=True).certificate, NOW, before=before.certificate)
    with pytest.raises(InvalidCertificate, match="root before"):
        certificates.check_root(root("stranger").certificate, NOW, before=before.certificate)
    with pytest.raises(InvalidCertificate, match="no authority"):
        certificates.check_root(before.issue("leaf", ca=False).certificate, NOW, before=before.certificate)


def test_what_is_no_root_is_refused() -> None:
    good = root("good")
    for bad, why in (
        (good.issue("sub", ca=True), "not signed by itself"),
        (root("plain", ca=None), "not said to be"),
        (root("leaf", ca=False), "no authority"),
        (root("weak", key=new_key(use_rsa=True, bits=1024)), "1024 bits"),
        (root("weak", key=ec.generate_private_key(ec.SECP192R1())), "192 bits"),
    ):
        with pytest.raises(InvalidCertificate, match=why):
            certificates.check_root(bad.certificate, NOW)
    with pytest.raises(InvalidCertificate, match="not valid yet"):
        certificates.check_root(good.certificate, BEGIN - timedelta(seconds=1))
    with pytest.raises(InvalidCertificate, match="expired"):
        certificates.check_root(good.certificate, BEGIN + timedelta(days=DAYS, seconds=1))


def test_a_certificate_without_a_common_name_has_none() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    nameless = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(BEGIN)
        .not_valid_after(NOW)
        .sign(key, hashes.SHA256())
    )
    assert certificates.common_name(nameless) is None


def test_a_kind_of_key_that_nobody_knows_is_refused() -> None:
    der = root("curve").certificate.public_bytes(serialization.Encoding.DER)
    strange = x509.load_der_x509_certificate(der.replace(_CURVE, _CURVE[:-1] + b"\x7f"))
    with pytest.raises(InvalidCertificate, match="unknown kind"):
        certificates.check_strength(strange)


_CURVE = bytes.fromhex("06082a8648ce3d030107")
"""The object identifier of P-256."""


def extended(*extensions: x509.ExtensionType) -> x509.Certificate:
    """A certificate with these extensions."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(BEGIN)
        .not_valid_after(BEGIN + timedelta(days=DAYS))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, hashes.SHA256())


NAMED = x509.DirectoryName(x509.Name([]))
OCSP, ISSUERS = AuthorityInformationAccessOID.OCSP, AuthorityInformationAccessOID.CA_ISSUERS


def at(text: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(text)


@pytest.mark.parametrize(
    ("places", "found"),
    [
        ([(ISSUERS, at("http://a")), (OCSP, NAMED), (OCSP, at("http://b")), (OCSP, at("http://c"))], "http://b"),
        ([(ISSUERS, at("http://a"))], None),
    ],
)
def test_the_first_responder_that_has_an_address_is_found(places: list[Any], found: str | None) -> None:
    access = x509.AuthorityInformationAccess([x509.AccessDescription(method, place) for method, place in places])
    assert certificates.responder(extended(access)) == found
    assert certificates.responder(extended()) is None


def test_lists_of_what_is_revoked_are_found_by_their_addresses() -> None:
    points = x509.CRLDistributionPoints(
        [
            x509.DistributionPoint([NAMED, at("http://a")], None, None, None),
            x509.DistributionPoint(None, None, None, [NAMED]),
            x509.DistributionPoint([at("ldap://b")], None, None, None),
        ]
    )
    assert certificates.revocation_lists(extended(points)) == ("http://a", "ldap://b")
    assert certificates.revocation_lists(extended()) == ()


def test_who_has_signed_a_certificate_is_known_by_name_and_key() -> None:
    issuer, namesake = root("issuer"), root("issuer")
    leaf = issuer.issue("leaf")
    assert certificates.issued_by(leaf.certificate, issuer.certificate)
    assert not certificates.issued_by(leaf.certificate, namesake.certificate)
    assert not certificates.issued_by(issuer.certificate, leaf.certificate)


def test_an_answer_of_a_responder_tells_of_one_certificate() -> None:
    issuer = root("issuer")
    leaf, other = issuer.issue("leaf").certificate, issuer.issue("other").certificate
    named = certificates.hash_data(leaf, issuer.certificate)
    assert isinstance(issuer.key, ec.EllipticCurvePrivateKey)
    response = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=leaf,
            issuer=issuer.certificate,
            algorithm=hashes.SHA256(),
            cert_status=ocsp.OCSPCertStatus.REVOKED,
            this_update=BEGIN,
            next_update=None,
            revocation_time=BEGIN,
            revocation_reason=None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.NAME, issuer.certificate)
        .sign(issuer.key, hashes.SHA256())
    )
    der = response.public_bytes(serialization.Encoding.DER)
    assert certificates.answered(der, named)
    assert certificates.answered(der, replace(named, serial_number="00" + named.serial_number.upper()))
    assert not certificates.answered(der, certificates.hash_data(other, issuer.certificate))
    busy = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)
    assert not certificates.answered(busy.public_bytes(serialization.Encoding.DER), named)
    assert not certificates.answered(b"nonsense", named)
