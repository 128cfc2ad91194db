"""Certification cases of 1.6, Core and Remote Trigger: what an operator does from afar."""

from __future__ import annotations

import pytest

from forecourt.csms.blocks.authorization.model import ClearCache
from forecourt.csms.blocks.provisioning.commands import (
    GetVariables,
    Inventory,
    RequestReport,
    Reset,
    ResetKind,
    SetVariables,
)
from forecourt.csms.blocks.provisioning.keys import name_of
from forecourt.csms.blocks.provisioning.model import Given
from forecourt.csms.blocks.remote_control.model import StartCharging, StopCharging, Trigger, UnlockConnector, Wish
from tests.journeys.cases.tool import ACCEPTED, REFUSED
from tests.journeys.cases.tool16 import Tool16, station16
from tests.journeys.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")

AGREED = {"status": "Accepted"}


async def start_from_afar(cp: Tool16, word: str, status: object) -> None:
    """The operator starts a session for the card; the station answers `word`."""
    cp.tool.answers["RemoteStartTransaction"] = {"status": word}
    asked = await cp.tool.ordered(StartCharging(cp.card, evse_id=1), "RemoteStartTransaction")
    assert asked == ({"connector_id": 1, "id_tag": cp.card.value}, status, word)


def given(key: str, value: str) -> SetVariables:
    name = name_of(key)
    return SetVariables((Given(name.component, name.variable, value),))


async def test_TC_010_CSMS_plugged_in_a_session_is_started_from_afar(site: Site) -> None:
    async with station16(site) as cp:
        await cp.status("Preparing")
        await start_from_afar(cp, "Accepted", ACCEPTED)
        assert await cp.authorize(cp.card) == "Accepted"
        assert await cp.start(cp.card) == "Accepted"
        await cp.status("Charging")


async def test_TC_011_1_CSMS_a_session_is_started_from_afar_and_then_plugged_in(site: Site) -> None:
    async with station16(site) as cp:
        await start_from_afar(cp, "Accepted", ACCEPTED)
        assert await cp.authorize(cp.card) == "Accepted"
        await cp.status("Preparing")
        assert await cp.start(cp.card) == "Accepted"
        await cp.status("Charging")


async def test_TC_011_2_CSMS_a_session_is_started_from_afar_and_nobody_plugs_in(site: Site) -> None:
    async with station16(site) as cp:
        await start_from_afar(cp, "Accepted", ACCEPTED)
        assert await cp.authorize(cp.card) == "Accepted"
        await cp.status("Preparing")
        await cp.status("Available")
        assert await cp.tool.transactions() == 0


async def test_TC_012_CSMS_a_session_is_stopped_from_afar(site: Site) -> None:
    async with station16(site, RemoteStopTransaction=AGREED) as cp:
        await cp.charging()
        asked = await cp.tool.ordered(StopCharging(await cp.tool.reference()), "RemoteStopTransaction")
        assert asked == ({"transaction_id": cp.transaction}, ACCEPTED, "Accepted")
        await cp.stop("Remote")
        await cp.status("Finishing")
        await cp.status("Available")
        assert (await cp.ended())["stop_reason"] == "Remote"


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        pytest.param(ResetKind.IMMEDIATE, "Hard", id="TC_013_CSMS"),
        pytest.param(ResetKind.ON_IDLE, "Soft", id="TC_014_CSMS"),
    ],
)
async def test_TC_013_CSMS_and_TC_014_CSMS_a_reset_hard_or_soft_and_the_station_boots_again(
    site: Site, kind: ResetKind, word: str
) -> None:
    async with station16(site, Reset=AGREED) as cp:
        assert await cp.tool.ordered(Reset(kind), "Reset") == ({"type": word}, ACCEPTED, "Accepted")
        known = cp.tool.known
    async with station16(site, known=known) as cp:
        await cp.booted()


@pytest.mark.parametrize(
    ("word", "status"),
    [
        pytest.param("Unlocked", ACCEPTED, id="TC_017_1_CSMS"),
        pytest.param("NotSupported", REFUSED, id="TC_017_2_CSMS-TC_031_CSMS"),
        pytest.param("UnlockFailed", REFUSED, id="TC_030_CSMS"),
    ],
)
async def test_TC_017_1_CSMS_TC_017_2_CSMS_TC_030_CSMS_TC_031_CSMS_a_connector_is_unlocked_or_not(
    site: Site, word: str, status: object
) -> None:
    async with station16(site, UnlockConnector={"status": word}) as cp:
        asked = await cp.tool.ordered(UnlockConnector(1), "UnlockConnector")
        assert asked == ({"connector_id": 1}, status, word)


async def test_TC_018_1_CSMS_unlocking_during_a_session_ends_it(site: Site) -> None:
    async with station16(site, UnlockConnector={"status": "Unlocked"}) as cp:
        await cp.charging()
        asked = await cp.tool.ordered(UnlockConnector(1), "UnlockConnector")
        assert asked == ({"connector_id": 1}, ACCEPTED, "Unlocked")
        await cp.status("Finishing")
        await cp.stop("UnlockCommand")
        await cp.status("Available")
        # 2.1 knows no such reason to stop.
        assert (await cp.ended())["stop_reason"] == "Other"


KEYS = {
    "AuthorizeRemoteTxRequests": (True, "true"),
    "ClockAlignedDataInterval": (False, "900"),
    "ConnectionTimeOut": (False, "60"),
    "ConnectorPhaseRotation": (False, "0.RST,1.RST"),
    "GetConfigurationMaxKeys": (True, "50"),
    "HeartbeatInterval": (False, "300"),
    "LocalAuthListEnabled": (False, "true"),
    "LocalAuthListMaxLength": (True, "500"),
    "MeterValueSampleInterval": (False, "60"),
    "NumberOfConnectors": (True, "2"),
    "SupportedFeatureProfiles": (True, "Core,LocalAuthListManagement"),
    "UnlockConnectorOnEVSideDisconnect": (False, "true"),
}


async def test_TC_019_1_CSMS_all_configuration_keys_are_read_and_kept(site: Site) -> None:
    settings = [{"key": key, "readonly": readonly, "value": value} for key, (readonly, value) in KEYS.items()]
    async with station16(site, GetConfiguration={"configuration_key": settings}) as cp:
        asked = await cp.tool.ordered(RequestReport(Inventory.FULL), "GetConfiguration")
        assert asked == ({}, ACCEPTED, "Accepted")
        kept = await site.rows("SELECT path FROM variable WHERE station_id = :key", key=cp.tool.known.key)
        assert {path for (path,) in kept} >= {name_of(key).path for key in KEYS}


async def test_TC_019_2_CSMS_one_configuration_key_is_read(site: Site) -> None:
    key = {"key": "SupportedFeatureProfiles", "readonly": True, "value": "Core"}
    async with station16(site, GetConfiguration={"configuration_key": [key], "unknown_key": []}) as cp:
        asked = await cp.tool.ordered(GetVariables((name_of("SupportedFeatureProfiles"),)), "GetConfiguration")
        assert asked == ({"key": ["SupportedFeatureProfiles"]}, ACCEPTED, "Accepted")


async def test_TC_021_CSMS_a_configuration_key_is_set(site: Site) -> None:
    async with station16(site, ChangeConfiguration=AGREED) as cp:
        asked = await cp.tool.ordered(given("MeterValueSampleInterval", "60"), "ChangeConfiguration")
        assert asked == ({"key": "MeterValueSampleInterval", "value": "60"}, ACCEPTED, "Accepted")


async def test_TC_040_1_CSMS_a_key_the_station_does_not_support(site: Site) -> None:
    async with station16(site, ChangeConfiguration={"status": "NotSupported"}) as cp:
        asked = await cp.tool.ordered(given("SomethingElse", "60"), "ChangeConfiguration")
        assert asked.question == {"key": "SomethingElse", "value": "60"}
        assert asked.status is REFUSED


async def test_TC_040_2_CSMS_a_value_the_station_rejects(site: Site) -> None:
    async with station16(site, ChangeConfiguration={"status": "Rejected"}) as cp:
        asked = await cp.tool.ordered(given("MeterValueSampleInterval", "-1"), "ChangeConfiguration")
        assert asked == ({"key": "MeterValueSampleInterval", "value": "-1"}, REFUSED, "Rejected")


async def test_TC_026_CSMS_a_station_rejects_to_start(site: Site) -> None:
    async with station16(site) as cp:
        await start_from_afar(cp, "Rejected", REFUSED)
        assert await cp.tool.transactions() == 0


async def test_TC_028_CSMS_a_station_rejects_to_stop(site: Site) -> None:
    async with station16(site, RemoteStopTransaction={"status": "Rejected"}) as cp:
        await cp.charging()
        asked = await cp.tool.ordered(StopCharging(await cp.tool.reference()), "RemoteStopTransaction")
        assert asked == ({"transaction_id": cp.transaction}, REFUSED, "Rejected")
        assert (await cp.tool.record())["ended_at"] is None


async def test_TC_061_CSMS_the_cache_of_a_station_is_cleared(site: Site) -> None:
    async with station16(site, ClearCache=AGREED) as cp:
        assert await cp.tool.ordered(ClearCache(), "ClearCache") == ({}, ACCEPTED, "Accepted")


async def test_TC_054_CSMS_a_station_is_asked_for_messages_and_sends_them(site: Site) -> None:
    async with station16(site, TriggerMessage=AGREED) as cp:
        await cp.booted()

        async def triggered(wish: Wish, *, evse_id: int | None = None) -> None:
            where = {} if evse_id is None else {"connector_id": evse_id}
            asked = await cp.tool.ordered(Trigger(wish, evse_id=evse_id), "TriggerMessage")
            assert asked == ({"requested_message": wish.value, **where}, ACCEPTED, "Accepted")

        await triggered(Wish.METER_VALUES, evse_id=1)
        sample = {"value": "1000", "context": "Trigger"}
        values = [{"timestamp": cp.tool.now(), "sampled_value": [sample]}]
        await cp.tool.say("MeterValues", connector_id=1, meter_value=values)
        await triggered(Wish.HEARTBEAT)
        assert (await cp.tool.say("Heartbeat")).current_time
        await triggered(Wish.STATUS_NOTIFICATION, evse_id=1)
        await cp.status("Available")
        await triggered(Wish.DIAGNOSTICS_STATUS)
        await cp.tool.say("DiagnosticsStatusNotification", status="Idle")
        await triggered(Wish.FIRMWARE_STATUS)
        await cp.tool.say("FirmwareStatusNotification", status="Idle")


async def test_TC_055_CSMS_a_trigger_for_a_connector_that_is_not_there_is_rejected(site: Site) -> None:
    async with station16(site, TriggerMessage={"status": "Rejected"}) as cp:
        await cp.booted()
        asked = await cp.tool.ordered(Trigger(Wish.METER_VALUES, evse_id=3), "TriggerMessage")
        assert asked == ({"requested_message": "MeterValues", "connector_id": 3}, REFUSED, "Rejected")
