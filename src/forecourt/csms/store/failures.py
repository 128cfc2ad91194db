"""What an exception of the driver means for an entry: its own fault, a database away, or a defect of ours."""

from __future__ import annotations

from enum import Enum, auto

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from forecourt.csms.store.errors import EntryRefused, StoreAway, StoreBusy, StoreFault

DRIVER_MISUSED = (asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What the driver raises on a closed connection, and also for a call it does not understand on an open one."""

DRIVER_ERRORS = (SQLAlchemyError, asyncpg.PostgresError, *DRIVER_MISUSED)
"""Every family of errors that only a database raises. Opening a connection may also raise `OSError`."""


class Failure(Enum):
    """Whose fault it is, and so what becomes of the entry."""

    VALUES = auto()
    """The values contradict the schema (SQLSTATE class 22 or 23), exceed what an index or a nested value may be (54), or
    cannot be encoded: refused for good."""
    BUSY = auto()
    """Another transaction was in the way, or it took too long together: tried again in smaller parts, then later."""
    AWAY = auto()
    """The server is not there, not ready, read-only or full: held until it is back."""
    DEFECT = auto()
    """Anything else, such as a missing table: our mistake, not the entry's."""


# Serialization, deadlock, lock not available, statement timeout.
_BUSY = frozenset({"40001", "40P01", "55P03", "57014"})
# Connection, resources such as disk space, operator, operating system; 25006 is a server that became a replica.
_AWAY_CLASSES = frozenset({"08", "53", "57", "58"})
_AWAY = frozenset({"25006"})
# An internal error (XX) is not among these: a value that causes one must be found and not be held with all others.
_VALUES_CLASSES = frozenset({"22", "23", "54"})


def judge(error: BaseException) -> Failure:
    """What `error`, raised by asyncpg or by SQLAlchemy around it, means."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Failure.AWAY
    error = _driver_error(error)
    if isinstance(error, asyncpg.PostgresError):
        return _judge_state(error.sqlstate or "")
    if isinstance(error, (OSError, TimeoutError, NoConnectionFree, EOFError)):
        return Failure.AWAY
    # The driver's own state: closed, lost in the middle of an operation, or a protocol out of step.
    if isinstance(error, DRIVER_MISUSED):
        return Failure.AWAY
    # What the driver's encoders raise for a value that does not fit its column's type.
    if isinstance(error, (TypeError, ValueError, ArithmeticError)):
        return Failure.VALUES
    return Failure.DEFECT


def _judge_state(sqlstate: str) -> Failure:
    if sqlstate in _BUSY:
        return Failure.BUSY
    if sqlstate in _AWAY or sqlstate[:2] in _AWAY_CLASSES:
        return Failure.AWAY
    return Failure.VALUES if sqlstate[:2] in _VALUES_CLASSES else Failure.DEFECT


def refusal(error: BaseException) -> EntryRefused:
    """The typed error for values that were refused. Its words hold no values: the server's details would."""
    error = _driver_error(error)
    if isinstance(error, asyncpg.PostgresError):
        names = {name: getattr(error, f"{name}_name", None) or "" for name in ("table", "column", "constraint")}
        return EntryRefused(error.sqlstate or "", getattr(error, "message", None) or type(error).__name__, **names)
    return EntryRefused("22000", f"a value does not fit its column ({type(error).__name__})")


def translated(error: BaseException) -> EntryRefused | StoreAway | StoreFault:
    """The error of the store for `error`."""
    failure = judge(error)
    if failure is Failure.VALUES:
        return refusal(error)
    if failure is Failure.DEFECT:
        return StoreFault(f"{type(error).__name__}: {error}")
    if failure is Failure.BUSY:
        return StoreBusy("another transaction was in the way")
    return StoreAway(f"the database did not take it: {type(error).__name__}")


def _driver_error(error: BaseException) -> BaseException:
    """The driver's own error under SQLAlchemy's two layers, or the error itself."""
    if not isinstance(error, StatementError) or error.orig is None:
        return error
    return error.orig.__cause__ or error.orig
