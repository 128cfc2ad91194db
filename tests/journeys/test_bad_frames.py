"""A station that breaks every rule of the protocol: what it did is on record, nothing is lost, and others notice nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from forecourt.ocpp.versions import V16, V201, Version
from tests.journeys.driver import basic, station
from tests.journeys.site import PASSWORD, VERSIONS, Site
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
    # A wrong year is no breach of the protocol and is kept as it was told, beside when it was received.
    noticed = await site.rows("SELECT kind FROM deviation WHERE station_id = :key", key=known.key)
    assert noticed == [("no time zone",)]
