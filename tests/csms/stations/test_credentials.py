"""Passwords of stations: what they may be, and what is kept of them."""

from __future__ import annotations

import pytest

from forecourt.csms.stations.credentials import (
    MAX_PASSWORD_LENGTH,
    MIN_PASSWORD_LENGTH,
    check_password,
    digest,
    new_password,
)
from forecourt.csms.stations.model import check_identity
from forecourt.errors import Invalid


def test_a_new_password_is_one_a_station_may_have_and_never_the_same() -> None:
    made = {new_password() for _ in range(100)}
    assert len(made) == 100
    for password in made:
        assert check_password(password) == password
        assert len(bytes.fromhex(password)) == 20


@pytest.mark.parametrize("length", [MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH])
def test_a_password_within_the_bounds_is_taken(length: int) -> None:
    assert check_password("a" * length) == "a" * length


@pytest.mark.parametrize(
    "password", ["", "a" * (MIN_PASSWORD_LENGTH - 1), "a" * (MAX_PASSWORD_LENGTH + 1), "a" * 20 + "\n"]
)
def test_another_password_is_refused_without_being_repeated(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_password(password)
    assert set(refused.value.fields) == {"password"}
    assert not password or password not in str(refused.value)


def test_what_is_kept_depends_on_password_and_pepper_and_shows_neither() -> None:
    kept = digest("correct horse battery", b"p" * 32)
    assert kept == digest(b"correct horse battery", b"p" * 32)
    assert len({kept, digest("correct horse batterx", b"p" * 32), digest("correct horse battery", b"q" * 32)}) == 3
    assert b"horse" not in kept


@pytest.mark.parametrize("identity", ["", "x" * 49, "a:b", "a\nb", "a\0b"])
def test_an_impossible_identity_is_refused(identity: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_identity(identity)
    assert set(refused.value.fields) == {"stationId"}
