"""Meter values in the words of every version, bytes in and bytes out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from forecourt.charging.ids import EvseId
from forecourt.csms.blocks.metering import actions
from forecourt.csms.store.partitions import create_ahead, drop_old
from forecourt.ocpp.deviations import Reading
from forecourt.ocpp.versions import V16, V21, V201, Version
from tests.csms.blocks.transactions.world import BOTH_2, NOW, VERSIONS, Json, Speaker, World, at

SAMPLED = "SELECT evse_id, transaction_id, sampled FROM meter_value ORDER BY received_at, station_time, evse_id"


def values_16(*sampled: Json, seconds: float = 0) -> list[Json]:
    return [{"timestamp": at(seconds), "sampledValue": list(sampled)}]


async def told(world: World, version: Version, evse_id: int, values: list[Json]) -> Json:
    name = "connectorId" if version is V16 else "evseId"
    return await world.say(world.link(version), "MeterValues", {name: evse_id, "meterValue": values})


async def test_every_measurand_phase_unit_and_location_of_1_6_is_read(world: World) -> None:
    sampled: list[Json] = [
        {"value": "1.5", "unit": "kWh"},
        {"value": "230.1", "measurand": "Voltage", "phase": "L1-N", "unit": "V"},
        {"value": "-3", "measurand": "Temperature", "unit": "Celsius", "location": "Body"},
        {"value": "50", "measurand": "Frequency", "context": "Sample.Clock"},
        {"value": "81", "measurand": "SoC", "unit": "Percent", "location": "EV"},
    ]
    assert await told(world, V16, 1, values_16(*sampled)) == {}
    ((evse, transaction, kept),) = await world.rows(SAMPLED)
    assert (evse, transaction) == (1, None)
    assert kept == [
        {"measurand": "Energy.Active.Import.Register", "value": 1500.0},
        {"measurand": "Voltage", "phase": "L1-N", "value": 230.1},
        {"measurand": "Temperature", "location": "Body", "value": -3},
        {"measurand": "Frequency", "context": "Sample.Clock", "value": 50},
        {"measurand": "SoC", "location": "EV", "value": 81},
    ]


@pytest.mark.parametrize("raw", ["", "abc", "1,234", "NaN", "Infinity", "0x10", "1e99", "--1", "12 34"])
async def test_a_value_that_is_no_number_harms_nothing(world: World, raw: str) -> None:
    assert await told(world, V16, 1, values_16({"value": raw}, {"value": "5"})) == {}
    ((_, _, kept),) = await world.rows(SAMPLED)
    assert kept[0]["raw"] == raw
    assert kept[1] == {"measurand": "Energy.Active.Import.Register", "value": 5}


@pytest.mark.parametrize("version", BOTH_2, ids=lambda version: version.name)
async def test_TC_J_01_CSMS_J01_FR_18_clock_aligned_values_of_station_and_EVSEs_are_kept(
    world: World, version: Version
) -> None:
    for evse_id in (0, 1, 2):
        for second in (0, 900):
            sampled = {
                "value": 1000 + second,
                "context": "Sample.Clock",
                "unitOfMeasure": {"unit": "Wh", "multiplier": 3},
            }
            assert await told(world, version, evse_id, values_16(sampled, seconds=second)) == {}
    found = await world.rows(SAMPLED)
    assert sorted(evse for evse, _, _ in found) == [0, 0, 1, 1, 2, 2]
    assert {transaction for _, transaction, _ in found} == {None}
    assert found[0][2] == [{"measurand": "Energy.Active.Import.Register", "context": "Sample.Clock", "value": 1000000}]


@pytest.mark.parametrize("version", BOTH_2, ids=lambda version: version.name)
async def test_TC_J_02_CSMS_J01_FR_22_clock_aligned_values_of_a_charging_EVSE_count_for_its_transaction(
    world: World, version: Version
) -> None:
    station = Speaker(world, world.link(version))
    await station.begin(0, 1000)
    await told(world, version, 0, values_16({"value": 99000, "context": "Sample.Clock"}, seconds=900))
    await told(world, version, 1, values_16({"value": 1500, "context": "Sample.Clock"}, seconds=900))
    samples = [{"value": 1600, "context": "Sample.Clock"}]
    assert await station.event("Updated", 960, "MeterValueClock", samples=samples) == {}
    await station.event("Ended", 1000, "EVCommunicationLost", stopped="EVDisconnected")
    assert (await world.record())["energy_imported_wh"] == 600
    assert [(evse, transaction) for evse, transaction, _ in await world.rows(SAMPLED)] == [
        (1, 1),
        (0, None),
        (1, 1),
        (1, 1),
    ]


@pytest.mark.parametrize("version", BOTH_2, ids=lambda version: version.name)
async def test_TC_J_03_TC_J_10_CSMS_all_values_of_an_end_are_kept(world: World, version: Version) -> None:
    station = Speaker(world, world.link(version))
    await station.begin(0, 1000)
    payload = station.compose("Ended", 900, "StopAuthorized", stopped="Local")
    moments = [
        (0, "Transaction.Begin", 1000),
        (300, "Sample.Clock", 1200),
        (600, "Sample.Periodic", 1500),
        (900, "Transaction.End", 1800),
    ]
    payload["meterValue"] = [
        {"timestamp": at(second), "sampledValue": [{"value": wh, "context": context}]}
        for second, context, wh in moments
    ]
    assert await station.say("TransactionEvent", payload) == {}
    assert (await world.record())["energy_imported_wh"] == 800
    assert len(await world.rows(SAMPLED)) == 5


@pytest.mark.parametrize("version", BOTH_2, ids=lambda version: version.name)
async def test_TC_J_07_TC_J_08_TC_J_09_CSMS_J02_FR_19_values_of_every_event_are_answered_and_kept(
    world: World, version: Version
) -> None:
    station = Speaker(world, world.link(version))
    await station.event("Started", 0, "Authorized", state="Idle", evse=False)
    begin = {"value": 1000, "context": "Transaction.Begin"}
    assert await station.event("Updated", 9, "CablePluggedIn", state="EVConnected", evse=True, samples=[begin]) == {}
    assert await station.event("Updated", 60, "MeterValuePeriodic", wh=1300) == {}
    found = await world.rows(SAMPLED)
    assert [(evse, transaction) for evse, transaction, _ in found] == [(1, 1), (1, 1)]


SIGNED = 'OCMF|{"FV":"1.0","GI":"é"}|{"SD":"304402"}'


@pytest.mark.parametrize("version", BOTH_2, ids=lambda version: version.name)
async def test_TC_J_04_TC_J_11_CSMS_J02_FR_21_signed_values_are_kept_byte_for_byte(
    world: World, version: Version
) -> None:
    signed: dict[str, Any] = {
        "signedMeterData": SIGNED,
        "signingMethod": "ECDSA-secp256k1-SHA256",
        "encodingMethod": "OCMF",
        "publicKey": "oca:base16:asn1:3056",
    }
    station = Speaker(world, world.link(version))
    samples = [{"value": 1000, "context": "Transaction.Begin", "signedMeterValue": signed}]
    assert await station.event("Started", 0, "Authorized", samples=samples, state="EVConnected") == {}
    question = "SELECT transaction_id, context, data, encoding, method, public_key FROM signed_value"
    assert await world.rows(question) == [
        (1, "Transaction.Begin", SIGNED.encode(), "OCMF", "ECDSA-secp256k1-SHA256", b"oca:base16:asn1:3056")
    ]
    assert (await world.record())["register_begin_wh"] == 1000
    assert await told(world, version, 1, values_16({"value": 1, "signedMeterValue": signed}, seconds=5)) == {}
    assert len(await world.rows(question)) == 2


async def test_signed_data_of_1_6_is_kept_byte_for_byte_and_is_no_number(world: World) -> None:
    station = Speaker(world, world.link(V16))
    await station.begin(0, 1000)
    sampled = {"value": SIGNED, "format": "SignedData", "context": "Transaction.End"}
    request = {"connectorId": 1, "transactionId": station.number, "meterValue": values_16(sampled, seconds=9)}
    assert await station.say("MeterValues", request) == {}
    assert await world.rows("SELECT transaction_id, data FROM signed_value") == [(1, SIGNED.encode())]


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
async def test_the_same_message_again_writes_nothing(world: World, version: Version) -> None:
    value: Json = {"value": "1500"} if version is V16 else {"value": 1500}
    for _ in range(3):
        assert await told(world, version, 1, values_16(value)) == {}
        world.station._memory = None
    assert len(await world.rows(SAMPLED)) == 1
    assert await world.rows("SELECT count(*) FROM message_log") == [(1,)]
    other: Json = {"value": "1501"} if version is V16 else {"value": 1501}
    await told(world, version, 1, values_16(other))
    await told(world, version, 2, values_16(value))
    assert len(await world.rows(SAMPLED)) == 3


async def test_a_message_without_values_is_answered(world: World) -> None:
    link = world.link(V16)
    given = await world.give(link, "MeterValues", {"connectorId": 1, "meterValue": []}, Reading.TOLERANT)
    assert given.work is not None
    assert await world.rows(SAMPLED) == []


async def test_a_poisonous_value_beside_good_ones_refuses_only_its_own_message(world: World) -> None:
    station = Speaker(world, world.link(V16))
    await station.begin(0, 1000)
    await station.meter(60, 1100)
    poison = {
        "connectorId": 10**11,
        "transactionId": station.number,
        "meterValue": values_16({"value": "1"}, seconds=61),
    }
    given = await world.give(station.link, "MeterValues", {**poison, "transactionId": 10**6})
    assert getattr(given.answer, "code", None) == "PropertyConstraintViolation"
    await station.meter(120, 1200)
    await station.end(180, 1300)
    assert (await world.record())["energy_imported_wh"] == 300
    assert await world.rows("SELECT count(*) FROM refused_entry") == [(1,)]


@pytest.mark.parametrize("version", [V201, V21], ids=lambda version: version.name)
async def test_the_newest_readings_are_at_hand_without_the_database(world: World, version: Version) -> None:
    station = Speaker(world, world.link(version))
    await station.begin(0, 1000)
    await station.meter(60, 1100)
    (shown,) = actions.newest(world.station, EvseId(1))
    assert (shown.measurand, shown.value) == ("Energy.Active.Import.Register", Decimal(1100))
    assert actions.newest(world.station, EvseId(2)) == []
    world.station._memory = None
    assert actions.newest(world.station, EvseId(1)) == []


async def test_values_are_split_by_time_and_old_ones_leave(world: World) -> None:
    await told(world, V16, 1, values_16({"value": "1"}))
    async with world.store.database.engine.begin() as connection:
        await create_ahead(connection, actions.SPLIT, NOW)
    assert len(await world.rows(SAMPLED)) == 1
    async with world.store.database.engine.begin() as connection:
        await drop_old(connection, actions.SPLIT, actions.SPLIT.start_of(NOW) + 2 * actions.SPLIT.step)
        assert await actions.forget_messages(connection, NOW) == 0
        assert await actions.forget_messages(connection, NOW + actions.REPEATED_WITHIN * 2) == 1
    assert await world.rows(SAMPLED) == []


@pytest.mark.parametrize("table", ["transaction", "transaction_event", "meter_value", "signed_value"])
async def test_an_operator_sees_its_own_only(world: World, table: str) -> None:
    station = Speaker(world, world.link(V16))
    await station.begin(0, 1000)
    await station.meter(60, 1100, format="SignedData")
    await station.meter(61, 1101)
    for scope, seen in (("1", True), ("2", False), ("*", True), ("", False)):
        async with world.store.database.engine.begin() as connection:
            await connection.exec_driver_sql("SET LOCAL ROLE forecourt_api")
            await connection.exec_driver_sql(f"SELECT set_config('forecourt.scope', '{scope}', true)")
            found = await connection.exec_driver_sql(f'SELECT count(*) FROM "{table}"')
            assert (found.scalar_one() > 0) is seen


async def test_a_provider_sees_what_its_tokens_did_at_the_stations_of_others(world: World) -> None:
    station = Speaker(world, world.link(V16))
    await station.begin(0, 1000)
    async with world.store.database.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE transaction SET provider_id = 2")
    async with world.store.database.engine.begin() as connection:
        await connection.exec_driver_sql("SET LOCAL ROLE forecourt_api")
        await connection.exec_driver_sql("SELECT set_config('forecourt.scope', '2', true)")
        assert (await connection.exec_driver_sql("SELECT count(*) FROM transaction")).scalar_one() == 1
        changed = await connection.exec_driver_sql("UPDATE transaction SET cost = 0")
        assert changed.rowcount == 0
