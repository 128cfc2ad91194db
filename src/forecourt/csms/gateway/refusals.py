"""Handshakes that were refused, recorded so that an operator sees why a charger does not come in.

A charger with a wrong password knocks every few seconds for days, and a scanner knocks a thousand times a second. So the same
refusal of the same station is written at most once in a while, and there is a bound on all of them together; what was not
written is counted.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import Final

from forecourt.clock import Clock
from forecourt.csms.gateway.handshake import Turned
from forecourt.csms.gateway.log import storable
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.store import refused_handshake as table
from forecourt.csms.store.errors import StoreError
from forecourt.csms.store.rows import Row, Rows
from forecourt.csms.store.work import Store
from forecourt.transport.handshake import Handshake
from forecourt.transport.tasks import Tasks

_LOG = logging.getLogger("forecourt.gateway")

SAME_AGAIN_S: Final = 60.0
MOST_WAITING: Final = 1_000
_REMEMBERED: Final = 10_000
_REFUSED: Final = Rows(table, "at", "organisation_id", "wire_id", "peer", "path", "reason", "detail", "subprotocols")


class Refusals:
    """Records refused handshakes, a few at a time. `unrecorded` counts those that were not written."""

    def __init__(self, store: Store, stations: Stations, clock: Clock, tasks: Tasks) -> None:
        self.unrecorded = 0
        self._store = store
        self._stations = stations
        self._clock = clock
        self._tasks = tasks
        self._seen: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._waiting: list[Row] = []
        self._writing = False

    def note(self, handshake: Handshake, turned: Turned) -> None:
        """Record one refusal, soon."""
        now = self._clock.monotonic()
        key = (turned.wire_id or handshake.peer.host, turned.reason)
        if now - self._seen.get(key, -SAME_AGAIN_S) < SAME_AGAIN_S or len(self._waiting) >= MOST_WAITING:
            self.unrecorded += 1
            return
        self._seen[key] = now
        self._seen.move_to_end(key)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        station = self._stations.named(turned.wire_id)
        self._waiting.append(
            (
                self._clock.now(),
                None if station is None else station.organisation,
                storable(turned.wire_id),
                f"{handshake.peer.host}:{handshake.peer.port}",
                storable(handshake.path[:500]),
                turned.reason,
                storable(turned.detail),
                [storable(name[:100]) for name in handshake.subprotocols[:20]],
            )
        )
        if not self._writing:
            self._writing = True
            self._tasks.start(self._write())

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                try:
                    async with self._store.work() as work:
                        work.add(_REFUSED, *batch)
                except StoreError:
                    # A list for people; the station itself has its answer.
                    self.unrecorded += len(batch)
                    _LOG.warning("%d refused handshakes could not be recorded", len(batch))
        finally:
            self._writing = False
