"""The link over SOAP when the central system comes, goes, and is not ready."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from forecourt.clock import SYSTEM
from forecourt.ocpp import v16
from forecourt.ocpp.versions import V16
from forecourt.station.config import Build
from forecourt.station.core import Station
from forecourt.station.device_model.table import Name
from forecourt.station.hardware.simulated import SimulatedHardware
from forecourt.station.online_soap import SoapLink
from forecourt.station.running import Powered
from forecourt.station.timeline import RealTimeline
from forecourt.transport import Handlers, Peer, Server, SoapSettings, Withheld, serve
from forecourt.transport.outbound import anywhere

LIMIT_S = 20.0


class Central:
    """A central system at one port, that can be there or not, and can be too busy for the messages of transactions."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[Any] = asyncio.Queue()
        self.busy = False
        self.port = 0
        self.server: Server | None = None
        self._there = AsyncExitStack()

    async def come(self) -> None:
        handlers: Handlers = {
            v16.BootNotification: self._boot,
            v16.StatusNotification: self._status,
            v16.Heartbeat: self._beat,
        }
        soap = SoapSettings(learns_from=lambda caller: True, approve=anywhere)
        server = serve("127.0.0.1", self.port, handlers=handlers, soap=soap)
        self.server = await self._there.enter_async_context(server)
        self.port = self.server.port

    async def go(self) -> None:
        await self._there.aclose()

    async def until(self, kind: type[Any]) -> Any:
        async with asyncio.timeout(LIMIT_S):
            while not isinstance(found := await self.heard.get(), kind):
                pass
        return found

    def _boot(self, peer: Peer, call: v16.BootNotification) -> v16.BootNotificationResponse:
        self.heard.put_nowait(call)
        return v16.BootNotificationResponse(status="Accepted", current_time=SYSTEM.now(), interval=1)

    def _status(self, peer: Peer, call: v16.StatusNotification) -> v16.StatusNotificationResponse:
        self.heard.put_nowait(call)
        return v16.StatusNotificationResponse()

    def _beat(self, peer: Peer, call: v16.Heartbeat) -> v16.HeartbeatResponse:
        if self.busy:
            raise Withheld("busy")
        self.heard.put_nowait(call)
        return v16.HeartbeatResponse(current_time=SYSTEM.now())


@pytest.fixture
async def central() -> AsyncIterator[Central]:
    made = Central()
    await made.come()
    yield made
    await made.go()


@asynccontextmanager
async def station_of(central: Central) -> AsyncIterator[Powered]:
    build = Build(identity="CS001", versions=(V16,))
    time = RealTimeline(SYSTEM)
    link = SoapLink(f"http://127.0.0.1:{central.port}/ocpp")
    powered = Powered(build, time, link, SimulatedHardware(build, time))
    station = powered.power_on()
    for variable in ("RetryBackOffWaitMinimum", "RetryBackOffRandomRange"):
        hurry(station, variable)
    try:
        yield powered
    finally:
        powered.cut_power()
        await link.aclose()
        time.close()


def hurry(station: Station, variable: str) -> None:
    value = "1" if variable.endswith("Minimum") else "0"
    station.within(lambda: station.model.set(Name("OCPPCommCtrlr", variable), value))


async def test_a_station_is_called_at_the_port_it_names_and_comes_back_when_the_central_system_does(
    central: Central,
) -> None:
    async with station_of(central) as powered:
        await central.until(v16.Heartbeat)
        assert central.server is not None
        peer = central.server.soap_station("CS001")
        asked = v16.TriggerMessage(requested_message="StatusNotification", connector_id=1)
        assert (await peer.call(asked)).status == "Accepted"
        await central.until(v16.StatusNotification)
        await central.go()
        station = powered.station
        assert station is not None
        async with asyncio.timeout(LIMIT_S):
            while station.connected_now:
                await SYSTEM.sleep(0)
        await central.come()
        # Accepted once and not started anew, it does not boot again.
        await central.until(v16.Heartbeat)
        assert station.online


async def test_one_who_answers_with_another_status_counts_as_away(central: Central) -> None:
    async with station_of(central) as powered:
        await central.until(v16.Heartbeat)
        central.busy = True
        station = powered.station
        assert station is not None
        async with asyncio.timeout(LIMIT_S):
            while station.connected_now:
                await SYSTEM.sleep(0)
        central.busy = False
        await central.until(v16.Heartbeat)


async def test_a_url_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="http"):
        SoapLink("ws://127.0.0.1/")
