"""Smart charging in the words of 2.0.1 and 2.1."""

from __future__ import annotations

from typing import Final, cast

from msgspec import UNSET, UnsetType

from forecourt.charging.ids import STATION, EvseId, ProfileId
from forecourt.charging.profile_verdicts import ProfileVerdict
from forecourt.charging.profiles import Criteria, SameLevel
from forecourt.charging.schedule import Purpose, RateUnit
from forecourt.ocpp import v2
from forecourt.ocpp.errors import ErrorCode, ProtocolError
from forecourt.ocpp.versions import V201
from forecourt.station.blocks.smart_charging import actions, dynamic, priority
from forecourt.station.blocks.smart_charging.model import (
    CONTROLLER,
    LimitCleared,
    LimitSet,
    NeedsTold,
    PriorityChanged,
    ProfilesReport,
    Pull,
    ScheduleTaken,
)
from forecourt.station.blocks.smart_charging.needs import rejected
from forecourt.station.blocks.transactions import actions as transactions
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says
from forecourt.station.hardware.interface import Control
from forecourt.station.words.profiles import v2 as words


def on_set(station: Station, call: v2.SetChargingProfile) -> v2.SetChargingProfileResponse:
    """K01."""
    _refuse_disabled(station)
    verdict = actions.install(
        station,
        words.profile_of(call.charging_profile),
        EvseId(call.evse_id),
        same_level=SameLevel.REFUSE,
        needs_transaction_id=True,
    )
    status, info = _told(verdict)
    return v2.SetChargingProfileResponse(status=status, status_info=info)


def on_clear(station: Station, call: v2.ClearChargingProfile) -> v2.ClearChargingProfileResponse:
    """K10: by its id, or by all of the rest."""
    _refuse_disabled(station)
    asked = call.charging_profile_criteria
    if call.charging_profile_id is not UNSET:
        criteria = Criteria(profile_ids=frozenset({ProfileId(call.charging_profile_id)}))
    elif asked is UNSET:
        criteria = Criteria()
    else:
        purpose = asked.charging_profile_purpose
        criteria = Criteria(
            evse_id=None if asked.evse_id is UNSET else EvseId(asked.evse_id),
            purpose=None if purpose is UNSET else Purpose(purpose),
            stack_level=None if asked.stack_level is UNSET else asked.stack_level,
        )
    return v2.ClearChargingProfileResponse(status="Accepted" if actions.clear(station, criteria) else "Unknown")


def on_get(station: Station, call: v2.GetChargingProfiles) -> v2.GetChargingProfilesResponse:
    """K09."""
    _refuse_disabled(station)
    asked = call.charging_profile
    ids, sources, purpose = asked.charging_profile_id, asked.charging_limit_source, asked.charging_profile_purpose
    found = actions.report(
        station,
        call.request_id,
        Criteria(
            profile_ids=None if ids is UNSET else frozenset(map(ProfileId, ids)),
            evse_id=None if call.evse_id is UNSET else EvseId(call.evse_id),
            purpose=None if purpose is UNSET else Purpose(purpose),
            stack_level=None if asked.stack_level is UNSET else asked.stack_level,
            sources=None if sources is UNSET else frozenset(sources),
        ),
    )
    return v2.GetChargingProfilesResponse(status="Accepted" if found else "NoProfiles")


def on_composite(station: Station, call: v2.GetCompositeSchedule) -> v2.GetCompositeScheduleResponse:
    """K08."""
    _refuse_disabled(station)
    evse_id = EvseId(call.evse_id)
    unit = None if call.charging_rate_unit is UNSET else RateUnit(call.charging_rate_unit)
    found = actions.expected(station, evse_id, call.duration, unit, tx_profile_hides_default=False)
    if found is not None:
        return v2.GetCompositeScheduleResponse(
            status="Accepted", schedule=words.composite(found, modes=station.dialect.version is not V201)
        )
    if evse_id != STATION and evse_id not in station.bays:
        code = "UnknownEvse"
    else:
        code = "UnsupportedRateUnit" if call.duration > 0 else "InvalidValue"
    info = v2.StatusInfo(reason_code=code)
    return v2.GetCompositeScheduleResponse(status="Rejected", status_info=info)


def on_update(station: Station, call: v2.UpdateDynamicSchedule) -> v2.UpdateDynamicScheduleResponse:
    """K28.FR.06, 11."""
    _refuse_disabled(station)
    new = words.update_of(call.schedule_update)
    status, info = _told(dynamic.update(station, ProfileId(call.charging_profile_id), new))
    return v2.UpdateDynamicScheduleResponse(status=status, status_info=info)


def on_priority(station: Station, call: v2.UsePriorityCharging) -> v2.UsePriorityChargingResponse:
    """K21."""
    _refuse_disabled(station)
    bay = transactions.by_id(station, call.transaction_id)
    if bay is None:
        return v2.UsePriorityChargingResponse(status="Rejected", status_info=v2.StatusInfo(reason_code="TxNotFound"))
    if call.activate and not priority.possible(station, bay):
        return v2.UsePriorityChargingResponse(status="NoProfile", status_info=v2.StatusInfo(reason_code="NotFound"))
    priority.switch(station, bay, on=call.activate)
    return v2.UsePriorityChargingResponse(status="Accepted")


def say_report(station: Station, report: ProfilesReport) -> v2.ReportChargingProfiles:
    """K09.FR.01, 02."""
    return v2.ReportChargingProfiles(
        request_id=report.request_id,
        charging_limit_source=report.source,
        evse_id=report.evse_id,
        tbc=True if report.more else UNSET,
        charging_profile=tuple(
            words.profile(one.profile, dynamic=station.dialect.version is not V201) for one in report.installed
        ),
    )


def say_limit(station: Station, limit: LimitSet) -> v2.NotifyChargingLimit:
    """K11, K12."""
    return v2.NotifyChargingLimit(
        charging_limit=v2.ChargingLimit(
            charging_limit_source=limit.source, is_local_generation=True if limit.adds else UNSET
        ),
        evse_id=UNSET if limit.evse_id == STATION else limit.evse_id,
        charging_schedule=UNSET if limit.schedule is None else (words.schedule(limit.schedule),),
    )


def say_cleared(station: Station, cleared: LimitCleared) -> v2.ClearedChargingLimit:
    """K13.FR.02."""
    return v2.ClearedChargingLimit(
        charging_limit_source=cleared.source, evse_id=UNSET if cleared.evse_id == STATION else cleared.evse_id
    )


def say_priority(station: Station, changed: PriorityChanged) -> v2.NotifyPriorityCharging | None:
    """K21.FR.05, 08. New in 2.1."""
    if station.dialect.version is V201:
        return None
    return v2.NotifyPriorityCharging(transaction_id=changed.transaction_id, activated=changed.on)


def say_needs(station: Station, told: NeedsTold) -> v2.NotifyEVChargingNeeds:
    """K15.FR.01, 06, 20."""
    needs, mode, old = told.needs, "DC", station.dialect.version is V201
    if needs.control is not None and not old:
        return _say_needs_of_20(station, told, needs.control)
    ac: v2.ACChargingParameters | UnsetType = UNSET
    dc: v2.DCChargingParameters | UnsetType = UNSET
    if needs.phases:
        mode = ("AC_single_phase", "AC_two_phase", "AC_three_phase")[needs.phases - 1]
        ac = v2.ACChargingParameters(
            energy_amount=needs.energy_wh,
            ev_min_current=needs.least_a,
            ev_max_current=needs.most_a,
            ev_max_voltage=needs.most_v,
        )
    else:
        dc = v2.DCChargingParameters(
            ev_max_current=needs.most_a,
            ev_max_voltage=needs.most_v,
            ev_max_power=needs.most_w,
            energy_amount=needs.energy_wh,
            ev_energy_capacity=UNSET if needs.capacity_wh is None else needs.capacity_wh,
            state_of_charge=UNSET if needs.soc_percent is None else needs.soc_percent,
        )
    return v2.NotifyEVChargingNeeds(
        evse_id=told.evse_id,
        max_schedule_tuples=station.model.integer(CONTROLLER, "PeriodsPerSchedule"),
        timestamp=told.at if told.late and not old else UNSET,
        charging_needs=v2.ChargingNeeds(
            requested_energy_transfer=cast(v2.EnergyTransferMode, mode),
            departure_time=UNSET if needs.departs_at is None else needs.departs_at,
            ac_charging_parameters=ac,
            dc_charging_parameters=dc,
        ),
    )


def _say_needs_of_20(station: Station, told: NeedsTold, control: Control) -> v2.NotifyEVChargingNeeds:
    """K18.FR.01, 06, K19.FR.01, 06: ISO 15118-20. Powers are over all phases; currents are for DC only."""
    needs, direct = told.needs, not told.needs.phases
    mode = "DC" if direct else ("AC_single_phase", "AC_two_phase", "AC_three_phase")[needs.phases - 1]
    available = [mode]
    if needs.most_discharge_w and station.bays[told.evse_id].built.bidirectional:
        available.append("DC_BPT" if direct else "AC_BPT")
    parameters = v2.V2XChargingParameters(
        min_charge_power=needs.least_a * needs.most_v * (needs.phases or 1),
        max_charge_power=needs.most_w,
        max_discharge_power=needs.most_discharge_w or UNSET,
        min_charge_current=needs.least_a if direct else UNSET,
        max_charge_current=needs.most_a if direct else UNSET,
        max_voltage=needs.most_v if direct else UNSET,
        ev_target_energy_request=needs.energy_wh,
    )
    return v2.NotifyEVChargingNeeds(
        evse_id=told.evse_id,
        max_schedule_tuples=station.model.integer(CONTROLLER, "PeriodsPerSchedule"),
        timestamp=told.at if told.late else UNSET,
        charging_needs=v2.ChargingNeeds(
            # Q02.FR.04: charging only, as nobody here minds what else the management system may allow.
            requested_energy_transfer=cast(v2.EnergyTransferMode, mode),
            available_energy_transfer=cast(tuple[v2.EnergyTransferMode, ...], tuple(available)),
            control_mode=control.value,
            mobility_needs_mode="EVCC",
            departure_time=UNSET if needs.departs_at is None else needs.departs_at,
            v2x_charging_parameters=parameters,
        ),
    )


def heard_needs(station: Station, told: NeedsTold, answer: v2.NotifyEVChargingNeedsResponse) -> None:
    """Of a vehicle of ISO 15118-2 a refusal says that there is no schedule for it (K15.FR.04)."""
    if answer.status == "Rejected" and told.needs.control is not None and station.dialect.version is not V201:
        rejected(station, told)


def say_taken(station: Station, taken: ScheduleTaken) -> v2.NotifyEVChargingSchedule:
    """K15.FR.10, 19, 21."""
    old = station.dialect.version is V201
    return v2.NotifyEVChargingSchedule(
        time_base=taken.at,
        evse_id=taken.evse_id,
        charging_schedule=words.schedule(taken.schedule),
        selected_charging_schedule_id=UNSET if old else taken.schedule.schedule_id,
    )


def say_pull(station: Station, pull: Pull) -> v2.PullDynamicScheduleUpdate | None:
    """K28.FR.10. New in 2.1."""
    if station.dialect.version is V201:
        return None
    return v2.PullDynamicScheduleUpdate(charging_profile_id=pull.profile_id)


def heard_pull(station: Station, pull: Pull, answer: v2.PullDynamicScheduleUpdateResponse) -> None:
    """K28.FR.08."""
    if answer.status == "Accepted" and answer.schedule_update is not UNSET:
        dynamic.update(station, pull.profile_id, words.update_of(answer.schedule_update))


def _told(verdict: ProfileVerdict) -> tuple[v2.ChargingProfileStatus, v2.StatusInfo | UnsetType]:
    if verdict.accepted:
        return "Accepted", UNSET
    why = verdict.name.replace("_", " ").lower()
    return "Rejected", v2.StatusInfo(reason_code=verdict.reason_code, additional_info=why)


def _refuse_disabled(station: Station) -> None:
    """K01.FR.29. Raises ProtocolError."""
    if not actions.enabled(station):
        raise ProtocolError(ErrorCode.NOT_SUPPORTED, "smart charging is disabled")


HEARS: Final[Hears] = {
    v2.SetChargingProfile: on_set,
    v2.ClearChargingProfile: on_clear,
    v2.GetChargingProfiles: on_get,
    v2.GetCompositeSchedule: on_composite,
    v2.UpdateDynamicSchedule: on_update,
    v2.UsePriorityCharging: on_priority,
}
SAYS: Final[Says] = {
    ProfilesReport: Said(v2.ReportChargingProfiles, say_report),
    LimitSet: Said(v2.NotifyChargingLimit, say_limit),
    LimitCleared: Said(v2.ClearedChargingLimit, say_cleared),
    PriorityChanged: Said(v2.NotifyPriorityCharging, say_priority),
    NeedsTold: Said(v2.NotifyEVChargingNeeds, say_needs, heard_needs),
    ScheduleTaken: Said(v2.NotifyEVChargingSchedule, say_taken),
    Pull: Said(v2.PullDynamicScheduleUpdate, say_pull, heard_pull),
}
