"""Reports: asked for, heard in any order, completed or given up; and what a station is seen to consist of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.topology import Connector, Evse, Place, Topology
from forecourt.csms.blocks.provisioning import actions, topologies
from forecourt.csms.blocks.provisioning import store as block_store
from forecourt.csms.blocks.provisioning.commands import Criterion, Inventory, RequestReport, Wish
from forecourt.csms.blocks.provisioning.model import Component, Mutability, Name, Reported, Variable
from forecourt.csms.blocks.provisioning.upkeep import Upkeep, begin, kinds
from forecourt.csms.bus import LocalBus
from forecourt.csms.jobs import Worker
from forecourt.csms.stations.actions import load
from forecourt.csms.stations.commands import CommandStatus
from forecourt.csms.store.work import Store
from forecourt.errors import AnsweredError, Invalid, NoAnswer, Offline
from forecourt.ocpp.versions import V16, V201, Version
from forecourt.transport.tasks import Tasks
from tests.csms.blocks.provisioning.world import BOTH_2, Json, World, configuration, world_of

FULL = RequestReport(base=Inventory.FULL)


def data(component: str, variable: str, value: str | None = None, **more: Any) -> Json:
    """One element of reportData."""
    where = {name: more.pop(name) for name in ("evse", "instance") if name in more}
    attribute: Json = {"mutability": "ReadOnly"} if value is None else {"value": value}
    return {
        "component": {"name": component, **where},
        "variable": {"name": variable},
        "variableAttribute": [attribute | more.pop("attribute", {})],
        **more,
    }


async def part(
    world: World, number: int, items: Iterable[Json], *, request_id: int | None = None, more: bool = False
) -> Json:
    """Let the station send a part of a report: the last one it was asked for, unless told otherwise."""
    if request_id is None:
        request_id = asked_last(world)
    now = world.store.clock.now().isoformat()
    request: Json = {"requestId": request_id, "generatedAt": now, "seqNo": number, "reportData": list(items)}
    if not request["reportData"]:
        del request["reportData"]
    if more:
        request["tbc"] = True
    return await world.hear("NotifyReport", request)


def asked_last(world: World) -> int:
    """The number of the report that was asked for last."""
    return int(world.wire.told[-1][1]["requestId"])


def upkeep_of(world: World, tasks: Tasks) -> Worker:
    """What does the jobs of this block."""
    handlers = Upkeep(world.block, world.stations, world.sending(tasks).finish)
    return Worker(
        kinds(handlers),
        database=world.store.database,
        bus=LocalBus(world.store.clock),
        clock=world.store.clock,
        node="test",
    )


@pytest.mark.parametrize(
    ("base", "word"),
    [
        (Inventory.CONFIGURATION, "ConfigurationInventory"),
        (Inventory.FULL, "FullInventory"),
        (Inventory.SUMMARY, "SummaryInventory"),
    ],
)
@pytest.mark.parametrize("version", BOTH_2)
async def test_TC_B_12_CSMS_TC_B_13_CSMS_TC_B_14_CSMS_a_base_report_is_asked_for_and_shown(
    store: Store, version: Version, base: Inventory, word: str
) -> None:
    world = await world_of(store, version)
    outcome = await world.say(RequestReport(base=base))
    assert world.wire.told == [("GetBaseReport", {"requestId": asked_last(world), "reportBase": word})]
    assert (outcome.status, outcome.request_id) == (CommandStatus.RUNNING, asked_last(world))
    assert await part(world, 0, [data("OCPPCommCtrlr", "OfflineThreshold", "60")], more=True) == {}
    assert await world.events("ReportCompleted") == []
    await part(world, 1, [data("AuthCtrlr", "Enabled", "true")])
    assert await world.values() == {"authctrlr/enabled": "true", "ocppcommctrlr/offlinethreshold": "60"}
    (completed,) = await world.events("ReportCompleted")
    assert (completed["requestId"], completed["base"], completed["variables"]) == (asked_last(world), word, 2)


@pytest.mark.parametrize("version", BOTH_2)
async def test_all_that_a_report_says_of_a_variable_is_kept(store: Store, version: Version) -> None:
    world = await world_of(store, version)
    await world.say(FULL)
    characteristics = {
        "dataType": "decimal",
        "unit": "W",
        "minLimit": 0.5,
        "maxLimit": 22000,
        "valuesList": "a,b",
        "supportsMonitoring": True,
    }
    item = {
        "component": {"name": "EVSE", "instance": "left", "evse": {"id": 1}},
        "variable": {"name": "Power", "instance": "x"},
        "variableAttribute": [
            {"type": "Actual", "value": "11000", "mutability": "ReadOnly", "persistent": True, "constant": True},
            {"type": "MaxSet", "value": "22000", "mutability": "ReadWrite"},
            {"type": "Target", "mutability": "WriteOnly"},
        ],
        "variableCharacteristics": characteristics,
    }
    await part(world, 0, [item])
    async with store.database.engine.connect() as connection:
        known = await block_store.everything(connection, world.station)
    actual, limit, target = (one.reported for one in known)
    assert actual.name.component == Component("EVSE", "left", 1)
    assert actual.name.variable == Variable("Power", "x")
    assert (actual.value, actual.mutability, actual.persistent, actual.constant) == (
        "11000",
        Mutability.READ_ONLY,
        True,
        True,
    )
    assert (limit.value, limit.mutability, limit.persistent) == ("22000", Mutability.READ_WRITE, False)
    assert (target.value, target.mutability) == (None, Mutability.WRITE_ONLY)
    said = actual.characteristics
    assert said is not None
    assert (said.data_type, said.unit, said.values_list, said.supports_monitoring) == ("decimal", "W", "a,b", True)
    assert (str(said.min_limit), str(said.max_limit)) == ("0.5", "22000")


async def test_parts_come_in_any_order_and_more_than_once(store: Store) -> None:
    world = await world_of(store, V201)
    await world.say(FULL)
    await part(world, 2, [data("C", "c", "3")])
    await part(world, 0, [data("C", "a", "1")], more=True)
    await part(world, 0, [data("C", "a", "1")], more=True)
    assert await world.events("ReportCompleted") == []
    await part(world, 1, [data("C", "b", "2")], more=True)
    await part(world, 2, [data("C", "c", "3")])
    (completed,) = await world.events("ReportCompleted")
    assert completed["variables"] == 3
    assert await world.values() == {"c/a": "1", "c/b": "2", "c/c": "3"}


async def test_a_measurement_that_changes_between_reports_is_no_changed_setting(store: Store) -> None:
    world = await world_of(store, V201)
    for value in ("20", "21"):
        await world.say(FULL)
        setting = data("C", "Setting", value, attribute={"mutability": "ReadWrite"})
        await part(world, 0, [data("C", "Temperature", value, attribute={"mutability": "ReadOnly"}), setting])
    (changed,) = await world.events("ConfigurationChanged")
    assert [one["variable"] for one in changed["changes"]] == ["Setting"]


async def test_a_name_that_is_far_too_long_is_left_out_and_the_rest_is_kept(store: Store) -> None:
    world = await world_of(store, V201)
    reported = [
        Reported(name=Name.of("C", "x" * 5_000), value="1"),
        Reported(name=Name.of("C", "a", "€" * 500), value="2"),
        Reported(name=Name.of("C", "b"), value="3"),
    ]
    async with store.work() as work:
        await actions.record_reported(work, world.station, reported)
    assert list((await world.values()).values()) == ["2", "3"]


async def test_what_nobody_asked_for_is_kept_and_answered_all_the_same(store: Store) -> None:
    world = await world_of(store, V201)
    assert await part(world, 0, [data("C", "a", "1")], request_id=77) == {}
    assert await world.values() == {"c/a": "1"}
    assert await world.events("ReportCompleted") == []


async def test_a_part_without_data_ends_a_report_as_well(store: Store) -> None:
    world = await world_of(store, V201)
    await world.say(FULL)
    await part(world, 0, [data("C", "a", "1")], more=True)
    await part(world, 1, [])
    assert len(await world.events("ReportCompleted")) == 1


async def test_what_a_full_report_leaves_out_is_marked_and_comes_back_when_it_is_reported_again(store: Store) -> None:
    world = await world_of(store, V201)
    await world.say(FULL)
    await part(world, 0, [data("C", "a", "1"), data("C", "b", "2")])
    await world.say(FULL)
    await part(world, 0, [data("C", "a", "1")])
    assert (await world.events("ReportCompleted"))[1]["missing"] == 1
    missing = "SELECT path FROM variable WHERE missing_since IS NOT NULL"
    assert await world.rows(missing) == [("c/b",)]
    await world.say(RequestReport(base=Inventory.SUMMARY))
    await part(world, 0, [data("C", "b", "2")])
    assert await world.rows(missing) == []


async def test_a_report_of_some_things_marks_nothing_as_missing(store: Store) -> None:
    world = await world_of(store, V201)
    await world.say(FULL)
    await part(world, 0, [data("C", "a", "1")])
    await world.say(RequestReport(base=Inventory.SUMMARY))
    await part(world, 0, [data("C", "b", "2")])
    assert await world.rows("SELECT path FROM variable WHERE missing_since IS NOT NULL") == []


@pytest.mark.parametrize("version", BOTH_2)
async def test_TC_B_18_CSMS_a_custom_report_is_asked_for_and_may_be_empty(store: Store, version: Version) -> None:
    world = await world_of(store, version)
    evse = Wish(Component("EVSE", evse_id=1), Variable("AvailabilityState"))
    world.wire.answers["GetReport"] = {"status": "EmptyResultSet"}
    outcome = await world.say(RequestReport(criteria=(Criterion.PROBLEM,), variables=(evse,)))
    asked = {
        "componentVariable": [
            {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AvailabilityState"}}
        ]
    }
    assert world.wire.told == [
        ("GetReport", {"requestId": asked_last(world), "componentCriteria": ["Problem"], **asked})
    ]
    assert (outcome.status, outcome.reason) == (CommandStatus.ACCEPTED, "EmptyResultSet")
    world.wire.answers["GetReport"] = {"status": "Accepted"}
    outcome = await world.say(RequestReport(criteria=(Criterion.AVAILABLE,), variables=(evse,)))
    assert world.wire.told[1] == (
        "GetReport",
        {"requestId": asked_last(world), "componentCriteria": ["Available"], **asked},
    )
    assert (outcome.status, outcome.request_id) == (CommandStatus.RUNNING, asked_last(world))
    assert await part(world, 0, [data("EVSE", "AvailabilityState", "Available", evse={"id": 1})]) == {}
    assert len(await world.events("ReportCompleted")) == 1


async def test_B08_FR_06_a_report_of_more_variables_than_the_station_takes_is_not_asked_for(store: Store) -> None:
    world = await world_of(store, V201)
    with pytest.raises(Invalid):
        await world.say(RequestReport(variables=tuple(Wish(Component(f"C{number}")) for number in range(11))))
    assert world.wire.told == []


@pytest.mark.parametrize("status", ["Rejected", "NotSupported"])
async def test_a_refused_report_is_refused_and_no_longer_expected(store: Store, status: str) -> None:
    world = await world_of(store, V201)
    world.wire.answers["GetBaseReport"] = {"status": status, "statusInfo": {"reasonCode": "Busy"}}
    outcome = await world.say(FULL)
    assert (outcome.status, outcome.reason, outcome.result["reasonCode"]) == (CommandStatus.REFUSED, status, "Busy")
    assert await world.rows("SELECT failure FROM report WHERE ended_at IS NOT NULL") == [(status,)]


@pytest.mark.parametrize(
    ("error", "expected"),
    [(NoAnswer("CS1", 30), True), (Offline("CS1"), False), (AnsweredError("CS1", "InternalError"), False)],
)
async def test_after_a_lost_answer_the_report_may_still_come(store: Store, error: Exception, expected: bool) -> None:
    world = await world_of(store, V201)
    world.wire.answers["GetBaseReport"] = error
    with pytest.raises(type(error)):
        await world.say(FULL)
    assert await world.rows("SELECT ended_at IS NULL FROM report") == [(expected,)]


async def test_a_report_that_is_there_before_the_station_has_answered_is_complete(store: Store) -> None:
    world = await world_of(store, V201)
    original = world.wire.call

    async def hurried(message: Any, timeout_s: float | None, yields_after_s: float | None = None) -> Any:
        answer = await original(message, timeout_s, yields_after_s)
        await part(world, 0, [data("C", "a", "1")])
        return answer

    world.wire.call = hurried  # type: ignore[method-assign]
    outcome = await world.say(FULL)
    assert (outcome.status, outcome.reason) == (CommandStatus.ACCEPTED, "Complete")


async def test_the_command_that_asked_for_a_report_is_finished_when_the_report_is_there(store: Store) -> None:
    world = await world_of(store, V201)
    tasks = Tasks()
    worker = upkeep_of(world, tasks)
    await world.sending(tasks).ask(world.station, FULL, asked_by="ada")
    status = "SELECT status, reason FROM command"
    await world.until(status, [("running", "Accepted")])
    await part(world, 0, [data("C", "a", "1")])
    assert await worker.run_due() == 1
    assert await world.rows(status) == [("finished", "Complete")]
    await tasks.finish()


async def test_a_report_that_stops_coming_is_given_up_and_says_what_is_missing(store: Store) -> None:
    world = await world_of(store, V201)
    tasks = Tasks()
    worker = upkeep_of(world, tasks)
    await world.sending(tasks).ask(world.station, FULL, asked_by="ada")
    await world.until("SELECT status FROM command", [("running",)])
    await part(world, 0, [data("C", "a", "1")], more=True)
    await part(world, 2, [data("C", "c", "3")])
    async with store.database.engine.begin() as connection:
        earlier = "asked_at = asked_at - interval '6 minutes', heard_at = heard_at - interval '6 minutes'"
        await connection.execute(text(f"UPDATE report SET {earlier}"))
    async with store.work() as work:
        begin(work)
    await worker.run_due()
    await world.until("SELECT status, reason FROM command", [("failed", "parts are missing: 1")])
    (failed,) = await world.events("ReportFailed")
    assert (failed["requestId"], failed["base"]) == (asked_last(world), "FullInventory")
    # What has come is kept, and so is what comes later.
    await part(world, 1, [data("C", "b", "2")], more=True)
    assert await world.values() == {"c/a": "1", "c/b": "2", "c/c": "3"}
    await tasks.finish()


# What a station consists of


async def connectors_of(world: World) -> list[tuple[int, list[int]]]:
    """The topology in the database, and the same in memory."""
    async with world.store.database.engine.connect() as connection:
        (stored,) = await load(connection)
    assert stored.topology == world.station.topology
    assert stored.topology is not None
    return [(evse.evse_id, [one.connector_id for one in evse.connectors]) for evse in stored.topology.evses]


@pytest.mark.parametrize("version", BOTH_2)
async def test_the_components_of_a_report_show_what_the_station_consists_of(store: Store, version: Version) -> None:
    world = await world_of(store, version)
    await world.say(FULL)
    items = [
        data("EVSE", "Available", "true", evse={"id": 1}),
        data("Connector", "Available", "true", evse={"id": 1, "connectorId": 1}),
        data("Connector", "ConnectorType", "cCCS2", evse={"id": 1, "connectorId": 1}),
        data("Connector", "Available", "true", evse={"id": 1, "connectorId": 2}),
        data("EVSE", "Available", "true", evse={"id": 2}),
        data("ChargingStation", "Available", "true"),
    ]
    await part(world, 0, items)
    assert await connectors_of(world) == [(1, [1, 2]), (2, [1])]
    assert world.station.topology is not None
    assert world.station.topology.evses[0].connectors[0].kind == "cCCS2"
    (changed,) = await world.events("TopologyChanged")
    assert changed["evses"] == [{"id": 1, "connectors": [1, 2]}, {"id": 2, "connectors": [1]}]


async def test_a_topology_that_somebody_has_drawn_is_left_alone(store: Store) -> None:
    world = await world_of(store, V201)
    drawn = Topology((Evse(EvseId(1), (Connector(ConnectorId(1)),)),))
    async with store.work() as work:
        await topologies.draw_topology(work, world.station, drawn)
    await world.say(FULL)
    await part(world, 0, [data("EVSE", "Available", "true", evse={"id": 2})])
    assert await connectors_of(world) == [(1, [1])]


async def test_connector_numbers_known_from_an_earlier_version_are_kept(store: Store) -> None:
    world = await world_of(store, V201)
    world.station.topology = Topology.flat_default(2)
    await world.say(FULL)
    shown = [data("Connector", "Available", "true", evse={"id": 1, "connectorId": number}) for number in (1, 2)]
    await part(world, 0, shown)
    assert world.station.topology is not None
    assert dict(world.station.topology.flat) == {1: Place(EvseId(1), ConnectorId(1))}


async def test_TC_019_1_CSMS_all_configuration_keys_are_read_and_show_the_connectors(store: Store) -> None:
    world = await world_of(store, V16)
    world.wire.answers["GetConfiguration"] = configuration(
        {"NumberOfConnectors": "2", "HeartbeatInterval": "300", "VendorKey": "x"}, readonly=("NumberOfConnectors",)
    )
    outcome = await world.say(FULL)
    assert world.wire.told == [("GetConfiguration", {})]
    assert (outcome.status, outcome.result["variables"]) == (CommandStatus.ACCEPTED, 3)
    assert await world.rows("SELECT path, value, mutability FROM variable ORDER BY path") == [
        ("configurationkeys/numberofconnectors", "2", "ReadOnly"),
        ("configurationkeys/vendorkey", "x", "ReadWrite"),
        ("ocppcommctrlr/heartbeatinterval", "300", "ReadWrite"),
    ]
    assert await connectors_of(world) == [(1, [1]), (2, [1])]
    assert len(await world.events("ReportCompleted")) == 1


async def test_a_key_that_is_gone_is_marked_as_missing(store: Store) -> None:
    world = await world_of(store, V16)
    world.wire.answers["GetConfiguration"] = configuration({"HeartbeatInterval": "300", "VendorKey": "x"})
    await world.say(FULL)
    world.wire.answers["GetConfiguration"] = configuration({"HeartbeatInterval": "300"})
    await world.say(FULL)
    assert await world.rows("SELECT path FROM variable WHERE missing_since IS NOT NULL") == [
        ("configurationkeys/vendorkey",)
    ]


async def test_a_connector_that_is_named_is_there_without_any_sql(store: Store) -> None:
    world = await world_of(store, V16)
    async with store.work(1) as work:
        topologies.learn_connectors(work, world.station, 3)
    assert await connectors_of(world) == [(1, [1]), (2, [1]), (3, [1])]
    async with store.work(1) as work:
        topologies.learn_connectors(work, world.station, 2)
    assert len(await world.events("TopologyChanged")) == 1


@pytest.mark.parametrize(
    "request_", [RequestReport(criteria=(Criterion.PROBLEM,)), RequestReport(variables=(Wish(Component("C")),))]
)
async def test_1_6_has_no_report_of_some_things(store: Store, request_: RequestReport) -> None:
    world = await world_of(store, V16)
    with pytest.raises(Invalid):
        await world.say(request_)
    assert world.wire.told == []


# Clocks


@pytest.mark.parametrize("version", BOTH_2)
async def test_a_clock_that_is_off_is_noticed_once_and_its_correction_too(store: Store, version: Version) -> None:
    world = await world_of(store, version)
    for ahead_s in (0, 3600, 3601, 5):
        at = store.clock.now() + timedelta(seconds=ahead_s)
        await world.hear("NotifyReport", {"requestId": 9, "generatedAt": at.isoformat(), "seqNo": 0})
    (off,) = await world.events("ClockDeviated")
    assert 3590 < off["aheadS"] < 3610
    assert len(await world.events("ClockCorrected")) == 1
