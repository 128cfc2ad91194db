"""Asking stations what is missing: what they consist of and are set to, and whether they are set as wanted.

Right after a boot for a few stations at once; all others, and whatever failed, when its time has come (`upkeep`).
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from forecourt.csms.blocks.provisioning import due_store, wanted
from forecourt.csms.blocks.provisioning.actions import Live, Provisioning
from forecourt.csms.blocks.provisioning.commands import Inventory, RequestReport
from forecourt.csms.blocks.provisioning.events import InventoryFailed
from forecourt.csms.stations.commands import CommandStatus
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Registration, Station
from forecourt.csms.store.errors import StoreError
from forecourt.errors import DomainError, Offline, StationError
from forecourt.ocpp.errors import ProtocolError

_LOG = logging.getLogger("forecourt.provisioning")

TIME_FOR_A_REPORT: Final = timedelta(minutes=15)
"""How long a station may take to tell everything before it is asked again."""


async def after_boot(block: Provisioning, link: Link) -> None:
    """Look after a station that has just booted, unless many others have; then its turn comes later."""
    pace = block.pace
    if not pace.takes(block.store.clock.monotonic()):
        return
    pace.now += 1
    try:
        await look_after(block, link)
    except StoreError as error:
        _LOG.warning("%s is looked after later: %s", link.station.wire_id, error)
    finally:
        pace.now -= 1


async def look_after(block: Provisioning, link: Link) -> None:
    """Ask a station for what is missing and set what is wanted. What fails is on record, with when to try again.

    B02.FR.01: a station that waits may be set up, and B03.FR.03: one that was turned away is not spoken to. Raises StoreError.
    """
    station, link = link.station, link.in_background()
    live = station.recall(Live)
    if live.busy or station.registration is Registration.REJECTED:
        return
    live.busy = True
    try:
        if station.registration is Registration.ACCEPTED:
            await _ask_for_everything(block, link)
        await wanted.bring(block, link)
    finally:
        live.busy = False


async def _ask_for_everything(block: Provisioning, link: Link) -> None:
    station = link.station
    async with block.store.work(station.key) as work:
        connection = await work.sql()
        if not await due_store.inventory_due(connection, station, work.now):
            return
        await due_store.inventory_asked(connection, station, work.now, work.now + TIME_FOR_A_REPORT)
    asking = RequestReport(base=Inventory.FULL)
    said = link.dialect.says.get(RequestReport)
    if said is None:
        return
    try:
        outcome = await said.say(link, asking)
    except Offline:
        return
    except (StationError, ProtocolError, DomainError) as error:
        await _failed(block, station, str(error))
        return
    if outcome.status is CommandStatus.REFUSED or outcome.reason == EMPTY:
        await _failed(block, station, outcome.reason)


async def _failed(block: Provisioning, station: Station, reason: str) -> None:
    async with block.store.work(station.key) as work:
        retry_at, news = await due_store.inventory_failed(await work.sql(), station, reason, work.now)
        if news:
            work.announce(
                InventoryFailed(
                    organisation_id=station.organisation, station_id=station.key, reason=reason, retry_at=retry_at
                )
            )


EMPTY: Final = "EmptyResultSet"
"""A station's word for a report without anything in it."""
