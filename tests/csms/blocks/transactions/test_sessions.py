"""A session told in any version ends in the same record and the same events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from forecourt.ocpp.versions import V16, V21, V201, Version
from tests.csms.blocks.transactions.world import CARD, VERSIONS, Json, Speaker, World

VARYING = {"id", "wire_id", "number", "received_at", "first_seq_no", "last_seq_no", "token_kind"}
"""What tells the versions apart: names and numbers of things, and that an idTag has no type."""


async def told(world: World, version: Version) -> Speaker:
    station = Speaker(world, world.link(version))
    await station.begin(0, 1000)
    await station.state(60, "Charging")
    await station.meter(120, 1200)
    await station.meter(180, 1500)
    await station.state(240, "SuspendedEV")
    await station.end(300, 1800)
    return station


def same(fields: Json) -> Json:
    return {name: value for name, value in fields.items() if name not in VARYING}


def camel(fields: Json) -> Json:
    varying = {"transactionId", "wireId", "number", "tokenKind"}
    return {name: value for name, value in fields.items() if name not in varying}


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
async def test_it_is_in_one_record_with_everything(world: World, version: Version) -> None:
    await told(world, version)
    record = await world.record()
    expected: dict[str, Any] = {
        "evse_id": 1,
        "connector_id": 1,
        "token_value": CARD,
        "provider_id": 1,
        "verdict": "Accepted",
        "ended_by": "station",
        "stop_reason": "Local",
        "stop_token": CARD,
        "stop_right": "same_token",
        "register_begin_wh": 1000,
        "register_end_wh": 1800,
        "energy_imported_wh": 800,
        "energy_exported_wh": None,
        "charging_s": 180,
        "idle_s": 120,
        "charging_state": "SuspendedEV",
        "missing": [],
        "offline": False,
    }
    assert {name: record[name] for name in expected} == expected
    assert (record["ended_at"] - record["started_at"]).total_seconds() == 300
    assert [step["rule"] for step in record["trail"]["imported"]] == ["BEGIN_GIVEN"]
    assert record["trail"]["record"] == []


async def test_the_same_session_in_all_versions_is_the_same_record_and_the_same_events(world: World) -> None:
    for version in VERSIONS:
        station = Speaker(world, world.link(version), wire_id=f"tx-{version.name}")
        await station.begin(0, 1000)
        await station.state(60, "Charging")
        await station.meter(120, 1200)
        await station.meter(180, 1500)
        await station.state(240, "SuspendedEV")
        await station.end(300, 1800)
    first, *others = [same(record) for record in await world.records()]
    assert others == [first, first]
    events: dict[int, list[tuple[str, Json]]] = {}
    for kind, data in await world.happened():
        events.setdefault(data["transactionId"], []).append((kind, camel(data)))
    story, *stories = events.values()
    assert stories == [story, story]
    assert [kind for kind, _ in story] == [
        "TransactionStarted",
        "TransactionUpdated",
        "TransactionUpdated",
        "TransactionEnded",
    ]
    ended = story[-1][1]
    assert ended["energyImportedWh"] == "800"
    assert ended["billable"] is True
    assert ended["complete"] is True


async def test_TC_003_CSMS_a_transaction_gets_a_positive_number_and_an_accepted_idTag(world: World) -> None:
    station = Speaker(world, world.link(V16))
    answer = await station.begin(0, 1000)
    assert answer["idTagInfo"] == {"status": "Accepted", "parentIdTag": "FAMILY"}
    assert 0 < answer["transactionId"] < 2**31


@pytest.mark.parametrize("version", [V201, V21], ids=lambda version: version.name)
async def test_TC_E_03_CSMS_E02_FR_02_plugged_in_first_the_token_is_judged_when_it_appears(
    world: World, version: Version
) -> None:
    station = Speaker(world, world.link(version))
    assert (
        await station.event("Started", 0, "CablePluggedIn", state="EVConnected", wh=1000, context="Transaction.Begin")
        == {}
    )
    assert (await world.record())["verdict"] == ""
    assert await station.event("Updated", 10, "Authorized", token=CARD) == {
        "idTokenInfo": {"status": "Accepted", "groupIdToken": {"idToken": "FAMILY", "type": "Central"}}
    }
    assert await station.event("Updated", 20, "ChargingStateChanged", state="Charging") == {}
    record = await world.record()
    assert (record["token_value"], record["verdict"], record["charging_state"]) == (CARD, "Accepted", "Charging")
    assert await world.kinds() == ["TransactionStarted", "TransactionUpdated", "TransactionUpdated"]


@pytest.mark.parametrize("version", [V201, V21], ids=lambda version: version.name)
async def test_TC_E_04_CSMS_E03_FR_02_authorized_first_the_EVSE_is_learnt_when_the_vehicle_is_there(
    world: World, version: Version
) -> None:
    station = Speaker(world, world.link(version), evse_id=2)
    answer = await station.event("Started", 0, "Authorized", token=CARD, state="Idle", evse=False)
    assert answer["idTokenInfo"]["status"] == "Accepted"
    assert (await world.record())["evse_id"] is None
    await station.event("Updated", 10, "CablePluggedIn", state="EVConnected", evse=True)
    await station.event("Updated", 20, "ChargingStateChanged", state="Charging", wh=1000, context="Transaction.Begin")
    record = await world.record()
    assert (record["evse_id"], record["connector_id"]) == (2, 1)


@pytest.mark.parametrize("version", [V201, V21], ids=lambda version: version.name)
async def test_TC_E_53_CSMS_E01_FR_07_every_transaction_may_count_from_zero(world: World, version: Version) -> None:
    for name in ("first", "second"):
        station = Speaker(world, world.link(version), wire_id=name)
        await station.begin(0, 1000)
        await station.end(60, 1100)
    assert [record["first_seq_no"] for record in await world.records()] == [0, 0]
    assert [record["ended_by"] for record in await world.records()] == ["station", "station"]


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
async def test_readings_are_kept_with_the_transaction_moment_by_moment(world: World, version: Version) -> None:
    await told(world, version)
    kept = await world.rows(
        "SELECT transaction_id, evse_id, sampled->0->>'value' FROM meter_value ORDER BY received_at, station_time"
    )
    expected = ["1200", "1500"] if version is V16 else ["1000", "1200", "1500", "1800"]
    assert [value for _, _, value in kept] == expected
    assert {(transaction, evse) for transaction, evse, _ in kept} == {(1, 1)}


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
async def test_a_restart_in_the_middle_changes_nothing(world: World, version: Version) -> None:
    straight = Speaker(world, world.link(version), wire_id="straight")
    broken = Speaker(world, world.link(version), wire_id="broken", evse_id=2)
    for station, restarts in ((straight, False), (broken, True)):
        steps: list[Callable[[], Awaitable[Json]]] = [
            partial(station.begin, 0, 1000),
            partial(station.state, 60, "Charging"),
            partial(station.meter, 120, 1200),
            partial(station.meter, 180, 1500),
            partial(station.state, 240, "SuspendedEV"),
            partial(station.meter, 250, 1700),
            partial(station.end, 300, 1800),
        ]
        for step in steps:
            await step()
            if restarts:
                station.lost()
    one, other = (same(record) for record in await world.records())
    assert one == {**other, "evse_id": 1}
    events = [(kind, camel({**data, "evseId": 1})) for kind, data in await world.happened()]
    half = len(events) // 2
    assert events[:half] == events[half:]


async def test_no_sql_is_asked_for_one_more_reading(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hot path: after the first message memory knows, and everything goes through the journal."""
    from forecourt.csms.store.work import Work

    asked: list[str] = []
    original = Work.sql

    async def counting(self: Work) -> Any:
        asked.append("sql")
        return await original(self)

    monkeypatch.setattr(Work, "sql", counting)
    for version in VERSIONS:
        station = Speaker(world, world.link(version), wire_id=f"tx-{version.name}")
        await station.begin(0, 1000)
        await station.meter(60, 1100)
        asked.clear()
        for step in range(5):
            await station.meter(120 + step, 1200 + step)
        assert asked == []
        await station.end(300, 1800)
    assert len(await world.rows("SELECT * FROM meter_value")) == 22
