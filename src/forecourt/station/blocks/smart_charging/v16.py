"""Smart charging in the words of 1.6."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET

from forecourt.charging.ids import STATION, EvseId, ProfileId, TransactionId
from forecourt.charging.profiles import Criteria, SameLevel
from forecourt.charging.schedule import RateUnit
from forecourt.errors import NotFound
from forecourt.ocpp import v16
from forecourt.station.blocks.smart_charging import actions
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Says
from forecourt.station.words.profiles.v16 import PURPOSES, profile_of, schedule

_NONE_SUCH: Final = TransactionId("no transaction of ours")


def on_set(station: Station, call: v16.SetChargingProfile) -> v16.SetChargingProfileResponse:
    """Section 5.16."""
    if not actions.enabled(station):
        return v16.SetChargingProfileResponse(status="NotSupported")
    evse_id = _evse_of(station, call.connector_id)
    if evse_id is None:
        return v16.SetChargingProfileResponse(status="Rejected")
    told = call.cs_charging_profiles
    number = told.transaction_id
    transaction_id = None if number is UNSET else _transaction(station, number)
    verdict = actions.install(
        station,
        profile_of(told, transaction_id),
        evse_id,
        same_level=SameLevel.REPLACE,
        needs_transaction_id=False,
    )
    return v16.SetChargingProfileResponse(status="Accepted" if verdict.accepted else "Rejected")


def on_clear(station: Station, call: v16.ClearChargingProfile) -> v16.ClearChargingProfileResponse:
    """Section 5.5."""
    evse_id = None if call.connector_id is UNSET else _evse_of(station, call.connector_id)
    if call.connector_id is not UNSET and evse_id is None:
        return v16.ClearChargingProfileResponse(status="Unknown")
    purpose = call.charging_profile_purpose
    cleared = actions.clear(
        station,
        Criteria(
            profile_ids=None if call.id is UNSET else frozenset({ProfileId(call.id)}),
            evse_id=evse_id,
            purpose=None if purpose is UNSET else PURPOSES[purpose],
            stack_level=None if call.stack_level is UNSET else call.stack_level,
        ),
    )
    return v16.ClearChargingProfileResponse(status="Accepted" if cleared else "Unknown")


def on_composite(station: Station, call: v16.GetCompositeSchedule) -> v16.GetCompositeScheduleResponse:
    """Section 5.7."""
    evse_id = _evse_of(station, call.connector_id)
    unit = None if call.charging_rate_unit is UNSET else RateUnit(call.charging_rate_unit)
    found = (
        actions.expected(station, evse_id, call.duration, unit, tx_profile_hides_default=True)
        if evse_id is not None and actions.enabled(station)
        else None
    )
    if found is None:
        return v16.GetCompositeScheduleResponse(status="Rejected")
    return v16.GetCompositeScheduleResponse(
        status="Accepted",
        connector_id=call.connector_id,
        schedule_start=found.start,
        charging_schedule=schedule(found),
    )


def _evse_of(station: Station, connector_id: int) -> EvseId | None:
    if connector_id == 0:
        return STATION
    try:
        return station.build.topology.of_flat(connector_id).evse_id
    except NotFound:
        return None


def _transaction(station: Station, number: int) -> TransactionId:
    """Ours for the number that the management system has given."""
    for bay in station.bays.values():
        if bay.transaction is not None and station.outbox.numbering(bay.transaction.id).number == number:
            return TransactionId(bay.transaction.id)
    return _NONE_SUCH


HEARS: Final[Hears] = {
    v16.SetChargingProfile: on_set,
    v16.ClearChargingProfile: on_clear,
    v16.GetCompositeSchedule: on_composite,
}
SAYS: Final[Says] = {}
