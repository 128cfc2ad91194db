"""Handshakes and SOAP calls that were refused, recorded so that an operator sees why a charger does not come in.

A charger with a wrong password knocks every few seconds for days, and a scanner knocks a thousand times a second. So the same
refusal of the same station is written at most once in a while, and there is a bound on all of them together; what was not
written is counted.

Who names no station that is known concerns the platform's administrators, and where there is one organisation only, that one.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from forecourt.clock import Clock
from forecourt.csms.blocks.security import actions as security
from forecourt.csms.blocks.security.model import SecurityEvent
from forecourt.csms.gateway.handshake import Turned
from forecourt.csms.gateway.log import storable
from forecourt.csms.organisations.actions import sole
from forecourt.csms.redaction import redacted_text
from forecourt.csms.stations.credentials import Verdict
from forecourt.csms.stations.model import Station
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.store import refused_handshake as table
from forecourt.csms.store.announced import Event
from forecourt.csms.store.errors import StoreError
from forecourt.csms.store.rows import Row, Rows
from forecourt.csms.store.work import Store
from forecourt.transport.admission import Caller
from forecourt.transport.tasks import Tasks

_LOG = logging.getLogger("forecourt.gateway")

SAME_AGAIN_S: Final = 60.0
NOTICED_AGAIN_S: Final = 3600.0
"""How often it is a security event that the same station is refused for the same reason."""

MOST_WAITING: Final = 1_000
_TLS_FAILED: Final = "tls_failed"
_REMEMBERED: Final = 10_000
_NOT_PROVEN: Final = frozenset(verdict.value for verdict in Verdict if verdict is not Verdict.ACCEPTED)
"""Reasons that say that a station did not prove who it is."""

_REFUSED: Final = Rows(table, "at", "organisation_id", "wire_id", "peer", "path", "reason", "detail", "subprotocols")


class HandshakeRefused(Event, frozen=True, kw_only=True):
    """Somebody was not let in as the station `wire_id`; told once in a while however often they knock. `reason` is for programs."""

    organisation_id: int | None
    station_id: int | None
    wire_id: str
    reason: str


class Refusals:
    """Records refused handshakes, a few at a time. `unrecorded` counts those that were not written."""

    def __init__(self, store: Store, stations: Stations, clock: Clock, tasks: Tasks) -> None:
        self.unrecorded = 0
        self._store = store
        self._stations = stations
        self._clock = clock
        self._tasks = tasks
        self._seen: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._noticed: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._waiting: list[Row] = []
        self._events: list[tuple[Station, str]] = []
        self._writing = False

    def note(self, caller: Caller, turned: Turned, subprotocols: Sequence[str] = ()) -> None:
        """Record one refusal, soon: of a handshake that offered `subprotocols`, or of a call over SOAP."""
        now = self._clock.monotonic()
        key = (turned.wire_id or caller.peer.host, turned.reason)
        if len(self._waiting) >= MOST_WAITING or not _is_news(self._seen, key, now, SAME_AGAIN_S):
            self.unrecorded += 1
            return
        station = self._stations.named(turned.wire_id)
        unproven = station is not None and turned.reason in _NOT_PROVEN
        if station is not None and unproven and _is_news(self._noticed, key, now, NOTICED_AGAIN_S):
            self._events.append((station, f"{turned.reason}: {turned.detail}, from {caller.peer.host}"))
        self._waiting.append(
            (
                self._clock.now(),
                None if station is None else station.organisation,
                storable(turned.wire_id),
                f"{caller.peer.host}:{caller.peer.port}",
                storable(redacted_text(caller.path)[:500]),
                turned.reason,
                storable(turned.detail),
                [storable(name[:100]) for name in subprotocols[:20]],
            )
        )
        self._begin()

    def note_tls(self, came_from: str, detail: str) -> None:
        """Record a connection that ended in its TLS handshake, soon. Which station it was nobody knows: it had no time to say."""
        key = (came_from.rpartition(":")[0], f"{_TLS_FAILED}: {detail}")
        if len(self._waiting) >= MOST_WAITING or not _is_news(self._seen, key, self._clock.monotonic(), SAME_AGAIN_S):
            self.unrecorded += 1
            return
        self._waiting.append((self._clock.now(), None, "", came_from, "", _TLS_FAILED, storable(detail), []))
        self._begin()

    def _begin(self) -> None:
        if not self._writing:
            self._writing = True
            self._tasks.start(self._write())

    async def _write(self) -> None:
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, []
                events, self._events = self._events, []
                batch = await self._attributed(waiting)
                try:
                    async with self._store.work() as work:
                        work.add(_REFUSED, *batch)
                        work.announce(*map(self._told, batch))
                        for station, detail in events:
                            security.noticed(work, station, SecurityEvent.FAILED_TO_AUTHENTICATE_AT_CSMS, detail)
                except StoreError:
                    # A list for people; the station itself has its answer.
                    self.unrecorded += len(batch)
                    _LOG.warning("%d refused handshakes could not be recorded", len(batch))
        finally:
            self._writing = False

    async def _attributed(self, waiting: list[Row]) -> list[Row]:
        """What waits, with whom it concerns. Nobody waits longer for it than for the database."""
        if all(row[1] is not None for row in waiting):
            return waiting
        try:
            async with self._store.work() as work:
                only = await sole(work)
        except StoreError:
            only = None
        return [(row[0], only, *row[2:]) if row[1] is None else row for row in waiting]

    def _told(self, row: Row) -> HandshakeRefused:
        organisation, wire_id, reason = row[1], str(row[2]), str(row[5])
        station = self._stations.named(wire_id)
        return HandshakeRefused(
            organisation_id=organisation if isinstance(organisation, int) else None,
            station_id=None if station is None else station.key,
            wire_id=wire_id,
            reason=reason,
        )


def _is_news(known: OrderedDict[tuple[str, str], float], key: tuple[str, str], now: float, pause_s: float) -> bool:
    """Whether `key` was not known within the pause; from now on it is."""
    if now - known.get(key, -pause_s) < pause_s:
        return False
    known[key] = now
    known.move_to_end(key)
    if len(known) > _REMEMBERED:
        known.popitem(last=False)
    return True
