"""How many messages a second the management system makes durable before it answers them, whole: gateway, blocks, database.

Method. A management system as `forecourt serve` starts it, message log on, with an embedded PostgreSQL on this disk; the
load generator is a process of its own on the same machine. 500 connections each have one message under way: one half speak
2.0.1 and send TransactionEvent Updated, the other half speak 1.6 and send MeterValues, both with four sampled values of a
transaction that runs. Each is answered after its commit. What is answered during the warm-up is not measured, but counted:
afterwards SQL must find exactly as many rows in the message log and of meter values, transaction events and guards against
repetition as were answered. Another measurement on the same machine, or anything else that runs, makes the figures worse.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import os
import pstats
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bench._stations import (
    V16,
    V201,
    Station,
    asked,
    cpu_s,
    database_pids,
    durability,
    instructions,
    load,
    management_system,
    quiet,
    say,
    scratch,
    version_of,
    wire_ids,
)
from forecourt.clock import SYSTEM
from forecourt.csms.app import Csms
from forecourt.transport import run
from forecourt.transport.running import allow_many_files

LONGEST_S: Final = 20.0
"""For getting ready, and for the last answers."""
AT_ONCE: Final = 20
"""Stations that boot at a time: how many can is the measurement `storm`."""

UPDATED: Final = (
    b'[2,"u%d","TransactionEvent",{"eventType":"Updated","timestamp":"%b","triggerReason":"MeterValuePeriodic","seqNo":%d,'
    b'"transactionInfo":{"transactionId":"%b","chargingState":"Charging"},"evse":{"id":1,"connectorId":1},'
    b'"meterValue":[{"timestamp":"%b","sampledValue":[{"value":%d,"context":"Sample.Periodic",'
    b'"measurand":"Energy.Active.Import.Register","unitOfMeasure":{"unit":"Wh"}},'
    b'{"value":11040.0,"measurand":"Power.Active.Import","unitOfMeasure":{"unit":"W"}},'
    b'{"value":16.0,"measurand":"Current.Import","phase":"L1","unitOfMeasure":{"unit":"A"}},'
    b'{"value":230.4,"measurand":"Voltage","phase":"L1-N","unitOfMeasure":{"unit":"V"}}]}]}]'
)
METER_VALUES: Final = (
    b'[2,"m%d","MeterValues",{"connectorId":1,"transactionId":%b,"meterValue":[{"timestamp":"%b","sampledValue":['
    b'{"value":"%d","context":"Sample.Periodic","measurand":"Energy.Active.Import.Register","unit":"Wh"},'
    b'{"value":"11040.0","measurand":"Power.Active.Import","unit":"W"},'
    b'{"value":"16.0","measurand":"Current.Import","phase":"L1","unit":"A"},'
    b'{"value":"230.4","measurand":"Voltage","phase":"L1-N","unit":"V"}]}]}]'
)


# The load, in a process of its own.


class Charging(Station):
    """A station with a transaction, which tells of it again and again while `until` is not reached."""

    def __init__(self, wire_id: str, subprotocol: str) -> None:
        super().__init__(wire_id, subprotocol)
        self.count = 0
        self.until = 0.0
        self.waits: list[tuple[float, float]] = []
        """When each answer came, and how long it took."""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # In the past, so that nothing is ever from the future.
        self._began = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)
        self._transaction = b""
        self._telling = False

    async def begin(self) -> None:
        """Boot and begin a transaction."""
        now = self._time().decode()
        if self.subprotocol == V201:
            station = {"vendorName": "Bench", "model": "One"}
            await self.call("BootNotification", {"reason": "PowerUp", "chargingStation": station})
            status = {"timestamp": now, "connectorStatus": "Occupied", "evseId": 1, "connectorId": 1}
            await self.call("StatusNotification", status)
            transaction = {"transactionId": f"tx-{self.wire_id}", "chargingState": "Charging"}
            started = {"eventType": "Started", "timestamp": now, "triggerReason": "CablePluggedIn", "seqNo": 0}
            await self.call("TransactionEvent", {**started, "transactionInfo": transaction, "evse": {"id": 1}})
            self._transaction = transaction["transactionId"].encode()
        else:
            await self.call("BootNotification", {"chargePointVendor": "Bench", "chargePointModel": "One"})
            begun = {"connectorId": 1, "idTag": "NOBODY", "meterStart": 1000, "timestamp": now}
            self._transaction = b"%d" % (await self.call("StartTransaction", begun))["transactionId"]

    def tell(self) -> None:
        """Send the next message."""
        self._telling = True
        self.count += 1
        now, energy = self._time(), 1000 + 3 * self.count
        if self.subprotocol == V201:
            message = UPDATED % (self.count, now, self.count, self._transaction, now, energy)
        else:
            message = METER_VALUES % (self.count, self._transaction, now, energy)
        self._told_at = SYSTEM.monotonic()
        self.send(message)

    def answered(self, message: bytes) -> None:
        if not self._telling:
            super().answered(message)
            return
        now = SYSTEM.monotonic()
        if not message.startswith(b"[3,"):
            self.done.set_exception(ConnectionError(f"{self.wire_id}: answered {message.decode()}"))
            self.transport.abort()
            return
        self.waits.append((now, now - self._told_at))
        if now < self.until:
            self.tell()
        else:
            self.done.set_result(None)

    def ended(self) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError(f"{self.wire_id}: {self.lost}"))

    def _time(self) -> bytes:
        return (self._began + timedelta(seconds=self.count)).strftime("%Y-%m-%dT%H:%M:%SZ").encode()


async def generate(port: int, connections: int, warm_up_s: float, seconds: float) -> dict[str, Any]:
    """Load the management system; returns what was answered."""
    async with asyncio.timeout(warm_up_s + seconds + 2 * LONGEST_S):
        names = wire_ids(connections)
        stations = [await Charging.connect(port, name, version_of(number)) for number, name in enumerate(names)]
        places = asyncio.Semaphore(AT_ONCE)

        async def begin(station: Charging) -> None:
            async with places:
                await station.begin()

        async with asyncio.TaskGroup() as group:
            for station in stations:
                group.create_task(begin(station))
        await quiet(stations, LONGEST_S)
        say({})
        began, busy_s = SYSTEM.monotonic(), cpu_s([os.getpid()])
        for station in stations:
            station.until = began + warm_up_s + seconds
            station.tell()
        for station in stations:
            await station.done
        # Closed only once the management system has been counted.
        busy_s = cpu_s([os.getpid()]) - busy_s
    first, last = began + warm_up_s, began + warm_up_s + seconds
    measured = sorted(wait for station in stations for at, wait in station.waits if first <= at < last)
    if not measured:
        raise SystemExit("nothing was answered in the time measured")
    return {
        "durable_msgs_per_s": round(len(measured) / seconds),
        "p50_ms": round(measured[len(measured) // 2] * 1000, 1),
        "p99_ms": round(measured[len(measured) * 99 // 100] * 1000, 1),
        "max_ms": round(measured[-1] * 1000, 1),
        "updated": sum(len(station.waits) for station in stations if station.subprotocol == V201),
        "meter_values": sum(len(station.waits) for station in stations if station.subprotocol == V16),
        "load_cpu_s": busy_s,
    }


# The measurement.


async def measure(connections: int, warm_up_s: float, seconds: float, profile: bool) -> dict[str, Any]:
    """Run the management system, load it from another process, count."""
    with scratch() as place:
        async with management_system(Path(place), wire_ids(connections)) as csms:
            settings = await durability(csms)
            profiler = cProfile.Profile()
            database = database_pids(Path(place))
            given = {"port": csms.port, "connections": connections, "warm_up_s": warm_up_s, "seconds": seconds}
            async with load("ingest", given, warm_up_s + seconds + 2 * LONGEST_S) as hear:
                await hear()
                ours_s, theirs_s = cpu_s([os.getpid()]), cpu_s(database)
                if profile:
                    profiler.enable()
                told = await hear()
                profiler.disable()
                ours_s, theirs_s = cpu_s([os.getpid()]) - ours_s, cpu_s(database) - theirs_s
            acknowledged = told["updated"] + told["meter_values"]
            await check(csms, told["updated"], told["meter_values"])
            if profile:
                pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(25)
            figures = csms.store.journal.figures
            return {
                "name": "ingest",
                **{name: told[name] for name in ("durable_msgs_per_s", "p50_ms", "p99_ms", "max_ms")},
                "connections": connections,
                "acknowledged": acknowledged,
                "entries_per_flush": round(figures.entries / figures.flushes, 1),
                "cpu_us_per_msg": {
                    "csms": round(ours_s / acknowledged * 1e6, 1),
                    "postgres": round(theirs_s / acknowledged * 1e6, 1),
                    "load": round(told["load_cpu_s"] / acknowledged * 1e6, 1),
                },
                "load_average": round(os.getloadavg()[0], 1),
                **settings,
            }


async def check(csms: Csms, updated: int, meter_values: int) -> None:
    """Count by SQL what was acknowledged. Ends the process when anything is missing or too much."""
    questions = {
        "message log, TransactionEvent": (
            "SELECT count(*) FROM message_log WHERE action = 'TransactionEvent' AND error = '' AND answer <> ''"
            " AND request LIKE '%\"Updated\"%'",
            updated,
        ),
        "message log, MeterValues": (
            "SELECT count(*) FROM message_log WHERE action = 'MeterValues' AND error = '' AND answer <> ''",
            meter_values,
        ),
        "meter values of 2.0.1": (
            "SELECT count(*) FROM meter_value JOIN transaction ON transaction.id = transaction_id WHERE number IS NULL",
            updated,
        ),
        "meter values of 1.6": (
            "SELECT count(*) FROM meter_value JOIN transaction ON transaction.id = transaction_id"
            " WHERE number IS NOT NULL",
            meter_values,
        ),
        "meter values": ("SELECT count(*) FROM meter_value", updated + meter_values),
        "transaction events": ("SELECT count(*) FROM transaction_event WHERE seq_no > 0 AND what = 'Updated'", updated),
        "guards of MeterValues": ("SELECT count(*) FROM meter_message", meter_values),
        "sampled values": (
            "SELECT count(*) FROM meter_value WHERE sampled::text LIKE '%11040%' AND sampled::text LIKE '%230.4%'",
            updated + meter_values,
        ),
    }
    wrong = {}
    for what, (question, expected) in questions.items():
        found = await asked(csms, question)
        if found != expected:
            wrong[what] = f"{found} instead of {expected}"
    if wrong:
        raise SystemExit(f"acknowledged and durable are not the same: {wrong}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=500)
    parser.add_argument("--warm-up", type=float, default=2.0, help="seconds that are not measured")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument(
        "--profile", action="store_true", help="say on stderr where the management system spent its time"
    )
    parser.add_argument("--load", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    allow_many_files()
    if given.load:
        say(run(generate(**instructions())))
    else:
        say(run(measure(given.connections, given.warm_up, given.seconds, given.profile)))


if __name__ == "__main__":
    main()
