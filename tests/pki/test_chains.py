from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.pki.certificates import InvalidCertificate
from forecourt.pki.chains import verify
from tests.pki.authority import BEGIN, DAYS, new_key, root

NOW = BEGIN + timedelta(days=365)


def test_a_leaf_without_extensions_is_followed_to_its_root() -> None:
    top = root("top")
    middle = top.issue("middle", ca=True, cert_sign=True)
    leaf = middle.issue("leaf")
    found = verify(leaf.certificate, [middle.certificate], [root("other").certificate, top.certificate], NOW)
    assert found == (leaf.certificate, middle.certificate, top.certificate)
    assert verify(middle.certificate, [], [top.certificate], NOW) == (middle.certificate, top.certificate)


def test_a_leaf_with_a_key_of_rsa_is_followed_too() -> None:
    top = root("top", key=new_key(use_rsa=True))
    leaf = top.issue("leaf", use_rsa=True)
    assert verify(leaf.certificate, [], [top.certificate], NOW)


def test_what_does_not_go_back_to_a_trusted_root_is_refused() -> None:
    top, other = root("top"), root("top")
    middle, leaf = top.issue("middle", ca=True), top.issue("leaf")
    deep = middle.issue("deep")
    for certificate, intermediates, roots in (
        (leaf, [], []),
        (leaf, [], [other]),
        (deep, [], [top]),
        (leaf.issue("issued by a leaf"), [leaf], [top]),
        (top, [], [top]),
    ):
        with pytest.raises(InvalidCertificate):
            verify(
                certificate.certificate,
                [one.certificate for one in intermediates],
                [one.certificate for one in roots],
                NOW,
            )


def test_authorities_that_may_not_sign_are_refused() -> None:
    top = root("top")
    for bad in (top.issue("no authority", ca=False), top.issue("other usage", ca=True, cert_sign=False)):
        with pytest.raises(InvalidCertificate, match="no chain"):
            verify(bad.issue("leaf").certificate, [bad.certificate], [top.certificate], NOW)


@pytest.mark.parametrize("at", [BEGIN - timedelta(seconds=1), BEGIN + timedelta(days=DAYS, seconds=1)])
def test_dates_are_checked(at: object) -> None:
    top = root("top")
    with pytest.raises(InvalidCertificate, match="no chain"):
        verify(top.issue("leaf").certificate, [], [top.certificate], at)  # type: ignore[arg-type]


def test_an_expired_middle_is_refused() -> None:
    top = root("top")
    middle = top.issue("middle", ca=True, days=10)
    with pytest.raises(InvalidCertificate, match="no chain"):
        verify(middle.issue("leaf").certificate, [middle.certificate], [top.certificate], NOW)
