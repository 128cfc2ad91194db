"""Charging profiles in the words of 2.0.1 and 2.1, both ways: what is reported is what was set, field for field."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final, cast

import msgspec
from msgspec import UNSET

from forecourt.charging.composite import Composite
from forecourt.charging.ids import ProfileId, TransactionId
from forecourt.charging.profiles import ScheduleUpdate
from forecourt.charging.schedule import (
    Carried,
    Kind,
    LimitAtSoc,
    OperationMode,
    Period,
    Profile,
    Purpose,
    RateUnit,
    Recurrency,
    Schedule,
)
from forecourt.ocpp import v2
from forecourt.ocpp.strict import decode
from forecourt.ocpp.versions import V21

_AS_SET: Final = "as set"
"""What a profile that came from a management system carries: itself, as JSON."""
_CARRIED: Final = (
    "discharge_limit_l2",
    "discharge_limit_l3",
    "setpoint_l2",
    "setpoint_l3",
    "setpoint_reactive",
    "setpoint_reactive_l2",
    "setpoint_reactive_l3",
)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def profile_of(told: v2.ChargingProfile) -> Profile:
    return Profile(
        profile_id=ProfileId(told.id),
        stack_level=told.stack_level,
        purpose=Purpose(told.charging_profile_purpose),
        kind=Kind(told.charging_profile_kind),
        recurrency=None if told.recurrency_kind is UNSET else Recurrency(told.recurrency_kind),
        valid_from=_plain(told.valid_from),
        valid_to=_plain(told.valid_to),
        transaction_id=None if told.transaction_id is UNSET else TransactionId(told.transaction_id),
        max_offline_s=_plain(told.max_offline_duration),
        invalid_after_offline=told.invalid_after_offline_duration is True,
        update_interval_s=_plain(told.dyn_update_interval),
        updated_at=_plain(told.dyn_update_time),
        schedules=tuple(_schedule_of(schedule) for schedule in told.charging_schedule),
        carried=((_AS_SET, _ENCODER.encode(told).decode()),),
    )


def update_of(told: v2.ChargingScheduleUpdate) -> ScheduleUpdate:
    """New values of a dynamic profile; with them come all those that the period of a schedule has under the same name."""
    return ScheduleUpdate(
        limit=_decimal(told.limit),
        limit_l2=_decimal(told.limit_l2),
        limit_l3=_decimal(told.limit_l3),
        discharge_limit=_decimal(told.discharge_limit),
        setpoint=_decimal(told.setpoint),
        carried=((_AS_SET, _ENCODER.encode(told).decode()),),
    )


def profile(found: Profile, *, dynamic: bool) -> v2.ChargingProfile:
    """As it was set, but for what has changed since: the transaction it belongs to, and updates of a dynamic one.

    Where a version has no `dynamic` profiles, one that the station has made itself is absolute, from its last update on.
    """
    as_set = _as_set(found.carried)
    if as_set is None and found.kind is Kind.DYNAMIC and not dynamic:
        (only,) = found.schedules
        found = replace(found, kind=Kind.ABSOLUTE, schedules=(replace(only, start=found.updated_at),), updated_at=None)
    if as_set is None:
        return v2.ChargingProfile(
            id=found.profile_id,
            stack_level=found.stack_level,
            charging_profile_purpose=found.purpose.value,
            charging_profile_kind=found.kind.value,
            recurrency_kind=UNSET if found.recurrency is None else found.recurrency.value,
            valid_from=UNSET if found.valid_from is None else found.valid_from,
            valid_to=UNSET if found.valid_to is None else found.valid_to,
            transaction_id=UNSET if found.transaction_id is None else found.transaction_id,
            dyn_update_time=UNSET if found.updated_at is None else found.updated_at,
            charging_schedule=tuple(schedule(one) for one in found.schedules),
        )
    told = decode(V21, v2.ChargingProfile, as_set)
    if found.transaction_id is not None:
        told = msgspec.structs.replace(told, transaction_id=found.transaction_id)
    if found.kind is Kind.DYNAMIC:
        (one,), ((period,),) = told.charging_schedule, (found.schedules[0].periods,)
        updated = msgspec.structs.replace(one.charging_schedule_period[0], **_updates(period))
        told = msgspec.structs.replace(
            told,
            charging_schedule=(msgspec.structs.replace(one, charging_schedule_period=(updated,)),),
            dyn_update_time=UNSET if found.updated_at is None else found.updated_at,
        )
    return told


def schedule(found: Schedule) -> v2.ChargingSchedule:
    """One that the station has made itself."""
    return v2.ChargingSchedule(
        id=found.schedule_id,
        start_schedule=UNSET if found.start is None else found.start,
        duration=UNSET if found.duration_s is None else found.duration_s,
        charging_rate_unit=found.unit.value,
        min_charging_rate=UNSET if found.min_rate is None else found.min_rate,
        charging_schedule_period=tuple(_period(period) for period in found.periods),
    )


def composite(found: Composite, *, modes: bool) -> v2.CompositeSchedule:
    """`modes` says that the version knows more than charging."""
    return v2.CompositeSchedule(
        evse_id=found.evse_id,
        duration=found.duration_s,
        schedule_start=found.start,
        charging_rate_unit=found.unit.value,
        charging_schedule_period=tuple(_period(period, modes=modes) for period in found.periods),
    )


def _schedule_of(told: v2.ChargingSchedule) -> Schedule:
    at_soc = told.limit_at_so_c
    return Schedule(
        schedule_id=told.id,
        unit=RateUnit(told.charging_rate_unit),
        start=_plain(told.start_schedule),
        duration_s=_plain(told.duration),
        min_rate=_decimal(told.min_charging_rate),
        randomized_delay_s=_plain(told.randomized_delay) or 0,
        use_local_time=told.use_local_time is True,
        limit_at_soc=None if at_soc is UNSET else LimitAtSoc(soc_percent=at_soc.soc, limit=Decimal(at_soc.limit)),
        periods=tuple(_period_of(period) for period in told.charging_schedule_period),
    )


def _period_of(told: v2.ChargingSchedulePeriod) -> Period:
    mode = told.operation_mode
    return Period(
        start_s=told.start_period,
        limit=_decimal(told.limit),
        number_phases=_plain(told.number_phases),
        phase_to_use=_plain(told.phase_to_use),
        limit_l2=_decimal(told.limit_l2),
        limit_l3=_decimal(told.limit_l3),
        discharge_limit=_decimal(told.discharge_limit),
        setpoint=_decimal(told.setpoint),
        operation_mode=OperationMode.CHARGING_ONLY if mode is UNSET else OperationMode(mode),
        evse_sleep=told.evse_sleep is True,
        # With it goes what nobody here computes with, so that the rules can see that it is there.
        carried=tuple((name, str(getattr(told, name))) for name in _CARRIED if getattr(told, name) is not UNSET),
    )


def _period(found: Period, *, modes: bool = False) -> v2.ChargingSchedulePeriod:
    told = modes and found.operation_mode is not OperationMode.CHARGING_ONLY
    return v2.ChargingSchedulePeriod(
        start_period=found.start_s,
        limit=UNSET if found.limit is None else found.limit,
        number_phases=UNSET if found.number_phases is None else found.number_phases,
        phase_to_use=UNSET if found.phase_to_use is None else found.phase_to_use,
        operation_mode=found.operation_mode.value if told else UNSET,
        setpoint=found.setpoint if told and found.setpoint is not None else UNSET,
        discharge_limit=found.discharge_limit if told and found.discharge_limit is not None else UNSET,
    )


def _updates(period: Period) -> dict[str, Any]:
    as_set = _as_set(period.carried)
    if as_set is None:
        return {}
    told = decode(V21, v2.ChargingScheduleUpdate, as_set)
    named = {name: getattr(told, name) for name in told.__struct_fields__ if name != "custom_data"}
    return {name: value for name, value in named.items() if value is not UNSET}


def _as_set(carried: Carried) -> bytes | None:
    found = dict(carried).get(_AS_SET)
    return None if found is None else cast(str, found).encode()


def _decimal(value: Any) -> Decimal | None:
    return None if value is UNSET else Decimal(value)


def _plain(value: Any) -> Any:
    return None if value is UNSET else value
