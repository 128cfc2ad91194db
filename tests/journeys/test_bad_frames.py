"""A station that breaks every rule of the protocol: what it did is on record, nothing is lost, and others notice nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from forecourt.clock import SYSTEM
from forecourt.ocpp.versions import V16, V201, Version
from tests.journeys.driver import basic, station
from tests.journeys.site import CARD, PASSWORD, VERSIONS, Site
from tests.transport.raw import TEXT, Raw, opening, soon


def named(version: Version) -> str:
    return version.name


async def misbehaving(site: Site, version: Version) -> Raw:
    """A connection of the station BAD on which anything can be written."""
    header = f"Authorization: {basic('BAD', PASSWORD)['Authorization']}"
    request = opening("/ocpp/BAD", subprotocols=(version.subprotocol,), headers=[header])
    return await Raw.upgraded(site.csms.port, request)


async def answer_to(raw: Raw, message_id: str) -> list[Any]:
    """Read until this call is answered."""
    while True:
        frame: list[Any] = json.loads(await raw.text())
        if frame[1] == message_id:
            return frame


@pytest.mark.parametrize("version", VERSIONS, ids=named)
async def test_garbage_is_recorded_and_the_next_call_is_answered(site: Site, version: Version) -> None:
    known = await site.announce("BAD")
    await site.announce("GOOD")
    async with station(site.url, "GOOD", version) as good:
        await good.boot()
        raw = await misbehaving(site, version)
        for garbage in (b"not json", b"{}", b"[]", b"[2]", b'[9,"x"]', b'[3,"nobody-asked",{}]', b"[" * 5000):
            raw.send(TEXT, garbage)
        raw.send(TEXT, b'[2,"late","Heartbeat",{}]')
        assert (await answer_to(raw, "late"))[0] == 3
        assert (await good.say("Heartbeat")).current_time
        await raw.close()
    await site.until(
        "SELECT count(*) >= 6 FROM deviation WHERE station_id = :key AND action = ''", [(True,)], key=known.key
    )
    assert await site.rows("SELECT count(*) FROM deviation WHERE station_id <> :key", key=known.key) == [(0,)]


@pytest.mark.parametrize("version", VERSIONS, ids=named)
async def test_calls_that_do_not_wait_for_answers_are_answered_in_order_or_end_the_connection_with_1008(
    site: Site, version: Version
) -> None:
    known = await site.announce("BAD")
    await site.announce("GOOD")
    async with station(site.url, "GOOD", version) as good:
        await good.boot()
        raw = await misbehaving(site, version)
        for number in range(5):
            raw.send(TEXT, json.dumps([2, f"n-{number}", "Heartbeat", {}]).encode())
        for number in range(5):
            assert (await answer_to(raw, f"n-{number}"))[0] == 3
        flood = [json.dumps([2, f"f-{number}", "Heartbeat", {}]).encode() for number in range(3000)]
        for call in flood:
            raw.send(TEXT, call)
        assert await soon(raw.close_code()) == 1008
        assert (await good.say("Heartbeat")).current_time
        await raw.close()
    await site.until("SELECT count(*) > 0 FROM deviation WHERE station_id = :key", [(True,)], key=known.key)


async def test_a_message_beyond_all_size_ends_the_connection_with_1009(site: Site) -> None:
    await site.announce("BAD")
    raw = await misbehaving(site, V16)
    raw.send(TEXT, b'[2,"1","Heartbeat",{"x":"' + b"x" * 2_000_000 + b'"}]')
    assert await soon(raw.close_code()) == 1009
    await raw.close()
    async with station(site.url, "BAD", V16) as driver:
        assert (await driver.boot()).status == "Accepted"


@pytest.mark.parametrize("version", [V16, V201], ids=named)
async def test_clocks_that_talk_nonsense_lose_no_reading(site: Site, version: Version) -> None:
    known = await site.announce("BAD")
    raw = await misbehaving(site, version)
    clocks = ("1970-01-01T00:00:00Z", "2099-12-31T23:59:59Z", "2026-06-01T12:00:00")
    for number, at in enumerate(clocks):
        sample = {"value": str(number) if version is V16 else number}
        place = "connectorId" if version is V16 else "evseId"
        payload = {place: 1, "meterValue": [{"timestamp": at, "sampledValue": [sample]}]}
        raw.send(TEXT, json.dumps([2, f"c-{number}", "MeterValues", payload]).encode())
        assert (await answer_to(raw, f"c-{number}"))[0] == 3
    await raw.close()
    assert await site.rows(
        "SELECT count(*), count(*) FILTER (WHERE received_at > '2026-01-01') FROM meter_value WHERE station_id = :key",
        key=known.key,
    ) == [(3, 3)]
    # As it was told, beside when it was received; and each once noted as what it is.
    assert await site.rows(
        "SELECT kind, path, value FROM deviation WHERE station_id = :key AND action = 'MeterValues'"
        " ORDER BY kind, value",
        key=known.key,
    ) == [
        ("clock astray", "$.meterValue[0].timestamp", "1970-01-01T00:00:00+00:00"),
        ("clock astray", "$.meterValue[0].timestamp", "2099-12-31T23:59:59+00:00"),
        ("no time zone", "$.meterValue[0].timestamp", '"2026-06-01T12:00:00"'),
    ]
    assert await site.rows(
        "SELECT date_part('year', station_time)::int FROM meter_value WHERE station_id = :key ORDER BY station_time",
        key=known.key,
    ) == [(1970,), (2026,), (2099,)]


@pytest.mark.parametrize("version", VERSIONS, ids=named)
async def test_a_session_told_by_a_clock_of_1970_is_on_record_with_one_deviation_for_each_message(
    site: Site, version: Version
) -> None:
    known = await site.announce("BAD")
    await site.hand_out(CARD)
    async with station(site.url, "BAD", version, at=datetime(1970, 1, 1, tzinfo=UTC)) as driver:
        await driver.boot()
        await driver.connector("Preparing", "Occupied")
        assert await driver.start(CARD, 1000, 10) == "Accepted"
        await driver.meter(1500, 600)
        await driver.stop(CARD, 2000, 1200)
    record = await site.record(known)
    assert record["ended_at"] is not None
    assert (record["energy_imported_wh"], record["received_at"].year) == (1000, SYSTEM.now().year)
    noted = await site.rows(
        "SELECT action, count(*) FROM deviation WHERE station_id = :key AND kind = 'clock astray' GROUP BY 1 ORDER BY 1",
        key=known.key,
    )
    if version is V16:
        told = [("MeterValues", 1), ("StartTransaction", 1), ("StatusNotification", 2), ("StopTransaction", 1)]
    else:
        told = [("StatusNotification", 1), ("TransactionEvent", 4)]
    assert noted == told
