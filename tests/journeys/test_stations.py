"""Our station against our management system, over real sockets and in real time, in every version."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeAlias

import pytest

from forecourt.clock import SYSTEM
from forecourt.csms.blocks.provisioning.commands import Reset, ResetKind
from forecourt.csms.stations.commands import CommandStatus
from forecourt.ocpp.versions import V16, Version
from forecourt.station.config import Build
from forecourt.station.hardware.simulated import SimulatedHardware
from forecourt.station.hardware.vehicle import Vehicle
from forecourt.station.online import OnlineLink
from forecourt.station.online_soap import SoapLink
from forecourt.station.running import Powered
from forecourt.station.storage import Sqlite
from forecourt.station.timeline import RealTimeline
from tests.journeys.site import CARD, PASSWORD, VERSIONS, Site

Door: TypeAlias = tuple[Version, bool]
DOORS: Final[list[Door]] = [*((version, False) for version in VERSIONS), (V16, True)]
"""A version, and whether it is spoken over SOAP."""


def named(door: Door) -> str:
    return f"{door[0].name}{' SOAP' if door[1] else ''}"


@asynccontextmanager
async def powered(site: Site, door: Door, folder: Path) -> AsyncIterator[tuple[Powered, SimulatedHardware]]:
    """A station that is switched on and wants to connect."""
    version, soap = door
    build = Build(identity="CS001", versions=(version,))
    time = RealTimeline(SYSTEM)
    hardware = SimulatedHardware(build, time)
    link = SoapLink(site.soap_url, password=PASSWORD) if soap else OnlineLink(site.url, password=PASSWORD)
    storage = Sqlite(folder / "station.db")
    station = Powered(build, time, link, hardware, storage)
    station.power_on()
    try:
        yield station, hardware
    finally:
        station.cut_power()
        await link.aclose()
        time.close()
        storage.close()


SESSIONS = "SELECT register_begin_wh IS NOT NULL, register_end_wh >= register_begin_wh FROM transaction"


@pytest.mark.parametrize("door", DOORS, ids=named)
async def test_a_session_of_our_station_is_on_record(site: Site, door: Door, tmp_path: Path) -> None:
    await site.announce("CS001", soap=door[1])
    await site.hand_out(CARD)
    async with powered(site, door, tmp_path) as (station, hardware):
        await site.until("SELECT count(*) FROM connector WHERE wire_status = 'Available' AND connector_id = 1", [(1,)])
        hardware.plug(Vehicle(soc=0.2))
        hardware.swipe(CARD)
        await site.until("SELECT count(*) FROM event WHERE kind = 'TransactionStarted'", [(1,)])
        hardware.swipe(CARD)
        await site.until("SELECT count(*) FROM event WHERE kind = 'TransactionEnded'", [(1,)])
        assert await site.rows(SESSIONS) == [(True, True)]
        assert station.station is not None
        assert not station.station.outbox.holds()


@pytest.mark.parametrize("door", DOORS, ids=named)
async def test_our_station_starts_anew_when_it_is_told_to(site: Site, door: Door, tmp_path: Path) -> None:
    known = await site.announce("CS001", soap=door[1])
    async with powered(site, door, tmp_path) as (station, _):
        await site.until("SELECT count(*) FROM event WHERE kind = 'StationBooted'", [(1,)])
        order = await site.csms.sending.ask(known, Reset(ResetKind.IMMEDIATE), asked_by="Ada")
        assert (await site.settled(order))[0] in (CommandStatus.ACCEPTED, CommandStatus.RUNNING, CommandStatus.FINISHED)
        await site.until("SELECT count(*) FROM event WHERE kind = 'StationBooted'", [(2,)])
        assert station.starts == 2
