"""One command to many stations: each is given it once or it is said why not, a few at a time, across restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select

from forecourt.clock import SYSTEM, VirtualClock
from forecourt.csms.jobs import Job
from forecourt.csms.stations import bulk, bulk_store
from forecourt.csms.stations.bulk import AT_ONCE, HAND_OUT, Handing
from forecourt.csms.stations.commands import Command, CommandStatus, Outcome
from forecourt.csms.stations.model import OrganisationKey, Registration, Station, StationKey
from forecourt.csms.stations.sending import MOST_QUEUED
from forecourt.csms.stations.store import station as station_table
from forecourt.csms.store.opening import open_store
from forecourt.errors import Invalid, NotFound
from forecourt.ocpp.versions import V16
from tests.csms.blocks.availability.world import US, happened, populate, rows
from tests.csms.stations.test_sending import Knock, Moody, Office, Sing, Whisper

COUNTS = "SELECT count(*), count(DISTINCT station_id) FROM command WHERE bulk_id IS NOT NULL"
SKIPPED = "SELECT station_id, reason FROM bulk_target WHERE state = 'skipped' ORDER BY station_id"


class Fleet(Office):
    """Stations that can be given one command all at once."""

    def __init__(self, store: Moody, clock: VirtualClock) -> None:
        super().__init__(store, clock)
        self.handing = Handing(store, self.stations, self.sending)

    async def grow(self, to: int) -> list[Station]:
        """Have so many stations in all."""
        async with self.store.database.engine.begin() as connection:
            for key in range(3, to + 1):
                values = {"registration": "Accepted", "security_profile": 0, "created_at": self.clock.now()}
                await connection.execute(
                    insert(station_table).values(id=key, wire_id=f"X{key}", organisation_id=US, **values)
                )
                self.stations.add(
                    Station(StationKey(key), f"X{key}", OrganisationKey(US), registration=Registration.ACCEPTED)
                )
        return list(self.stations)

    async def give(self, command: Command, **more: Any) -> UUID:
        """Give a command to all stations of ours."""
        chosen = select(station_table.c.id, station_table.c.organisation_id).where(
            station_table.c.organisation_id == US
        )
        async with self.store.work() as work:
            new = await bulk.begin(
                work, command, chosen, organisation=US, selection={"all": True}, asked_by="test", **more
            )
        return new.id

    async def slice(self, bulk_id: UUID) -> bool:
        """Let one slice be handed out; returns whether it goes on."""
        async with asyncio.timeout(20):
            return await self.handing.hand_out(Job(1, HAND_OUT, {"bulk": str(bulk_id)}, 1, 1)) is not None

    async def progress(self, bulk_id: UUID) -> dict[str, int]:
        async with self.store.work() as work:
            return (await bulk_store.progress(await work.sql(), [bulk_id])).get(bulk_id, {})


@pytest.fixture
async def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
async def fleet(database_url: str, clock: VirtualClock) -> AsyncIterator[Fleet]:
    async with open_store(database_url, SYSTEM, linger_s=0.0, hold_s=10.0) as opened:
        await populate(opened)
        store = Moody(opened.database, opened.journal, clock, hold_s=10.0)
        store.refusing = asyncio.Event()
        made = Fleet(store, clock)
        yield made
        await made.tasks.finish()


async def test_each_station_is_given_the_command_once_and_all_are_counted(fleet: Fleet) -> None:
    for station in await fleet.grow(5):
        if station.key != 5:
            fleet.connect(station)
    fleet.answers = lambda command: Outcome.refused("Rejected") if len(fleet.heard) == 2 else Outcome.accepted()
    bulk_id = await fleet.give(Knock("all"))
    assert await fleet.progress(bulk_id) == {"waiting": 5}
    assert not await fleet.slice(bulk_id)
    await fleet.tasks.settle()
    assert await fleet.progress(bulk_id) == {"accepted": 3, "refused": 1, "queued": 1}
    assert sorted(key for key, _ in fleet.heard) == [1, 2, 3, 4]
    # Whatever hands it out again finds nothing to do.
    assert not await fleet.slice(bulk_id)
    assert await rows(fleet.store, COUNTS) == [(5, 5)]
    assert [event["what"] for event in await happened(fleet.store, "BulkCommandChanged")] == ["given", "handed_out"]
    changed = await happened(fleet.store, "CommandChanged")
    assert {event["bulkId"] for event in changed} == {str(bulk_id)}


async def test_stations_that_cannot_be_given_it_are_counted_with_the_reason(fleet: Fleet) -> None:
    first, second, _, rejected, fine = await fleet.grow(5)
    fleet.connect(first, V16)
    for _ in range(MOST_QUEUED):
        await fleet.sending.ask(second, Knock(), asked_by="test")
    rejected.registration = Registration.REJECTED
    fleet.connect(fine)
    bulk_id = await fleet.give(Sing())
    # Removed by another process meanwhile.
    fleet.stations.forget(fleet.stations.of_key(StationKey(3)))
    assert not await fleet.slice(bulk_id)
    await fleet.tasks.settle()
    assert await rows(fleet.store, SKIPPED) == [
        (1, "not_in_this_version"),
        (2, "commands_waiting"),
        (3, "station_unknown"),
        (4, "station_rejected"),
    ]
    assert await fleet.progress(bulk_id) == {"skipped": 4, "accepted": 1}


async def test_a_disabled_station_is_skipped(fleet: Fleet) -> None:
    fleet.other.enabled = False
    bulk_id = await fleet.give(Knock())
    await fleet.slice(bulk_id)
    assert await rows(fleet.store, SKIPPED) == [(2, "station_disabled")]


async def test_no_more_than_so_many_are_under_way_and_the_silent_ones_hold_nobody_up_for_ever(fleet: Fleet) -> None:
    for station in await fleet.grow(AT_ONCE + 10):
        fleet.connect(station)
    silence = asyncio.Event()

    async def keeps_silent(command: Command) -> Outcome:
        await silence.wait()
        return Outcome.accepted()

    fleet.answers = keeps_silent
    bulk_id = await fleet.give(Knock())
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        slicing = group.create_task(fleet.slice(bulk_id))
        while len(fleet.heard) < AT_ONCE:
            await fleet.progress(bulk_id)
        for _ in range(5):
            await fleet.progress(bulk_id)
        assert len(fleet.heard) == AT_ONCE
        # They have held the place of others for long enough.
        while not slicing.done():
            await fleet.clock.advance(1)
            await fleet.progress(bulk_id)
    while await fleet.slice(bulk_id):
        pass
    assert len(fleet.heard) == AT_ONCE + 10
    silence.set()
    await fleet.tasks.settle()
    assert await fleet.progress(bulk_id) == {"accepted": AT_ONCE + 10}


async def test_after_a_restart_it_goes_on_and_nobody_is_asked_twice(fleet: Fleet) -> None:
    await fleet.grow(6)
    bulk_id = await fleet.give(Knock())
    # Two were given it by a process that was killed before it could say so.
    for station in list(fleet.stations)[:2]:
        await fleet.sending.ask(station, Knock(), asked_by="test", bulk_id=bulk_id)
    await bulk.resume(fleet.store)
    await bulk.hand_out(fleet.store, bulk_id)
    key = f"{HAND_OUT}:{bulk_id}"
    assert await rows(fleet.store, "SELECT kind, dedupe_key FROM job") == [(HAND_OUT, key)]
    again = Fleet(fleet.store, fleet.clock)
    for station in list(fleet.stations)[2:]:
        again.stations.add(station)
    assert not await again.slice(bulk_id)
    assert await rows(fleet.store, COUNTS) == [(6, 6)]
    assert await again.progress(bulk_id) == {"queued": 6}
    assert await rows(fleet.store, "SELECT handed_out_at IS NOT NULL FROM bulk_command") == [(True,)]


async def test_cancelled_it_is_given_to_nobody_any_more_and_what_waits_ends(fleet: Fleet) -> None:
    await fleet.grow(4)
    fleet.connect(fleet.station)
    fleet.answers = lambda command: Outcome.running(7)
    bulk_id = await fleet.give(Knock())
    assert not await fleet.slice(bulk_id)
    await fleet.tasks.settle()
    waiting = await fleet.sending.ask(fleet.other, Knock(), asked_by="test")
    await bulk.cancel(fleet.store, fleet.sending, bulk_id, "Ann")
    assert await fleet.progress(bulk_id) == {"running": 1, "expired": 3}
    reasons = "SELECT DISTINCT reason FROM command WHERE bulk_id IS NOT NULL AND status = 'expired'"
    assert await rows(fleet.store, reasons) == [("cancelled by Ann",)]
    assert waiting.status is CommandStatus.QUEUED
    # What comes back is asked for what else waits, and nothing of this.
    fleet.connect(fleet.other)
    await fleet.tasks.settle()
    assert [key for key, _ in fleet.heard] == [1, 2]
    await bulk.cancel(fleet.store, fleet.sending, bulk_id, "Bob")
    assert [one["what"] for one in await happened(fleet.store, "BulkCommandChanged")] == [
        "given",
        "handed_out",
        "cancelled",
    ]
    with pytest.raises(NotFound):
        await bulk.cancel(fleet.store, fleet.sending, UUID(int=0), "Ann")


async def test_cancelled_before_its_turn_it_reaches_nobody(fleet: Fleet) -> None:
    bulk_id = await fleet.give(Knock())
    await bulk.cancel(fleet.store, fleet.sending, bulk_id, "Ann")
    assert not await fleet.slice(bulk_id)
    assert await fleet.progress(bulk_id) == {"cancelled": 2}
    assert await rows(fleet.store, COUNTS) == [(0, 0)]


async def test_whose_turn_comes_too_late_is_skipped(fleet: Fleet) -> None:
    bulk_id = await fleet.give(Knock(), expires_in=timedelta(minutes=1))
    await fleet.clock.advance(60)
    await fleet.slice(bulk_id)
    assert await rows(fleet.store, SKIPPED) == [(1, "expired"), (2, "expired")]


async def test_a_kind_that_is_not_known_any_more_is_said_of_each_station(fleet: Fleet) -> None:
    bulk_id = await fleet.give(Knock())
    fleet.sending._kinds = {}
    assert not await fleet.slice(bulk_id)
    assert await fleet.progress(bulk_id) == {"skipped": 2}


async def test_a_bulk_that_is_gone_is_nobody_s_work(fleet: Fleet) -> None:
    assert not await fleet.slice(UUID(int=1))


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda fleet: fleet.give(Whisper("a-password-nobody-knows")), "bulk_secret"),
        (lambda fleet: fleet.give(Knock(), expires_in=timedelta(0)), "command_expiry"),
        (lambda fleet: fleet.give(Knock(), expires_in=timedelta(days=31)), "command_expiry"),
    ],
)
async def test_what_cannot_be_given_to_many_is_refused_and_not_recorded(
    fleet: Fleet, spoil: Callable[[Fleet], Any], code: str
) -> None:
    with pytest.raises(Invalid) as caught:
        await spoil(fleet)
    assert caught.value.code == code
    assert await rows(fleet.store, "SELECT count(*) FROM bulk_command") == [(0,)]


async def test_a_selection_of_nothing_is_refused(fleet: Fleet) -> None:
    nothing = select(station_table.c.id, station_table.c.organisation_id).where(station_table.c.id == 4711)
    with pytest.raises(Invalid, match="no station"):
        async with fleet.store.work() as work:
            await bulk.begin(work, Knock(), nothing, organisation=US, selection={}, asked_by="test")
    assert await rows(fleet.store, "SELECT count(*) FROM bulk_command") == [(0,)]
