from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519

from forecourt.pki.certificates import common_name, read
from forecourt.pki.keys import belongs, new_key, signed_by, signing_request
from tests.pki.authority import BEGIN, root
from tests.pki.authority import new_key as make_key

NOW = BEGIN + timedelta(days=365)


def test_a_request_names_the_station_and_what_comes_of_it_belongs_to_its_key() -> None:
    top, key = root("top"), new_key()
    request = signing_request(key, common_name="SN1", organization="CPO")
    assert request.startswith("-----BEGIN CERTIFICATE REQUEST-----")
    parsed = x509.load_pem_x509_csr(request.encode())
    assert parsed.subject.rfc4514_string() == "O=CPO,CN=SN1"
    (certificate,) = read(top.sign_request(request))
    assert common_name(certificate) == "SN1"
    assert belongs(certificate, key)
    assert not belongs(certificate, new_key())


def test_an_organization_that_is_not_known_is_left_out() -> None:
    parsed = x509.load_pem_x509_csr(signing_request(new_key(), common_name="SN1", organization="").encode())
    assert parsed.subject.rfc4514_string() == "CN=SN1"


def test_keys_of_another_kind_are_not_ours() -> None:
    stranger = root("top", key=make_key(use_rsa=True))
    assert not belongs(stranger.certificate, stranger.key_pem)


def test_a_signature_holds_for_its_file_and_its_signer_only() -> None:
    content = b"firmware"
    for signer in (root("curve"), root("rsa", key=make_key(use_rsa=True))):
        for signature in (signer.sign(content), signer.sign(content, pss=False)):
            assert signed_by(signer.certificate, signature, content)
            assert not signed_by(signer.certificate, signature, b"other")
            assert not signed_by(root("another").certificate, signature, content)


@pytest.mark.parametrize("signature", ["", "???", base64.b64encode(b"nonsense").decode()])
def test_what_is_no_signature_does_not_hold(signature: str) -> None:
    for signer in (root("curve"), root("rsa", key=make_key(use_rsa=True))):
        assert not signed_by(signer.certificate, signature, b"firmware")


def test_a_signer_with_an_unknown_kind_of_key_signs_nothing() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(BEGIN)
        .not_valid_after(NOW)
        .sign(key, None)
    )
    assert not signed_by(certificate, base64.b64encode(key.sign(b"x")).decode(), b"x")
    assert not belongs(certificate, new_key())
