"""A root, and certificates of stations that it signs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from forecourt.pki import chains, keys
from forecourt.pki.certificates import InvalidCertificate, check_root, common_name, serial_of
from forecourt.pki.issuing import Authority, PublicKey, issue, new_authority, packed, read_authority

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
NAMES = {"common_name": "CP-1", "organization": "Acme Charging"}


@pytest.fixture(scope="module")
def authority() -> Authority:
    return new_authority("Forecourt stations", NOW, 9000)


def a_key() -> PublicKey:
    return keys.loaded(keys.new_key()).public_key()


def test_A00_FR_511_a_certificate_names_the_station_and_its_organisation_and_goes_back_to_the_root(
    authority: Authority,
) -> None:
    check_root(authority.certificate, NOW)
    key = a_key()
    made = issue(authority, key, **NAMES, now=NOW, days=730)
    assert made.public_key() == key
    assert common_name(made) == "CP-1"
    (owner,) = made.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert owner.value == "Acme Charging"
    assert made.not_valid_after_utc == NOW + timedelta(days=730)
    assert chains.verify(made, [], [authority.certificate], NOW) == (made, authority.certificate)
    uses = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_it_holds_a_little_before_it_was_made_and_no_longer_than_the_root(authority: Authority) -> None:
    made = issue(authority, a_key(), **NAMES, now=NOW, days=20_000)
    assert made.not_valid_before_utc < NOW
    assert made.not_valid_after_utc == authority.certificate.not_valid_after_utc


def test_no_two_have_the_same_number_and_every_station_can_take_it(authority: Authority) -> None:
    serials = {serial_of(issue(authority, a_key(), **NAMES, now=NOW, days=1)) for _ in range(20)}
    assert len(serials) == 20
    assert max(map(len, serials)) <= 20


def test_what_it_signs_signs_nothing_itself(authority: Authority) -> None:
    key = keys.new_key()
    made = issue(authority, keys.loaded(key).public_key(), **NAMES, now=NOW, days=730)
    forged = issue(Authority(made, key), a_key(), **NAMES, now=NOW, days=1)
    with pytest.raises(InvalidCertificate):
        chains.verify(forged, [made], [authority.certificate], NOW)


@pytest.mark.parametrize("names", [{"common_name": ""}, {"common_name": "C" * 65}, {"organization": "O" * 65}])
def test_a_name_that_does_not_fit_is_refused(authority: Authority, names: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="1 to 64 characters"):
        issue(authority, a_key(), **{**NAMES, **names}, now=NOW, days=1)


def test_a_root_is_read_back_with_its_key_and_not_with_anothers(authority: Authority) -> None:
    assert read_authority(authority.as_text()) == authority
    assert authority.key not in repr(authority)
    other = new_authority("Forecourt stations", NOW, 1)
    with pytest.raises(InvalidCertificate):
        read_authority(Authority(authority.certificate, other.key).as_text())


def test_key_certificate_and_root_fit_into_one_file_that_a_password_opens(authority: Authority) -> None:
    key = keys.new_key()
    made = issue(authority, keys.loaded(key).public_key(), **NAMES, now=NOW, days=1)
    file = packed(key, made, authority.certificate, name="CP-1", password="a password")
    opened, leaf, more = pkcs12.load_key_and_certificates(file, b"a password")
    assert isinstance(opened, ec.EllipticCurvePrivateKey)
    assert opened.public_key() == made.public_key()
    assert (leaf, more) == (made, [authority.certificate])
    with pytest.raises(ValueError, match="password"):
        pkcs12.load_key_and_certificates(file, b"another one")
