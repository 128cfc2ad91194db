"""Stopping transactions at their limits: the backstop behind every station, whatever it observes itself.

With every reading the moment is reckoned at which a limit will be reached, and one timer per transaction is set for as much
earlier as a stop takes. When it is due the limit is put on record as reached, and the station is asked to stop; again and
again, until the transaction is over.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from forecourt.charging.connector_state import ChargingState
from forecourt.charging.limits import LimitKind, next_stop
from forecourt.clock import Clock, Timer
from forecourt.csms.blocks.transactions import records
from forecourt.csms.blocks.transactions.events import LimitReached, TransactionUpdated
from forecourt.csms.blocks.transactions.memory import Ongoing
from forecourt.csms.blocks.transactions.model import Stop, TransactionKey, moment
from forecourt.csms.blocks.transactions.pace import Pulse
from forecourt.csms.blocks.transactions.record import Record, facts_of
from forecourt.csms.stations.model import Station, StationKey
from forecourt.csms.stations.registry import Stations
from forecourt.csms.store.work import Store, Work
from forecourt.errors import NotFound, StationError
from forecourt.transport.tasks import Tasks

REACTION: Final = timedelta(seconds=5)
"""How long it takes from asking a station to stop until no more energy flows."""

_LOG = logging.getLogger("forecourt.transactions")
_AGAIN_S: Final = 60.0
_RESTING: Final = frozenset({ChargingState.SUSPENDED_EV, ChargingState.SUSPENDED_EVSE, ChargingState.IDLE})


class Watch:
    """The timers of this process. `stop` asks a station to stop a transaction."""

    def __init__(
        self,
        store: Store,
        stations: Stations,
        clock: Clock,
        tasks: Tasks,
        stop: Stop,
        *,
        reaction: timedelta = REACTION,
    ) -> None:
        self._store = store
        self._stations = stations
        self._clock = clock
        self._tasks = tasks
        self._stop = stop
        self._reaction = reaction
        self._timers: dict[TransactionKey, Timer] = {}
        self._asked: dict[TransactionKey, float] = {}

    async def resume(self) -> int:
        """After a start: watch what runs, also where nothing is heard of it. Returns how many have limits."""
        async with self._store.work() as work:
            found = await records.with_limits(await work.sql())
        for record in found:
            try:
                station = self._stations.of_key(StationKey(record.station_id))
            except NotFound:
                continue
            self.look(station, record, Pulse(), self._clock.now())
        return len(found)

    def look(self, station: Station, record: Record, pulse: Pulse, now: datetime, work: Work | None = None) -> None:
        """Reckon anew when a transaction has to be stopped. What is due at once is done after the answer of `work`."""
        self.forget(record.id)
        if record.limits_wanted is None or record.ended:
            return
        observed = pulse.observed(
            now,
            moment(record.started_at, record.received_at),
            charging=record.charging_state not in _RESTING,
            energy_wh=record.energy_imported_wh,
            price=record.price,
        )
        planned = next_stop(record.limits_wanted.limits, observed, reaction=self._reaction)
        if planned is None:
            return
        if not planned.due(now):
            wait_s = (planned.stop_at - now).total_seconds()
            self._timers[record.id] = self._clock.call_at(
                self._clock.monotonic() + wait_s,
                lambda: self._tasks.start(self.reach(station, record.id, planned.kind)),
            )
        elif work is None:
            self._tasks.start(self.reach(station, record.id, planned.kind))
        else:
            work.after_answer(lambda: self.reach(station, record.id, planned.kind))

    def forget(self, key: TransactionKey) -> None:
        """Set no timer for a transaction any more; for one that has ended, or is about to be looked at."""
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()

    def ended(self, key: TransactionKey) -> None:
        """Forget a transaction for good."""
        self.forget(key)
        self._asked.pop(key, None)

    async def reach(self, station: Station, key: TransactionKey, kind: LimitKind) -> None:
        """Record that a limit is reached and ask the station to stop, unless that was done a moment ago."""
        now_s = self._clock.monotonic()
        asked_s = self._asked.get(key)
        if asked_s is not None and now_s - asked_s < _AGAIN_S:
            self._again(station, key, kind, asked_s + _AGAIN_S)
            return
        self._asked[key] = now_s
        async with self._store.work(station.key) as work:
            connection = await work.sql()
            await records.hold(connection, station.key)
            record = await records.of_key(connection, key)
            if record is None or record.ended:
                self.ended(key)
                return
            if kind not in record.stops_asked:
                record = await _note(work, record, kind)
        station.recall(Ongoing).stale()
        self._again(station, key, kind, now_s + _AGAIN_S)
        try:
            await self._stop(station, record.reference)
        except StationError as error:
            _LOG.warning("%s was not stopped at its limit and is asked again: %s", station.wire_id, error)

    def _again(self, station: Station, key: TransactionKey, kind: LimitKind, when: float) -> None:
        self.forget(key)
        self._timers[key] = self._clock.call_at(when, lambda: self._tasks.start(self.reach(station, key, kind)))


async def _note(work: Work, record: Record, kind: LimitKind) -> Record:
    asked = tuple(sorted({*record.stops_asked, kind.value}))
    reached = tuple(sorted({*record.limits_reached, kind.value}))
    changed = record.asked_to_stop(asked, reached)
    await records.change(await work.sql(), record.id, stops_asked=asked, limits_reached=reached)
    work.announce(
        LimitReached(
            organisation_id=record.organisation_id,
            station_id=record.station_id,
            transaction_id=record.id,
            by="csms",
            kind=kind.value,
        ),
        TransactionUpdated(**facts_of(changed)),
    )
    return changed
