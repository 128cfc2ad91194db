"""What can go wrong between us and the database.

StoreError
├── EmbeddedUnavailable   this machine or folder cannot carry the embedded server; says what to do instead
│   ├── FolderNotOurs     the folder exists and was not created by us; nothing in it was touched
│   └── FolderInUse       another process of ours runs the server of this folder
├── UnsuitableDatabase    the database behind the URL cannot be used: address, version, rights or a newer schema
├── BackupFailed          an archive could not be written or read back; the database is as it was
├── EntryRefused          the database refused the values of one entry; they are kept in `refused_entry`
├── StoreAway             the database did not take the entry in time; nothing was acknowledged, try again later
└── StoreFault            the database does not know what we asked for: our defect, not the caller's values

What the driver raises is sorted into these in `failures.py`, and nowhere else.
"""

from __future__ import annotations

DATABASE_URL_VARIABLE = "FORECOURT_DATABASE_URL"


class StoreError(Exception):
    """Base of everything the store raises."""


class EmbeddedUnavailable(StoreError):
    """The embedded PostgreSQL cannot run here."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"{reason}. Set {DATABASE_URL_VARIABLE} to use a PostgreSQL server (15 or newer) of your own instead."
        )
        self.reason = reason


class FolderNotOurs(EmbeddedUnavailable):
    """The folder for the embedded server holds something that is not ours."""


class FolderInUse(EmbeddedUnavailable):
    """Another process runs the server of this folder."""


class UnsuitableDatabase(StoreError):
    """The database behind the URL cannot carry Forecourt."""


class BackupFailed(StoreError):
    """A backup could not be written or restored."""


class EntryRefused(StoreError):
    """The values of an entry contradict the schema. `table`, `column` and `constraint` are empty where unknown."""

    def __init__(self, sqlstate: str, reason: str, *, table: str = "", column: str = "", constraint: str = "") -> None:
        super().__init__(f"{reason} (SQLSTATE {sqlstate})")
        self.sqlstate = sqlstate
        self.reason = reason
        self.table = table
        self.column = column
        self.constraint = constraint


class StoreAway(StoreError):
    """The database is not to be reached, is shutting down, or has no room left; the entry was not acknowledged."""


class StoreBusy(StoreAway):
    """Another transaction held what this one needed, or both waited for each other; nothing was written."""


class StoreBroke(StoreAway):
    """The database went away under a transaction that had begun. Whoever can do it all again may try at once."""


class StoreFault(StoreError):
    """A statement of ours is wrong for this database, such as a missing table. Callers treat it like `StoreAway`."""
