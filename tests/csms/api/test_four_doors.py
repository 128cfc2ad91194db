"""One story through the API at stations of every door (1.6 JSON and SOAP, 2.0.1, 2.1): made known, started, watched live,
limited, stopped, read and exported. What the API shows of it is the same whichever door it came through."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Protocol

import pytest

from forecourt.ocpp import v16
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.transport import Peer
from forecourt.transport.soap_connecting import connect_soap
from tests.csms.api.charging import card
from tests.csms.api.sse import reading
from tests.csms.api.system import System
from tests.journeys.driver import REGISTER, answer, began, station
from tests.journeys.site import CARD, LIMIT_S

SOAP = "1.6 SOAP"
DOORS: dict[str, Version] = {"1.6": V16, SOAP: V16, "2.0.1": V201, "2.1": V21}


ASKED: dict[str, dict[Version, str]] = {
    "start": {V16: "RemoteStartTransaction", V201: "RequestStartTransaction", V21: "RequestStartTransaction"},
    "stop": {V16: "RemoteStopTransaction", V201: "RequestStopTransaction", V21: "RequestStopTransaction"},
}


class Charger(Protocol):
    """What the story needs of a station."""

    async def boot(self) -> Any: ...
    async def start(self, token: str, wh: int) -> str: ...
    async def meter(self, wh: int, seconds: float) -> None: ...
    async def stop(self, token: str | None, wh: int, seconds: float, *, reason: str) -> Any: ...
    async def was_asked(self, what: str) -> None: ...


class Foreign:
    """A station of the PyPI package `ocpp`."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self.boot, self.start, self.meter, self.stop = driver.boot, driver.start, driver.meter, driver.stop

    async def was_asked(self, what: str) -> None:
        await self._driver.asked.next(ASKED[what][self._driver.version])


class Soap:
    """A station that speaks SOAP and is called back at its address."""

    def __init__(self, asked: asyncio.Queue[str]) -> None:
        self.peer: Any = None
        self._asked = asked
        self._began = began()
        self._number = 0

    async def boot(self) -> Any:
        return await self.peer.call(v16.BootNotification(charge_point_vendor="Acme", charge_point_model="Wallbox"))

    async def start(self, token: str, wh: int) -> str:
        begun = v16.StartTransaction(connector_id=1, id_tag=token, meter_start=wh, timestamp=self._began)
        answered = await self.peer.call(begun)
        self._number = answered.transaction_id
        state = v16.StatusNotification(connector_id=1, error_code="NoError", status="Charging", timestamp=self._began)
        await self.peer.call(state)
        return str(answered.id_tag_info.status)

    async def meter(self, wh: int, seconds: float) -> None:
        sample = v16.SampledValue(value=str(wh), measurand=REGISTER, unit="Wh", context="Sample.Periodic")
        value = v16.MeterValue(timestamp=self._at(seconds), sampled_value=(sample,))
        await self.peer.call(v16.MeterValues(connector_id=1, transaction_id=self._number, meter_value=(value,)))

    async def stop(self, token: str | None, wh: int, seconds: float, *, reason: Any) -> Any:
        over = v16.StopTransaction(
            transaction_id=self._number, meter_stop=wh, timestamp=self._at(seconds), reason=reason
        )
        return await self.peer.call(over)

    async def was_asked(self, what: str) -> None:
        async with asyncio.timeout(LIMIT_S):
            while await self._asked.get() != what:
                pass

    def _at(self, seconds: float) -> Any:
        return self._began + timedelta(seconds=seconds)


@asynccontextmanager
async def charger(system: System, door: str, password: str) -> AsyncGenerator[Charger, None]:
    """A station that has come in through a door, and does what it is asked."""
    if door == SOAP:
        asked: asyncio.Queue[str] = asyncio.Queue()

        async def start(peer: Peer, call: v16.RemoteStartTransaction) -> v16.RemoteStartTransactionResponse:
            asked.put_nowait("start")
            return v16.RemoteStartTransactionResponse(status="Accepted")

        async def stop(peer: Peer, call: v16.RemoteStopTransaction) -> v16.RemoteStopTransactionResponse:
            asked.put_nowait("stop")
            return v16.RemoteStopTransactionResponse(status="Accepted")

        made = Soap(asked)
        handlers: Any = {v16.RemoteStartTransaction: start, v16.RemoteStopTransaction: stop}
        url = f"http://127.0.0.1:{system.csms.port}/ocpp"
        async with connect_soap(url, identity="CP", password=password, handlers=handlers) as peer:
            made.peer = peer
            yield made
        return
    version = DOORS[door]
    answers = {action[version]: answer(version, action[version], status="Accepted") for action in ASKED.values()}
    url = f"ws://127.0.0.1:{system.csms.port}/ocpp"
    async with station(url, "CP", version, answers, password=password) as driver:
        yield Foreign(driver)


@pytest.mark.parametrize("door", DOORS)
async def test_a_station_is_made_known_started_watched_limited_stopped_and_exported(system: System, door: str) -> None:
    me = system.platform
    await card(system)
    made = await me.post("/stations", {"stationId": "CP", "soapEnabled": door == SOAP})
    where = f"/stations/{made['id']}"
    async with charger(system, door, made["password"]) as there, reading(me) as live:
        assert (await there.boot()).status == "Accepted"
        booted = await live.until_kind("StationBooted")
        assert booted.data["stationId"] == made["id"]

        start = {"kind": "StartCharging", "arguments": {"token": {"value": CARD, "kind": "ISO14443"}, "evseId": 1}}
        given = await me.post(f"{where}/commands", start, params={"wait": 20})
        assert given["status"] == "accepted", given
        await there.was_asked("start")
        assert await there.start(CARD, 1000) == "Accepted"
        begun = await live.until_kind("TransactionStarted")
        await there.meter(1100, 30)
        shown = await live.until(lambda said: said.name == "readings" and said.data["energyWh"] == 1100)
        assert (shown.data["stationId"], shown.data["evseId"], shown.id) == (made["id"], 1, live.last_id)

        # A limit is taken only where readings come that it can be watched by.
        await there.meter(1200, 60)
        path = f"/transactions/{begun.data['data']['transactionId']}"
        limited = await me.ask("PUT", f"{path}/limits", json={"energyWh": 500})
        assert limited.status_code == 200, limited.text
        await there.meter(1600, 90)
        await there.was_asked("stop")
        await there.stop(None, 1600, 95, reason="Remote")
        await live.until_kind("TransactionEnded")

    record = await me.get(path)
    told = {
        "station": "CP",
        "token": CARD,
        "verdict": "Accepted",
        "energyImportedWh": 600,
        "stopReason": "Remote",
        "limitsReached": ["energyWh"],
    }
    assert {name: record[name] for name in told} == told
    assert record["endedAt"] is not None
    # Where each figure comes from can be read.
    assert record["trail"]
    exported = await me.ask("GET", "/transactions/export")
    [row] = csv.DictReader(io.StringIO(exported.text))
    assert (row["station"], float(row["energyImportedWh"])) == ("CP", 600)
