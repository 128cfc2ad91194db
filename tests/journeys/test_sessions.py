"""Charging sessions told by stations of every version, and what is on record of them afterwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from forecourt.ocpp.versions import V16, V21, V201, Version
from tests.journeys.driver import Driver, began, station
from tests.journeys.site import BOTH_2, CARD, STRANGER, VERSIONS, Site

# What tells the versions apart in a record: whose it is, names and numbers of things, and that an idTag has no type.
TOLD = {
    "StationConnected",
    "StationBooted",
    "TokenJudged",
    "TransactionStarted",
    "TransactionUpdated",
    "TransactionEnded",
}
VARYING = {"id", "station_id", "wire_id", "number", "received_at", "first_seq_no", "last_seq_no", "token_kind"}


def named(version: Version) -> str:
    return version.name


def same(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in VARYING}


async def plug_first(driver: Driver) -> None:
    """The cable, then the card."""
    await driver.connector("Preparing", "Occupied")
    assert await driver.authorize(CARD) == "Accepted"
    assert await driver.start(CARD, 1000, seconds=10) == "Accepted"


async def card_first(driver: Driver) -> None:
    """The card, then the cable."""
    assert await driver.authorize(CARD) == "Accepted"
    await driver.connector("Preparing", "Occupied", 5)
    assert await driver.start(CARD, 1000, seconds=10) == "Accepted"


async def finish(driver: Driver) -> None:
    """Readings, the card once more, and away."""
    await driver.meter(1200, 40)
    await driver.meter(1500, 70)
    await driver.stop(CARD, 1800, 110)
    await driver.connector("Available", "Available", 120)


@pytest.mark.parametrize("begin", [plug_first, card_first])
async def test_a_session_ends_in_the_same_record_and_the_same_events_in_every_version(
    site: Site, begin: Callable[[Driver], Awaitable[None]]
) -> None:
    await site.hand_out(CARD)
    at = began()
    records: list[dict[str, Any]] = []
    stories: list[list[str]] = []
    for version in VERSIONS:
        known = await site.announce(f"CP-{version.name}")
        async with station(site.url, known.wire_id, version, at=at) as driver:
            assert (await driver.boot()).status == "Accepted"
            await begin(driver)
            await finish(driver)
        records.append(same(await site.record(known)))
        stories.append([kind for kind in await site.kinds(known) if kind in TOLD])
        assert await site.connector(known) == [(1, 1, "Available")]
    first, *others = records
    assert others == [first, first]
    told = {
        "evse_id": 1,
        "connector_id": 1,
        "token_value": CARD,
        "verdict": "Accepted",
        "ended_by": "station",
        "stop_reason": "Local",
        "register_begin_wh": Decimal(1000),
        "register_end_wh": Decimal(1800),
        "energy_imported_wh": Decimal(800),
        "charging_s": 100,
        "missing": [],
    }
    assert {name: first[name] for name in told} == told
    assert (first["ended_at"] - first["started_at"]).total_seconds() == 100
    story, *more = stories
    assert more == [story, story]
    assert [kind for kind in story if kind.startswith("Transaction")] == [
        "TransactionStarted",
        "TransactionUpdated",
        "TransactionEnded",
    ]


async def test_TC_003_CSMS_plugged_in_first_the_session_starts_with_an_accepted_token(site: Site) -> None:
    await site.hand_out(CARD)
    known = await site.announce("CP")
    async with station(site.url, "CP", V16) as driver:
        await driver.boot()
        await plug_first(driver)
        assert 0 < driver.transaction < 2**31
        assert await site.connector(known) == [(1, 1, "Charging")]


async def test_TC_004_1_CSMS_identified_first_the_session_starts_with_an_accepted_token(site: Site) -> None:
    await site.hand_out(CARD)
    known = await site.announce("CP")
    async with station(site.url, "CP", V16) as driver:
        await driver.boot()
        await card_first(driver)
        assert await site.connector(known) == [(1, 1, "Charging")]


async def test_TC_004_2_CSMS_a_driver_who_leaves_before_the_card_leaves_no_transaction(site: Site) -> None:
    known = await site.announce("CP")
    async with station(site.url, "CP", V16) as driver:
        await driver.boot()
        await driver.connector("Preparing", "")
        assert await site.connector(known) == [(1, 1, "Preparing")]
        await driver.connector("Available", "", 60)
        assert await site.connector(known) == [(1, 1, "Available")]
    assert await site.rows("SELECT count(*) FROM transaction") == [(0,)]


async def test_TC_005_1_CSMS_a_cable_pulled_from_the_vehicle_ends_the_transaction(site: Site) -> None:
    await site.hand_out(CARD)
    known = await site.announce("CP")
    async with station(site.url, "CP", V16) as driver:
        await driver.boot()
        await plug_first(driver)
        await driver.connector("SuspendedEV", "", 60)
        await driver.stop(None, 1400, 61, reason="EVDisconnected")
        await driver.connector("Finishing", "", 62)
        await driver.connector("Available", "", 90)
    record = await site.record(known)
    assert (record["stop_reason"], record["energy_imported_wh"]) == ("EVDisconnected", Decimal(400))
    assert await site.connector(known) == [(1, 1, "Available")]


async def test_TC_023_1_CSMS_a_token_that_nobody_knows_is_invalid(site: Site) -> None:
    await site.announce("CP")
    async with station(site.url, "CP", V16) as driver:
        await driver.boot()
        assert await driver.authorize(STRANGER) == "Invalid"


@pytest.mark.parametrize("version", BOTH_2, ids=named)
async def test_TC_E_09_CSMS_E02_a_transaction_that_begins_with_the_cable_gets_its_token_later(
    site: Site, version: Version
) -> None:
    await site.hand_out(CARD)
    known = await site.announce("CP")
    async with station(site.url, "CP", version) as driver:
        await driver.boot()
        await driver.connector("", "Occupied")
        started = await driver.event("Started", 1, trigger="CablePluggedIn", state="EVConnected", wh=1000)
        assert started.id_token_info is None
        judged = await driver.event("Updated", 10, trigger="Authorized", token=CARD)
        assert judged.id_token_info["status"] == "Accepted"
        await driver.event("Updated", 11, trigger="ChargingStateChanged", state="Charging")
        ended = await driver.stop(CARD, 1500, 111)
        assert ended.id_token_info["status"] == "Accepted"
    record = await site.record(known)
    assert (record["verdict"], record["energy_imported_wh"], record["charging_s"]) == ("Accepted", Decimal(500), 100)
    assert (await site.kinds(known, "Transaction%"))[-1] == "TransactionEnded"


@pytest.mark.parametrize("version", BOTH_2, ids=named)
async def test_TC_E_01_CSMS_a_transaction_that_begins_when_the_power_path_is_closed(
    site: Site, version: Version
) -> None:
    await site.hand_out(CARD)
    known = await site.announce("CP")
    async with station(site.url, "CP", version) as driver:
        await driver.boot()
        assert await driver.authorize(CARD) == "Accepted"
        await driver.connector("", "Occupied")
        started = await driver.event(
            "Started", 1, trigger="ChargingStateChanged", token=CARD, state="SuspendedEVSE", wh=0
        )
        assert started.id_token_info["status"] == "Accepted"
        await driver.event("Updated", 2, trigger="ChargingStateChanged", state="Charging")
    record = await site.record(known)
    assert (record["verdict"], record["charging_state"], record["ended_at"]) == ("Accepted", "Charging", None)


async def test_an_unknown_token_gets_its_transaction_recorded_but_never_billed(site: Site) -> None:
    refusals = {V16: "Invalid", V201: "Unknown", V21: "Unknown"}
    for version, word in refusals.items():
        known = await site.announce(f"CP-{version.name}")
        async with station(site.url, known.wire_id, version) as driver:
            await driver.boot()
            assert await driver.authorize(STRANGER) == word
            assert await driver.start(STRANGER, 1000) == word
            await driver.stop(None, 1100, 20, reason="DeAuthorized")
        record = await site.record(known)
        assert (record["verdict"], record["energy_imported_wh"]) == ("Unknown", Decimal(100))
        billable = "SELECT DISTINCT data->>'billable' FROM event WHERE station_id = :key AND kind LIKE 'Transaction%'"
        assert await site.rows(billable, key=known.key) == [("false",)]
