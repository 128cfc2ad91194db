"""Charging profiles, schedules and periods in the words of OCPP 2.1: values only.

Limits are in the unit of their schedule (`RateUnit`): W over all phases, or A per phase (K01.FR.50, 51), which is why
they are called `limit` here and nowhere else; `rates` brings them to one unit. When a period runs is in `timing`, what
may be installed in `profile_rules`, what the installed ones amount to in `composite`.

What takes part in computation has a field. Fields of bidirectional charging (setpoints, curves, tariffs of ISO 15118)
are carried in `carried` for whoever reports the profile, untouched; discharging is not computed here yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from forecourt.charging.ids import EvseId, ProfileId, TransactionId

Carried = tuple[tuple[str, object], ...]
"""Fields that are not ours to read: name and value, as the dialect gave them."""


class RateUnit(StrEnum):
    """ChargingRateUnitEnumType."""

    W = "W"
    A = "A"


class Purpose(StrEnum):
    """ChargingProfilePurposeEnumType; ChargePointMaxProfile of 1.6 is CHARGING_STATION_MAX."""

    CHARGING_STATION_EXTERNAL_CONSTRAINTS = "ChargingStationExternalConstraints"
    CHARGING_STATION_MAX = "ChargingStationMaxProfile"
    TX_DEFAULT = "TxDefaultProfile"
    TX = "TxProfile"
    PRIORITY_CHARGING = "PriorityCharging"
    LOCAL_GENERATION = "LocalGeneration"


class Kind(StrEnum):
    """ChargingProfileKindEnumType.

    An Absolute schedule of 1.6 without startSchedule runs from the start of charging: Relative.
    """

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"
    DYNAMIC = "Dynamic"


class Recurrency(StrEnum):
    """RecurrencyKindEnumType."""

    DAILY = "Daily"
    WEEKLY = "Weekly"

    @property
    def every_s(self) -> int:
        """A day is 24 hours, a week 7 such days (1.6 7.37): the start does not shift with daylight saving time."""
        return 86_400 if self is Recurrency.DAILY else 604_800


class OperationMode(StrEnum):
    """OperationModeEnumType; ChargingOnly is the default (K01.FR.110)."""

    IDLE = "Idle"
    CHARGING_ONLY = "ChargingOnly"
    CENTRAL_SETPOINT = "CentralSetpoint"
    EXTERNAL_SETPOINT = "ExternalSetpoint"
    EXTERNAL_LIMITS = "ExternalLimits"
    CENTRAL_FREQUENCY = "CentralFrequency"
    LOCAL_FREQUENCY = "LocalFrequency"
    LOCAL_LOAD_BALANCING = "LocalLoadBalancing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """ChargingSchedulePeriod, from `start_s` seconds after the start of its schedule until the next one.

    `limit` is None where an operation mode needs none. With `limit_l2` and `limit_l3`, `limit` is that of L1.
    """

    start_s: int
    limit: Decimal | None = None
    number_phases: int | None = None
    phase_to_use: int | None = None
    limit_l2: Decimal | None = None
    limit_l3: Decimal | None = None
    discharge_limit: Decimal | None = None
    setpoint: Decimal | None = None
    operation_mode: OperationMode = OperationMode.CHARGING_ONLY
    evse_sleep: bool = False
    carried: Carried = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitAtSoc:
    """LimitAtSoC: from `soc_percent` on, no limit of the schedule is higher than `limit` (K01.FR.100)."""

    soc_percent: int
    limit: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """ChargingSchedule. `start` is aware; with `use_local_time` only the clock face counts, so a dialect must not
    convert it (K01.FR.90).

    `min_rate` is carried for whoever divides power (K01.FR.21); it limits nothing.
    """

    schedule_id: int
    unit: RateUnit
    periods: tuple[Period, ...]
    start: datetime | None = None
    duration_s: int | None = None
    min_rate: Decimal | None = None
    randomized_delay_s: int = 0
    use_local_time: bool = False
    limit_at_soc: LimitAtSoc | None = None
    carried: Carried = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """ChargingProfile. One of 1.6 has one schedule; more are for ISO 15118 (K01.FR.34)."""

    profile_id: ProfileId
    stack_level: int
    purpose: Purpose
    kind: Kind
    schedules: tuple[Schedule, ...]
    recurrency: Recurrency | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    transaction_id: TransactionId | None = None
    max_offline_s: int | None = None
    invalid_after_offline: bool = False
    update_interval_s: int | None = None
    updated_at: datetime | None = None
    carried: Carried = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A profile and where it is installed.

    EVSE 0 is the station. `source` is a ChargingLimitSource word (CSO, EMS, ...).
    """

    profile: Profile
    evse_id: EvseId
    source: str = "CSO"
