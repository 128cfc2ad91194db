"""A station of OCPP 1.6 over SOAP, played by zeep, which knows nothing but the WSDL we serve."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import requests
import zeep
import zeep.exceptions
from zeep.transports import Transport

from forecourt.clock import SYSTEM
from forecourt.csms.blocks.provisioning.commands import Reset, ResetKind
from forecourt.csms.blocks.security.model import RotatePassword
from forecourt.csms.stations import profiles
from forecourt.csms.stations.commands import CommandStatus
from forecourt.csms.stations.model import SecurityProfile
from forecourt.ocpp import v16
from forecourt.ocpp.message import Message
from forecourt.transport import Peer
from forecourt.transport.failures import NotServed
from forecourt.transport.soap_connecting import connect_soap
from tests.journeys.site import CARD, PASSWORD, Site

IDENTITY = {"ChargeBoxIdentity": "CP"}
BOOT = v16.BootNotification(charge_point_vendor="Acme", charge_point_model="Wallbox")


class Foreign:
    """The station: calls go out through zeep. All of it blocks, so it runs in a thread."""

    def __init__(self, wsdl: str, username: str, password: str) -> None:
        self._session = requests.Session()
        self._session.auth = (username, password)
        self._client: Any = zeep.Client(wsdl, transport=Transport(session=self._session))  # type: ignore[no-untyped-call]

    def say(self, action: str, **fields: Any) -> Any:
        return self._client.service[action](**fields, _soapheaders=IDENTITY)

    def boot(self) -> Any:
        return self.say("BootNotification", chargePointVendor="Acme", chargePointModel="Wallbox")

    def close(self) -> None:
        self._session.close()


def _session(wsdl: str, began: datetime, ended: datetime) -> dict[str, Any]:
    station = Foreign(wsdl, "CP", PASSWORD)
    try:
        found: dict[str, Any] = {"boot": station.boot()}
        station.say("StatusNotification", connectorId=1, errorCode="NoError", status="Preparing")
        found["authorize"] = station.say("Authorize", idTag=CARD)
        found["start"] = station.say("StartTransaction", connectorId=1, idTag=CARD, timestamp=began, meterStart=1000)
        found["stop"] = station.say(
            "StopTransaction",
            transactionId=found["start"].transactionId,
            idTag=CARD,
            timestamp=ended,
            meterStop=1800,
            reason="Local",
        )
        return found
    finally:
        station.close()


def _boot(wsdl: str, password: str) -> Any:
    station = Foreign(wsdl, "CP", password)
    try:
        return station.boot()
    finally:
        station.close()


async def test_a_station_over_soap_boots_charges_and_is_called_back(site: Site) -> None:
    asked: asyncio.Queue[v16.Reset] = asyncio.Queue()

    async def reset(peer: Peer, call: v16.Reset) -> v16.ResetResponse:
        asked.put_nowait(call)
        return v16.ResetResponse(status="Accepted")

    await site.hand_out(CARD)
    known = await site.announce("CP", soap=True)
    async with connect_soap(site.soap_url, identity="CP", password=PASSWORD, handlers={v16.Reset: reset}) as service:
        # A service for zeep's station: where it is stands in the header of what it says, and it has shown its password.
        await service.call(v16.Heartbeat())
        now = SYSTEM.now().astimezone(UTC).replace(microsecond=0)
        began = datetime.fromtimestamp(now.timestamp() - 120, UTC)
        found = await asyncio.to_thread(_session, f"{site.soap_url}?wsdl", began, now)
        assert (found["boot"].status, found["boot"].interval) == ("Accepted", 300)
        assert found["authorize"].status == "Accepted"
        assert found["start"].idTagInfo.status == "Accepted"
        assert found["stop"].status == "Accepted"

        order = await site.csms.sending.ask(known, Reset(ResetKind.IMMEDIATE), asked_by="Ada")
        assert await site.settled(order) == (CommandStatus.ACCEPTED, "Accepted")
        assert asked.get_nowait() == v16.Reset(type="Hard")
    record = await site.record(known)
    assert record["number"] == found["start"].transactionId
    assert (record["verdict"], record["energy_imported_wh"]) == ("Accepted", Decimal(800))
    assert await site.kinds(known, "Transaction%") == ["TransactionStarted", "TransactionEnded"]
    assert await site.rows("SELECT data->>'peer' FROM event WHERE kind = 'StationConnected'") == [("SOAP",)]


REFUSED = "SELECT wire_id, reason, path FROM refused_handshake ORDER BY id"
NOTICED = "SELECT type, source FROM security_event"


async def test_a_station_over_soap_without_its_password_is_refused_and_that_is_on_record(site: Site) -> None:
    await site.announce("CP", soap=True)
    with pytest.raises(zeep.exceptions.TransportError) as refused:
        await asyncio.to_thread(_boot, f"{site.soap_url}?wsdl", "a-password-of-somebody")
    assert refused.value.status_code == 401
    await site.until(REFUSED, [("CP", "wrong_password", "/ocpp")])
    await site.until(NOTICED, [("FailedToAuthenticateAtCsms", "csms")])


async def test_a_station_over_soap_that_nobody_knows_or_enabled_is_refused_and_that_is_on_record(site: Site) -> None:
    await site.announce("CP")
    for identity, status in (("CP", 403), ("STRANGER", 404)):
        async with connect_soap(site.soap_url, identity=identity, password=PASSWORD) as service:
            with pytest.raises(NotServed) as refused:
                await service.call(v16.Heartbeat())
        assert refused.value.status == status
    await site.until(REFUSED, [("CP", "soap_not_enabled", "/ocpp"), ("STRANGER", "unknown_station", "/ocpp")])
    assert await site.rows(NOTICED) == []


async def test_a_station_over_soap_that_shows_its_new_password_has_taken_it(site: Site) -> None:
    known = await site.announce("CP", soap=True)
    given: asyncio.Queue[str] = asyncio.Queue()

    async def change(peer: Peer, call: v16.ChangeConfiguration) -> v16.ChangeConfigurationResponse:
        given.put_nowait(call.value)
        return v16.ChangeConfigurationResponse(status="RebootRequired")

    async def rotated() -> tuple[CommandStatus, str]:
        order = await site.csms.sending.ask(known, RotatePassword(), asked_by="Ada")
        return await site.settled(order)

    handlers: dict[type[Message], Any] = {v16.ChangeConfiguration: change}
    async with connect_soap(site.soap_url, identity="CP", password=PASSWORD, handlers=handlers) as service:
        await service.call(v16.Heartbeat())
        assert await rotated() == (CommandStatus.ACCEPTED, "RebootRequired")
        given.get_nowait()
        # It goes on with the old one until it boots, which says nothing of the new one.
        await service.call(v16.Heartbeat())
        assert await rotated() == (CommandStatus.REFUSED, "AnotherChangeIsOpen")
        # Once it has booted with the old one, it has not taken the new one.
        await service.call(BOOT)
        await site.until("SELECT count(*) FROM password_rotation WHERE old_seen_at IS NOT NULL", [(1,)])
        assert await rotated() == (CommandStatus.ACCEPTED, "RebootRequired")
    new = given.get_nowait()
    async with connect_soap(site.soap_url, identity="CP", password=new) as service:
        await service.call(BOOT)
        await site.until("SELECT count(*) FROM event WHERE kind = 'PasswordRotated'", [(1,)])
        await service.call(v16.Heartbeat())
    async with connect_soap(site.soap_url, identity="CP", password=PASSWORD) as service:
        with pytest.raises(NotServed) as refused:
            await service.call(v16.Heartbeat())
    assert refused.value.status == 401


async def test_A05_a_station_over_soap_that_comes_with_a_higher_profile_keeps_it(site: Site) -> None:
    known = await site.announce("CP", soap=True, profile=SecurityProfile.NONE)
    await profiles.offer(site.csms.store, known, SecurityProfile.BASIC)
    async with connect_soap(site.soap_url, identity="CP") as service:
        await service.call(v16.Heartbeat())
    async with connect_soap(site.soap_url, identity="CP", password=PASSWORD) as service:
        await service.call(v16.Heartbeat())
        await site.until("SELECT data->>'profile' FROM event WHERE kind = 'SecurityProfileRaised'", [("1",)])
    async with connect_soap(site.soap_url, identity="CP") as service:
        with pytest.raises(NotServed) as refused:
            await service.call(v16.Heartbeat())
    assert refused.value.status == 401
