"""Whose fault a failure is, as a table."""

from __future__ import annotations

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError, StatementError

from forecourt.csms.store.errors import EntryRefused, StoreAway, StoreBusy, StoreFault
from forecourt.csms.store.failures import Failure, judge, refusal, translated


def server_error(sqlstate: str) -> asyncpg.PostgresError:
    return asyncpg.PostgresError.new({"C": sqlstate, "M": "words of the server", "D": "values of a user"})


@pytest.mark.parametrize(
    ("sqlstate", "failure"),
    [
        ("22021", Failure.VALUES),
        ("22P05", Failure.VALUES),
        ("23505", Failure.VALUES),
        ("23514", Failure.VALUES),
        ("54000", Failure.VALUES),
        ("40001", Failure.BUSY),
        ("40P01", Failure.BUSY),
        ("55P03", Failure.BUSY),
        ("57014", Failure.BUSY),
        ("08006", Failure.AWAY),
        ("25006", Failure.AWAY),
        ("53100", Failure.AWAY),
        ("53300", Failure.AWAY),
        ("57P01", Failure.AWAY),
        ("57P03", Failure.AWAY),
        ("58030", Failure.AWAY),
        ("XX000", Failure.DEFECT),
        ("25P02", Failure.DEFECT),
        ("42P01", Failure.DEFECT),
        ("42501", Failure.DEFECT),
    ],
)
def test_the_state_says_whose_fault_it_is(sqlstate: str, failure: Failure) -> None:
    error = server_error(sqlstate)
    assert judge(error) is failure
    wrapped = DBAPIError("SELECT", {}, error)
    assert judge(wrapped) is failure


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (ConnectionResetError(), Failure.AWAY),
        (TimeoutError(), Failure.AWAY),
        (asyncpg.InterfaceError("connection is closed"), Failure.AWAY),
        (asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"), Failure.AWAY),
        (OverflowError("int too big to convert"), Failure.VALUES),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"), Failure.VALUES),
        (TypeError("expected str, got int"), Failure.VALUES),
        (StatementError("broken", "SELECT", {}, ValueError("not JSON")), Failure.VALUES),
        (KeyError("x"), Failure.DEFECT),
    ],
)
def test_an_error_of_the_driver_says_whose_fault_it_is(error: Exception, failure: Failure) -> None:
    assert judge(error) is failure


def test_a_connection_that_was_lost_is_away_whatever_it_said() -> None:
    assert judge(DBAPIError("SELECT", {}, server_error("42P01"), connection_invalidated=True)) is Failure.AWAY


@pytest.mark.parametrize(
    ("sqlstate", "kind"),
    [("22021", EntryRefused), ("40P01", StoreBusy), ("57P01", StoreAway), ("42P01", StoreFault)],
)
def test_each_fault_has_its_error(sqlstate: str, kind: type[Exception]) -> None:
    assert type(translated(server_error(sqlstate))) is kind


def test_a_refusal_repeats_no_values_of_users() -> None:
    assert "values of a user" not in str(refusal(server_error("23505")))
    assert "secret" not in str(refusal(ValueError("secret")))
