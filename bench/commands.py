"""How long it takes from a request of the REST API until a station has answered and the outcome is on record.

Method. A management system as `forecourt serve` starts it, with an embedded PostgreSQL on this disk. Stations (half 1.6, half
2.0.1) are connected from a process of their own, which also is the client of the API: it asks stations chosen at random to clear
their cache, some at a time, with `POST /stations/{id}/commands?wait=10`, and takes the time until the answer is there. Meanwhile
each station sends a heartbeat every ten seconds. An answer counts only if it says that the station accepted; afterwards SQL must
find as many accepted commands as were counted. The processor time of a command holds its share of the heartbeats.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx2

from bench._stations import (
    V201,
    Station,
    asked,
    cpu_s,
    database_pids,
    durability,
    instructions,
    load,
    local_key,
    management_system,
    quiet,
    say,
    scratch,
    version_of,
    wire_ids,
)
from forecourt.clock import SYSTEM
from forecourt.transport import run
from forecourt.transport.running import allow_many_files

HEARTBEAT_S: Final = 10.0
AT_ONCE: Final = 20
LONGEST_S: Final = 60.0
SEED: Final = 7


class Obedient(Station):
    """A station that clears its cache when it is asked to."""

    def answer(self, message_id: str, action: str, payload: dict[str, Any]) -> list[Any]:
        if action == "ClearCache":
            return [3, message_id, {"status": "Accepted"}]
        return super().answer(message_id, action, payload)

    async def begin(self) -> None:
        """Boot."""
        if self.subprotocol == V201:
            said = {"vendorName": "Bench", "model": "One"}
            await self.call("BootNotification", {"reason": "PowerUp", "chargingStation": said})
        else:
            await self.call("BootNotification", {"chargePointVendor": "Bench", "chargePointModel": "One"})

    async def beat(self, offset_s: float) -> None:
        """Send heartbeats for ever."""
        await SYSTEM.sleep(offset_s)
        while True:
            await self.call("Heartbeat", {})
            await SYSTEM.sleep(HEARTBEAT_S)


async def generate(
    port: int, api_port: int, key: str, keys: Mapping[str, int], seconds: float, clients: int
) -> dict[str, Any]:
    """Connect the stations and command them; returns how long each command took."""
    stations: list[Obedient] = []
    for number, name in enumerate(keys):
        stations.append(await Obedient.connect(port, name, version_of(number)))
    places = asyncio.Semaphore(AT_ONCE)

    async def begin(station: Obedient) -> None:
        async with places:
            await station.begin()

    async with asyncio.TaskGroup() as group:
        for station in stations:
            group.create_task(begin(station))
    await quiet(stations, LONGEST_S)
    say({})
    choose = random.Random(SEED)
    waits: list[float] = []
    numbers = list(keys.values())
    async with asyncio.TaskGroup() as group:
        beats = [group.create_task(one.beat(choose.random() * HEARTBEAT_S)) for one in stations]
        began = SYSTEM.monotonic()
        headers = {"Authorization": f"Bearer {key}"}
        limits = httpx2.Limits(max_connections=clients, max_keepalive_connections=clients)
        url = f"http://127.0.0.1:{api_port}/api/v1"
        async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=LONGEST_S, limits=limits) as client:

            async def command() -> None:
                while SYSTEM.monotonic() < began + seconds:
                    at = SYSTEM.monotonic()
                    path = f"/stations/{choose.choice(numbers)}/commands"
                    answer = await client.post(path, params={"wait": 10}, json={"kind": "ClearCache"})
                    took = SYSTEM.monotonic() - at
                    if answer.status_code != 201 or answer.json()["status"] != "accepted":
                        raise SystemExit(f"{path} was answered {answer.status_code} {answer.text}")
                    waits.append(took)

            async with asyncio.TaskGroup() as clerks:
                for _ in range(clients):
                    clerks.create_task(command())
        for beat in beats:
            beat.cancel()
    waits.sort()
    return {
        "commands": len(waits),
        "commands_per_s": round(len(waits) / seconds),
        "p50_ms": round(waits[len(waits) // 2] * 1000, 1),
        "p99_ms": round(waits[len(waits) * 99 // 100] * 1000, 1),
        "max_ms": round(waits[-1] * 1000, 1),
    }


async def measure(count: int, seconds: float, clients: int) -> dict[str, Any]:
    """Run the management system, command its stations from another process, count."""
    with scratch() as place:
        names = wire_ids(count)
        async with management_system(Path(place), names, api=True) as csms:
            settings = await durability(csms)
            keys = {name: station.key for name in names if (station := csms.stations.named(name)) is not None}
            database = database_pids(Path(place))
            given = {"port": csms.port, "api_port": csms.api_port, "key": local_key(Path(place)), "keys": keys}
            given |= {"seconds": seconds, "clients": clients}
            async with load("commands", given, seconds + 3 * LONGEST_S) as hear:
                await hear()
                ours_s, theirs_s = cpu_s([os.getpid()]), cpu_s(database)
                told = await hear()
                ours_s, theirs_s = cpu_s([os.getpid()]) - ours_s, cpu_s(database) - theirs_s
            accepted = await asked(
                csms, "SELECT count(*) FROM command WHERE kind = 'ClearCache' AND status = 'accepted'"
            )
            if accepted != told["commands"]:
                raise SystemExit(f"{told['commands']} commands were answered, {accepted} are on record as accepted")
            return {
                "name": "commands",
                **told,
                "stations": count,
                "clients": clients,
                "cpu_ms_per_command": {
                    "csms": round(ours_s / accepted * 1e3, 2),
                    "postgres": round(theirs_s / accepted * 1e3, 2),
                },
                "load_average": round(os.getloadavg()[0], 1),
                **settings,
            }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stations", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--clients", type=int, default=1, help="requests at a time")
    parser.add_argument("--load", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    allow_many_files()
    if given.load:
        say(run(generate(**instructions())))
    else:
        say(run(measure(given.stations, given.seconds, given.clients)))


if __name__ == "__main__":
    main()
