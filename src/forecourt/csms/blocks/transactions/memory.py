"""The open transactions of a station in memory, so that one more reading needs no look into the database.

Memory is never the last word. It says which events are new for sure (the database's unique keys still decide) and how far
a transaction has come (at its end that is reckoned anew from everything). What changes the record leaves memory stale until
it is committed; what then is more than one transaction begun, changed or over leaves it so, and the next message reads it from
the database. So nothing is remembered that was not committed. A new connection begins with stale memory too, since another
process may have served the station meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from forecourt.charging.energy import EnergyAccount, EnergyFigures
from forecourt.charging.limits import TRIGGER_REASONS, Limits
from forecourt.charging.registers import Bounds
from forecourt.csms.blocks.metering.model import Metered, Series
from forecourt.csms.blocks.transactions.figures import cost_of
from forecourt.csms.blocks.transactions.model import Details, Told, TransactionKey, What
from forecourt.csms.blocks.transactions.numbering import Range, SeqNos
from forecourt.csms.blocks.transactions.pace import Pulse
from forecourt.csms.blocks.transactions.record import Record
from forecourt.csms.store.rows import Row

WRITE_EVERY: Final = timedelta(seconds=30)
"""How often the record of a running transaction is brought up to date for its readings alone."""

_MOST_UNREAD: Final = 64
_MOST_UNKNOWN: Final = 64
_LIMIT_TRIGGERS: Final = frozenset(TRIGGER_REASONS.values())


class Running:
    """One open transaction. `account` None means that its energy has to be counted from the database first."""

    __slots__ = ("_unread", "account", "due", "pulse", "record", "seen", "state", "told_of_number")

    def __init__(self, record: Record, seen: SeqNos, now: datetime) -> None:
        self.record = record
        self.seen = seen
        self.state = record.charging_state
        self.account: EnergyAccount | None = None
        self.pulse = Pulse()
        # Not all at once, where many came back at once.
        self.due = now + WRITE_EVERY + timedelta(seconds=record.id % WRITE_EVERY.seconds)
        self.told_of_number = False
        """Whether it is on record already that the station does not know the number of this one."""
        self._unread: dict[tuple[Series, ...], Metered] = {}

    def takes(self, told: Told) -> bool:
        """Whether an event is one more of many: new for sure, and nothing in it changes the record but a state or readings."""
        record = self.record
        return (
            told.what is What.UPDATED
            and told.token is None
            and told.seq_no not in self.seen
            and (told.evse_id is None or told.evse_id == record.evse_id)
            and (told.connector_id is None or told.connector_id == record.connector_id)
            and (told.details is None or not self._weighty(told.details))
            and told.trigger not in _LIMIT_TRIGGERS
        )

    def _weighty(self, details: Details) -> bool:
        record = self.record
        return (
            details.limits is not None
            or details.remote_start_id not in (None, record.remote_start_id)
            or details.reservation_id not in (None, record.reservation_id)
            or (details.local_cost and not record.local_cost)
        )

    def follow(self, record: Record, told: Told, bounds: Bounds) -> None:
        """Be the record as one more event has left it."""
        self.record = record
        self.state = record.charging_state
        if told.seq_no >= 0:
            self.seen.add(told.seq_no)
        self.read(told.values, bounds)

    def read(self, values: Sequence[Metered], bounds: Bounds) -> None:
        """Take readings into account. Of a register on its way only the newest are kept until a figure is wanted."""
        for one in values:
            if one.energy and self.account is not None:
                series = tuple([series for series, _ in one.taken])
                for each in series:
                    if each.energy and not each.passing:
                        self._count(bounds)
                        self.account = self.account.read(one.readings(_is_energy), bounds)
                        break
                else:
                    self._unread[series] = one
                    if len(self._unread) > _MOST_UNREAD:
                        self._count(bounds)

    def figures(self, bounds: Bounds) -> EnergyFigures:
        """The energy so far. There has to be an account."""
        self._count(bounds)
        assert self.account is not None  # noqa: S101 - whoever wants figures has it counted first
        return self.account.figures(bounds, over=False)

    def _count(self, bounds: Bounds) -> None:
        if self.account is None:
            return
        for one in sorted(self._unread.values(), key=_moment):
            self.account = self.account.read(one.readings(_is_energy), bounds)
        self._unread.clear()

    def progress(self, bounds: Bounds, last_at: datetime) -> Record:
        """The record with what came since it was loaded, as far as that is reckoned in memory."""
        figures = self.figures(bounds)
        record = self.record
        imported, exported = figures.imported, figures.exported
        energy_wh = record.energy_imported_wh if imported.energy_wh is None else imported.energy_wh
        self.record = msgspec.structs.replace(
            record,
            charging_state=self.state,
            last_at=max(last_at, record.last_at),
            last_seq_no=self.seen.highest,
            missing=tuple(self.seen.missing),
            register_begin_wh=record.register_begin_wh if imported.begin is None else imported.begin.wh,
            register_end_wh=record.register_end_wh if imported.end is None else imported.end.wh,
            energy_imported_wh=energy_wh,
            energy_exported_wh=record.energy_exported_wh if exported.energy_wh is None else exported.energy_wh,
            cost=cost_of(energy_wh, record.verdict, record.price),
        )
        return self.record

    def row(self) -> Row:
        """The row of `store.RUNNING`."""
        record = self.record
        return (
            record.id,
            record.charging_state,
            record.last_at,
            record.last_seq_no,
            msgspec.json.encode(record.missing).decode(),
            record.register_begin_wh,
            record.register_end_wh,
            record.energy_imported_wh,
            record.energy_exported_wh,
            record.cost,
        )


def _is_energy(series: Series) -> bool:
    return series.energy


def _moment(metered: Metered) -> datetime:
    return metered.at


class Ongoing:
    """What a station has open. `epoch` is that of the connection it was read for; None means stale."""

    __slots__ = ("_running", "_told", "_told_epoch", "_unknown", "epoch", "generation")

    def __init__(self) -> None:
        self.epoch: int | None = None
        self.generation = 0
        """How often it has become stale."""
        self._running: dict[str, Running] = {}
        self._unknown: set[int] = set()
        self._told: dict[TransactionKey, Limits] = {}
        self._told_epoch: int | None = None

    def fill(
        self, epoch: int, records: Sequence[Record], seen: dict[TransactionKey, list[Range]], now: datetime
    ) -> None:
        """Remember these transactions and no others."""
        before = self._running
        self._running = {record.wire_id: Running(record, SeqNos(seen[record.id]), now) for record in records}
        for wire_id, running in self._running.items():
            if wire_id in before:
                running.pulse = before[wire_id].pulse
        self._unknown.clear()
        self.epoch = epoch

    def stale(self) -> None:
        """Read the database before the next message is judged."""
        self.epoch = None
        self.generation += 1

    def drop(self, wire_id: str) -> None:
        """Forget a transaction that is over."""
        self._running.pop(wire_id, None)

    def renewal(self, epoch: int, running: Running | None = None) -> Callable[[], None]:
        """What makes memory right again once a change is committed that was made to it and to nothing else.

        `running` is the changed transaction; None if it was dropped. Without effect if memory became stale once more
        meanwhile. Call this after `stale`.
        """
        generation = self.generation

        def renew() -> None:
            if self.generation == generation:
                self.epoch = epoch
                if running is not None:
                    self._running[running.record.wire_id] = running
                self._unknown.clear()

        return renew

    def tell_once(self, epoch: int, key: TransactionKey, limits: Limits) -> bool:
        """Whether the station is yet to be told these limits on this connection; afterwards it has been."""
        if self._told_epoch != epoch:
            self._told_epoch = epoch
            self._told.clear()
        if self._told.get(key) == limits:
            return False
        self._told[key] = limits
        return True

    def named(self, wire_id: str) -> Running | None:
        return self._running.get(wire_id)

    def all(self) -> list[Running]:
        return list(self._running.values())

    def at(self, evse_id: int | None) -> Running | None:
        """The transaction on an EVSE; there is at most one."""
        for running in self._running.values():
            if running.record.evse_id == evse_id:
                return running
        return None

    def is_unknown(self, number: int) -> bool:
        """Whether a number was looked for in vain."""
        return number in self._unknown

    def note_unknown(self, number: int) -> None:
        if len(self._unknown) >= _MOST_UNKNOWN:
            self._unknown.clear()
        self._unknown.add(number)
