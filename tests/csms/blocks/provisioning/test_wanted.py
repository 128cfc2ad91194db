"""Wanted configuration: asked of a station until it reports it; and asking for all a station knows, once and again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from forecourt.csms.blocks.provisioning import actions, inventory, wanted
from forecourt.csms.blocks.provisioning.model import Component, Given, Mutability, Name, Reported, Variable
from forecourt.csms.blocks.provisioning.upkeep import LOOK_AFTER, Upkeep, begin, kinds, soon
from forecourt.csms.bus import LocalBus
from forecourt.csms.jobs import Worker
from forecourt.csms.stations.model import Registration
from forecourt.csms.store.work import Store
from forecourt.errors import AnsweredError, Invalid, NoAnswer, Offline
from forecourt.ocpp.versions import V16, V21, V201, Version
from tests.csms.blocks.provisioning.world import (
    VERSIONS,
    Answer,
    Json,
    World,
    boot_of,
    configuration,
    echo,
    reborn,
    station_of,
    world_of,
)

INTERVAL = Name.of("SampledDataCtrlr", "TxUpdatedInterval")
STATES = "SELECT state, reason, failures FROM wanted_variable ORDER BY path"


class Settings:
    """A station that keeps what it is set to; `refuses` and `changes` say what it does otherwise."""

    def __init__(self, world: World, **values: str) -> None:
        self.values = values
        self.status = "Accepted"
        self.stored_as: str | None = None
        answers: dict[str, Answer] = {
            "GetVariables": lambda request: echo(self.values)(request),
            "SetVariables": self._set,
            "GetConfiguration": lambda request: configuration(
                {
                    {"TxUpdatedInterval": "MeterValueSampleInterval"}.get(name, name): v
                    for name, v in self.values.items()
                }
            )(request),
            "ChangeConfiguration": self._change,
            "GetBaseReport": {"status": "Accepted"},
        }
        world.wire.answers |= answers

    def _set(self, request: Json) -> Json:
        for one in request["setVariableData"]:
            self._take(one["variable"]["name"], one["attributeValue"])
        return echo({}, self.status)(request)

    def _change(self, request: Json) -> Json:
        self._take("TxUpdatedInterval", request["value"])
        return {"status": self.status}

    def _take(self, name: str, value: str) -> None:
        if self.status == "Accepted":
            self.values[name] = self.stored_as or value


async def want(world: World, value: str = "60", name: Name = INTERVAL) -> None:
    async with world.store.work() as work:
        await wanted.want(work, world.station, [Given.to(name, value)], "ada")


async def bring(world: World) -> None:
    await wanted.bring(world.block, world.link)


async def later(world: World, minutes: int) -> None:
    """So many minutes pass."""
    async with world.store.database.engine.begin() as connection:
        for table, columns in {
            "wanted_variable": ("checked_at", "retry_at"),
            "provisioning": ("asked_at", "retry_at", "inventory_at"),
            "station": ("booted_at",),
        }.items():
            sets = ", ".join(f"{name} = {name} - interval '{minutes} minutes'" for name in columns)
            await connection.execute(text(f"UPDATE {table} SET {sets}"))


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_wanted_value_is_set_and_held_once_the_station_reports_it(store: Store, version: Version) -> None:
    world = await world_of(store, version)
    Settings(world, TxUpdatedInterval="30")
    await want(world)
    await bring(world)
    read, set_ = ("GetConfiguration", "ChangeConfiguration") if version is V16 else ("GetVariables", "SetVariables")
    assert world.wire.actions() == [read, set_, read]
    assert await world.rows(STATES) == [("held", "", 0)]
    (held,) = await world.events("WantedConfigurationHeld")
    assert held["variables"] == 1
    await bring(world)
    assert len(world.wire.told) == 3


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_value_that_the_station_has_already_is_not_set(store: Store, version: Version) -> None:
    world = await world_of(store, version)
    Settings(world, TxUpdatedInterval="60")
    await want(world)
    await bring(world)
    assert len(world.wire.told) == 1
    assert await world.rows(STATES) == [("held", "", 0)]


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_value_that_is_lost_at_a_boot_is_set_again(store: Store, version: Version) -> None:
    world = await world_of(store, version)
    settings = Settings(world, TxUpdatedInterval="60")
    await want(world)
    await bring(world)
    settings.values["TxUpdatedInterval"] = "900"
    await world.hear("BootNotification", boot_of(version))
    assert settings.values["TxUpdatedInterval"] == "60"
    assert await world.rows(STATES) == [("held", "", 0)]


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_refused_value_is_shown_and_tried_again_later_each_time(store: Store, version: Version) -> None:
    world = await world_of(store, version)
    settings = Settings(world, TxUpdatedInterval="30")
    settings.status = "Rejected"
    await want(world)
    await bring(world)
    assert await world.rows(STATES) == [("failed", "Rejected", 1)]
    (not_taken,) = await world.events("WantedValueNotTaken")
    assert (not_taken["wanted"], not_taken["reason"]) == ("60", "Rejected")
    told = len(world.wire.told)
    await later(world, 4)
    await bring(world)
    assert len(world.wire.told) == told
    await later(world, 2)
    await bring(world)
    assert await world.rows(STATES) == [("failed", "Rejected", 2)]
    pause = "SELECT retry_at - checked_at FROM wanted_variable"
    assert await world.rows(pause) == [(timedelta(minutes=10),)]
    # The same reason again is no news.
    assert len(await world.events("WantedValueNotTaken")) == 1
    settings.status = "Accepted"
    await later(world, 11)
    await bring(world)
    assert await world.rows(STATES) == [("held", "", 0)]


async def test_a_station_that_takes_a_value_and_reports_another_has_not_taken_it(store: Store) -> None:
    world = await world_of(store, V201)
    Settings(world, TxUpdatedInterval="30").stored_as = "64"
    await want(world)
    await bring(world)
    assert await world.rows(STATES) == [("failed", "it reports '64'", 1)]


async def test_a_value_that_needs_a_reboot_waits_for_it(store: Store) -> None:
    world = await world_of(store, V201)
    settings = Settings(world, TxUpdatedInterval="30")
    settings.status = "RebootRequired"
    await want(world)
    await bring(world)
    assert await world.rows(STATES) == [("reboot", "RebootRequired", 0)]
    await later(world, 60)
    told = len(world.wire.told)
    await bring(world)
    assert len(world.wire.told) == told
    settings.values["TxUpdatedInterval"] = "60"
    await world.hear("BootNotification", boot_of(V201))
    assert await world.rows(STATES) == [("held", "", 0)]


async def test_a_variable_the_station_does_not_have_is_not_set(store: Store) -> None:
    world = await world_of(store, V21)
    Settings(world)
    await want(world)
    await bring(world)
    assert world.wire.actions() == ["GetVariables"]
    assert await world.rows(STATES) == [("failed", "UnknownVariable", 1)]


async def test_a_value_that_may_not_be_read_is_held_once_it_is_taken(store: Store) -> None:
    world = await world_of(store, V201)
    world.wire.answers["GetVariables"] = lambda request: {
        "getVariableResult": [
            {"component": one["component"], "variable": one["variable"], "attributeStatus": "Rejected"}
            for one in request["getVariableData"]
        ]
    }
    world.wire.answers["SetVariables"] = echo({})
    await want(world)
    await bring(world)
    assert await world.rows(STATES) == [("held", "", 0)]


async def test_a_value_that_is_known_to_be_unreadable_is_not_read(store: Store) -> None:
    world = await world_of(store, V201)
    world.wire.answers["SetVariables"] = echo({})
    async with store.work() as work:
        only = Reported(name=INTERVAL, value=None, mutability=Mutability.WRITE_ONLY)
        await actions.record_reported(work, world.station, [only])
    await want(world)
    await bring(world)
    assert world.wire.actions() == ["SetVariables"]
    assert await world.rows(STATES) == [("held", "", 0)]


async def test_a_station_that_is_being_looked_after_is_not_asked_twice(store: Store) -> None:
    world = await world_of(store, V201)
    Settings(world, TxUpdatedInterval="60")
    await want(world)
    original = world.wire.call

    async def meanwhile(message: Any, timeout_s: float | None, yields_after_s: float | None = None) -> Any:
        await inventory.look_after(world.block, world.link)
        return await original(message, timeout_s, yields_after_s)

    world.wire.call = meanwhile  # type: ignore[method-assign]
    await inventory.look_after(world.block, world.link)
    assert world.wire.actions() == ["GetVariables"]


@pytest.mark.parametrize(
    ("error", "states"),
    [
        (Offline("CS1"), [("waiting", "", 0)]),
        (NoAnswer("CS1", 30), [("failed", "CS1: no answer within 30 s", 1)]),
        (AnsweredError("CS1", "InternalError"), [("failed", "CS1: answered InternalError", 1)]),
    ],
)
async def test_a_station_that_does_not_answer_is_asked_again(
    store: Store, error: Exception, states: list[tuple[Any, ...]]
) -> None:
    world = await world_of(store, V201)
    world.wire.answers["GetVariables"] = error
    await want(world)
    await bring(world)
    assert await world.rows(STATES) == states


async def test_what_is_wanted_anew_while_the_station_is_asked_is_not_taken_for_held(store: Store) -> None:
    world = await world_of(store, V201)
    settings = Settings(world, TxUpdatedInterval="60")
    await want(world)
    original = world.wire.call

    async def slowly(message: Any, timeout_s: float | None, yields_after_s: float | None = None) -> Any:
        await want(world, "90")
        return await original(message, timeout_s, yields_after_s)

    world.wire.call = slowly  # type: ignore[method-assign]
    await bring(world)
    assert await world.rows("SELECT value, state FROM wanted_variable") == [("90", "waiting")]
    world.wire.call = original  # type: ignore[method-assign]
    await bring(world)
    assert settings.values["TxUpdatedInterval"] == "90"


async def test_what_is_no_longer_wanted_is_left_as_it_is(store: Store) -> None:
    world = await world_of(store, V201)
    Settings(world, TxUpdatedInterval="30")
    await want(world)
    async with store.work() as work:
        assert await wanted.unwant(work, world.station, INTERVAL)
        assert not await wanted.unwant(work, world.station, INTERVAL)
    await bring(world)
    assert world.wire.told == []


@pytest.mark.parametrize(
    "name", [Name.of("NetworkConfiguration", "VpnPassword"), Name.of("SecurityCtrlr", "BasicAuthPassword")]
)
async def test_a_secret_cannot_be_wanted(store: Store, name: Name) -> None:
    world = await world_of(store, V201)
    with pytest.raises(Invalid):
        await want(world, "topsecretkey", name)
    assert await world.rows("SELECT count(*) FROM wanted_variable") == [(0,)]


@pytest.mark.parametrize("version", VERSIONS)
async def test_B02_FR_01_a_station_that_waits_is_set_up_and_asked_nothing_else(store: Store, version: Version) -> None:
    world = await world_of(store, version, Registration.PENDING)
    settings = Settings(world, TxUpdatedInterval="30")
    await want(world)
    assert (await world.hear("BootNotification", boot_of(version)))["status"] == "Pending"
    assert settings.values["TxUpdatedInterval"] == "60"
    assert "GetBaseReport" not in world.wire.actions()
    assert {} not in world.wire.payloads("GetConfiguration")


# What a station consists of and is set to


def asked_for_everything(world: World) -> int:
    """How often the station was asked for everything it knows."""
    return len(world.wire.payloads("GetBaseReport")) + world.wire.payloads("GetConfiguration").count({})


async def boot(world: World, **more: str) -> None:
    await world.hear("BootNotification", boot_of(world.link.dialect.version, **more))


async def complete(world: World) -> None:
    """The station sends the report it was asked for."""
    if world.link.dialect.version is not V16:
        request_id = world.wire.payloads("GetBaseReport")[-1]["requestId"]
        now = world.store.clock.now().isoformat()
        await world.hear("NotifyReport", {"requestId": request_id, "generatedAt": now, "seqNo": 0})


@pytest.mark.parametrize("version", VERSIONS)
async def test_B07_FR_14_everything_is_asked_for_at_the_first_boot_and_with_another_firmware(
    store: Store, version: Version
) -> None:
    world = await world_of(store, version)
    Settings(world)
    await boot(world, firmwareVersion="1")
    assert asked_for_everything(world) == 1
    await complete(world)
    await boot(world, firmwareVersion="1")
    assert asked_for_everything(world) == 1
    await boot(world, firmwareVersion="2")
    assert asked_for_everything(world) == 2


@pytest.mark.parametrize("version", VERSIONS)
async def test_it_is_asked_after_the_answer_has_left_and_not_before(store: Store, version: Version) -> None:
    world = await world_of(store, version)
    Settings(world)
    await world.hear("BootNotification", boot_of(version), settle=False)
    assert world.wire.told == []


@pytest.mark.parametrize("answer", [{"status": "Rejected"}, {"status": "EmptyResultSet"}, NoAnswer("CS1", 30)])
async def test_a_station_that_does_not_tell_is_asked_again_later_and_after_a_boot(store: Store, answer: Answer) -> None:
    world = await world_of(store, V201)
    Settings(world)
    world.wire.answers["GetBaseReport"] = answer
    await boot(world)
    assert len(await world.events("InventoryFailed")) == 1
    await inventory.look_after(world.block, world.link)
    assert asked_for_everything(world) == 1
    await later(world, 6)
    await inventory.look_after(world.block, world.link)
    assert asked_for_everything(world) == 2
    await boot(world)
    assert asked_for_everything(world) == 3
    assert len(await world.events("InventoryFailed")) == 1


async def test_a_station_of_1_6_that_answers_an_error_is_asked_again(store: Store) -> None:
    world = await world_of(store, V16)
    world.wire.answers["GetConfiguration"] = AnsweredError("CS1", "NotSupported")
    await boot(world)
    assert await world.rows("SELECT failure, failures FROM provisioning") == [("CS1: answered NotSupported", 1)]


async def test_of_many_stations_that_boot_at_once_the_others_have_their_turn_later(store: Store) -> None:
    world = await world_of(store, V201)
    Settings(world)
    world.block.pace.now = world.block.pace.most
    await boot(world)
    assert world.wire.told == []
    world.block.pace.now = 0
    await run_jobs(world)
    assert asked_for_everything(world) == 1


async def run_jobs(world: World) -> None:
    """Look for what is due, as the process does every now and then."""

    async def finish(station: object, request_id: int, *, failed: bool, reason: str) -> bool:
        raise AssertionError("no command asked for this report")

    worker = Worker(
        kinds(Upkeep(world.block, world.stations, finish)),
        database=world.store.database,
        bus=LocalBus(world.store.clock),
        clock=world.store.clock,
        node="test",
    )
    async with world.store.work() as work:
        begin(work)
    await worker.run_due()


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_value_wanted_of_a_station_that_was_away_is_set_when_it_is_back_and_after_a_restart(
    store: Store, version: Version
) -> None:
    world = await world_of(store, version)
    await world.change(connected=False)
    await want(world)
    Settings(world, TxUpdatedInterval="30")
    await run_jobs(world)
    assert world.wire.told == []
    world = reborn(store, version, station_of())
    settings = Settings(world, TxUpdatedInterval="30")
    await world.change(connected=True)
    async with store.work() as work:
        soon(work, world.station)
    await run_jobs(world)
    assert settings.values["TxUpdatedInterval"] == "60"


@pytest.mark.parametrize(
    "change",
    [{"connected": False}, {"enabled": False}, {"registration": "Rejected"}, {"registration": "Pending"}, {}],
)
async def test_B03_FR_03_nothing_is_due_for_a_station_that_cannot_or_must_not_be_asked(
    store: Store, change: dict[str, Any]
) -> None:
    world = await world_of(store, V201)
    if change:
        await world.change(booted_at=store.clock.now(), **change)
    await run_jobs(world)
    assert await world.rows(f"SELECT count(*) FROM job WHERE kind = '{LOOK_AFTER}'") == [(0,)]
    assert world.wire.told == []


async def test_a_rejected_station_is_not_spoken_to_even_if_it_is_its_turn(store: Store) -> None:
    world = await world_of(store, V201, Registration.REJECTED)
    await want(world)
    await inventory.look_after(world.block, world.link)
    assert world.wire.told == []


async def test_two_values_are_looked_at_with_one_message(store: Store) -> None:
    world = await world_of(store, V201)
    Settings(world, TxUpdatedInterval="60", Other="1")
    await want(world)
    await want(world, "1", Name(Component("C", evse_id=1), Variable("Other")))
    await bring(world)
    assert world.wire.actions() == ["GetVariables"]
    assert await world.rows(STATES) == [("held", "", 0)] * 2
