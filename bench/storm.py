"""How long it takes until a whole network is back after it was cut off: every station connects, boots and reports at once.

Method. A management system as `forecourt serve` starts it, message log on, with an embedded PostgreSQL on this disk; the
load generator is a process of its own on the same machine. It keeps 2,000 handshakes under way until all stations are in;
none waits for another after that. Each station, as soon as it is let in, boots and reports two connectors, one call after the other; one half speak 2.0.1, the other half 1.6.
`seconds` is from the first SYN to the last answer, and each answer means that it was committed. A station that is refused,
closed or answered with an error ends the measurement as failed: nobody tries twice. What the management system asks
stations after their boot is answered, and not waited for.

`kib_per_station` is by how much the resident memory of the management system grew from before the first connection until
a few seconds after the last answer, divided by the number of stations; what is known of them was in its memory before.
Afterwards SQL must find every connection, boot, connector and logged message.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import os
import pstats
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench._stations import (
    V201,
    Station,
    asked,
    cpu_s,
    database_pids,
    durability,
    instructions,
    load,
    management_system,
    say,
    scratch,
    version_of,
    wire_ids,
)
from forecourt.clock import SYSTEM
from forecourt.csms.app import Csms
from forecourt.transport import run
from forecourt.transport.running import allow_many_files

KNOCKING: Final = 2_000
"""Handshakes under way at once: one process that plays all stations must not be too busy to speak to those it has reached."""
LONGEST_S: Final = 300.0
STILL_S: Final = 5.0
"""How long memory is given to settle."""


# The load, in a process of its own.


async def storm(port: int, stations: int) -> None:
    """Let all stations come at once and say how long that took. They stay connected until standard input ends."""
    ready_s: list[float] = []
    kept: list[Station] = []
    knocking = asyncio.Semaphore(KNOCKING)
    busy_s, began = cpu_s([os.getpid()]), SYSTEM.monotonic()

    async def come_back(name: str, subprotocol: str) -> None:
        async with knocking:
            station = await Station.connect(port, name, subprotocol)
        kept.append(station)
        await report(station)
        ready_s.append(SYSTEM.monotonic() - began)

    try:
        async with asyncio.timeout(LONGEST_S), asyncio.TaskGroup() as group:
            for number, name in enumerate(wire_ids(stations)):
                group.create_task(come_back(name, version_of(number)))
    except* ConnectionError as errors:
        after_s = SYSTEM.monotonic() - began
        raise SystemExit(
            f"{len(ready_s)} were served, others sent away after {after_s:.1f} s, one of them so: {errors.exceptions[0]}"
        ) from None
    busy_s = cpu_s([os.getpid()]) - busy_s
    ready_s.sort()
    result = {
        "seconds": round(ready_s[-1], 1),
        "half_after_s": round(ready_s[len(ready_s) // 2], 1),
        "load_cpu_s": busy_s,
    }
    say(result)
    await asyncio.to_thread(sys.stdin.read)
    lost = [station for station in kept if station.lost]
    if lost:
        raise SystemExit(f"{len(lost)} were sent away afterwards, {lost[0].wire_id}: {lost[0].lost}")


async def report(station: Station) -> None:
    """Boot, and say of two connectors that they are free."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if station.subprotocol == V201:
        identity = {"vendorName": "Bench", "model": "One", "serialNumber": station.wire_id, "firmwareVersion": "1.0"}
        booted = await station.call("BootNotification", {"reason": "PowerUp", "chargingStation": identity})
        for evse in (1, 2):
            said = {"timestamp": now, "connectorStatus": "Available", "evseId": evse, "connectorId": 1}
            await station.call("StatusNotification", said)
    else:
        identity = {
            "chargePointVendor": "Bench",
            "chargePointModel": "One",
            "chargePointSerialNumber": station.wire_id,
            "firmwareVersion": "1.0",
        }
        booted = await station.call("BootNotification", identity)
        for connector in (1, 2):
            said = {"connectorId": connector, "errorCode": "NoError", "status": "Available", "timestamp": now}
            await station.call("StatusNotification", said)
    if booted["status"] != "Accepted":
        raise ConnectionError(f"{station.wire_id}: {booted}")


# The measurement.


async def measure(stations: int, profile: bool) -> dict[str, Any]:
    """Run the management system, let the storm come from another process, count."""
    with scratch() as place:
        async with management_system(Path(place), wire_ids(stations)) as csms:
            settings = await durability(csms)
            profiler = cProfile.Profile()
            database = database_pids(Path(place))
            ours_s, theirs_s, resident = cpu_s([os.getpid()]), cpu_s(database), resident_bytes()
            if profile:
                profiler.enable()
            async with load("storm", {"port": csms.port, "stations": stations}, LONGEST_S) as hear:
                told = await hear()
                profiler.disable()
                ours_s, theirs_s = cpu_s([os.getpid()]) - ours_s, cpu_s(database) - theirs_s
                await SYSTEM.sleep(STILL_S)
                resident = resident_bytes() - resident
                await check(csms, stations)
            if profile:
                pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(40)
            figures = csms.store.journal.figures
            return {
                "name": "storm",
                "seconds": told["seconds"],
                "kib_per_station": round(resident / stations / 1024, 1),
                "stations": stations,
                "half_after_s": told["half_after_s"],
                "entries_per_flush": round(figures.entries / figures.flushes, 1),
                "cpu_s": {
                    "csms": round(ours_s, 1),
                    "postgres": round(theirs_s, 1),
                    "load": round(told["load_cpu_s"], 1),
                },
                "load_average": round(os.getloadavg()[0], 1),
                **settings,
            }


def resident_bytes() -> int:
    """The memory of this process that is in use."""
    gc.collect()
    fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


async def check(csms: Csms, stations: int) -> None:
    """Count by SQL what was acknowledged. Ends the process when anything is missing or too much."""
    logged = "SELECT count(*) FROM message_log WHERE caller = 'station' AND error = '' AND answer <> '' AND action = "
    questions = {
        "stations connected": ("SELECT count(*) FROM station WHERE connected AND epoch = 1", stations),
        "stations booted": ("SELECT count(*) FROM station WHERE booted_at IS NOT NULL AND model = 'One'", stations),
        "message log, BootNotification": (f"{logged}'BootNotification'", stations),
        "message log, StatusNotification": (f"{logged}'StatusNotification'", 2 * stations),
        "connectors": ("SELECT count(*) FROM connector WHERE status = 'Available'", 2 * stations),
        "events of connections": ("SELECT count(*) FROM event WHERE kind = 'StationConnected'", stations),
        "events of lost connections": ("SELECT count(*) FROM event WHERE kind = 'StationDisconnected'", 0),
        "events of boots": ("SELECT count(*) FROM event WHERE kind = 'StationBooted'", stations),
        "events of connectors": ("SELECT count(*) FROM event WHERE kind = 'ConnectorChanged'", 2 * stations),
        "refused handshakes": ("SELECT count(*) FROM refused_handshake", 0),
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
    parser.add_argument("--stations", type=int, default=15_000)
    parser.add_argument(
        "--profile", action="store_true", help="say on stderr where the management system spent its time"
    )
    parser.add_argument("--load", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    allow_many_files()
    if given.load:
        run(storm(**instructions()))
    else:
        say(run(measure(given.stations, given.profile)))


if __name__ == "__main__":
    main()
