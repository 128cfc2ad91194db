"""Limits of different units and phases brought to one measure, and back.

Inside, an allowance is a current on each phase, as a fraction: W of a schedule is spread over the phases of its period
(K01.FR.50; three if it names none, K01.FR.49), A is per phase already (K01.FR.51). DC counts as one phase. Fractions
make 11 kW come out as 11 kW again; on the way out a limit is rounded down, never up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from forecourt.charging.quantities import MOST_PHASES
from forecourt.charging.schedule import OperationMode, Period, RateUnit, Schedule
from forecourt.errors import Invalid


@dataclass(frozen=True, slots=True)
class Supply:
    """How an EVSE is fed: the set line voltage of the area, not a measured one, and the phases it can use.

    For DC (`direct`) the voltage is the one at which W and A are converted; phases are not looked at.
    """

    voltage_v: Decimal
    phases: int = MOST_PHASES
    direct: bool = False

    def __post_init__(self) -> None:
        if self.voltage_v <= 0 or not 1 <= self.phases <= MOST_PHASES:
            raise Invalid("supply_impossible", f"{self.phases} phases of {self.voltage_v} V")

    @property
    def lines(self) -> int:
        """How many times the current per phase makes the power."""
        return 1 if self.direct else self.phases


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may flow: `per_phase_a` (None: nothing limits it) on each of `phases`; `phase_to_use` if there is one.

    `setpoint_a` is what ought to flow, negative out of the vehicle, `discharge_a` the most that may flow that way (V2X.02 to
    04); None where nothing is said.
    """

    per_phase_a: Fraction | None
    phases: int
    phase_to_use: int | None = None
    setpoint_a: Fraction | None = None
    discharge_a: Fraction | None = None
    mode: OperationMode = OperationMode.CHARGING_ONLY

    def within(self, other: Allowance) -> Allowance:
        """The lower of both; the fewer phases (K01.FR.140). Of modes, the one that is more than charging."""
        currents = [one.per_phase_a for one in (self, other) if one.per_phase_a is not None]
        setpoints = [one.setpoint_a for one in (self, other) if one.setpoint_a is not None]
        discharges = [one.discharge_a for one in (self, other) if one.discharge_a is not None]
        return Allowance(
            min(currents, default=None),
            min(self.phases, other.phases),
            self.phase_to_use or other.phase_to_use,
            min(setpoints, default=None),
            max(discharges, default=None),
            other.mode if self.mode is OperationMode.CHARGING_ONLY else self.mode,
        )

    def plus(self, other: Allowance) -> Allowance:
        """With the capacity of `other` on top, over the same phases."""
        if self.per_phase_a is None or other.per_phase_a is None:
            return self
        return replace(self, per_phase_a=self.per_phase_a + other.per_phase_a)

    @property
    def aim_a(self) -> Fraction | None:
        """The setpoint within the limits (K08.FR.08, V2X.03, 04)."""
        aim = self.setpoint_a
        if aim is not None and self.per_phase_a is not None:
            aim = min(aim, self.per_phase_a)
        if aim is not None and self.discharge_a is not None:
            aim = max(aim, self.discharge_a)
        return aim

    def power_w(self, supply: Supply) -> Fraction | None:
        if self.per_phase_a is None:
            return None
        return self.per_phase_a * Fraction(supply.voltage_v) * self.phases


def unlimited(supply: Supply) -> Allowance:
    return Allowance(None, supply.lines)


def allowance(schedule: Schedule, period: Period, supply: Supply, soc_percent: Decimal | None) -> Allowance:
    """What a period allows at an EVSE.

    Separate limits of L2 and L3 count as the lowest of the three for each phase (as K01.FR.147 has it for who cannot
    tell phases apart); an idle period allows nothing. With `limit_at_soc` and a known state of charge at or above it,
    the lower limit counts (K01.FR.100).
    """
    phases = 1 if supply.direct else period.number_phases or MOST_PHASES
    limits = [limit for limit in (period.limit, period.limit_l2, period.limit_l3) if limit is not None]
    apart = period.limit_l2 is not None or period.limit_l3 is not None
    if period.operation_mode is OperationMode.IDLE:
        limits = [Decimal(0)]
    current = min(
        (_per_phase_a(limit, schedule.unit, 1 if apart else phases, supply) for limit in limits), default=None
    )
    capped = schedule.limit_at_soc
    if capped is not None and soc_percent is not None and soc_percent >= capped.soc_percent:
        cap = _per_phase_a(capped.limit, schedule.unit, phases, supply)
        current = cap if current is None else min(cap, current)
    mode = period.operation_mode
    setpoint = period.setpoint if mode is OperationMode.CENTRAL_SETPOINT else None
    return Allowance(
        current,
        min(phases, supply.lines),
        period.phase_to_use,
        None if setpoint is None else _per_phase_a(setpoint, schedule.unit, phases, supply),
        None if period.discharge_limit is None else _per_phase_a(period.discharge_limit, schedule.unit, phases, supply),
        mode,
    )


def capacity(schedule: Schedule, period: Period, supply: Supply, soc_percent: Decimal | None) -> Allowance:
    """What a period of LocalGeneration adds. Where it names no limit that is nothing, whatever caps it."""
    if period.limit is None:
        return unlimited(supply)
    return allowance(schedule, period, supply, soc_percent)


@dataclass(frozen=True, slots=True)
class Cap:
    """A fixed limit of the hardware or the grid connection, in the unit it is known in (K04.FR.02)."""

    limit: Decimal
    unit: RateUnit

    def allowance(self, supply: Supply) -> Allowance:
        return Allowance(_per_phase_a(self.limit, self.unit, supply.lines, supply), supply.lines)


def _per_phase_a(limit: Decimal, unit: RateUnit, phases: int, supply: Supply) -> Fraction:
    if unit is RateUnit.A:
        return Fraction(limit)
    return Fraction(limit) / (Fraction(supply.voltage_v) * phases)
