"""Charging profiles in the words of 1.6."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import Final

from msgspec import UNSET

from forecourt.charging.composite import Composite
from forecourt.charging.ids import ProfileId, TransactionId
from forecourt.charging.schedule import Kind, Period, Profile, Purpose, RateUnit, Recurrency, Schedule
from forecourt.ocpp import v16

PURPOSES: Final = MappingProxyType(
    {
        "ChargePointMaxProfile": Purpose.CHARGING_STATION_MAX,
        "TxDefaultProfile": Purpose.TX_DEFAULT,
        "TxProfile": Purpose.TX,
    }
)


def profile_of(told: v16.ChargingProfile, transaction_id: TransactionId | None) -> Profile:
    """`transaction_id` is ours for the number that is told."""
    schedule = told.charging_schedule
    kind = Kind(told.charging_profile_kind)
    start = None if schedule.start_schedule is UNSET else schedule.start_schedule
    if kind is Kind.ABSOLUTE and start is None:
        # Section 7.13: without a start of its own a schedule starts with the charging.
        kind = Kind.RELATIVE
    return Profile(
        profile_id=ProfileId(told.charging_profile_id),
        stack_level=told.stack_level,
        purpose=PURPOSES[told.charging_profile_purpose],
        kind=kind,
        recurrency=None if told.recurrency_kind is UNSET else Recurrency(told.recurrency_kind),
        valid_from=None if told.valid_from is UNSET else told.valid_from,
        valid_to=None if told.valid_to is UNSET else told.valid_to,
        transaction_id=transaction_id,
        schedules=(
            Schedule(
                schedule_id=told.charging_profile_id,
                unit=RateUnit(schedule.charging_rate_unit),
                # Section 5.16: a start has no meaning in a relative profile.
                start=None if kind is Kind.RELATIVE else start,
                duration_s=None if schedule.duration is UNSET else schedule.duration,
                min_rate=None if schedule.min_charging_rate is UNSET else schedule.min_charging_rate,
                periods=tuple(
                    Period(
                        start_s=period.start_period,
                        limit=period.limit,
                        number_phases=None if period.number_phases is UNSET else period.number_phases,
                    )
                    for period in schedule.charging_schedule_period
                ),
            ),
        ),
    )


def schedule(found: Composite) -> v16.ChargingSchedule:
    return v16.ChargingSchedule(
        duration=found.duration_s,
        start_schedule=found.start,
        charging_rate_unit=found.unit.value,
        charging_schedule_period=tuple(
            v16.ChargingSchedulePeriod(
                start_period=period.start_s,
                limit=period.limit or Decimal(0),
                number_phases=UNSET if period.number_phases is None else period.number_phases,
            )
            for period in found.periods
        ),
    )
