"""Stations that keep a queue, as the specification wants it, and forget a message after a single failed attempt.

Written against bare WebSockets and JSON, so that nothing of ours stands between a message and what became of it. A message
leaves the queue when it is answered. One that is answered with CALLERROR, or not at all within `ANSWER_S` on a connection
that stays, counts as attempted and is discarded (E13, 1.6 section 3.7.1, with one attempt): that is what `discarded` lists.
When the connection ends it stays in the queue, and is sent again, the same to the letter, over the next one.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from forecourt.clock import SYSTEM
from forecourt.ocpp.versions import V16, Version
from tests.journeys.driver import REGISTER, basic, instant
from tests.journeys.site import CARD, PASSWORD

ANSWER_S: Final = 6.0
_PAUSE_S: Final = 0.05
_UPDATES: Final = 4
"""How many readings a session has between its begin and its end."""


@dataclass
class Said:
    """A message with its number in the life of its station, which is also the register it tells."""

    number: int
    id: str
    action: str
    payload: dict[str, Any]
    attempts: int = 0


@dataclass
class Queueing:
    """One station and all it has gone through."""

    identity: str
    version: Version
    url: str
    acknowledged: list[Said] = field(default_factory=list)
    discarded: list[tuple[str, str]] = field(default_factory=list)
    repeated: set[str] = field(default_factory=set)
    """Ids of messages that were sent over more than one connection."""
    closed: Counter[int] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)
    told_to_retry: list[str | None] = field(default_factory=list)
    online: bool = False
    heartbeats: int = 0
    stopped: bool = False
    _queue: deque[Said] = field(default_factory=deque)
    _number: int = 0
    _transaction: Any = None

    @property
    def waiting(self) -> int:
        """How many messages are not answered."""
        return len(self._queue)

    async def run(self) -> None:
        """Be a station until `stopped`, and until then come back whatever happens."""
        while not self.stopped:
            try:
                async with connect(
                    f"{self.url}/{self.identity}",
                    subprotocols=[Subprotocol(self.version.subprotocol)],
                    additional_headers=basic(self.identity, PASSWORD),
                    open_timeout=ANSWER_S,
                    compression=None,
                ) as connection:
                    await self._talk(connection)
            except InvalidStatus as error:
                self.refused[error.response.status_code] += 1
                self.told_to_retry.append(error.response.headers.get("Retry-After"))
            except ConnectionClosed as error:
                self.closed[1006 if error.rcvd is None else error.rcvd.code] += 1
            except (OSError, InvalidHandshake, TimeoutError, EOFError):
                # Nobody listens, or the process died in the middle of a handshake.
                self.closed[1006] += 1
            self.online = False
            await SYSTEM.sleep(_PAUSE_S)

    async def heartbeat(self) -> None:
        """Let the next message be a heartbeat."""
        self._queue.appendleft(self._said("Heartbeat", {}))

    async def _talk(self, connection: ClientConnection) -> None:
        if not self.acknowledged and not self._queue:
            self._queue.append(self._said("BootNotification", self._boot()))
        self.online = True
        while not self.stopped:
            if not self._queue:
                self._queue.append(self._next())
            said = self._queue[0]
            said.attempts += 1
            if said.attempts > 1:
                self.repeated.add(said.id)
            await connection.send(json.dumps([2, said.id, said.action, said.payload]))
            try:
                async with asyncio.timeout(ANSWER_S):
                    answer = await self._answer(connection, said.id)
            except TimeoutError:
                answer = [4, said.id, "no answer at all"]
            self._queue.remove(said)
            if answer[0] != 3:
                self.discarded.append((said.action, str(answer[2:])))
            else:
                self._take(said, answer[2])

    async def _answer(self, connection: ClientConnection, message_id: str) -> list[Any]:
        while True:
            frame: list[Any] = json.loads(await connection.recv())
            if frame[0] == 2:
                # Whatever it is asked, it does not know.
                await connection.send(json.dumps([4, frame[1], "NotImplemented", "", {}]))
            elif frame[1] == message_id:
                return frame

    def _take(self, said: Said, answer: dict[str, Any]) -> None:
        if said.action == "Heartbeat":
            self.heartbeats += 1
            return
        self.acknowledged.append(said)
        if said.action == "StartTransaction":
            self._transaction = answer["transactionId"]

    # What it says.

    def _said(self, action: str, payload: dict[str, Any]) -> Said:
        self._number += 1
        return Said(self._number, f"{self.identity}-{self._number}", action, payload)

    def _boot(self) -> dict[str, Any]:
        if self.version is V16:
            return {"chargePointVendor": "Acme", "chargePointModel": "Wallbox"}
        return {"reason": "PowerUp", "chargingStation": {"vendorName": "Acme", "model": "Wallbox"}}

    def _next(self) -> Said:
        """The next message of one session after the other. The number comes first: it tells which part of a session is due."""
        number = self._number + 1
        step = number % (_UPDATES + 2)
        # A second apart, so that no two moments of a station are the same, and all of them in the past.
        at = instant(_EPOCH + timedelta(seconds=number))
        if self.version is not V16:
            kind = "Started" if step == 0 else "Ended" if step == _UPDATES + 1 else "Updated"
            if kind == "Started" or self._transaction is None:
                self._transaction, kind, step = f"{self.identity}-tx-{number}", "Started", 0
            return self._said("TransactionEvent", self._event(kind, step, number, at))
        if step == 0 or self._transaction is None:
            started = {"connectorId": 1, "idTag": CARD, "meterStart": number, "timestamp": at}
            return self._said("StartTransaction", started)
        if step == _UPDATES + 1:
            stopped = {"transactionId": self._transaction, "meterStop": number, "timestamp": at}
            return self._said("StopTransaction", stopped)
        value = {"timestamp": at, "sampledValue": [{"value": str(number), "measurand": REGISTER, "unit": "Wh"}]}
        return self._said("MeterValues", {"connectorId": 1, "transactionId": self._transaction, "meterValue": [value]})

    def _event(self, kind: str, step: int, number: int, at: str) -> dict[str, Any]:
        sample = {"value": number, "measurand": REGISTER}
        event = {
            "eventType": kind,
            "timestamp": at,
            "triggerReason": "Authorized" if kind == "Started" else "MeterValuePeriodic",
            "seqNo": step,
            "transactionInfo": {"transactionId": self._transaction},
            "evse": {"id": 1, "connectorId": 1},
            "meterValue": [{"timestamp": at, "sampledValue": [sample]}],
        }
        return {**event, "idToken": {"idToken": CARD, "type": "ISO14443"}} if kind == "Started" else event


_EPOCH: Final = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


class Fleet:
    """Stations at work beside each other."""

    def __init__(self, url: str, versions: Sequence[Version], each: int) -> None:
        self.stations = [
            Queueing(f"{version.name.replace('.', '-')}-{number}", version, url)
            for version in versions
            for number in range(each)
        ]
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Fleet:
        await self._group.__aenter__()
        for station in self.stations:
            self._group.create_task(station.run())
        return self

    async def __aexit__(self, *how: Any) -> None:
        for station in self.stations:
            station.stopped = True
        async with asyncio.timeout(3 * ANSWER_S):
            await self._group.__aexit__(*how)

    def answered(self) -> int:
        """How many messages have been acknowledged so far."""
        return sum(len(station.acknowledged) for station in self.stations)

    def discarded(self) -> list[tuple[str, str]]:
        """What was lost after its only attempt."""
        return [one for station in self.stations for one in station.discarded]

    async def hear(self, more: int, *, within_s: float = 60.0) -> None:
        """Wait until `more` messages of every station are acknowledged."""
        wanted = {station.identity: len(station.acknowledged) + more for station in self.stations}
        await self.until(
            lambda: all(len(station.acknowledged) >= wanted[station.identity] for station in self.stations), within_s
        )

    async def until(self, true: Any, within_s: float = 60.0) -> None:
        """Wait until something is so."""
        try:
            async with asyncio.timeout(within_s):
                while not true():
                    await SYSTEM.sleep(_PAUSE_S / 5)
        except TimeoutError:
            seen = [(one.identity, len(one.acknowledged), one.closed, one.refused) for one in self.stations]
            raise AssertionError(f"it did not come to pass: {seen}") from None


async def check(rows: Any, fleet: Fleet) -> None:
    """Everything that was acknowledged is on record, and nothing is there twice. `rows` asks the database."""
    assert fleet.discarded() == []
    logged: Counter[str] = Counter()
    for (message_id,) in await rows("SELECT message_id FROM message_log WHERE caller = 'station' AND error = ''"):
        logged[message_id] += 1
    registers: dict[str, Counter[int]] = {station.identity: Counter() for station in fleet.stations}
    # Readings of one second have one moment: the number a station counts with, so that the register tells which is which.
    for identity, sampled in await rows(
        "SELECT station.wire_id, meter_value.sampled::text FROM meter_value"
        " JOIN station ON station.id = meter_value.station_id WHERE station_time >= '2026-01-01'"
    ):
        for sample in json.loads(sampled):
            registers[identity][_register(sample)] += 1
    for station in fleet.stations:
        await _check_one(rows, station, logged, registers[station.identity])


def _register(sample: dict[str, Any]) -> int:
    return int(float(sample["value"]))


async def _check_one(rows: Any, station: Queueing, logged: Counter[str], registers: Counter[int]) -> None:
    said = [one for one in station.acknowledged if one.action != "BootNotification"]
    assert [one.id for one in said if logged[one.id] < 1] == [], "acknowledged and not in the message log"
    own = {name: count for name, count in logged.items() if name.startswith(f"{station.identity}-")}
    assert {name for name, count in own.items() if count > 1} <= station.repeated, "logged more often than it was sent"
    readings = {one.number for one in said if one.action in {"MeterValues", "TransactionEvent"}}
    assert readings - set(registers) == set(), "acknowledged readings that are not there"
    assert {number for number in readings if registers[number] > 1} == set(), "readings that are there twice"
    if station.version is V16:
        begins = await rows(
            "SELECT register_begin_wh, number FROM transaction JOIN station ON station.id = station_id"
            " WHERE station.wire_id = :id",
            id=station.identity,
        )
        begun = Counter(int(wh) for wh, _ in begins)
        started = {one.number for one in said if one.action == "StartTransaction"}
        assert started <= set(begun)
        assert set(begun.values()) <= {1}, "a session is there twice"
        ended = await rows(
            "SELECT number FROM transaction JOIN station ON station.id = station_id"
            " WHERE station.wire_id = :id AND ended_at IS NOT NULL",
            id=station.identity,
        )
        assert {one.payload["transactionId"] for one in said if one.action == "StopTransaction"} <= {
            n for (n,) in ended
        }
    else:
        events = Counter(
            await rows(
                "SELECT transaction.wire_id, seq_no FROM transaction_event"
                " JOIN transaction ON transaction.id = transaction_id JOIN station ON station.id = station_id"
                " WHERE station.wire_id = :id",
                id=station.identity,
            )
        )
        told = {(one.payload["transactionInfo"]["transactionId"], one.payload["seqNo"]) for one in said}
        assert told <= set(events)
        assert set(events.values()) <= {1}, "an event is there twice"
    starts = await rows(
        "SELECT data ->> 'transactionId', count(*) FROM event JOIN station ON station.id = event.station_id"
        " WHERE station.wire_id = :id AND kind = 'TransactionStarted' GROUP BY 1 HAVING count(*) > 1",
        id=station.identity,
    )
    assert starts == [], "announced twice"
    announced = await rows(
        "SELECT count(*) FROM event JOIN station ON station.id = event.station_id"
        " WHERE station.wire_id = :id AND kind = 'TransactionStarted'",
        id=station.identity,
    )
    recorded = await rows(
        "SELECT count(*) FROM transaction JOIN station ON station.id = station_id WHERE station.wire_id = :id",
        id=station.identity,
    )
    assert announced == recorded, "sessions and their events differ"
