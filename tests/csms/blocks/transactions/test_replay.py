"""Whatever order events come in, and however often, the record is the same; what is missing is known."""

from __future__ import annotations

import random
from typing import Any

import pytest

from forecourt.ocpp.versions import V16, V21, V201, Version
from tests.csms.blocks.transactions.test_sessions import same
from tests.csms.blocks.transactions.world import BOTH_2, CARD, VERSIONS, Json, Speaker, World, at


def session(station: Speaker) -> list[Json]:
    """All events of a session, as payloads."""
    station.seq_no = 0
    return [
        station.compose(
            "Started", 0, "CablePluggedIn", state="EVConnected", wh=1000, context="Transaction.Begin", evse=True
        ),
        station.compose("Updated", 10, "Authorized", token=CARD),
        station.compose("Updated", 60, "ChargingStateChanged", state="Charging"),
        station.compose("Updated", 120, "MeterValuePeriodic", wh=1200),
        station.compose("Updated", 180, "MeterValuePeriodic", wh=1450),
        station.compose("Updated", 240, "ChargingStateChanged", state="SuspendedEV"),
        station.compose("Updated", 250, "MeterValueClock", samples=[{"value": 1500, "context": "Sample.Clock"}]),
        station.compose(
            "Ended", 300, "StopAuthorized", state="EVConnected", token=CARD, wh=1800, context="Transaction.End"
        ),
    ]


async def replayed(world: World, station: Speaker, payloads: list[Json]) -> Json:
    for payload in payloads:
        await station.say("TransactionEvent", payload)
    return (await world.records())[-1]


@pytest.mark.parametrize("seed", range(12))
async def test_any_order_and_any_repetition_ends_in_the_same_record(world: World, seed: int) -> None:
    chance = random.Random(seed)
    straight = Speaker(world, world.link(V201), wire_id="straight")
    expected = await replayed(world, straight, session(straight))
    jumbled = Speaker(world, world.link(V201), wire_id="jumbled")
    payloads = session(jumbled)
    mixed = payloads + chance.sample(payloads, chance.randrange(len(payloads)))
    chance.shuffle(mixed)
    if seed % 3 == 0:
        for payload in mixed:
            jumbled.lost()
            await jumbled.say("TransactionEvent", payload)
    record = await replayed(world, jumbled, mixed)
    assert {name: (record[name], expected[name]) for name in same(record) if record[name] != expected[name]} == {}
    assert await world.rows("SELECT count(*) FROM transaction_event GROUP BY transaction_id") == [(8,), (8,)]
    assert await world.rows("SELECT count(*) FROM meter_value GROUP BY transaction_id") == [(5,), (5,)]


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
@pytest.mark.parametrize("forgets", [False, True])
async def test_a_repetition_is_answered_alike_and_writes_nothing(world: World, version: Version, forgets: bool) -> None:
    station = Speaker(world, world.link(version))
    answers = [
        await station.begin(0, 1000),
        await station.meter(60, 1100),
        await station.state(70, "Charging"),
        await station.meter(120, 1200),
        await station.end(300, 1800),
    ]
    before = await world.rows(_EVERYTHING)
    for (action, request), answer in zip(list(station.sent), answers, strict=True):
        if forgets:
            station.lost()
        assert await station.say(action, request) == answer
    after = await world.rows(_EVERYTHING)
    if version is V16:
        # A StatusNotification is no message of this block: only its log is one longer.
        assert after[0][:-1] == before[0][:-1]
    else:
        assert after == before


_EVERYTHING = (
    "SELECT (SELECT count(*) FROM transaction), (SELECT count(*) FROM transaction_event),"
    " (SELECT count(*) FROM meter_value), (SELECT count(*) FROM event), (SELECT count(*) FROM message_log)"
)


@pytest.mark.parametrize("version", BOTH_2, ids=lambda version: version.name)
async def test_E11_FR_07_a_repetition_may_have_become_offline_meanwhile(world: World, version: Version) -> None:
    station = Speaker(world, world.link(version))
    await station.begin(0, 1000)
    await station.meter(60, 1100)
    _, request = station.sent[-1]
    await station.say("TransactionEvent", {**request, "offline": True})
    assert await world.rows("SELECT count(*) FROM transaction_event") == [(2,)]


@pytest.mark.parametrize("version", BOTH_2, ids=lambda version: version.name)
async def test_numbers_that_do_not_come_are_known_and_filled_when_they_do(world: World, version: Version) -> None:
    station = Speaker(world, world.link(version))
    payloads = session(station)
    for index in (0, 1, 2, 5, 7):
        await station.say("TransactionEvent", payloads[index])
    record = await world.record()
    assert (record["first_seq_no"], record["last_seq_no"], record["missing"]) == (0, 7, [[3, 4], [6, 6]])
    ((_, ended),) = [one for one in await world.happened() if one[0] == "TransactionEnded"]
    assert ended["complete"] is False
    for index in (6, 3, 4):
        await station.say("TransactionEvent", payloads[index])
    assert (await world.record())["missing"] == []
    corrected = [data["complete"] for kind, data in await world.happened() if kind == "TransactionCorrected"]
    assert corrected == [False, False, True]


@pytest.mark.parametrize("version", BOTH_2, ids=lambda version: version.name)
async def test_a_late_reading_of_a_transaction_that_is_over_corrects_its_energy(world: World, version: Version) -> None:
    station = Speaker(world, world.link(version))
    await station.event("Started", 0, "CablePluggedIn", state="Charging")
    await station.event("Ended", 300, "EVCommunicationLost", seq_no=2, stopped="EVDisconnected")
    assert (await world.record())["energy_imported_wh"] is None
    samples = [{"value": 1000, "context": "Transaction.Begin"}]
    await station.event("Updated", 1, "MeterValuePeriodic", seq_no=1, samples=samples)
    await station.event("Updated", 250, "MeterValuePeriodic", seq_no=3, wh=1600)
    record = await world.record()
    assert (record["energy_imported_wh"], record["ended_by"]) == (600, "station")
    assert await world.kinds() == [
        "TransactionStarted",
        "TransactionEnded",
        "TransactionCorrected",
        "TransactionCorrected",
    ]


@pytest.mark.parametrize("version", BOTH_2, ids=lambda version: version.name)
async def test_a_number_used_for_two_events_loses_neither(world: World, version: Version) -> None:
    """Stations that number every event 0 would otherwise never end a transaction."""
    station = Speaker(world, world.link(version))
    await station.event("Started", 0, "Authorized", token=CARD, wh=1000, context="Transaction.Begin", seq_no=0)
    await station.event("Updated", 60, "MeterValuePeriodic", wh=1100, seq_no=0)
    await station.event("Ended", 120, "StopAuthorized", wh=1300, context="Transaction.End", seq_no=0)
    record = await world.record()
    assert (record["ended_by"], record["energy_imported_wh"]) == ("station", 300)
    assert record["trail"]["record"] == [{"remark": "SEQUENCE_REUSED", "detail": "0", "count": 2}]
    assert await world.deviations() == [("sequence number used twice", "0")] * 2
    for action, request in list(station.sent):
        await station.say(action, request)
    assert await world.rows("SELECT take FROM transaction_event ORDER BY take") == [(0,), (1,), (2,)]


@pytest.mark.parametrize("version", BOTH_2, ids=lambda version: version.name)
async def test_E01_FR_08_a_name_given_twice_is_two_transactions(world: World, version: Version) -> None:
    for start in (0, 1000):
        await world.clock.advance(1000)
        station = Speaker(world, world.link(version), wire_id="1")
        await station.begin(start, 1000 + start)
        await station.meter(start + 60, 1100 + start)
        _, again = station.sent[0]
        await station.say("TransactionEvent", again)
        await station.end(start + 120, 1200 + start)
    first, second = await world.records()
    assert (first["wire_id"], second["wire_id"]) == ("1 until 2026-11-20T12:02:00+00:00", "1")
    assert [record["energy_imported_wh"] for record in (first, second)] == [200, 200]
    assert await world.deviations() == [("transaction id used again", "1")]


@pytest.mark.parametrize("version", BOTH_2, ids=lambda version: version.name)
async def test_E12_FR_02_TC_E_39_CSMS_a_session_of_an_offline_station_is_as_good_as_any(
    world: World, version: Version
) -> None:
    station = Speaker(world, world.link(version))
    await world.clock.advance(7200)
    for payload in session(station):
        await station.say("TransactionEvent", {**payload, "offline": True})
    record = await world.record()
    assert (record["offline"], record["energy_imported_wh"], record["charging_s"]) == (True, 800, 180)
    assert record["started_at"] < record["received_at"]


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
async def test_TC_039_CSMS_what_was_said_long_after_it_happened_is_marked(world: World, version: Version) -> None:
    station = Speaker(world, world.link(version))
    await world.clock.advance(86400)
    offline: dict[str, Any] = {} if version is V16 else {"offline": True}
    await station.begin(0, 1000, **offline)
    await station.end(300, 1800, **offline)
    record = await world.record()
    assert (record["offline"], record["energy_imported_wh"]) == (True, 800)


@pytest.mark.parametrize("when", ["1970-01-01T00:00:10Z", "2099-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
async def test_a_clock_astray_is_recorded_and_durations_are_reckoned_from_ours(
    world: World, version: Version, when: str
) -> None:
    station = Speaker(world, world.link(version))
    if version is V16:
        start = {"connectorId": 1, "idTag": CARD, "meterStart": 1000, "timestamp": when}
        station.number = (await station.say("StartTransaction", start))["transactionId"]
    else:
        started = station.compose(
            "Started", 0, "Authorized", token=CARD, wh=1000, context="Transaction.Begin", state="Charging"
        )
        await station.say("TransactionEvent", {**started, "timestamp": when})
    await world.clock.advance(60)
    await station.state(60, "Charging")
    await world.clock.advance(60)
    await station.end(120, 1800)
    record = await world.record()
    assert record["trail"]["record"][0]["remark"] == "CLOCK_ASTRAY"
    assert record["charging_s"] == (60 if version is V16 else 120)
    assert record["energy_imported_wh"] == 800
    assert [kind for kind, _ in await world.deviations()] == ["clock astray"]


async def test_a_transaction_of_which_only_the_middle_is_heard_is_there(world: World) -> None:
    station = Speaker(world, world.link(V201))
    await station.event("Updated", 60, "MeterValuePeriodic", wh=1100, evse=True)
    record = await world.record()
    assert (record["ended_by"], record["evse_id"]) == ("", 1)
    assert record["trail"]["record"] == [{"remark": "BEGIN_NOT_HEARD"}]
    assert [data["complete"] for _, data in await world.happened()] == [False]


@pytest.mark.parametrize("version", [V21, V201], ids=lambda version: version.name)
async def test_J02_FR_17_a_missing_begin_is_the_end_of_the_transaction_before(world: World, version: Version) -> None:
    first = Speaker(world, world.link(version), wire_id="first")
    await first.begin(0, 1000)
    await first.end(60, 1500)
    second = Speaker(world, world.link(version), wire_id="second")
    await second.event("Started", 100, "CablePluggedIn", state="EVConnected")
    await second.event(
        "Ended", 200, "EVCommunicationLost", stopped="EVDisconnected", wh=1700, context="Transaction.End"
    )
    record = (await world.records())[-1]
    assert (record["energy_imported_wh"], record["register_begin_wh"]) == (200, 1500)
    assert [step["rule"] for step in record["trail"]["imported"]][-1] == "BEGIN_FROM_PRECEDING"


def test_the_moments_of_these_tests_are_written_as_stations_do() -> None:
    assert at(0) == "2026-11-20T12:00:00Z"
