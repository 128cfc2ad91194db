"""Certification cases of 1.6, Core: how sessions begin and end, locally, offline and without power."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from forecourt.clock import SYSTEM
from forecourt.ocpp.versions import V16
from tests.journeys.cases.tool import blocked, connected, hand_out, stranger
from tests.journeys.cases.tool16 import CONNECTORS, station16
from tests.journeys.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_TC_001_CSMS_a_station_boots_tells_its_connectors_and_beats(site: Site) -> None:
    async with station16(site) as cp:
        booted = await cp.boot()
        assert booted.status == "Accepted"
        assert booted.interval > 0
        await cp.all_connectors("Available")
        assert await cp.tool.connectors() == [(number, 1, "Available") for number in CONNECTORS]
        for _ in range(3):
            assert (await cp.tool.say("Heartbeat")).current_time


async def test_TC_003_CSMS_plugged_in_then_identified_the_session_begins(site: Site) -> None:
    async with station16(site) as cp:
        await cp.status("Preparing")
        assert await cp.authorize(cp.card) == "Accepted"
        assert await cp.start(cp.card) == "Accepted"
        await cp.status("Charging")
        record = await cp.tool.record()
        assert (record["number"], record["verdict"], record["ended_at"]) == (cp.transaction, "Accepted", None)


async def test_TC_004_1_CSMS_identified_then_plugged_in_the_session_begins(site: Site) -> None:
    async with station16(site) as cp:
        await cp.charging()
        record = await cp.tool.record()
        assert (record["number"], record["verdict"], record["ended_at"]) == (cp.transaction, "Accepted", None)


async def test_TC_004_2_CSMS_nobody_plugs_in_and_the_connector_is_available_again(site: Site) -> None:
    async with station16(site) as cp:
        await cp.authorized()
        await cp.status("Preparing")
        await cp.status("Available")
        assert await cp.tool.transactions() == 0


async def test_TC_005_1_CSMS_a_cable_pulled_from_the_vehicle_ends_the_session(site: Site) -> None:
    async with station16(site) as cp:
        await cp.charging()
        await cp.status("SuspendedEV")
        await cp.stop("EVDisconnected")
        await cp.status("Finishing")
        await cp.status("Available")
        assert (await cp.ended())["stop_reason"] == "EVDisconnected"


async def test_TC_007_CSMS_a_token_from_the_stations_cache_is_judged_when_the_session_begins(site: Site) -> None:
    async with station16(site) as cp:
        await cp.status("Preparing")
        assert await cp.start(cp.card) == "Accepted"
        await cp.status("Charging")


async def test_TC_023_1_CSMS_an_unknown_token_is_invalid(site: Site) -> None:
    async with station16(site) as cp:
        assert await cp.authorize(stranger()) == "Invalid"


async def test_TC_023_2_CSMS_an_expired_token_is_expired(site: Site) -> None:
    async with station16(site) as cp:
        yesterday = SYSTEM.now() - timedelta(days=1)
        assert await cp.authorize(await hand_out(site, valid_until=yesterday)) == "Expired"


async def test_TC_023_3_CSMS_a_blocked_token_is_blocked(site: Site) -> None:
    async with station16(site) as cp:
        assert await cp.authorize(await blocked(site)) == "Blocked"


async def test_TC_024_CSMS_a_lock_that_fails_is_on_record(site: Site) -> None:
    async with station16(site) as cp:
        await cp.authorized()
        await cp.status("Preparing")
        await cp.status("Faulted", error="ConnectorLockFailure")
        errors = "SELECT error_code FROM connector WHERE station_id = :key AND evse_id = 1"
        assert await site.rows(errors, key=cp.tool.known.key) == [("ConnectorLockFailure",)]
        assert await cp.tool.transactions() == 0


async def test_TC_032_1_CSMS_after_a_power_loss_the_station_boots_and_ends_its_session(site: Site) -> None:
    async with station16(site) as cp:
        await cp.booted()
        await cp.charging()
        transaction, known = cp.transaction, cp.tool.known
    async with station16(site, known=known) as cp:
        cp.transaction = transaction
        assert (await cp.boot()).status == "Accepted"
        await cp.all_connectors("Available", first="Finishing")
        await cp.stop("PowerLoss")
        assert (await cp.ended())["stop_reason"] == "PowerLoss"


async def test_TC_037_1_CSMS_a_session_begun_offline_is_told_later(site: Site) -> None:
    async with station16(site) as cp:
        await cp.booted()
        known = cp.tool.known
    async with station16(site, known=known) as cp:
        # It began while the connection was away.
        assert await cp.start(cp.card, at=cp.tool.driver.at(60)) == "Accepted"
        await cp.status("Charging")
        record = await cp.tool.record()
        assert (record["verdict"], record["ended_at"]) == ("Accepted", None)
        assert record["started_at"] == cp.tool.driver.moment(60)


async def test_TC_037_3_CSMS_a_session_begun_offline_with_an_invalid_token_is_refused_and_ends(site: Site) -> None:
    async with station16(site) as cp:
        await cp.booted()
        known = cp.tool.known
    async with station16(site, known=known) as cp:
        assert await cp.start(stranger(), at=cp.tool.driver.at(60)) == "Invalid"
        await cp.status("Charging")
        await cp.stop("DeAuthorized")
        await cp.status("Finishing")
        record = await cp.ended()
        assert (record["stop_reason"], record["verdict"]) == ("DeAuthorized", "Unknown")


async def test_TC_039_CSMS_a_session_that_began_and_ended_offline_is_told_later(site: Site) -> None:
    async with station16(site) as cp:
        await cp.booted()
        known = cp.tool.known
    async with station16(site, known=known) as cp:
        at = cp.tool.driver.at
        assert await cp.start(cp.card, at=at(40)) == "Accepted"
        await cp.stop("Local", cp.card, at=at(100))
        record = await cp.ended()
        assert (record["stop_reason"], record["energy_imported_wh"]) == ("Local", Decimal(500))
        assert (record["ended_at"] - record["started_at"]) == timedelta(seconds=60)


async def test_TC_064_CSMS_data_of_a_vendor_nobody_handles_is_not_accepted(site: Site) -> None:
    async with connected(site, V16, {}) as tool:
        answer = await tool.say("DataTransfer", vendor_id="org.example.nobody", message_id="hello", data="{}")
        assert answer.status in {"Rejected", "UnknownMessageId", "UnknownVendorId"}
