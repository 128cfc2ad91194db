"""The stations of the demo: what they are, who comes to them, and how each of them is connected."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final, TypeAlias

from forecourt.charging.ids import EvseId
from forecourt.clock import SYSTEM
from forecourt.ocpp.versions import VERSIONS
from forecourt.station.config import Build, EvseBuild
from forecourt.station.disturbed import DisturbedLink
from forecourt.station.fleet.driver import Drivers
from forecourt.station.fleet.habits import After, Distribution, Habits, Uniform
from forecourt.station.hardware.simulated import SimulatedHardware
from forecourt.station.http_transfers import HttpTransfers
from forecourt.station.online import OnlineLink
from forecourt.station.online_soap import SoapLink
from forecourt.station.running import Powered, kept_registers, preset
from forecourt.station.storage import Sqlite
from forecourt.station.timeline import RealTimeline, Timeline

HALL, GARAGE, HARBOUR = "Market Hall", "Station Garage", "Harbour"

_22_KW: Final = EvseBuild(current_a=32)
_11_KW: Final = EvseBuild(current_a=16)


def _dc(current_a: int) -> EvseBuild:
    return EvseBuild(kinds=("cCCS2",), phases=1, voltage_v=400, current_a=current_a, direct=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Make:
    """A station as it was bought and set up."""

    identity: str
    vendor: str
    model: str
    version: str
    soap: bool = False
    evses: tuple[EvseBuild, ...]
    site: str = ""
    name: str = ""
    flaps: bool = False
    """Whether its network goes away now and then."""
    announced: bool = True
    """Whether the management system is told of it beforehand."""

    @property
    def outlets(self) -> int:
        return len(self.evses)


MAKES: Final = (
    Make(
        identity="HALL-DC-1", vendor="Voltara", model="Rapid 150", version="2.1", evses=(_dc(375), _dc(375)), site=HALL,
        name="Market Hall, left",
    ),
    Make(
        identity="HALL-DC-2", vendor="Voltara", model="Rapid 200", version="2.0.1", evses=(_dc(500),), site=HALL,
        name="Market Hall, right",
    ),
    Make(identity="GARAGE-01", vendor="Acme", model="Wallbox 22", version="1.6", evses=(_22_KW,), site=GARAGE, name="Level 1"),
    Make(
        identity="GARAGE-02", vendor="Acme", model="Duo 11", version="1.6", evses=(_11_KW, _11_KW), site=GARAGE,
        name="Level 2",
    ),
    Make(identity="GARAGE-03", vendor="Nordwatt", model="Home 11", version="2.0.1", evses=(_11_KW,), site=GARAGE, name="Level 3"),
    Make(identity="GARAGE-04", vendor="Nordwatt", model="Home 22", version="2.1", evses=(_22_KW,), site=GARAGE, name="Level 4"),
    Make(
        identity="HARBOUR-01", vendor="Oldenergy", model="Pillar", version="1.6", soap=True, evses=(_22_KW,), site=HARBOUR,
        name="Pier A, speaks SOAP",
    ),
    Make(
        identity="HARBOUR-02", vendor="Oldenergy", model="Fast 50", version="1.6", evses=(_dc(125),), site=HARBOUR,
        name="Pier B",
    ),
    Make(
        identity="HARBOUR-03", vendor="Nordwatt", model="Home 22", version="2.0.1", evses=(_22_KW,), site=HARBOUR, flaps=True,
        name="Pier C, at the edge of the network",
    ),
    Make(identity="NEW-IN-TOWN", vendor="Voltara", model="Rapid 150", version="2.1", evses=(_dc(375),), announced=False),
)  # fmt: skip
"""Over four doors; the last one nobody has announced, so it waits for approval."""

CARDS_EACH: Final = 3
BLOCKED: Final = "0B10C4ED"
UNKNOWN: Final = "5724A46E"

_MEASURANDS: Final = "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things take, and what the variables of the stations are set to at first."""

    habits: Habits
    connected_s: Distribution
    away_s: Distribution
    settings: Mapping[str, str]


PATIENT: Final = Pace(
    habits=Habits(
        arrivals=After(Uniform(15, 90)),
        first_s=Uniform(1, 15),
        stay_s=Uniform(120, 480),
        soc=Uniform(0.08, 0.65),
        wants=Uniform(0.03, 0.3),
        hesitates_s=Uniform(2, 6),
        patience_s=10,
        strangers=0.06,
        faults=0.04,
        fault_s=Uniform(20, 60),
    ),
    connected_s=Uniform(90, 180),
    away_s=Uniform(20, 45),
    settings={
        "SampledDataCtrlr.TxUpdatedInterval": "10",
        "SampledDataCtrlr.TxUpdatedMeasurands": _MEASURANDS,
        "OCPPCommCtrlr.RetryBackOffWaitMinimum": "3",
        "OCPPCommCtrlr.RetryBackOffRandomRange": "2",
        "OCPPCommCtrlr.RetryBackOffRepeatTimes": "2",
    },
)
"""The demo shows in minutes what takes hours; a test is less patient still."""

Line: TypeAlias = OnlineLink | SoapLink


def cards_of(number: int) -> list[str]:
    """The cards of the drivers who come to the station with that number: a car charges at one place at a time."""
    return [f"04D{number:02X}{which:02X}7" for which in range(1, CARDS_EACH + 1)]


@asynccontextmanager
async def stations(
    makes: Sequence[Make],
    passwords: Mapping[str, str],
    *,
    port: int,
    memory: Path,
    seed: int,
    pace: Pace = PATIENT,
) -> AsyncGenerator[None, None]:
    """The stations, living for as long as the block lasts, connected to a management system on this machine.

    What they must not forget is in `memory`, a folder that is there; at the end their power fails.
    """
    async with AsyncExitStack() as stack:
        for number, make in enumerate(makes, 1):
            await stack.enter_async_context(
                _living(make, passwords[make.identity], port, memory, seed, cards_of(number), pace)
            )
        yield


@asynccontextmanager
async def _living(
    make: Make, password: str, port: int, memory: Path, seed: int, cards: Sequence[str], pace: Pace
) -> AsyncGenerator[None, None]:
    build = Build(
        identity=make.identity,
        vendor=make.vendor,
        model=make.model,
        serial_number=make.identity,
        firmware_version="1.4.2",
        evses=make.evses,
        versions=(VERSIONS[f"ocpp{make.version}"],),
    )
    timeline = RealTimeline(SYSTEM)
    storage = Sqlite(memory / f"{make.identity}.db")
    preset(storage, pace.settings)
    # Each its own, so that one more station changes nothing for the others.
    chance = random.Random(f"{seed} {make.identity}")  # noqa: S311 - chance for a show, not for secrets
    new = {EvseId(n): Decimal(chance.randrange(50_000, 900_000)) for n in range(1, make.outlets + 1)}
    hardware = SimulatedHardware(build, timeline, new | kept_registers(storage))
    line = _line(make, password, port)
    link = DisturbedLink(line, timeline)
    transfers = HttpTransfers()
    powered = Powered(build, timeline, link, hardware, storage, transfers)
    drivers = Drivers(
        powered,
        hardware,
        timeline,
        pace.habits,
        name=f"{seed} {make.identity}",
        cards=cards,
        strangers=(BLOCKED, UNKNOWN),
    )
    powered.power_on()
    drivers.begin()
    if make.flaps:
        _flap(link, timeline, pace, chance)
    try:
        yield
    finally:
        drivers.end()
        powered.cut_power()
        await line.aclose()
        await transfers.aclose()
        timeline.close()
        storage.close()


def _flap(link: DisturbedLink, timeline: Timeline, pace: Pace, chance: random.Random) -> None:
    def go() -> None:
        link.take_away()
        timeline.after(pace.away_s.draw(chance), come)

    def come() -> None:
        link.give_back()
        timeline.after(pace.connected_s.draw(chance), go)

    come()


def _line(make: Make, password: str, port: int) -> Line:
    if make.soap:
        return SoapLink(f"http://127.0.0.1:{port}/ocpp", password=password)
    return OnlineLink(f"ws://127.0.0.1:{port}/ocpp", password=password)
