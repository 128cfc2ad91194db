"""How long it takes from a request of the REST API until a station has answered and the outcome is on record.

Method. A management system as `forecourt serve` starts it, with an embedded PostgreSQL on this disk. Stations (half 1.6, half
2.0.1) are connected from a process of their own, which also is the client of the API: it asks stations chosen at random to clear
their cache, some at a time, with `POST /stations/{id}/commands?wait=10`, and takes the time until the answer is there. Meanwhile
each station sends a heartbeat every ten seconds. An answer counts only if it says that the station accepted; afterwards SQL must
find as many accepted commands as were counted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx2

from bench._stations import Station, asked, durability, local_key, management_system, scratch
from forecourt.clock import SYSTEM
from forecourt.csms.app import Csms
from forecourt.transport import run
from forecourt.transport.running import allow_many_files

V201: Final = "ocpp2.0.1"
V16: Final = "ocpp1.6"
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
        stations.append(await Obedient.connect(port, name, V201 if number % 2 else V16))
    places = asyncio.Semaphore(AT_ONCE)

    async def begin(station: Obedient) -> None:
        async with places:
            await station.begin()

    async with asyncio.TaskGroup() as group:
        for station in stations:
            group.create_task(begin(station))
    await quiet(stations)
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


async def quiet(stations: list[Obedient]) -> None:
    """Wait until the management system has asked what it wants to know of stations that have booted."""
    deadline, before = SYSTEM.monotonic() + LONGEST_S, -1
    while (asked_so_far := sum(station.asked for station in stations)) != before and SYSTEM.monotonic() < deadline:
        before = asked_so_far
        await SYSTEM.sleep(3.0)


async def measure(count: int, seconds: float, clients: int) -> dict[str, Any]:
    """Run the management system, command its stations from another process, count."""
    with scratch() as place:
        names = [f"CS{number:05d}" for number in range(count)]
        async with management_system(Path(place), names, api=True) as csms:
            settings = await durability(csms)
            keys = {name: station.key for name in names if (station := csms.stations.named(name)) is not None}
            told = await loaded(csms, local_key(Path(place)), keys, seconds, clients)
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
                "load_average": round(os.getloadavg()[0], 1),
                **settings,
            }


async def loaded(csms: Csms, key: str, keys: Mapping[str, int], seconds: float, clients: int) -> dict[str, Any]:
    """What the process with the stations and the client has to say."""
    given = {"port": csms.port, "api": csms.api_port, "key": key, "keys": keys, "seconds": seconds, "clients": clients}
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.commands", "--load", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(seconds + 3 * LONGEST_S):
            said, _ = await child.communicate(json.dumps(given).encode())
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        raise SystemExit(f"the load generator ended with {child.returncode}")
    told: dict[str, Any] = json.loads(said)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stations", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--clients", type=int, default=1, help="requests at a time")
    parser.add_argument("--load", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    allow_many_files()
    if given.load:
        told = json.loads(sys.stdin.read())
        work = generate(told["port"], told["api"], told["key"], told["keys"], told["seconds"], told["clients"])
        result = run(work)
    else:
        result = run(measure(given.stations, given.seconds, given.clients))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
