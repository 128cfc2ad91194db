"""A vehicle as the socket sees it: a battery with a charging curve behind a charger of its own.

Energy is integrated in steps of at most `STEP_S`, at the state of charge of each step. So power, energy and state of
charge agree with each other, whenever anybody looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Final

from forecourt.station.hardware.interface import Contract, ContractRequest, Control, Needs

STEP_S: Final = 60.0
_TAPER: Final = ((0.0, 1.0), (0.8, 1.0), (0.9, 0.5), (1.0, 0.08))


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A kind of vehicle.

    `curve` gives the share of the most power at states of charge (both 0 to 1), straight between; `efficiency` is what
    of the energy at the plug reaches the battery. `discharge_w` is what it can give back (V2X); 0: nothing.
    `talks` says that it tells what it needs (ISO 15118); `control` is how it is controlled if it does so by ISO 15118-20.
    """

    battery_wh: float = 60_000.0
    ac_phases: int = 3
    ac_current_a: float = 16.0
    minimum_current_a: float = 6.0
    dc_power_w: float = 120_000.0
    dc_voltage_v: float = 400.0
    efficiency: float = 0.9
    curve: tuple[tuple[float, float], ...] = _TAPER
    discharge_w: float = 0.0
    talks: bool = False
    control: Control | None = None


class Vehicle:
    """One vehicle with what is in its battery. `target` is the state of charge at which it wants no more.

    `contract` is what it shows when it is plugged in; `paid` what it was told then. Before that it `asks` for a certificate;
    `received` are the answers, None where it was told of a failure. Even before it shows `chain`, the certificate it has for TLS;
    `trusted` is what became of that. Of the schedules it is offered it follows the one at
    `choice`, or the last.
    """

    __slots__ = (
        "asks",
        "chain",
        "choice",
        "contract",
        "departs_at",
        "energy_wh",
        "model",
        "paid",
        "received",
        "target",
        "trusted",
    )

    def __init__(self, model: Model | None = None, *, soc: float = 0.4, target: float = 1.0) -> None:
        self.model: Final = model or Model()
        self.energy_wh = self.model.battery_wh * soc
        self.target = target
        self.departs_at: datetime | None = None
        self.contract: Contract | None = None
        self.paid: bool | None = None
        self.choice = 0
        self.chain: str | None = None
        self.trusted: bool | None = None
        self.asks: ContractRequest | None = None
        self.received: list[str | None] = []

    @property
    def soc(self) -> float:
        return self.energy_wh / self.model.battery_wh

    @property
    def satisfied(self) -> bool:
        return self.soc >= self.target - 1e-9

    def power_w(self, offered_a: float, *, voltage_v: float, phases: int, direct: bool) -> float:
        """What it takes at the plug (negative: gives) when `offered_a` per phase are offered."""
        if offered_a < 0:
            if not direct:
                offered_a = max(offered_a, -self.model.ac_current_a)
            wanted = min(-offered_a * voltage_v * self.lines_used(phases, direct=direct), self.model.discharge_w)
            return -wanted if self.energy_wh > 0.1 * self.model.battery_wh else 0.0
        if self.satisfied or (not direct and offered_a < self.model.minimum_current_a):
            return 0.0
        share = self._share(self.soc)
        if direct:
            return min(offered_a * voltage_v, self.model.dc_power_w * share)
        lines = min(phases, self.model.ac_phases)
        full_w = self.model.ac_current_a * voltage_v * lines
        # The on-board charger is the bottleneck; the battery's taper is felt only when it falls below that.
        battery_w = self.model.dc_power_w * share
        return min(offered_a * voltage_v * lines, full_w, battery_w)

    def needs(self, *, voltage_v: float, phases: int, direct: bool) -> Needs:
        """What it says it needs, to be at its target."""
        model, lines = self.model, self.lines_used(phases, direct=direct)
        most_a = model.dc_power_w / voltage_v if direct else model.ac_current_a
        wanted_wh = max(0.0, self.target * model.battery_wh - self.energy_wh) / model.efficiency
        return Needs(
            energy_wh=Decimal(round(wanted_wh)),
            least_a=Decimal(str(0.0 if direct else model.minimum_current_a)),
            most_a=Decimal(round(most_a)),
            most_v=Decimal(round(voltage_v)),
            most_w=Decimal(round(most_a * voltage_v * lines)),
            phases=0 if direct else lines,
            capacity_wh=Decimal(round(model.battery_wh)),
            soc_percent=round(self.soc * 100),
            departs_at=self.departs_at,
            control=model.control,
            most_discharge_w=Decimal(round(model.discharge_w)),
        )

    def lines_used(self, phases: int, *, direct: bool) -> int:
        return 1 if direct else min(phases, self.model.ac_phases)

    def take(self, power_w: float, seconds: float) -> float:
        """Charge at `power_w` for at most `seconds`; returns for how long, which is less where the target comes first."""
        rate_w = power_w * self.model.efficiency if power_w >= 0 else power_w / self.model.efficiency
        if rate_w > 0:
            room_wh = self.target * self.model.battery_wh - self.energy_wh
            seconds = min(seconds, max(0.0, room_wh) * 3600 / rate_w)
        elif rate_w < 0:
            room_wh = self.energy_wh - 0.1 * self.model.battery_wh
            seconds = min(seconds, max(0.0, room_wh) * 3600 / -rate_w)
        self.energy_wh += rate_w * seconds / 3600
        return seconds

    def _share(self, soc: float) -> float:
        curve = self.model.curve
        for (left, low), (right, high) in pairwise(curve):
            if soc <= right:
                return low + (high - low) * max(0.0, soc - left) / (right - left)
        return curve[-1][1]
