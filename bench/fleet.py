"""Stations by the thousand in one process, in virtual time, against a management system in memory that accepts everything.

Method. `--stations` stations of one EVSE (a fifth DC, 150 kW; the others 22 kW), a third each of 1.6, 2.0.1 and 2.1, drawn
with a fixed seed, are switched on within a minute, each with drivers as `forecourt fleet` has them: arrivals are a Poisson
process of `sessions_per_day` with the hours of commuters, stays log-normal with a median of three hours, six kinds of vehicles;
a reading every `sampling_interval_s`, heartbeats every 900 s. Messages are typed objects that do not pass the codec, and
storage is memory: what is measured is the station, not the wire.

`virtual_time_factor` is simulated over real time for the simulated hours; `events_per_s` are calls of stations answered for a
second of real time; `kib_per_station` is what the resident memory has grown by for each station, at the end of the day.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path
from typing import Any, Final

from forecourt.station.assembly import wiring
from forecourt.station.fleet.accepting import Accepting
from forecourt.station.fleet.crowd import Crowd, Mix
from forecourt.station.fleet.habits import COMMUTERS, ByHour, Habits
from forecourt.station.scripted import ScriptedLink
from forecourt.station.timeline import VirtualTimeline

ARRIVALS_A_DAY: Final = 2.0
INTERVAL_S: Final = 900


def resident_kib() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def measure(stations: int, hours: float) -> dict[str, Any]:
    timeline = VirtualTimeline()
    csms = Accepting(timeline, interval_s=INTERVAL_S)
    mix = Mix(
        habits=Habits(arrivals=ByHour(ARRIVALS_A_DAY, COMMUTERS)),
        settings={"SampledDataCtrlr.TxUpdatedInterval": str(INTERVAL_S)},
    )
    # What is made once for all stations is not counted with any.
    wiring()
    before_kib, began = resident_kib(), time.perf_counter()
    crowd = Crowd(mix, stations, timeline, lambda build: ScriptedLink(timeline, build.versions[0], csms, checked=False))
    crowd.switch_on(60)
    timeline.advance(120)
    boot_s, counted, began = time.perf_counter() - began, crowd.figures.said, time.perf_counter()
    timeline.advance(hours * 3600)
    took_s = time.perf_counter() - began
    return {
        "stations_per_process": stations,
        "kib_per_station": round((resident_kib() - before_kib) / stations, 1),
        "events_per_s": round((crowd.figures.said - counted) / took_s),
        "virtual_time_factor": round(hours * 3600 / took_s),
        "simulated_hours": hours,
        "took_s": round(took_s, 1),
        "booted_in_s": round(boot_s, 1),
        "messages": crowd.figures.said,
        "arrivals_per_day": ARRIVALS_A_DAY,
        "sessions_per_day": round(crowd.figures.ended / stations * 24 / hours, 2),
        "sampling_interval_s": INTERVAL_S,
        "versions": dict(sorted(crowd.versions.items())),
        "online": crowd.online,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stations", type=int, default=5000)
    parser.add_argument("--hours", type=float, default=24.0)
    given = parser.parse_args()
    print(json.dumps({"name": "fleet", **measure(given.stations, given.hours), "python": platform.python_version()}))


if __name__ == "__main__":
    main()
