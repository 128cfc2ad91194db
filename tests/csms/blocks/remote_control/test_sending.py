"""Commands of these blocks on their whole way: recorded, said, answered, finished; with a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import pytest

from forecourt.charging.tokens import Token
from forecourt.csms.blocks.availability import v2 as availability_v2
from forecourt.csms.blocks.availability.model import Availability, ChangeAvailability
from forecourt.csms.blocks.data_transfer import v2 as data_transfer_v2
from forecourt.csms.blocks.data_transfer.model import TransferData
from forecourt.csms.blocks.remote_control import v2
from forecourt.csms.blocks.remote_control.actions import stopper
from forecourt.csms.blocks.remote_control.model import StartCharging, StopCharging, Trigger, UnlockConnector, Wish
from forecourt.csms.blocks.transactions.actions import Transactions
from forecourt.csms.blocks.transactions.model import Reference, TransactionKey
from forecourt.csms.stations import raw
from forecourt.csms.stations.commands import Command, CommandStatus
from forecourt.csms.stations.dialects import Dialect
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.orders import Order
from forecourt.csms.stations.raw import SendRaw
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.sending import Sending
from forecourt.csms.store.work import Store
from forecourt.ocpp.versions import V201
from forecourt.transport.tasks import Tasks
from tests.csms.blocks.availability.world import Wire, hear, rows, station_of

WITHIN = timedelta(minutes=1)
SECRET = "correct horse battery staple"

BLOCK = cast("Transactions", SimpleNamespace(currency="EUR"))


class Settling(Tasks):
    """Tasks whose end a test can wait for."""

    async def settle(self) -> None:
        async with asyncio.timeout(20):
            while self._running:
                await asyncio.wait(self._running.values())


class Office:
    """A station that is connected, and the sending of commands to it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.station = station_of()
        self.stations = Stations()
        self.stations.add(self.station)
        self.tasks = Settling()
        # The block is told how to end a command, and sending what the block can say: neither is there first.
        block = Availability(store=store, finish=self.finish)
        says = {
            **availability_v2.says(block),
            **v2.says(BLOCK, store),
            **data_transfer_v2.SAYS,
            **raw.SAYS,
        }
        dialect = Dialect(V201, availability_v2.hears(block), says)
        self.wire = Wire(V201)
        self.link = Link(self.station, dialect, self.wire, 1)
        self.stations.enter(self.link)
        self.sending = Sending(store, self.stations, [dialect], store.clock, self.tasks)

    async def finish(self, station: object, request_id: int, *, failed: bool, reason: str) -> bool:
        return await self.sending.finish(self.station, request_id, failed=failed, reason=reason)

    async def ask(self, command: Command) -> Order:
        order = await self.sending.ask(self.station, command, asked_by="test", expires_in=WITHIN)
        await self.tasks.settle()
        return order


@pytest.fixture
async def office(peopled: Store) -> AsyncIterator[Office]:
    there = Office(peopled)
    yield there
    await there.tasks.settle()


KEPT = "SELECT kind, status, reason FROM command ORDER BY asked_at"


async def test_TC_G_11_CSMS_a_scheduled_change_is_running_until_the_connector_says_it_has_happened(
    office: Office,
) -> None:
    occupied = {"timestamp": "2026-11-20T12:00:00Z", "connectorStatus": "Occupied", "evseId": 1, "connectorId": 1}
    await hear(office.store, office.link, "StatusNotification", occupied)
    office.wire.answers["ChangeAvailability"] = {"status": "Scheduled"}
    order = await office.ask(ChangeAvailability(False, 1))
    assert order.status is CommandStatus.RUNNING
    assert await rows(office.store, KEPT) == [("ChangeAvailability", "running", "Scheduled")]
    await hear(office.store, office.link, "StatusNotification", {**occupied, "connectorStatus": "Unavailable"})
    assert await rows(office.store, KEPT) == [("ChangeAvailability", "finished", "it has happened")]


async def test_the_stop_that_a_limit_asks_for_is_a_command_like_any_other(office: Office) -> None:
    order = await stopper(office.sending, "limits")(office.station, Reference(TransactionKey(1), "tx-1", None, 1))
    assert isinstance(order, Order)
    await office.tasks.settle()
    assert office.wire.told == [("RequestStopTransaction", {"transactionId": "tx-1"})]
    assert await rows(office.store, "SELECT kind, status, asked_by FROM command") == [
        ("StopCharging", "accepted", "limits")
    ]


async def test_what_a_raw_command_holds_in_secret_is_nowhere_in_the_database(office: Office) -> None:
    variable = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    office.wire.answers["SetVariables"] = {"setVariableResult": [{"attributeStatus": "Accepted", **variable}]}
    order = await office.ask(SendRaw("SetVariables", {"setVariableData": [{"attributeValue": SECRET, **variable}]}))
    assert (order.status, order.reason) == (CommandStatus.ACCEPTED, "Answered")
    assert office.wire.told[0][1]["setVariableData"][0]["attributeValue"] == SECRET
    ((arguments, result),) = await rows(office.store, "SELECT arguments::text, result::text FROM command")
    assert SECRET not in arguments + result
    assert "***" in arguments
    assert await rows(office.store, "SELECT count(*) FROM event WHERE data::text LIKE '%battery staple%'") == [(0,)]


async def test_a_raw_command_that_cannot_be_said_has_failed_and_says_where(office: Office) -> None:
    order = await office.ask(SendRaw("Reset", {"type": "Soft"}))
    assert order.status is CommandStatus.FAILED
    assert "type" in order.reason
    assert office.wire.told == []


@pytest.mark.parametrize(
    "command",
    [
        StartCharging(Token("04A1B2C3", "ISO14443"), 1, group=Token("fleet", "Central")),
        StopCharging(Reference(TransactionKey(1), "tx-1", 7, 1)),
        UnlockConnector(1, 1),
        Trigger(Wish.METER_VALUES, 1),
        ChangeAvailability(False, 1, 1),
        TransferData("org.example", "Light", {"on": [True]}),
        SendRaw("ClearCache", {}),
    ],
    ids=lambda command: command.kind,
)
async def test_a_command_that_waits_is_the_same_after_a_restart(office: Office, command: Command) -> None:
    office.stations.leave(office.link)
    waiting = await office.sending.ask(office.station, command, asked_by="test")
    assert waiting.status is CommandStatus.QUEUED
    again = Office(office.store)
    await again.sending.resume()
    again.sending.go_on(again.station)
    await again.tasks.settle()
    expected = Wire(V201)
    await again.link.dialect.says[type(command)].say(Link(again.station, again.link.dialect, expected, 1), command)
    for request in (*again.wire.told, *expected.told):
        request[1].pop("remoteStartId", None)
    assert again.wire.told == expected.told
    assert await rows(office.store, "SELECT status FROM command") == [("accepted",)]
