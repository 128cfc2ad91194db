"""The life of commands, with a real database, a station's end that tests control, and time that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from uuid import uuid4

import pytest

from forecourt.clock import VirtualClock
from forecourt.csms.stations.commands import NEXT, Command, CommandStatus, Outcome
from forecourt.csms.stations.dialects import Dialect, Said
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Station, StationKey
from forecourt.csms.stations.orders import Order
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.sending import (
    DEFAULT_EXPIRY,
    LONGEST_EXPIRY,
    MOST_QUEUED,
    Sending,
    allot_request_id,
)
from forecourt.csms.store.errors import StoreAway, StoreError, StoreFault
from forecourt.csms.store.opening import open_store
from forecourt.csms.store.work import Store, Work
from forecourt.errors import AnsweredError, Conflict, Invalid, NoAnswer, NotFound, Offline, Refused
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError
from forecourt.ocpp.message import Message, Request
from forecourt.ocpp.versions import V16, V201, Version
from forecourt.transport.tasks import Tasks
from tests.csms.blocks.availability.world import US, happened, populate, rows, station_of

AnswerT = TypeVar("AnswerT", bound=Message)

AWAY_S = 2.0
KEPT = "SELECT kind, status, reason FROM command ORDER BY asked_at, kind"
STATUSES = "SELECT status FROM command ORDER BY asked_at, kind"
AWAY = StoreAway("the database was away")


@dataclass(frozen=True, slots=True)
class Knock(Command):
    """What these tests ask of a station."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class Whisper(Command):
    """One that holds a secret."""

    password: str


@dataclass(frozen=True, slots=True)
class Sing(Command):
    """One that only 2.0.1 has words for."""


class Settling(Tasks):
    """Tasks whose end a test can wait for."""

    async def settle(self) -> None:
        async with asyncio.timeout(20):
            while self._running:
                await asyncio.wait(self._running.values())


class Moody(Store):
    """A store that fails while `mood` is set, before anything reaches the database."""

    mood: StoreError | None = None
    refusing: asyncio.Event
    before: Callable[[], None] | None = None

    def work(self, key: Hashable = None) -> Work:
        if self.before is not None:
            self.before()
        if self.mood is not None:
            self.refusing.set()
            raise self.mood
        return super().work(key)


class FakeDoor:
    """Nothing in these tests goes through it: what they say ends in `Office.heard`."""

    async def call(
        self, message: Request[AnswerT], timeout_s: float | None, yields_after_s: float | None = None
    ) -> AnswerT:
        raise NotImplementedError

    def close(self, code: int, reason: str) -> None:
        raise NotImplementedError


def accepts(command: Command) -> Outcome:
    return Outcome.accepted()


class Office:
    """Two stations, the sending of commands to them, and what they do with them."""

    def __init__(self, store: Moody, clock: VirtualClock) -> None:
        self.store = store
        self.clock = clock
        self.stations = Stations()
        self.station, self.other = station_of(1), station_of(2)
        self.stations.add(self.station)
        self.stations.add(self.other)
        self.tasks = Settling()
        self.heard: list[tuple[StationKey, Command]] = []
        self.answers: Callable[[Command], Outcome | Awaitable[Outcome]] = accepts
        both = {Knock: Said((), self._say), Whisper: Said((), self._say)}
        self.dialects = {
            V16: Dialect(V16, {}, both),
            V201: Dialect(V201, {}, {**both, Sing: Said((), self._say)}),
        }
        self.sending = Sending(store, self.stations, self.dialects.values(), clock, self.tasks)

    async def _say(self, link: Link, command: Command) -> Outcome:
        self.heard.append((link.station.key, command))
        answer = self.answers(command)
        return answer if isinstance(answer, Outcome) else await answer

    def connect(self, station: Station, version: Version = V201) -> Link:
        link = Link(station, self.dialects[version], FakeDoor(), 1)
        self.stations.enter(link)
        self.sending.go_on(station)
        return link

    async def ask(self, command: Command, expires_in: timedelta = DEFAULT_EXPIRY, **more: Any) -> Order:
        # Asked at different instants, so that they have an order.
        await self.clock.advance(0.001)
        return await self.sending.ask(self.station, command, asked_by="test", expires_in=expires_in, **more)

    async def statuses(self) -> list[str]:
        return [row[0] for row in await rows(self.store, STATUSES)]

    def again(self) -> Office:
        """The same place after a restart of the process."""
        return Office(self.store, self.clock)


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    clock = VirtualClock()
    async with open_store(database_url, clock, linger_s=0.0, hold_s=10.0) as opened:
        await populate(opened)
        store = Moody(opened.database, opened.journal, clock, hold_s=10.0)
        store.refusing = asyncio.Event()
        made = Office(store, clock)
        yield made
        await made.tasks.finish()


# Its life.


async def test_a_command_is_recorded_before_it_is_sent_and_its_outcome_after(office: Office) -> None:
    office.connect(office.station)
    seen: list[str] = []

    async def looks(command: Command) -> Outcome:
        seen.extend(await office.statuses())
        return Outcome.accepted("Accepted", left=3)

    office.answers = looks
    order = await office.ask(Knock("a"))
    await office.tasks.settle()
    assert seen == ["sent"]
    assert (order.status, order.reason, order.result) == (CommandStatus.ACCEPTED, "Accepted", {"left": 3})
    question = "SELECT arguments, status, result, asked_by, sent_at IS NULL, ended_at IS NULL FROM command"
    assert await rows(office.store, question) == [({"name": "a"}, "accepted", {"left": 3}, "test", False, False)]


async def test_a_command_is_committed_with_whatever_else_its_unit_of_work_holds_and_sent_only_then(
    office: Office,
) -> None:
    office.connect(office.station)
    async with office.store.work() as work:
        order = office.sending.new(work, office.station, Knock("a"), asked_by="test")
        await (await work.sql()).exec_driver_sql("UPDATE station SET name = 'knocked at' WHERE id = 1")
        assert await office.statuses() == []
        assert office.heard == []
        await office.sending.give(work, order)
        assert await rows(office.store, "SELECT name FROM station WHERE id = 1") == [("knocked at",)]
    await office.tasks.settle()
    assert office.heard == [(1, Knock("a"))]
    assert await office.statuses() == ["accepted"]


async def test_commands_asked_for_at_the_same_time_go_out_one_after_another_in_that_order(office: Office) -> None:
    office.connect(office.station)
    async with asyncio.TaskGroup() as group:
        for name in "abc":
            group.create_task(office.sending.ask(office.station, Knock(name), asked_by="test"))
    await office.tasks.settle()
    assert office.heard == [(1, Knock(name)) for name in "abc"]
    assert await office.statuses() == ["accepted"] * 3


async def test_every_step_is_announced_in_order_with_the_bulk_it_belongs_to(office: Office) -> None:
    bulk = uuid4()
    office.connect(office.station)
    order = await office.ask(Knock(), bulk_id=bulk)
    await office.tasks.settle()
    told = await happened(office.store, "CommandChanged")
    assert [data["status"] for data in told] == ["queued", "sent", "accepted"]
    assert {(data["commandId"], data["bulkId"]) for data in told} == {(str(order.id), str(bulk))}
    assert {(data["organisationId"], data["stationId"], data["kind"]) for data in told} == {(US, 1, "Knock")}


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        (Outcome.accepted("RebootRequired"), "accepted", "RebootRequired"),
        (Outcome.refused("Rejected"), "refused", "Rejected"),
        (Refused("CS1", "Busy"), "refused", "Busy"),
        (AnsweredError("CS1", "NotSupported", "no"), "refused", "NotSupported"),
        (NoAnswer("CS1", 30.0), "unanswered", "CS1: no answer within 30 s"),
        (Offline("CS1"), "unanswered", "the connection was lost before the station answered"),
        (NotFound("gone", "it is gone"), "failed", "gone: it is gone"),
        (Invalid("odd", "it is odd"), "failed", "odd: it is odd"),
        (RuntimeError("ours"), "failed", "an error of the server"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_what_became_of_it_is_recorded_with_a_reason(
    office: Office, answer: Outcome | Exception, status: str, reason: str
) -> None:
    def answers(command: Command) -> Outcome:
        if isinstance(answer, Exception):
            raise answer
        return answer

    office.answers = answers
    office.connect(office.station)
    order = await office.ask(Knock())
    await office.tasks.settle()
    assert (order.status, order.reason) == (status, reason)
    assert await rows(office.store, KEPT) == [("Knock", status, reason)]
    assert await rows(office.store, "SELECT ended_at IS NULL FROM command") == [(False,)]


async def test_what_the_stations_version_cannot_say_has_failed_and_says_where(office: Office) -> None:
    def answers(command: Command) -> Outcome:
        raise LocalProtocolError(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "too long", "$.name")

    office.answers = answers
    office.connect(office.station)
    order = await office.ask(Knock())
    await office.tasks.settle()
    assert order.status is CommandStatus.FAILED
    assert "name" in order.reason


def test_an_end_is_an_end_and_every_status_can_be_reached() -> None:
    ends = {CommandStatus.ACCEPTED, CommandStatus.REFUSED, CommandStatus.UNANSWERED, CommandStatus.EXPIRED}
    ends |= {CommandStatus.FINISHED, CommandStatus.FAILED}
    assert {status for status, following in NEXT.items() if not following} == ends
    assert frozenset().union(*NEXT.values()) == set(CommandStatus) - {CommandStatus.QUEUED}


async def test_a_command_that_holds_a_secret_is_sent_with_it_and_stored_without(office: Office) -> None:
    office.connect(office.station)
    await office.ask(Whisper("correct horse"))
    await office.tasks.settle()
    assert office.heard == [(1, Whisper("correct horse"))]
    assert await rows(office.store, "SELECT arguments FROM command") == [({"password": "***"},)]


async def test_an_answer_the_database_cannot_hold_is_still_an_answer(office: Office) -> None:
    def answers(command: Command) -> Outcome:
        raise AnsweredError("CS1", "GenericError", "odd \0 text")

    office.answers = answers
    office.connect(office.station)
    first, second = await office.ask(Knock("a")), await office.ask(Knock("b"))
    await office.tasks.settle()
    assert first.reason == second.reason == "it answered what cannot be stored"
    assert await office.statuses() == ["refused", "refused"]


async def test_arguments_the_database_cannot_hold_are_invalid_and_nothing_is_sent(office: Office) -> None:
    office.connect(office.station)
    with pytest.raises(Invalid, match="command_not_storable"):
        await office.ask(Knock("\0"))
    await office.tasks.settle()
    assert office.heard == []
    assert await office.statuses() == []


async def test_what_follows_a_command_that_cannot_be_stored_goes_out(office: Office) -> None:
    office.connect(office.station)
    async with asyncio.TaskGroup() as group:
        bad = group.create_task(_caught(office.sending.ask(office.station, Knock("\0"), asked_by="test")))
        good = group.create_task(_caught(office.sending.ask(office.station, Knock("a"), asked_by="test")))
    await office.tasks.settle()
    assert isinstance(bad.result(), Invalid)
    assert isinstance(good.result(), Order)
    assert office.heard == [(1, Knock("a"))]


# Order.


async def test_commands_of_one_station_go_out_one_after_another_and_hold_up_no_other(office: Office) -> None:
    office.connect(office.station)
    office.connect(office.other)
    reached, gate = asyncio.Event(), asyncio.Event()

    async def slowly(command: Command) -> Outcome:
        if command == Knock("1"):
            reached.set()
            await gate.wait()
        return Outcome.accepted()

    office.answers = slowly
    for name in "123":
        await office.ask(Knock(name))
    async with asyncio.timeout(20):
        await reached.wait()
    elsewhere = await office.sending.ask(office.other, Knock("x"), asked_by="test")
    async with asyncio.timeout(20):
        while elsewhere.status is not CommandStatus.ACCEPTED:
            await rows(office.store, STATUSES)
    assert office.heard == [(1, Knock("1")), (2, Knock("x"))]
    gate.set()
    await office.tasks.settle()
    assert [command for key, command in office.heard if key == 1] == [Knock("1"), Knock("2"), Knock("3")]


# Offline.


async def test_what_was_asked_of_an_offline_station_is_delivered_in_order_when_it_connects(office: Office) -> None:
    waiting = [await office.ask(Knock(name)) for name in "abc"]
    await office.tasks.settle()
    assert {order.status for order in waiting} == {CommandStatus.QUEUED}
    assert await office.statuses() == ["queued"] * 3
    assert office.heard == []
    office.connect(office.station)
    await office.tasks.settle()
    assert office.heard == [(1, Knock("a")), (1, Knock("b")), (1, Knock("c"))]
    assert await office.statuses() == ["accepted"] * 3


async def test_what_follows_a_lost_connection_waits_for_the_next_one(office: Office) -> None:
    link = office.connect(office.station)

    def answers(command: Command) -> Outcome:
        office.stations.leave(link)
        raise Offline("CS1")

    office.answers = answers
    await office.ask(Knock("a"))
    await office.ask(Knock("b"))
    await office.tasks.settle()
    assert await office.statuses() == ["unanswered", "queued"]
    office.answers = accepts
    office.connect(office.station)
    await office.tasks.settle()
    assert await office.statuses() == ["unanswered", "accepted"]


async def test_a_command_without_words_in_the_version_of_a_connected_station_is_invalid(office: Office) -> None:
    office.connect(office.station, V16)
    with pytest.raises(Invalid, match="not_in_this_version"):
        await office.ask(Sing())
    assert await office.statuses() == []


async def test_a_command_that_waited_fails_if_the_station_comes_back_with_a_version_without_words(
    office: Office,
) -> None:
    await office.ask(Sing())
    await office.ask(Knock())
    office.connect(office.station, V16)
    await office.tasks.settle()
    assert await rows(office.store, KEPT) == [
        ("Sing", "failed", "OCPP 1.6 has no words for Sing"),
        ("Knock", "accepted", "Accepted"),
    ]


async def test_more_than_so_many_do_not_wait_for_one_station_even_asked_all_at_once(office: Office) -> None:
    asking = (office.sending.ask(office.station, Knock(), asked_by="test") for _ in range(MOST_QUEUED + 5))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_caught(one)) for one in asking]
    results = [task.result() for task in tasks]
    assert sum(isinstance(result, Conflict) for result in results) == 5
    assert await rows(office.store, "SELECT count(*) FROM command") == [(MOST_QUEUED,)]
    elsewhere = await office.sending.ask(office.other, Knock(), asked_by="test")
    assert elsewhere.status is CommandStatus.QUEUED


async def _caught(asking: Awaitable[Order]) -> Order | Conflict | Invalid:
    try:
        return await asking
    except (Conflict, Invalid) as refusal:
        return refusal


# Expiry.


@pytest.mark.parametrize("expires_in", [timedelta(0), timedelta(seconds=-1), LONGEST_EXPIRY + timedelta(seconds=1)])
async def test_an_impossible_expiry_is_invalid(office: Office, expires_in: timedelta) -> None:
    with pytest.raises(Invalid, match="command_expiry"):
        await office.ask(Knock(), expires_in)
    assert await office.statuses() == []


async def test_what_has_waited_too_long_expires_and_the_rest_waits_on(office: Office) -> None:
    short = await office.ask(Knock("a"), timedelta(minutes=1))
    long = await office.ask(Knock("b"), timedelta(minutes=2))
    await office.clock.advance(59)
    assert await office.sending.expire() == 0
    await office.clock.advance(1)
    assert await office.sending.expire() == 1
    assert (short.status, long.status) == (CommandStatus.EXPIRED, CommandStatus.QUEUED)
    assert await rows(office.store, "SELECT status, ended_at IS NULL FROM command ORDER BY asked_at") == [
        ("expired", False),
        ("queued", True),
    ]
    office.connect(office.station)
    await office.tasks.settle()
    assert office.heard == [(1, Knock("b"))]


async def test_a_station_that_connects_after_the_expiry_is_not_told(office: Office) -> None:
    await office.ask(Knock(), timedelta(minutes=1))
    await office.clock.advance(60)
    office.connect(office.station)
    await office.tasks.settle()
    assert office.heard == []
    assert await office.statuses() == ["expired"]


async def test_stations_that_come_while_commands_expire_disturb_nothing(office: Office) -> None:
    for name in "ab":
        await office.ask(Knock(name), timedelta(minutes=1))
    await office.clock.advance(60)

    def comes() -> None:
        office.store.before = None
        office.stations.add(station_of(3))
        office.connect(office.station)

    office.store.before = comes
    assert await office.sending.expire() == 2
    await office.tasks.settle()
    assert office.heard == []
    assert await office.statuses() == ["expired", "expired"]
    statuses = [data["status"] for data in await happened(office.store, "CommandChanged")]
    assert statuses.count("expired") == 2


# The database away.


@pytest.mark.parametrize("mood", [AWAY, StoreFault("a table is missing")], ids=["away", "fault"])
async def test_an_outcome_is_not_lost_when_the_database_is_away(office: Office, mood: StoreError) -> None:
    office.connect(office.station)

    def answers(command: Command) -> Outcome:
        office.store.mood = mood
        return Outcome.accepted()

    office.answers = answers
    order = await office.ask(Knock())
    async with asyncio.timeout(20):
        await office.store.refusing.wait()
    await office.clock.advance(3 * AWAY_S)
    assert order.status == "sent"
    office.store.mood = None
    await office.clock.advance(AWAY_S)
    await office.tasks.settle()
    assert order.status == "accepted"
    assert await office.statuses() == ["accepted"]
    assert len(office.heard) == 1


async def test_nothing_is_sent_that_could_not_be_recorded_and_it_goes_out_over_the_newest_connection(
    office: Office,
) -> None:
    order = await office.ask(Sing())
    office.store.mood = AWAY
    old = office.connect(office.station)
    async with asyncio.timeout(20):
        await office.store.refusing.wait()
    assert (order.status, office.heard) == (CommandStatus.QUEUED, [])
    office.stations.leave(old)
    office.connect(office.station, V16)
    office.store.mood = None
    await office.clock.advance(AWAY_S)
    await office.tasks.settle()
    assert office.heard == []
    assert await rows(office.store, KEPT) == [("Sing", "failed", "OCPP 1.6 has no words for Sing")]


async def test_what_could_not_be_recorded_in_time_expires_unsent(office: Office) -> None:
    order = await office.ask(Knock(), timedelta(seconds=1))
    office.store.mood = AWAY
    office.connect(office.station)
    async with asyncio.timeout(20):
        await office.store.refusing.wait()
    office.store.mood = None
    await office.clock.advance(AWAY_S)
    await office.tasks.settle()
    assert (order.status, office.heard) == (CommandStatus.EXPIRED, [])


async def test_a_command_that_cannot_be_recorded_is_not_taken(office: Office) -> None:
    office.store.mood = AWAY
    with pytest.raises(StoreAway):
        await office.ask(Knock())
    office.store.mood = None
    office.connect(office.station)
    await office.tasks.settle()
    assert office.heard == []


# A restart.


async def test_after_a_restart_what_was_queued_comes_back_and_what_was_sent_is_unanswered(office: Office) -> None:
    office.connect(office.station)
    reached = asyncio.Event()

    async def never(command: Command) -> Outcome:
        reached.set()
        await asyncio.Event().wait()
        return Outcome.accepted()

    office.answers = never
    sent = await office.ask(Knock("sent"))
    async with asyncio.timeout(20):
        await reached.wait()
    for name in "ab":
        await office.ask(Knock(name))
    await office.tasks.finish()
    assert await office.statuses() == ["sent", "queued", "queued"]
    after = office.again()
    await after.sending.resume()
    assert await rows(office.store, "SELECT id, reason, ended_at IS NULL FROM command WHERE status = 'unanswered'") == [
        (sent.id, "the server was restarted", False)
    ]
    told = await happened(office.store, "CommandChanged")
    assert [data["commandId"] for data in told if data["status"] == "unanswered"] == [str(sent.id)]
    after.connect(after.station)
    await after.tasks.settle()
    assert after.heard == [(1, Knock("a")), (1, Knock("b"))]
    assert await after.statuses() == ["unanswered", "accepted", "accepted"]


async def test_after_a_restart_a_waiting_command_with_a_secret_has_failed_and_says_so(office: Office) -> None:
    order = await office.ask(Whisper("correct horse"))
    after = office.again()
    await after.sending.resume()
    after.connect(after.station)
    await after.tasks.settle()
    assert after.heard == []
    assert await rows(office.store, KEPT) == [
        ("Whisper", "failed", "it held a secret, which is not stored; ask again"),
    ]
    told = (await happened(office.store, "CommandChanged"))[-1]
    assert (told["commandId"], told["kind"], told["status"]) == (str(order.id), "Whisper", "failed")


async def test_after_a_restart_a_command_that_is_not_understood_any_more_has_failed(office: Office) -> None:
    await office.ask(Knock())
    await office.ask(Sing())
    async with office.store.database.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE command SET kind = 'Dance' WHERE kind = 'Knock'")
        await connection.exec_driver_sql(
            """UPDATE command SET kind = 'Knock', arguments = '{"name": 1}' WHERE kind = 'Sing'"""
        )
    await office.again().sending.resume()
    (first, second) = await rows(office.store, KEPT)
    assert first == ("Dance", "failed", "this version of the server does not know it")
    assert second[1] == "failed"
    assert "name" in second[2]


async def test_after_a_restart_a_running_command_runs_on_and_can_be_finished(office: Office) -> None:
    office.answers = lambda command: Outcome.running(7)
    office.connect(office.station)
    await office.ask(Knock())
    await office.tasks.settle()
    after = office.again()
    await after.sending.resume()
    assert await office.statuses() == ["running"]
    assert await after.sending.finish(after.station, 7, failed=False, reason="done")
    assert await office.statuses() == ["finished"]


# What goes on after the answer.


@pytest.mark.parametrize(("failed", "status"), [(False, "finished"), (True, "failed")])
async def test_a_running_command_ends_with_the_message_that_names_its_request(
    office: Office, failed: bool, status: str
) -> None:
    office.answers = lambda command: Outcome.running(7)
    office.connect(office.station)
    order = await office.ask(Knock())
    await office.tasks.settle()
    assert order.status is CommandStatus.RUNNING
    assert await rows(office.store, "SELECT request_id, ended_at IS NULL FROM command") == [(7, True)]
    assert not await office.sending.finish(office.station, 8, failed=failed, reason="")
    assert not await office.sending.finish(office.other, 7, failed=failed, reason="")
    assert await office.statuses() == ["running"]
    assert await office.sending.finish(office.station, 7, failed=failed, reason="all told")
    assert await rows(office.store, KEPT) == [("Knock", status, "all told")]
    assert not await office.sending.finish(office.station, 7, failed=failed, reason="again")
    told = await happened(office.store, "CommandChanged")
    assert [data["status"] for data in told] == ["queued", "sent", "running", status]
    assert told[-1]["reason"] == "all told"


async def test_request_ids_are_a_stations_own_and_begin_again_after_the_largest(office: Office) -> None:
    async def allot(station: Station) -> int:
        async with office.store.work() as work:
            return await allot_request_id(work, station)

    first = await allot(office.station)
    assert [await allot(office.station), await allot(office.station)] == [first + 1, first + 2]
    assert await allot(office.other) == first
    async with office.store.database.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE station SET next_request_id = 2147483647 WHERE id = 1")
    assert await allot(office.station) == 1
