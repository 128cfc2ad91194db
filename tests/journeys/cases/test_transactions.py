"""Certification cases of 2.0.1, block E: where transactions begin, what they go through, and where they end."""

from __future__ import annotations

import pytest

from forecourt.csms.blocks.remote_control.model import StopCharging
from forecourt.ocpp.versions import Version
from tests.journeys.cases.tool import ACCEPTED, stranger
from tests.journeys.cases.tool2 import BEGIN, in_both_versions, sample, station2
from tests.journeys.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="module"), in_both_versions]

SIGNED = {
    "signed_meter_data": "T0NNRnx7fXx7fQ==",
    "signing_method": "ECDSA-secp256r1-SHA256",
    "encoding_method": "OCMF",
    "public_key": "",
}


async def test_TC_E_01_CSMS_it_begins_when_the_power_path_is_closed(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        assert (await cs.authorize(cs.card))["status"] == "Accepted"
        await cs.status("Occupied")
        await cs.session.accepted("ChargingStateChanged", state="SuspendedEVSE")
        await cs.session.event("ChargingStateChanged", state="Charging")
        await cs.session.goes_on("Charging")


async def test_TC_E_02_CSMS_it_begins_when_energy_flows(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        assert (await cs.authorize(cs.card))["status"] == "Accepted"
        await cs.status("Occupied")
        await cs.session.accepted("ChargingStateChanged", state="Charging")
        await cs.session.goes_on("Charging")


async def test_TC_E_03_CSMS_the_cable_then_the_token(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.ev_connected()
        await cs.session.authorized()
        await cs.session.energy_transfer()
        await cs.session.goes_on("Charging")


async def test_TC_E_04_CSMS_the_token_then_the_cable(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.authorized()
        await cs.session.energy_transfer()
        await cs.session.goes_on("Charging")
        assert (await cs.session.record())["evse_id"] == 1


async def test_TC_E_07_CSMS_it_ends_when_a_driver_opens_the_power_path(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.energy_transfer()
        await cs.session.event("StopAuthorized", kind="Ended", stopped="Local")
        await cs.session.ended("Local")


async def test_TC_E_08_CSMS_it_ends_when_energy_flows_no_more(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.stop_authorized()
        await cs.session.event("ChargingStateChanged", kind="Ended", state="EVConnected", stopped="Local")
        await cs.session.ended("Local")


async def test_TC_E_09_CSMS_it_begins_when_the_vehicle_is_connected(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.ev_connected()
        await cs.session.goes_on("EVConnected", verdict="")


async def test_TC_E_10_CSMS_it_begins_with_the_token(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        assert (await cs.authorize(cs.card))["status"] == "Accepted"
        await cs.session.accepted("Authorized", evse=False)
        await cs.session.goes_on("")


async def test_TC_E_11_CSMS_it_begins_with_signed_data(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        assert (await cs.authorize(cs.card))["status"] == "Accepted"
        await cs.status("Occupied")
        value = sample(cs.tool.now(), BEGIN, 0.0, SIGNED)
        await cs.session.accepted("SignedDataReceived", meter=[value])
        await cs.session.event("ChargingStateChanged", state="Charging")
        await cs.session.goes_on("Charging")


async def test_TC_E_12_CSMS_it_begins_when_the_parking_bay_is_taken(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.event("EVDetected", evse=False)
        await cs.session.goes_on("", verdict="")


async def test_TC_E_14_CSMS_it_ends_when_the_cable_is_pulled_from_the_station(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.ev_connected_post()
        await cs.session.ev_disconnected()
        await cs.session.ended("EVDisconnected")


async def test_TC_E_15_CSMS_it_ends_when_a_driver_stops_it(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.energy_transfer()
        await cs.session.event("StopAuthorized", kind="Ended", stopped="Local")
        await cs.session.ended("Local")


async def test_TC_E_16_CSMS_it_ends_because_the_token_is_refused(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        judged = await cs.session.event("Authorized", token=stranger())
        assert judged is not None
        assert judged["status"] in {"Invalid", "Unknown"}
        await cs.session.event("Deauthorized", kind="Ended", stopped="DeAuthorized")
        await cs.session.ended("DeAuthorized", verdict="Unknown")


async def test_TC_E_17_CSMS_it_ends_when_the_cable_is_pulled_from_the_vehicle(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.suspended()
        await cs.session.event("EVCommunicationLost", kind="Ended", state="Idle", stopped="EVDisconnected")
        await cs.session.ended("EVDisconnected")


async def test_TC_E_19_CSMS_it_ends_when_the_parking_bay_is_left(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.ev_disconnected(kind="Updated")
        await cs.session.event("EVDeparted", kind="Ended", stopped="Local")
        await cs.session.ended("Local")


async def test_TC_E_20_CSMS_it_ends_when_the_vehicle_is_disconnected(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.suspended()
        await cs.session.ev_disconnected()
        await cs.session.ended("EVDisconnected")


async def test_TC_E_21_CSMS_it_is_stopped_from_afar(site: Site, version: Version) -> None:
    async with station2(site, version, RequestStopTransaction={"status": "Accepted"}) as cs:
        await cs.session.energy_transfer()
        asked = await cs.tool.ordered(StopCharging(await cs.tool.reference()), "RequestStopTransaction")
        assert asked == ({"transaction_id": cs.session.id}, ACCEPTED, "Accepted")
        await cs.session.event("RemoteStop", kind="Ended", stopped="Remote")
        await cs.session.ended("Remote")


async def test_TC_E_22_CSMS_it_ends_when_the_vehicle_takes_no_more(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.energy_transfer()
        await cs.session.event("ChargingStateChanged", kind="Ended", state="SuspendedEV", stopped="StoppedByEV")
        await cs.session.ended("StoppedByEV")


async def test_TC_E_26_CSMS_a_cable_that_is_pulled_for_a_while_only_suspends_it(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.suspended()
        await cs.session.event("EVCommunicationLost", state="Idle")
        await cs.status("Available")
        await cs.session.goes_on("Idle")
        await cs.session.event("CablePluggedIn", state="EVConnected")
        await cs.session.event("ChargingStateChanged", state="Charging")
        await cs.session.goes_on("Charging")


async def test_TC_E_38_CSMS_the_vehicle_is_not_ready_yet(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.authorized()
        await cs.session.ev_connected()
        await cs.session.event("ChargingStateChanged", state="SuspendedEV")
        await cs.session.goes_on("SuspendedEV")


async def test_TC_E_39_CSMS_it_ends_because_nobody_plugs_in(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.authorized()
        await cs.session.event("EVConnectTimeout", kind="Ended", stopped="Timeout", evse=False)
        await cs.session.ended("Timeout")


async def test_TC_E_53_CSMS_sequence_numbers_begin_anew_with_every_transaction(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        first = cs.session
        second = first.another()
        for session in (first, second):
            await session.energy_transfer()
            await session.ev_disconnected()
        for session in (first, second):
            await session.ended("EVDisconnected")
        assert await cs.tool.transactions() == 2
