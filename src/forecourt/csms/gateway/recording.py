"""What the gateway itself records: connections that come and go, calls of ours, and what stations did against the rules.

None of it makes a station wait. It is written in the station's order, and what the database does not take is dropped with a
line in the log: the facts a business needs travel with the calls of stations, never here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from forecourt.csms.gateway.dispatch import deviation_row
from forecourt.csms.gateway.log import DEVIATED, row_of_call, storable
from forecourt.csms.gateway.tail import Tail
from forecourt.csms.redaction import MASK, SECRET_ACTIONS
from forecourt.csms.stations.link import Link
from forecourt.csms.store.errors import StoreError
from forecourt.csms.store.work import Store, Work
from forecourt.ocpp.deviations import Deviation
from forecourt.ocpp.errors import RemoteProtocolError
from forecourt.ocpp.events import Breach, CallRefused
from forecourt.transport.tasks import Tasks

_LOG = logging.getLogger("forecourt.gateway")

_BREACHES_KEPT: Final = 100
"""Breaches of one connection that are written one by one. A station that goes on is known by then."""


class Recording:
    """Writes beside the calls of stations."""

    def __init__(self, store: Store, tasks: Tasks, tail: Tail | None = None) -> None:
        self.unrecorded = 0
        self._store = store
        self._tasks = tasks
        self._tail = tail or Tail(store.clock)

    def soon(self, link: Link, fill: Callable[[Work], None]) -> None:
        """Write what `fill` puts into a unit of work of the station."""
        self._tasks.start(self._write(link, fill))

    def breach(self, link: Link, breach: Breach) -> None:
        """Record that a station broke a rule of the protocol itself."""
        link.breaches += 1
        if link.breaches > _BREACHES_KEPT:
            self.unrecorded += 1
            return
        self.soon(
            link,
            lambda work: work.add(
                DEVIATED,
                (
                    work.now,
                    link.station.key,
                    link.station.organisation,
                    link.dialect.version.name,
                    "",
                    breach.kind.value,
                    "",
                    storable(breach.id or ""),
                    storable(breach.detail),
                ),
            ),
        )

    def refused(self, link: Link, refused: CallRefused) -> None:
        """Record a call of the station that was refused for what it looked like, with where the fault was."""
        secret = refused.action in SECRET_ACTIONS
        what = RemoteProtocolError(refused.code, refused.reason, refused.path)

        def fill(work: Work) -> None:
            row = row_of_call(
                link.station,
                received_at=work.now,
                by_station=True,
                version=link.dialect.version.name,
                message_id=refused.id,
                action=refused.action,
                # What could not be read cannot be searched for secrets either.
                request=MASK.encode() if secret else bytes(refused.payload),
                answer=b"",
                error=refused.code,
                duration_s=0.0,
                odd=True,
            )
            self._tail.log(work, link.station, row)
            one = Deviation(refused.code, refused.path, "", str(what))
            work.add(DEVIATED, deviation_row(link, work, refused.action, one, secret=secret))

        self.soon(link, fill)

    def call(
        self,
        link: Link,
        *,
        message_id: str,
        action: str,
        request: bytes,
        answer: bytes,
        error: str,
        duration_s: float,
        deviations: tuple[Deviation, ...] = (),
    ) -> None:
        """Record a call of ours with its answer or what became of it."""

        def fill(work: Work) -> None:
            row = row_of_call(
                link.station,
                received_at=work.now,
                by_station=False,
                version=link.dialect.version.name,
                message_id=message_id,
                action=action,
                request=request,
                answer=answer,
                error=error,
                duration_s=duration_s,
                odd=bool(deviations),
            )
            self._tail.log(work, link.station, row)
            if deviations:
                work.add(DEVIATED, *(deviation_row(link, work, action, one, secret=True) for one in deviations))

        self.soon(link, fill)

    async def _write(self, link: Link, fill: Callable[[Work], None]) -> None:
        try:
            async with self._store.work(link.station.key) as work:
                fill(work)
        except StoreError:
            self.unrecorded += 1
            _LOG.warning("something about %s could not be recorded", link.station.wire_id, exc_info=True)
