"""One entry of the journal: every row and event of one action. It is written whole, once, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import msgspec

from forecourt.csms.store.errors import EntryRefused
from forecourt.csms.store.rows import Driver, Once, Row, Rows
from forecourt.csms.store.schema import refused_entry
from forecourt.csms.store.scopes import LOOKED_INTO

_FEW: Final = 32
"""Up to how many rows are inserted, together with other kinds where that can be; more are quicker by COPY."""

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
    for group in _groups(by_kind):
        if len(group) > 1:
            arguments = [argument for kind in group for argument in kind.arguments(by_kind[kind])]
            await driver.execute(_together(group), *arguments)
        elif bound or (len(by_kind[group[0]]) <= _FEW and not group[0].has_arrays):
            await group[0].insert(driver, by_kind[group[0]])
        else:
            await group[0].write(driver, by_kind[group[0]])
    return repeated


async def keep_aside(driver: Driver, entry: Entry, error: EntryRefused, refused_at: object) -> None:
    """Record a refused entry, in the running transaction or in one of its own."""
    key = None if entry.key is None else _storable(str(entry.key))
    words = [_storable(word) for word in (error.sqlstate, error.reason, error.table, error.column, error.constraint)]
    await _REFUSED.write(driver, [(refused_at, key, *words, entry.as_bytes())])


def _groups(by_kind: Mapping[Rows, Sequence[Row]]) -> Iterator[tuple[Rows, ...]]:
    """The kinds in their order, those together that one statement can write: none of it sees what the rest of it does."""
    group: list[Rows] = []
    for kind in sorted(by_kind, key=_order):
        if group and not (
            sum(len(by_kind[one]) for one in (*group, kind)) <= _FEW
            and not any(one.has_arrays for one in (*group, kind))
            and all(one.table is not kind.table and one.table.name not in LOOKED_INTO for one in group)
            # The parts of a statement run in an order that nobody promises, and writers have to lock in the same one.
            and not (kind.locks and any(one.locks for one in group))
        ):
            yield tuple(group)
            group.clear()
        group.append(kind)
    if group:
        yield tuple(group)


@lru_cache(maxsize=1_000)
def _together(group: tuple[Rows, ...]) -> str:
    parts, first = [], 1
    for kind in group:
        parts.append(f"part_{first} AS ({kind.statement(first)})")
        first += kind.width
    return f"WITH {', '.join(parts)} SELECT"


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
