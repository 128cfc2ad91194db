"""Lists of revoked certificates as they are read from files."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from forecourt.csms.gateway.revocation import Revoked, read_lists
from forecourt.transport import KeyPair
from forecourt.transport.handshake import Certificate
from tests.transport.authority import Authority

NOW = datetime(2026, 11, 28, tzinfo=UTC)
WRONG = "has signed this list"


def shown(pair: KeyPair, *, verified: bool = True) -> Certificate:
    der = ssl.PEM_cert_to_DER_cert(Path(pair.chain).read_text())
    return Certificate(der, {"subject": ()} if verified else {})


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.make(tmp_path)


@pytest.mark.parametrize("der", [False, True], ids=["PEM", "DER"])
def test_only_what_is_on_a_list_of_its_own_issuer_is_revoked(authority: Authority, tmp_path: Path, der: bool) -> None:
    gone, good = authority.issue("gone", "CP"), authority.issue("good", "CP")
    (tmp_path / "other").mkdir()
    other = Authority.make(tmp_path / "other", "Another CA")
    revoked = read_lists(
        [authority.revoke("ca.crl", gone, der=der), other.revoke("other.crl", good)], authority.roots + other.roots
    )
    assert revoked.covers(shown(gone))
    # The number is on a list, but of another issuer.
    assert not revoked.covers(shown(good))
    assert not revoked.covers(shown(gone, verified=False))
    assert not Revoked().covers(shown(gone))


def test_one_file_may_hold_several_lists(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Authority.make(tmp_path / "other", "Another CA")
    pairs = authority.issue("a", "A"), other.issue("b", "B")
    both = tmp_path / "both.crl"
    both.write_bytes(
        authority.revoke("a.crl", pairs[0]).read_bytes() + b"\n" + other.revoke("b.crl", pairs[1]).read_bytes()
    )
    revoked = read_lists([both], authority.roots + other.roots)
    assert [revoked.covers(shown(pair)) for pair in pairs] == [True, True]


def test_a_list_that_nobody_trusted_has_signed_is_refused(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    # The same name with another key.
    other = Authority.make(tmp_path / "other")
    with pytest.raises(ValueError, match=WRONG):
        read_lists([other.revoke("ca.crl", authority.issue("gone", "CP"))], authority.roots)


def test_what_is_no_whole_list_is_refused(authority: Authority, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="differences only"):
        read_lists([authority.revoke("delta.crl", delta=True)], authority.roots)
    nothing = tmp_path / "nothing.crl"
    nothing.write_bytes(b"-----BEGIN CERTIFICATE-----")
    with pytest.raises(ValueError, match="no certificate revocation list"):
        read_lists([nothing], authority.roots)
    with pytest.raises(FileNotFoundError):
        read_lists([tmp_path / "none.crl"], authority.roots)


def test_a_list_is_late_once_a_newer_one_should_be_there(authority: Authority) -> None:
    (one,) = read_lists([authority.revoke("ca.crl", until=NOW)], authority.roots).lists
    assert one.is_late(NOW)
    assert not one.is_late(NOW - timedelta(seconds=1))
