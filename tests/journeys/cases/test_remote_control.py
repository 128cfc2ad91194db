"""Certification cases of 2.0.1, block F: transactions started from afar, connectors unlocked, messages asked for."""

from __future__ import annotations

from typing import Any

import pytest

from forecourt.csms.blocks.remote_control.model import StartCharging, Trigger, UnlockConnector, Wish
from forecourt.ocpp.versions import Version
from tests.journeys.cases.tool import ACCEPTED, REFUSED, shown
from tests.journeys.cases.tool2 import Session, Tool2, in_both_versions, sample, station2
from tests.journeys.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="module"), in_both_versions]

AGREED = {"status": "Accepted"}


async def started_from_afar(cs: Tool2, **answer: Any) -> int:
    """The operator starts a transaction for the card; returns the number of this start."""
    cs.tool.answers["RequestStartTransaction"] = {"status": "Accepted", **answer}
    asked = await cs.tool.ordered(StartCharging(cs.card, evse_id=1), "RequestStartTransaction")
    number = asked.question.pop("remote_start_id")
    assert asked == ({"evse_id": 1, "id_token": shown(cs.card)}, ACCEPTED, "Accepted")
    assert isinstance(number, int)
    return number


async def test_TC_F_01_CSMS_plugged_in_it_is_started_from_afar(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.ev_connected()
        number = await started_from_afar(cs, transaction_id=cs.session.id)
        await cs.session.event("RemoteStart", remote_start_id=number)
        cs.session.is_authorized = True
        await cs.session.energy_transfer()
        record = await cs.session.record()
        assert (record["remote_start_id"], record["charging_state"], record["ended_by"]) == (number, "Charging", "")


async def test_TC_F_02_CSMS_it_is_started_from_afar_and_the_station_asks_about_the_token(
    site: Site, version: Version
) -> None:
    async with station2(site, version) as cs:
        number = await started_from_afar(cs)
        assert (await cs.authorize(cs.card))["status"] == "Accepted"
        await cs.session.event("RemoteStart", remote_start_id=number, evse=False)
        cs.session.is_authorized = True
        await cs.session.energy_transfer()
        assert (await cs.session.record())["remote_start_id"] == number


async def test_TC_F_03_CSMS_it_is_started_from_afar_and_the_station_does_not_ask(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        number = await started_from_afar(cs)
        await cs.session.event("RemoteStart", remote_start_id=number, evse=False)
        cs.session.is_authorized = True
        await cs.session.energy_transfer()
        assert (await cs.session.record())["remote_start_id"] == number


async def test_TC_F_04_CSMS_it_is_started_from_afar_and_nobody_plugs_in(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        number = await started_from_afar(cs)
        await cs.session.event("RemoteStart", remote_start_id=number, evse=False)
        await cs.session.event("EVConnectTimeout", evse=False)
        record = await cs.session.record()
        assert (record["remote_start_id"], record["ended_by"]) == (number, "")


async def test_TC_F_06_CSMS_a_connector_is_unlocked(site: Site, version: Version) -> None:
    async with station2(site, version, UnlockConnector={"status": "Unlocked"}) as cs:
        asked = await cs.tool.ordered(UnlockConnector(1, 1), "UnlockConnector")
        assert asked == ({"evse_id": 1, "connector_id": 1}, ACCEPTED, "Unlocked")


async def triggered(cs: Tool2, wish: Wish, where: dict[str, int] | None = None) -> None:
    """The operator asks for a message, of one EVSE or of all."""
    cs.tool.answers["TriggerMessage"] = AGREED
    places = where or {}
    asked = await cs.tool.ordered(Trigger(wish, places.get("id"), places.get("connector_id")), "TriggerMessage")
    of_it = {} if where is None else {"evse": where}
    assert asked == ({"requested_message": wish.value, **of_it}, ACCEPTED, "Accepted")


async def metered(cs: Tool2, evse_id: int) -> None:
    """The meter values that were asked for, kept."""
    await cs.tool.say("MeterValues", evse_id=evse_id, meter_value=[sample(cs.tool.now(), "Trigger", 1234)])
    assert await cs.tool.readings(evse_id) == [("Trigger", 1234)]


async def test_TC_F_11_CSMS_meter_values_of_one_evse(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await triggered(cs, Wish.METER_VALUES, {"id": 1})
        await metered(cs, 1)


async def test_TC_F_12_CSMS_meter_values_of_all_evses(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await triggered(cs, Wish.METER_VALUES)
        for evse_id in (1, 2):
            await metered(cs, evse_id)


async def told(session: Session) -> None:
    """The transaction event that was asked for."""
    meter = [sample(session.station.tool.now(), "Trigger", 1234)]
    await session.event("Trigger", state="Charging", meter=meter, evse=session.evse_id == 1)
    await session.goes_on("Charging")


async def test_TC_F_13_CSMS_the_transaction_of_one_evse(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.energy_transfer()
        await triggered(cs, Wish.TRANSACTION_EVENT, {"id": 1})
        await told(cs.session)


async def test_TC_F_14_CSMS_the_transactions_of_all_evses(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.energy_transfer()
        await triggered(cs, Wish.TRANSACTION_EVENT)
        await told(cs.session)


async def test_TC_F_15_CSMS_how_far_a_log_is(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await triggered(cs, Wish.LOG_STATUS)
        await cs.tool.say("LogStatusNotification", status="Idle")


async def test_TC_F_18_CSMS_how_far_a_firmware_update_is(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await triggered(cs, Wish.FIRMWARE_STATUS)
        await cs.tool.say("FirmwareStatusNotification", status="Idle")


async def test_TC_F_20_CSMS_a_heartbeat(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await triggered(cs, Wish.HEARTBEAT)
        assert (await cs.tool.say("Heartbeat")).current_time


async def test_TC_F_23_CSMS_the_state_of_a_connector_that_is_available(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await triggered(cs, Wish.STATUS_NOTIFICATION, {"id": 1, "connector_id": 1})
        await cs.status("Available")


async def test_TC_F_24_CSMS_the_state_of_a_connector_that_is_occupied(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.status("Occupied")
        await triggered(cs, Wish.STATUS_NOTIFICATION, {"id": 1, "connector_id": 1})
        await cs.status("Occupied")


async def test_TC_F_27_CSMS_a_message_that_the_station_does_not_implement(site: Site, version: Version) -> None:
    async with station2(site, version, TriggerMessage={"status": "NotImplemented"}) as cs:
        asked = await cs.tool.ordered(Trigger(Wish.SIGN_COMBINED_CERTIFICATE), "TriggerMessage")
        assert asked == ({"requested_message": "SignCombinedCertificate"}, REFUSED, "NotImplemented")
