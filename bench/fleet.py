"""Stations by the thousand in one process, in virtual time, against a scripted management system that accepts everything.

Method. `--stations` stations of one EVSE (11 kW vehicles on 22 kW sockets), one third each of 1.6, 2.0.1 and 2.1, are
switched on in the same second; each has two sessions a day at random moments, of one to six hours, with a reading every
900 s and heartbeats every 900 s. Messages are typed objects that do not pass the codec, and storage is memory: what is measured
is the station, not the wire. The seed is fixed.

`virtual_time_factor` is simulated over real time for the simulated hours; `events_per_s` are messages answered for a second of
real time; `kib_per_station` is what the resident memory has grown by for each station, at the end of the day.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import time
from pathlib import Path
from typing import Any, Final

from forecourt.ocpp import v2, v16
from forecourt.ocpp.message import Message
from forecourt.ocpp.versions import V16, V21, V201
from forecourt.station.config import Build, EvseBuild
from forecourt.station.core import Station
from forecourt.station.device_model.table import Name
from forecourt.station.hardware.simulated import SimulatedHardware
from forecourt.station.hardware.vehicle import Vehicle
from forecourt.station.running import Powered
from forecourt.station.scripted import ScriptedLink
from forecourt.station.timeline import VirtualTimeline

INTERVAL: Final = Name("SampledDataCtrlr", "TxUpdatedInterval")
SESSIONS_A_DAY: Final = 2
INTERVAL_S: Final = 900
_ACCEPTED_16: Final = v16.IdTagInfo(status="Accepted")
_ACCEPTED: Final = v2.IdTokenInfo(status="Accepted")


class Csms:
    """Accepts everything, and counts."""

    def __init__(self, timeline: VirtualTimeline) -> None:
        self.timeline = timeline
        self.count = 0

    def __call__(self, station: Station, request: Message) -> Message:
        self.count += 1
        now = self.timeline.now()
        match request:
            case v16.BootNotification():
                return v16.BootNotificationResponse(status="Accepted", current_time=now, interval=INTERVAL_S)
            case v2.BootNotification():
                return v2.BootNotificationResponse(status="Accepted", current_time=now, interval=INTERVAL_S)
            case v16.Heartbeat():
                return v16.HeartbeatResponse(current_time=now)
            case v2.Heartbeat():
                return v2.HeartbeatResponse(current_time=now)
            case v16.Authorize():
                return v16.AuthorizeResponse(id_tag_info=_ACCEPTED_16)
            case v2.Authorize():
                return v2.AuthorizeResponse(id_token_info=_ACCEPTED)
            case v16.StartTransaction():
                return v16.StartTransactionResponse(transaction_id=self.count, id_tag_info=_ACCEPTED_16)
            case _:
                response: Any = station.dialect.version.action_of(request).response
                answer: Message = response()
                return answer


class Driver:
    """Comes to one station, twice a day."""

    def __init__(
        self, hardware: SimulatedHardware, timeline: VirtualTimeline, name: str, chance: random.Random
    ) -> None:
        self.hardware, self.timeline, self.name, self.chance = hardware, timeline, name, chance

    def come(self) -> None:
        self.hardware.plug(Vehicle(soc=self.chance.uniform(0.1, 0.7)))
        self.hardware.swipe(self.name)
        self.timeline.after(self.chance.uniform(3600, 6 * 3600), self.leave)

    def leave(self) -> None:
        self.hardware.swipe(self.name)
        self.hardware.unplug()


def resident_kib() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def measure(stations: int, hours: float) -> dict[str, Any]:
    timeline, chance = VirtualTimeline(), random.Random(1)
    csms, fleet = Csms(timeline), []
    evses, before_kib, began = (EvseBuild(),), resident_kib(), time.perf_counter()
    for number in range(stations):
        version = (V16, V201, V21)[number % 3]
        build = Build(identity=f"CS{number:05}", versions=(version,), evses=evses)
        hardware = SimulatedHardware(build, timeline)
        powered = Powered(build, timeline, ScriptedLink(timeline, version, csms, checked=False), hardware)
        station = powered.power_on()
        station.within(lambda station=station: station.model.set(INTERVAL, str(INTERVAL_S)))  # type: ignore[misc]
        driver = Driver(hardware, timeline, f"TAG{number:05}", chance)
        for half in range(SESSIONS_A_DAY):
            timeline.after(chance.uniform(60, 6 * 3600) + half * 12 * 3600, driver.come)
        fleet.append(powered)
    timeline.advance(60)
    boot_s, counted, began = time.perf_counter() - began, csms.count, time.perf_counter()
    timeline.advance(hours * 3600)
    took_s = time.perf_counter() - began
    return {
        "stations_per_process": stations,
        "kib_per_station": round((resident_kib() - before_kib) / stations, 1),
        "events_per_s": round((csms.count - counted) / took_s),
        "virtual_time_factor": round(hours * 3600 / took_s),
        "simulated_hours": hours,
        "took_s": round(took_s, 1),
        "booted_in_s": round(boot_s, 1),
        "messages": csms.count,
        "sessions_per_day": SESSIONS_A_DAY,
        "sampling_interval_s": INTERVAL_S,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stations", type=int, default=1000)
    parser.add_argument("--hours", type=float, default=24.0)
    given = parser.parse_args()
    print(json.dumps({"name": "fleet", **measure(given.stations, given.hours), "python": platform.python_version()}))


if __name__ == "__main__":
    main()
