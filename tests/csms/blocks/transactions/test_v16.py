"""Transactions in the words of 1.6: numbers, lost words, and everything that is not as it should be."""

from __future__ import annotations

from typing import Any

import pytest

from forecourt.ocpp.versions import V16
from tests.csms.blocks.transactions.world import CARD, FRIEND, STRANGER, Json, Speaker, World, at


def speaker(world: World, **more: Any) -> Speaker:
    return Speaker(world, world.link(V16), **more)


async def meter_values(station: Speaker, seconds: float, wh: int, connector: int = 1, **more: Any) -> Json:
    values = [{"timestamp": at(seconds), "sampledValue": [{"value": str(wh)}]}]
    return await station.say("MeterValues", {"connectorId": connector, "meterValue": values, **more})


async def stop(station: Speaker, number: int, seconds: float = 300, wh: int = 1800, **more: Any) -> Json:
    request = {"transactionId": number, "meterStop": wh, "timestamp": at(seconds), **more}
    return await station.say("StopTransaction", request)


async def test_TC_004_1_CSMS_TC_007_CSMS_a_session_without_Authorize_before_it(world: World) -> None:
    station = speaker(world)
    assert (await station.begin(0, 1000))["idTagInfo"]["status"] == "Accepted"
    await station.state(10, "Charging")
    assert (await world.record())["charging_state"] == "Charging"


async def test_numbers_come_from_one_sequence_whatever_the_station_and_the_verdict(world: World) -> None:
    station = speaker(world)
    numbers = [
        (await station.begin(seconds, 1000, token=token))["transactionId"]
        for seconds, token in ((0, STRANGER), (10, CARD), (20, STRANGER))
    ]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    assert [record["wire_id"] for record in await world.records()] == [str(number) for number in numbers]


@pytest.mark.parametrize("forgets", [False, True])
async def test_a_start_that_is_tried_again_gets_the_same_number(world: World, forgets: bool) -> None:
    station = speaker(world)
    first = await station.begin(0, 1000)
    await station.meter(60, 1100)
    if forgets:
        station.lost()
    assert await station.begin(0, 1000) == first
    assert await station.begin(0, 1000, token=CARD.lower()) == first
    assert len(await world.records()) == 1
    assert await world.kinds() == ["TransactionStarted"]


async def test_TC_037_3_CSMS_a_refused_idTag_gets_a_number_and_is_never_billed(world: World) -> None:
    world.block = world.transactions(price="0.50")
    station = speaker(world)
    answer = await station.begin(0, 1000, token=STRANGER)
    assert answer["idTagInfo"] == {"status": "Invalid"}
    assert answer["transactionId"] > 0
    assert await station.end(60, 1500, token=None, reason="DeAuthorized") == {}
    record = await world.record()
    assert (record["verdict"], record["verdict_reason"]) == ("Unknown", "not_known")
    assert (record["energy_imported_wh"], record["cost"], record["stop_reason"]) == (500, None, "DeAuthorized")
    assert [data["billable"] for _, data in await world.happened()] == [False, False]


async def test_a_billed_transaction_costs_what_it_was_to_cost_when_it_began(world: World) -> None:
    world.block = world.transactions(price="0.50")
    station = speaker(world)
    await station.begin(0, 1000)
    world.block = world.transactions(price="9.99")
    station.link = world.link(V16)
    await station.end(60, 2500)
    record = await world.record()
    assert (str(record["cost"]), record["currency"]) == ("0.75", "EUR")


@pytest.mark.parametrize(
    ("wire", "reason", "trigger"),
    [
        (None, "Local", "StopAuthorized"),
        ("EVDisconnected", "EVDisconnected", "EVCommunicationLost"),
        ("HardReset", "ImmediateReset", "ResetCommand"),
        ("SoftReset", "ImmediateReset", "ResetCommand"),
        ("Remote", "Remote", "RemoteStop"),
        ("UnlockCommand", "Other", "UnlockCommand"),
        ("PowerLoss", "PowerLoss", "AbnormalCondition"),
        ("DeAuthorized", "DeAuthorized", "Deauthorized"),
        ("EmergencyStop", "EmergencyStop", "AbnormalCondition"),
    ],
)
async def test_TC_005_1_CSMS_TC_032_1_CSMS_every_reason_to_stop_has_its_word(
    world: World, wire: str | None, reason: str, trigger: str
) -> None:
    station = speaker(world)
    await station.begin(0, 1000)
    more: dict[str, Any] = {"reason": wire} if wire else {}
    await stop(station, station.number, idTag=CARD, **more)
    assert (await world.record())["stop_reason"] == reason
    assert await world.rows("SELECT trigger, details->>'wireReason' FROM transaction_event WHERE what = 'Ended'") == [
        (trigger, wire or "Local")
    ]


@pytest.mark.parametrize(
    ("token", "status", "right"),
    [(CARD.lower(), "Accepted", "same_token"), (FRIEND, "Accepted", "same_group"), (STRANGER, "Invalid", "none")],
)
async def test_C09_FR_03_who_stops_is_judged_and_recorded(world: World, token: str, status: str, right: str) -> None:
    station = speaker(world)
    await station.begin(0, 1000)
    answer = await station.end(60, 1500, token=token)
    assert answer["idTagInfo"]["status"] == status
    record = await world.record()
    assert (record["stop_token"], record["stop_right"], record["token_value"]) == (token, right, CARD)


async def test_what_transactionData_says_of_the_registers_counts(world: World) -> None:
    station = speaker(world)
    await station.begin(0, 1000)
    data = [
        {"timestamp": at(0), "sampledValue": [{"value": "1.0", "unit": "kWh", "context": "Transaction.Begin"}]},
        {"timestamp": at(100), "sampledValue": [{"value": "200", "measurand": "Energy.Active.Export.Register"}]},
        {
            "timestamp": at(300),
            "sampledValue": [
                {"value": "1.8", "unit": "kWh", "context": "Transaction.End"},
                {"value": "260", "measurand": "Energy.Active.Export.Register"},
            ],
        },
    ]
    await stop(station, station.number, transactionData=data)
    record = await world.record()
    assert (record["energy_imported_wh"], record["energy_exported_wh"]) == (800, 60)
    assert await world.rows("SELECT count(*) FROM meter_value WHERE transaction_id IS NOT NULL") == [(3,)]


async def test_a_stop_without_a_start_is_on_record_and_shown(world: World) -> None:
    station = speaker(world)
    assert await stop(station, 4711, idTag=CARD) == {"idTagInfo": {"status": "Accepted", "parentIdTag": "FAMILY"}}
    record = await world.record()
    assert (record["number"], record["ended_by"], record["register_end_wh"]) == (None, "station", 1800)
    assert record["energy_imported_wh"] is None
    assert [entry["remark"] for entry in record["trail"]["record"]] == ["BEGIN_NOT_HEARD", "WITHOUT_BEGIN"]
    assert await world.deviations() == [("transaction unknown", "4711")]
    station.lost()
    await stop(station, 4711, idTag=CARD)
    assert len(await world.records()) == 1


@pytest.mark.parametrize("number", [-1, 0, 4711])
@pytest.mark.parametrize("forgets", [False, True])
async def test_errata_3_18_a_number_that_is_not_ours_is_found_by_place_and_time(
    world: World, number: int, forgets: bool
) -> None:
    station = speaker(world)
    await station.begin(0, 1000)
    assert await meter_values(station, 60, 1100, transactionId=number) == {}
    assert await meter_values(station, 120, 1200, transactionId=number) == {}
    await stop(station, number, idTag=CARD)
    if forgets:
        station.lost()
    await stop(station, number, idTag=CARD)
    record = await world.record()
    assert (record["ended_by"], record["energy_imported_wh"]) == ("station", 800)
    assert await world.rows("SELECT count(*) FROM meter_value WHERE transaction_id IS NOT NULL") == [(2,)]
    # Once for all the readings of a transaction, and for the stop.
    assert {kind for kind, _ in await world.deviations()} == {"transaction unknown"}
    assert [entry["remark"] for entry in record["trail"]["record"]] == ["NUMBER_RESOLVED"]


async def test_readings_without_a_number_belong_to_what_runs_at_their_connector(world: World) -> None:
    station = speaker(world)
    await meter_values(station, -60, 900)
    await station.begin(0, 1000)
    await meter_values(station, 60, 1100)
    await meter_values(station, 60, 7777, connector=2)
    await meter_values(station, 60, 8888, connector=0)
    found = await world.rows("SELECT sampled->0->>'value', transaction_id IS NULL FROM meter_value ORDER BY 1")
    assert found == [("1100", False), ("7777", True), ("8888", True), ("900", True)]
    assert await world.deviations() == []


async def test_a_stop_never_ends_a_transaction_it_does_not_fit(world: World) -> None:
    station = speaker(world)
    await station.begin(0, 5000)
    await stop(station, 4711, wh=1800, idTag=CARD)
    await stop(station, 4712, wh=6000, idTag=STRANGER)
    await stop(station, 4713, wh=6000, seconds=-600, idTag=CARD)
    open_one, *orphans = await world.records()
    assert open_one["ended_by"] == ""
    assert [record["register_end_wh"] for record in orphans] == [1800, 6000, 6000]


async def test_two_that_fit_are_not_guessed_between(world: World) -> None:
    first, second = speaker(world), speaker(world, evse_id=2)
    await first.begin(0, 1000)
    await second.begin(5, 1000, token=FRIEND)
    await stop(first, -1, wh=1500)
    assert [record["ended_by"] for record in await world.records()] == ["", "", "station"]
    await stop(first, -1, wh=1500, seconds=310, idTag=FRIEND)
    assert [record["ended_by"] for record in await world.records()] == ["", "station", "station"]


async def test_a_new_start_on_the_connector_closes_what_never_ended(world: World) -> None:
    station = speaker(world)
    await station.begin(0, 1000)
    await station.meter(60, 1400)
    answer = await station.begin(600, 1500)
    assert answer["idTagInfo"]["status"] == "Accepted", "the lost one does not stand against it"
    lost, running = await world.records()
    assert (lost["ended_by"], lost["stop_reason"], lost["energy_imported_wh"]) == ("successor", "Other", 400)
    assert lost["ended_at"] == (await world.rows("SELECT max(station_time) FROM meter_value"))[0][0]
    assert [entry["remark"] for entry in lost["trail"]["record"]] == ["STOP_LOST"]
    assert running["ended_by"] == ""
    assert await world.kinds() == ["TransactionStarted", "TransactionEnded", "TransactionStarted"]


async def test_a_stop_that_comes_after_all_corrects_what_was_closed(world: World) -> None:
    station = speaker(world)
    await station.begin(0, 1000)
    lost = station.number
    await station.begin(600, 1500)
    await stop(station, lost, seconds=300, wh=1450, idTag=CARD)
    record, running = await world.records()
    assert (record["ended_by"], record["stop_reason"], record["energy_imported_wh"]) == ("station", "Local", 450)
    assert running["ended_by"] == ""
    assert (await world.kinds())[-1] == "TransactionCorrected"


async def test_late_readings_of_a_transaction_that_is_over_still_belong_to_it(world: World) -> None:
    station = speaker(world)
    await station.begin(0, 1000)
    await station.end(300, 1800)
    await station.meter(120, 1200)
    assert await world.rows("SELECT transaction_id FROM meter_value") == [(1,)]
    assert (await world.record())["energy_imported_wh"] == 800


async def test_connectors_that_share_an_EVSE_share_its_transaction(world: World) -> None:
    from forecourt.charging.ids import ConnectorId, EvseId
    from forecourt.charging.topology import Connector, Evse, Place, Topology

    one = EvseId(1)
    world.station.topology = Topology(
        (Evse(one, (Connector(ConnectorId(1)), Connector(ConnectorId(2)))),),
        {1: Place(one, ConnectorId(1)), 2: Place(one, ConnectorId(2))},
    )
    station = speaker(world, evse_id=2)
    await station.begin(0, 1000)
    record = await world.record()
    assert (record["evse_id"], record["connector_id"]) == (1, 2)


async def test_the_database_has_the_last_word_about_a_start(world: World) -> None:
    """Two connections of one station at once: one number, one record."""
    import asyncio

    links = [world.link(V16, epoch) for epoch in (1, 2)]
    request = {"connectorId": 1, "idTag": CARD, "meterStart": 1000, "timestamp": at(0)}
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(world.say(link, "StartTransaction", request)) for link in links]
    first, second = (task.result() for task in tasks)
    assert first == second
    assert len(await world.records()) == 1


async def test_a_poisonous_start_is_refused_alone_and_kept_aside(world: World) -> None:
    station = speaker(world)
    await station.begin(0, 1000)
    poison = {"connectorId": 10**12, "idTag": CARD, "meterStart": 1, "timestamp": at(10)}
    given = await world.give(station.link, "StartTransaction", poison)
    assert getattr(given.answer, "code", None) == "PropertyConstraintViolation"
    assert await world.rows("SELECT key FROM refused_entry") == [("1",)]
    await station.end(60, 1500)
    assert (await world.record())["energy_imported_wh"] == 500
