"""One entry of the journal: every row and event of one action. It is written whole, once, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import msgspec

from forecourt.csms.store.errors import EntryRefused
from forecourt.csms.store.rows import Driver, Once, Row, Rows
from forecourt.csms.store.schema import refused_entry

_REFUSED = Rows(
    refused_entry,
    "refused_at",
    "key",
    "sqlstate",
    "reason",
    "table_name",
    "column_name",
    "constraint_name",
    "entry",
)


@dataclass(slots=True, eq=False)
class Entry:
    """`key` is whose entry it is, a station's number; None where order does not matter and nobody is to blame.

    `wakes` are the subjects to publish on after the commit. Times are seconds of the monotonic clock. `done` says, once
    committed, whether the entry was a repetition.
    """

    key: Hashable
    rows: list[tuple[Rows, Sequence[Row]]] = field(default_factory=list)
    once: tuple[Once, Row] | None = None
    wakes: set[str] = field(default_factory=set)
    since: float = 0.0
    deadline: float = 0.0
    expired: bool = False
    done: asyncio.Future[bool] | None = None

    def settle(self, outcome: bool | Exception) -> None:
        """Tell the waiting caller. A caller that was cancelled is not told; its entry was written all the same."""
        if self.done is None or self.done.done():
            return
        if isinstance(outcome, Exception):
            self.done.set_exception(outcome)
        else:
            self.done.set_result(outcome)

    def as_bytes(self) -> bytes:
        """The whole entry for a person to look at: JSON, or Python's own notation for what JSON cannot hold."""
        rows = [*self.rows, *([(self.once[0], (self.once[1],))] if self.once else [])]
        content = [{"table": kind.table.name, "columns": kind.columns, "rows": list(values)} for kind, values in rows]
        try:
            return msgspec.json.encode(content)
        except (TypeError, ValueError, OverflowError):
            return repr(content).encode("ascii", "backslashreplace")


async def write(driver: Driver, entries: Sequence[Entry], *, bound: bool = False) -> frozenset[int]:
    """Write `entries` in the running transaction; returns the indexes of those that were there already.

    `bound` says that row-level security binds the driver's role. Raises whatever the driver raises; the transaction is then to be rolled back.
    """
    repeated = await _repeated(driver, entries)
    by_kind: dict[Rows, list[Row]] = {}
    for index, entry in enumerate(entries):
        if index in repeated:
            continue
        for kind, rows in entry.rows:
            if kind in by_kind:
                by_kind[kind].extend(rows)
            else:
                by_kind[kind] = list(rows)
    for kind in sorted(by_kind, key=_order):
        await (kind.insert if bound else kind.write)(driver, by_kind[kind])
    return repeated


async def keep_aside(driver: Driver, entry: Entry, error: EntryRefused, refused_at: object) -> None:
    """Record a refused entry, in the running transaction or in one of its own."""
    key = None if entry.key is None else _storable(str(entry.key))
    words = [_storable(word) for word in (error.sqlstate, error.reason, error.table, error.column, error.constraint)]
    await _REFUSED.write(driver, [(refused_at, key, *words, entry.as_bytes())])


def _order(kind: Rows) -> tuple[int, str, str]:
    return kind.rank, kind.table.name, type(kind).__name__


async def _repeated(driver: Driver, entries: Sequence[Entry]) -> frozenset[int]:
    guarded: dict[Once, list[int]] = {}
    for index, entry in enumerate(entries):
        if entry.once is not None:
            guarded.setdefault(entry.once[0], []).append(index)
    repeated: set[int] = set()
    for guard in sorted(guarded, key=_order):
        indexes = guarded[guard]
        rows = [once[1] for index in indexes if (once := entries[index].once) is not None]
        fresh = await guard.fresh(driver, rows)
        repeated.update(index for number, index in enumerate(indexes) if number not in fresh)
    return frozenset(repeated)


def _storable(words: str) -> str:
    return words.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
