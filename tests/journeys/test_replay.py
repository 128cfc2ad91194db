"""What stations tell late, twice or not at all: the record is right all the same, and every repetition gets its answer."""

from __future__ import annotations

from decimal import Decimal

import pytest

from forecourt.ocpp.versions import V16, Version
from tests.journeys.driver import began, station
from tests.journeys.site import BOTH_2, CARD, STRANGER, Site


def named(version: Version) -> str:
    return version.name


@pytest.mark.parametrize("version", BOTH_2, ids=named)
async def test_E04_a_session_told_after_it_was_over_with_repetitions_and_a_gap_is_one_record(
    site: Site, version: Version
) -> None:
    await site.hand_out(CARD)
    known = await site.announce("CP")
    at = began()
    async with station(site.url, "CP", version, at=at) as driver:
        await driver.boot()
        started = await driver.event(
            "Started", 0, trigger="Authorized", token=CARD, state="EVConnected", wh=1000, offline=True, seq_no=0
        )
        assert started.id_token_info["status"] == "Accepted"
        for seq_no, seconds, wh in ((1, 30, 1100), (2, 60, 1200), (2, 60, 1200), (5, 150, 1500)):
            await driver.event(
                "Updated", seconds, trigger="MeterValuePeriodic", state="Charging", wh=wh, offline=True, seq_no=seq_no
            )
    # The connection broke before the answers came: it starts over, with what it could not tell before.
    async with station(site.url, "CP", version, at=at) as driver:
        again = await driver.event(
            "Started", 0, trigger="Authorized", token=CARD, state="EVConnected", wh=1000, offline=True, seq_no=0
        )
        assert again.id_token_info["status"] == "Accepted"
        for seq_no, seconds, wh in ((4, 120, 1400), (5, 150, 1500)):
            await driver.event(
                "Updated", seconds, trigger="MeterValuePeriodic", state="Charging", wh=wh, offline=True, seq_no=seq_no
            )
        for _ in range(2):
            ended = await driver.event(
                "Ended", 180, trigger="StopAuthorized", token=CARD, wh=1600, stopped_reason="Local", seq_no=6
            )
            assert ended.id_token_info["status"] == "Accepted"
    record = await site.record(known)
    assert record["missing"] == [[3, 3]]
    assert (record["first_seq_no"], record["last_seq_no"], record["offline"]) == (0, 6, True)
    assert (record["register_begin_wh"], record["register_end_wh"]) == (Decimal(1000), Decimal(1600))
    assert record["energy_imported_wh"] == Decimal(600)
    numbers = await site.rows("SELECT seq_no FROM transaction_event ORDER BY seq_no")
    assert numbers == [(0,), (1,), (2,), (4,), (5,), (6,)]
    kinds = await site.kinds(known, "Transaction%")
    assert [kinds.count(kind) for kind in ("TransactionStarted", "TransactionEnded")] == [1, 1]


async def test_a_start_told_again_over_another_connection_gets_the_same_number(site: Site) -> None:
    await site.hand_out(CARD)
    known = await site.announce("CP")
    at = began()
    numbers = []
    for _ in range(3):
        async with station(site.url, "CP", V16, at=at) as driver:
            await driver.boot()
            assert await driver.start(CARD, 1000) == "Accepted"
            numbers.append(driver.transaction)
    assert len(set(numbers)) == 1
    assert (await site.record(known))["number"] == numbers[0]
    assert (await site.kinds(known, "Transaction%")).count("TransactionStarted") == 1


async def test_TC_037_1_CSMS_a_transaction_begun_offline_with_a_valid_token_is_accepted_afterwards(site: Site) -> None:
    await site.hand_out(CARD)
    known = await site.announce("CP")
    async with station(site.url, "CP", V16) as driver:
        await driver.boot()
    # Without connection from the boot to here; the driver has begun meanwhile.
    async with station(site.url, "CP", V16) as driver:
        assert await driver.start(CARD, 1000) == "Accepted"
        assert await site.connector(known) == [(1, 1, "Charging")]


async def test_TC_037_3_CSMS_a_transaction_begun_offline_with_an_invalid_token_is_told_so_and_may_end(
    site: Site,
) -> None:
    known = await site.announce("CP")
    async with station(site.url, "CP", V16) as driver:
        await driver.boot()
    async with station(site.url, "CP", V16) as driver:
        assert await driver.start(STRANGER, 1000) == "Invalid"
        await driver.stop(None, 1010, 20, reason="DeAuthorized")
        await driver.connector("Finishing", "", 21)
        assert await site.connector(known) == [(1, 1, "Finishing")]
    record = await site.record(known)
    assert (record["stop_reason"], record["verdict"]) == ("DeAuthorized", "Unknown")


async def test_TC_039_CSMS_a_transaction_that_was_offline_from_begin_to_end_is_recorded_whole(site: Site) -> None:
    await site.hand_out(CARD)
    known = await site.announce("CP")
    async with station(site.url, "CP", V16) as driver:
        await driver.boot()
    async with station(site.url, "CP", V16) as driver:
        answer = await driver.say(
            "StartTransaction", connector_id=1, id_tag=CARD, meter_start=1000, timestamp=driver.at(0)
        )
        assert answer.id_tag_info["status"] == "Accepted"
        driver.transaction = answer.transaction_id
        stopped = await driver.stop(CARD, 1700, 100)
        # A repetition of the end, too, is confirmed and changes nothing.
        assert await driver.stop(CARD, 1700, 100) == stopped
    record = await site.record(known)
    assert (record["stop_reason"], record["energy_imported_wh"]) == ("Local", Decimal(700))
    assert (record["ended_at"] - record["started_at"]).total_seconds() == 100
    assert await site.kinds(known, "Transaction%") == ["TransactionStarted", "TransactionEnded"]
